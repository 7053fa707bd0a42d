use leptos::{prelude::*, task::spawn_local};

use super::{IconButton, Symbol};
use crate::{
    app::use_page,
    live::{browser, use_live},
    store::Toast,
    words::words,
};

/// A command line that sends a message, to be copied.
#[component]
pub fn Command() -> impl IntoView {
    let live = use_live();
    let command = command(&use_page().base_url);
    let text = command.clone();
    view! {
        <div class="code">
            <pre>
                <code>{command}</code>
            </pre>
            <IconButton
                symbol=Symbol::Copy
                label=words().copy_command
                title=words().copy
                act=Box::new(move || copy(live.store.toast, text.clone()))
            />
        </div>
    }
}

fn command(base_url: &str) -> String {
    [
        r#"curl -H "Authorization: Bearer $TOKEN" \"#,
        r#"  -H "Content-Type: application/json" \"#,
        r#"  -d '{"message":"backup done"}' \"#,
        &format!("  {base_url}/message"),
    ]
    .join("\n")
}

/// Puts a text on the clipboard and says whether that worked.
pub(super) fn copy(toast: RwSignal<Option<Toast>>, text: String) {
    spawn_local(async move {
        let copied = browser::copy(&text).await;
        let text = if copied { words().copied } else { words().copy_failed }.to_owned();
        toast.try_set(Some(Toast { text, undo: None }));
    });
}
