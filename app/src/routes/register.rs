use leptos::{either::Either, prelude::*};
use push_system::catalogue::Sentence;

use crate::{
    app::use_page,
    components::{AuthCard, Field, FormNotice, Icon, PasswordField, Symbol, value_of},
    context::Form,
    desk::desk_words,
    place::use_place,
    text,
    words::{say, words},
};

/// `/register`
#[component]
pub fn RegisterPage() -> impl IntoView {
    let (w, d) = (words(), desk_words());
    let invited = !invite().is_empty();
    let open = use_page().registration_open || invited;
    let hint = if invited { d.invited_hint } else { d.create_account_hint };
    let form = if open { Either::Left(view! { <RegisterForm /> }) } else { Either::Right(view! { <Closed /> }) };
    view! {
        <AuthCard
            title=w.create_account
            hint=open.then_some(hint)
            foot=Some((d.have_account, aside("/login"), w.sign_in))
        >
            {form}
        </AuthCard>
    }
}

#[component]
fn RegisterForm() -> impl IntoView {
    let (w, d) = (words(), desk_words());
    let form = Form::Register;
    view! {
        <FormNotice form fields=&["username", "email", "password"] />
        <form method="post" action="/register">
            <NextField form />
            <InviteField />
            <Field form name="username" label=d.username autocomplete="username" hint=d.username_hint />
            <Field form name="email" label=d.email_optional autocomplete="email" kind="email" optional=true />
            <PasswordField
                form
                name="password"
                label=d.password
                autocomplete="new-password"
                hint=w.password_hint
            />
            <button class="button button-primary button-wide">{d.create_account_now}</button>
        </form>
    }
}

#[component]
fn Closed() -> impl IntoView {
    view! {
        <p class="notice notice-warning" role="status">
            <Icon symbol=Symbol::Alert />
            <span>{say(&Sentence::RegistrationClosed)}</span>
        </p>
    }
}

/// Where to go afterwards, as the address or the refused form says.
fn next(form: Form) -> String {
    let sent = value_of(form, "next");
    if !sent.is_empty() {
        return sent;
    }
    asked("next")
}

/// The invitation that the address or the refused form carries; empty where there is none.
fn invite() -> String {
    let sent = value_of(Form::Register, "invite");
    if sent.is_empty() { asked("invite") } else { sent }
}

/// Carries the invitation through the form.
#[component]
fn InviteField() -> impl IntoView {
    let invite = invite();
    (!invite.is_empty()).then(|| view! { <input type="hidden" name="invite" value=invite /> })
}

/// What the address says under a name; empty where it says nothing.
pub(super) fn asked(name: &str) -> String {
    let search = use_place().search.get_untracked();
    let mut pairs = search.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| text::decode(value)).unwrap_or_default()
}

/// Carries the way back through a form.
#[component]
pub(super) fn NextField(form: Form) -> impl IntoView {
    let next = next(form);
    (!next.is_empty()).then(|| view! { <input type="hidden" name="next" value=next /> })
}

/// The other of login and registration, keeping the way back.
pub(super) fn aside(path: &str) -> String {
    let next = next(if path == "/login" { Form::Register } else { Form::Login });
    if next.is_empty() { path.to_owned() } else { format!("{path}?next={}", text::encode(&next)) }
}
