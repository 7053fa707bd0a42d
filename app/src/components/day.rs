use leptos::prelude::*;

use crate::{clock::use_clock, text, words::words};

/// The heading of a day, counted from 1970-01-01.
#[component]
pub fn DayHeading(
    /// Which.
    day: i64,
) -> impl IntoView {
    let clock = use_clock();
    let label = Memo::new(move |_| {
        let today = clock.now.get().day(clock.offset_minutes.get());
        text::day_label(words(), day, today)
    });
    view! {
        <li class="day">
            <h2>
                <time datetime=text::iso_day(day)>{move || label.get()}</time>
            </h2>
        </li>
    }
}
