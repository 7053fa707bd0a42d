use leptos::prelude::*;
use push_system::accounts::Role;

use crate::{
    app::use_page,
    components::{FormNotice, Icon, PasswordField, Symbol, ThemeForm},
    context::Form,
    live::{browser, use_live},
    words::words,
};

/// `/settings`: colours, password, the ways out. The password form is answered at an address of its own, which could not
/// be loaded again, so the page gives it up.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let w = words();
    let store = use_live().store;
    Effect::new(|_| browser::show_address("/settings"));
    let (name, admin) = store.me.with_value(|me| (me.person.name.to_string(), me.role == Role::Admin));
    view! {
        <main class="main" id="main" tabindex="-1">
            <div class="page-head">
                <h1>{w.settings}</h1>
                <p>
                    {w.signed_in_as} " " <strong>{name.clone()}</strong>
                    {admin
                        .then(|| {
                            view! {
                                " "
                                <span class="chip">{w.role_admin}</span>
                                " "
                                <a href="/admin">{w.administration}</a>
                            }
                        })}
                </p>
            </div>
            <PasswordChanged />
            <div class="settings">
                <section class="card setting" aria-labelledby="set-theme">
                    <h2 id="set-theme">{w.appearance}</h2>
                    <p id="set-theme-hint">{w.appearance_hint}</p>
                    <ThemeForm />
                </section>
                <PasswordSection name />
                <SignOutSection />
            </div>
        </main>
    }
}

/// Says that the password form did its work.
#[component]
fn PasswordChanged() -> impl IntoView {
    let page = use_page();
    let done = page.form.as_ref().is_some_and(|state| state.form == Form::Password && state.refusal.is_none());
    done.then(|| {
        view! {
            <p class="notice notice-good" role="status">
                <Icon symbol=Symbol::Check />
                <span>{words().password_changed}</span>
            </p>
        }
    })
}

#[component]
fn PasswordSection(name: String) -> impl IntoView {
    let w = words();
    let form = Form::Password;
    view! {
        <section class="card setting" aria-labelledby="set-password">
            <h2 id="set-password">{w.change_password}</h2>
            <p>{w.change_password_hint}</p>
            <FormNotice form fields=&["current", "password"] />
            <form method="post" action="/settings/password">
                // Tells a password manager whose password it is.
                <input
                    class="visually-hidden"
                    type="text"
                    name="username"
                    value=name
                    autocomplete="username"
                    tabindex="-1"
                    aria-hidden="true"
                    readonly
                />
                <PasswordField form name="current" label=w.current_password autocomplete="current-password" />
                <PasswordField
                    form
                    name="password"
                    label=w.new_password
                    autocomplete="new-password"
                    hint=w.password_hint
                />
                <button class="button button-primary">{w.change_password}</button>
            </form>
        </section>
    }
}

#[component]
fn SignOutSection() -> impl IntoView {
    let w = words();
    view! {
        <section class="card setting" aria-labelledby="set-sessions">
            <h2 id="set-sessions">{w.sign_out}</h2>
            <p>{w.sign_out_hint}</p>
            <p>
                <a href="/settings/sessions">{w.see_sessions}</a>
            </p>
            <form method="post" action="/logout">
                <div class="button-row">
                    <button class="button">{w.sign_out_here}</button>
                    <button class="button button-danger" formaction="/settings/sign-out-everywhere">
                        {w.sign_out_everywhere}
                    </button>
                </div>
            </form>
        </section>
    }
}
