//! The time and place a page is read at.

use std::time::Duration;

use leptos::prelude::*;
use push_system::timestamp::Timestamp;

use crate::{
    context::{OFFSET_COOKIE, PageContext},
    live::browser,
};

/// How often relative times are drawn anew.
const TICK: Duration = Duration::from_secs(30);

/// What time it is, for whom. The server's answer first, so that both sides draw the same; the device's after hydration.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Now, within half a minute.
    pub now: RwSignal<Timestamp>,
    /// Minutes east of UTC.
    pub offset_minutes: RwSignal<i32>,
}

/// The clock of the page.
///
/// # Panics
/// Outside of [`crate::App`], which provides it.
pub fn use_clock() -> Clock {
    expect_context()
}

impl Clock {
    /// The clock a page begins with.
    pub fn new(page: &PageContext) -> Self {
        Self { now: RwSignal::new(page.now), offset_minutes: RwSignal::new(page.offset_minutes) }
    }

    /// Follows the device from here on, while the caller's owner lives. In the browser only.
    pub fn follow(self) {
        let offset = browser::offset_minutes();
        browser::set_cookie(OFFSET_COOKIE, &offset.to_string());
        self.offset_minutes.set(offset);
        self.now.set(browser::now());
        let tick = move || {
            self.now.try_set(browser::now());
        };
        let interval = set_interval_with_handle(tick, TICK).ok();
        on_cleanup(move || {
            if let Some(interval) = interval {
                interval.clear();
            }
        });
    }
}
