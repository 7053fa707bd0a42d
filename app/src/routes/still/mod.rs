//! Pages in the frame that only the server draws: they are loaded, and stay as they came. What changes in them is
//! changed by [`crate::paint`], and their forms are plain ones.

#[cfg(feature = "ssr")]
mod message;
#[cfg(feature = "ssr")]
mod settings;
#[cfg(feature = "ssr")]
mod topic;
#[cfg(feature = "ssr")]
mod topics;

#[cfg(feature = "ssr")]
use leptos::prelude::*;

/// What stands in `main`. The browser has the server's elements and needs none.
#[cfg(not(feature = "ssr"))]
pub fn still() -> String {
    String::new()
}

/// What stands in `main`.
#[cfg(feature = "ssr")]
pub fn still() -> String {
    use self::{message::MessagePage, settings::SettingsPage, topic::TopicPage, topics::TopicsPage};
    use crate::desk::{DeskPage, desk};

    let Some(desk) = desk() else { return view! { <SettingsPage /> }.to_html() };
    match desk.page.clone() {
        DeskPage::Message { message, outside } => view! { <MessagePage message=*message outside desk /> }.to_html(),
        DeskPage::Topics(list) => view! { <TopicsPage list desk /> }.to_html(),
        DeskPage::Topic { info, members, page, outside } => {
            view! { <TopicPage info=*info members page outside desk /> }.to_html()
        }
        _ => String::new(),
    }
}

/// A refused form's sentence, where it stands.
#[cfg(feature = "ssr")]
#[component]
fn Refusal(
    /// The page.
    desk: crate::desk::Desk,
    /// Which of its forms.
    form: &'static str,
) -> impl IntoView {
    let refusal = desk.refusal_of(form).cloned();
    refusal.map(|refusal| view! { <crate::components::BadNotice text=refusal.detail /> })
}
