use leptos::prelude::*;

use super::{Avatar, Connection, Icon, Symbol};
use crate::{live::use_live, words::words};

/// Who is logged in, how the connection is, and the way out.
#[component]
pub fn Account() -> impl IntoView {
    let name = use_live().store.name();
    view! {
        <div class="account">
            <Avatar name=name.clone() />
            <div class="account-text">
                <p class="account-name">{name}</p>
                <Connection />
            </div>
            <form class="account-exit" method="post" action="/logout">
                <button class="icon-button" aria-label=words().sign_out title=words().sign_out>
                    <Icon symbol=Symbol::Exit />
                </button>
            </form>
        </div>
    }
}
