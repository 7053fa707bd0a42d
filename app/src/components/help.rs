use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::words::words;

/// The id of the dialog, by which it is opened.
pub const HELP_ID: &str = "help";

/// Which keys do what.
#[component]
pub fn Help() -> impl IntoView {
    let w = words();
    // Written out rather than made from a list: a list brings the code that could change it.
    let line = |what: &'static str, first: &'static str, second: Option<&'static str>| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>
                    <kbd>{first}</kbd>
                    {second.map(|key| view! { <kbd>{key}</kbd> })}
                </dd>
            </div>
        }
    };
    view! {
        <dialog class="dialog" id=HELP_ID aria-labelledby="help-title">
            <div class="dialog-head">
                <h2 id="help-title">{w.keyboard}</h2>
                <form method="dialog">
                    <button class="icon-button" aria-label=w.close>
                        <Icon symbol=Symbol::Cross />
                    </button>
                </form>
            </div>
            <dl class="keys dialog-body">
                {line(w.key_move, "j", Some("k"))} {line(w.key_read, "e", None)} {line(w.key_reply, "r", None)}
                {line(w.key_write, "c", None)} {line(w.key_search, "/", None)}
                {line(w.key_send, "Ctrl", Some("Enter"))} {line(w.key_help, "?", None)}
            </dl>
        </dialog>
    }
}
