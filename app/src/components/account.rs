use leptos::prelude::*;
use push_system::accounts::Role;

use super::{Avatar, Icon, Symbol, connection::Connection};
use crate::{live::use_live, words::words};

/// Who is logged in, how the connection is, the way to an admin's pages, and the way out.
#[component]
pub fn Account() -> impl IntoView {
    let store = use_live().store;
    let name = store.name();
    let topics = words().topics;
    let admin = store.me.with_value(|me| me.role == Role::Admin);
    view! {
        <div class="account">
            <Avatar name=name.clone() />
            <div class="account-text">
                <p class="account-name">{name}</p>
                <Connection />
            </div>
            // The navigation of a phone has no room for it.
            <a class="icon-button only-phone" href="/topics" aria-label=topics title=topics>
                <Icon symbol=Symbol::Hash />
            </a>
            {admin
                .then(|| {
                    view! {
                        <a
                            class="icon-button account-exit"
                            href="/admin"
                            aria-label=words().administration
                            title=words().administration
                        >
                            <Icon symbol=Symbol::Shield />
                        </a>
                    }
                })}
            <form class="account-exit" method="post" action="/logout">
                <button class="icon-button" aria-label=words().sign_out title=words().sign_out>
                    <Icon symbol=Symbol::Exit />
                </button>
            </form>
        </div>
    }
}
