use std::time::Duration;

use leptos::prelude::*;

use super::{IconButton, Symbol};
use crate::{live::use_live, words::words};

/// How long a notice stays. What it undoes can be undone on the row as well.
const STAYS: Duration = Duration::from_secs(8);

/// A short notice with *Undo*. It stays for as long as somebody points at it or is in it (WCAG 2.2, 2.2.1).
#[component]
pub fn ToastNotice() -> impl IntoView {
    let live = use_live();
    let toast = live.store.toast;
    let is_held = RwSignal::new(false);
    Effect::new(move |_| {
        // Under another notice nobody has pointed yet.
        toast.track();
        is_held.set(false);
    });
    Effect::new(move |_| {
        if toast.with(Option::is_some) && !is_held.get() {
            let leave = move || {
                toast.try_set(None);
            };
            let timer = set_timeout_with_handle(leave, STAYS).ok();
            on_cleanup(move || {
                if let Some(timer) = timer {
                    timer.clear();
                }
            });
        }
    });
    let notice = move || {
        toast.get().map(|shown| {
            let undo = shown.undo.map(|undo| {
                view! {
                    <button class="link-button" type="button" on:click=move |_| live.undo(undo.clone())>
                        {words().undo}
                    </button>
                }
            });
            view! {
                <div
                    class="toast"
                    on:pointerenter=move |_| is_held.set(true)
                    on:pointerleave=move |_| is_held.set(false)
                    on:focusin=move |_| is_held.set(true)
                    on:focusout=move |_| is_held.set(false)
                >
                    <span>{shown.text}</span>
                    {undo}
                    <IconButton
                        symbol=Symbol::Cross
                        label=words().dismiss
                        act=Box::new(move || toast.set(None))
                    />
                </div>
            }
        })
    };
    view! { {notice} }
}
