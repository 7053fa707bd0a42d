#[cfg(feature = "ssr")]
use leptos::prelude::*;

/// The id of the dialog, by which it is opened.
pub const HELP_ID: &str = "help";

/// Which keys do what: what is in the dialog. The server draws it, and it stays.
#[cfg(not(feature = "ssr"))]
pub fn help() -> String {
    String::new()
}

/// Which keys do what: what is in the dialog.
#[cfg(feature = "ssr")]
pub fn help() -> String {
    use super::{Icon, Symbol};
    use crate::words::words;

    let w = words();
    let keys: [(&str, &[&str]); 12] = [
        (w.key_move, &["j", "k"]),
        (w.key_read, &["e"]),
        (w.key_archive, &["a"]),
        (w.key_save, &["s"]),
        (w.key_pick, &["x"]),
        (w.key_jump, &["u"]),
        (w.key_reply, &["r"]),
        (w.key_write, &["c"]),
        (w.key_search, &["/"]),
        (w.key_palette, &["Ctrl", "K"]),
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
        <div class="dialog-head">
            <h2 id="help-title">{w.keyboard}</h2>
            <form method="dialog">
                <button class="icon-button" aria-label=w.close>
                    <Icon symbol=Symbol::Cross />
                </button>
            </form>
        </div>
        <dl class="keys dialog-body">{keys.into_iter().map(line).collect_view()}</dl>
    }
    .to_html()
}
