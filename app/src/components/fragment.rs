use leptos::prelude::*;

use crate::{live::browser, place::use_place};

/// Puts the cursor into a field when the address points at it, which a browser does only for links.
pub fn focus_at_fragment(fragment: &'static str, field: &'static str) {
    let here = use_place().fragment;
    Effect::new(move |_| {
        if here.with(|here| here == fragment) {
            // A page that was just reached is in the document by the next frame.
            request_animation_frame(move || browser::focus(field));
        }
    });
}
