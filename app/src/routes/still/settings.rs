use leptos::prelude::*;
use push_system::accounts::Role;

use crate::{
    app::use_page,
    components::{DensityForm, FormNotice, Icon, LanguageForm, PasswordField, Symbol, ThemeForm},
    context::Form,
    words::words,
};

/// `/settings`: colours, language, password, the ways out.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let w = words();
    let me = use_page().viewer.clone()?;
    let (name, admin) = (me.person.name.to_string(), me.role == Role::Admin);
    Some(view! {
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
                <section class="card setting" aria-labelledby="set-density">
                    <h2 id="set-density">{w.density}</h2>
                    <p id="set-density-hint">{w.density_hint}</p>
                    <DensityForm />
                </section>
                <section class="card setting" aria-labelledby="set-language">
                    <h2 id="set-language">{w.language}</h2>
                    <LanguageForm next="/settings" />
                </section>
                <PasswordSection name />
                <SignOutSection />
            </div>
    })
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
