use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::live::browser;

/// Puts the cursor into a field when the address points at it, which a browser does only for links.
pub fn focus_at_fragment(fragment: &'static str, field: &'static str) {
    let location = use_location();
    Effect::new(move |_| {
        if location.hash.with(|hash| hash.trim_start_matches('#') == fragment) {
            // A page that was just reached is in the document by the next frame.
            request_animation_frame(move || browser::focus(field));
        }
    });
}
