use leptos::prelude::*;

use super::register::{NextField, aside, asked};
use crate::{
    app::use_page,
    components::{AuthCard, Field, FormNotice, Icon, PasswordField, Symbol},
    context::{Form, WHY_ENDED, WHY_OVER},
    desk::desk_words,
    words::words,
};

/// `/login`
#[component]
pub fn LoginPage() -> impl IntoView {
    let (w, d) = (words(), desk_words());
    view! {
        <AuthCard
            title=w.sign_in
            hint=Some(d.sign_in_hint)
            foot=use_page().registration_open.then(|| (d.new_here, aside("/register"), w.create_account))
        >
            <SignedOut />
            <FormNotice form=Form::Login fields=&[] />
            <form method="post" action="/login">
                <NextField form=Form::Login />
                <Field form=Form::Login name="username" label=d.username autocomplete="username" />
                <PasswordField
                    form=Form::Login
                    name="password"
                    label=d.password
                    autocomplete="current-password"
                />
                <button class="button button-primary button-wide">{w.sign_in}</button>
            </form>
        </AuthCard>
    }
}

/// Why somebody who was logged in is asked to do so again. The address names a reason and never a text.
#[component]
fn SignedOut() -> impl IntoView {
    let text = match asked("why").as_str() {
        WHY_ENDED => desk_words().signed_out_elsewhere,
        WHY_OVER => desk_words().signed_out_over,
        _ => return None,
    };
    Some(view! {
        <p class="notice notice-warning" role="status">
            <Icon symbol=Symbol::Alert />
            <span>{text}</span>
        </p>
    })
}
