use leptos::prelude::*;

use super::register::{NextField, aside};
use crate::{
    app::use_page,
    components::{AuthCard, Field, FormNotice, PasswordField},
    context::Form,
    words::words,
};

/// `/login`
#[component]
pub fn LoginPage() -> impl IntoView {
    let w = words();
    view! {
        <AuthCard
            title=w.sign_in
            hint=Some(w.sign_in_hint)
            foot=use_page().registration_open.then(|| (w.new_here, aside("/register"), w.create_account))
        >
            <FormNotice form=Form::Login fields=&[] />
            <form method="post" action="/login">
                <NextField form=Form::Login />
                <Field form=Form::Login name="username" label=w.username autocomplete="username" />
                <PasswordField
                    form=Form::Login
                    name="password"
                    label=w.password
                    autocomplete="current-password"
                />
                <button class="button button-primary button-wide">{w.sign_in}</button>
            </form>
        </AuthCard>
    }
}
