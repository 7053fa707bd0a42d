use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::words::words;

/// The id of the dialog, by which it is opened.
pub const HELP_ID: &str = "help";

/// Which keys do what.
#[component]
pub fn Help() -> impl IntoView {
    let w = words();
    let keys: [(&str, &[&str]); 7] = [
        (w.key_move, &["j", "k"]),
        (w.key_read, &["e"]),
        (w.key_reply, &["r"]),
        (w.key_write, &["c"]),
        (w.key_search, &["/"]),
        (w.key_send, &["Ctrl", "Enter"]),
        (w.key_help, &["?"]),
    ];
    let line = |(what, keys): (&'static str, &'static [&'static str])| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>{keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view()}</dd>
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
            <dl class="keys dialog-body">{keys.into_iter().map(line).collect_view()}</dl>
        </dialog>
    }
}
