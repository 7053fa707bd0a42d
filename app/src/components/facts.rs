use leptos::prelude::*;
use push_system::admin::SessionInfo;

use super::Moment;
use crate::desk::desk_words;

/// One thing that is known, with its name.
#[component]
pub fn Fact<V: IntoView + 'static>(
    /// What it is.
    name: &'static str,
    /// What is known.
    children: TypedChildren<V>,
) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children.into_inner()()}</dd>
        </div>
    }
}

/// What is known of a login: from where, since when, and when it was seen.
#[component]
pub fn SessionFacts(
    /// Which.
    session: SessionInfo,
    /// By what it is referred to.
    #[prop(optional)]
    id: Option<String>,
) -> impl IntoView {
    let w = desk_words();
    let address = if session.address.is_empty() { w.unknown_address.to_owned() } else { session.address };
    view! {
        <dl class="facts" id=id>
            <Fact name=w.address>{address}</Fact>
            <Fact name=w.last_seen>
                <Moment at=session.last_seen />
            </Fact>
            <Fact name=w.signed_in>
                <Moment at=session.created />
            </Fact>
        </dl>
    }
}

/// What a login's device is called. It is kept as “Firefox on Linux”.
pub fn device_name(session: &SessionInfo) -> String {
    match session.device.split_once(" on ") {
        Some((browser, system)) => desk_words().device_on(browser, system),
        None if session.device.is_empty() => desk_words().unknown_device.to_owned(),
        None => session.device.clone(),
    }
}
