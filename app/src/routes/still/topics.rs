use leptos::prelude::*;
use push_system::{
    limits,
    topic::{TopicInfo, TopicList, TopicRole},
};

use super::Refusal;
use crate::{
    components::{Icon, Symbol},
    desk::{Desk, desk_words},
    words::words,
};

/// `/topics`: all that one may see, and a new one.
#[component]
pub(super) fn TopicsPage(list: TopicList, desk: Desk) -> impl IntoView {
    let w = desk_words();
    let row = |info: TopicInfo| view! { <TopicRow info /> };
    let none = list.topics.is_empty().then(|| view! { <p class="feed-end">{w.no_topics}</p> });
    view! {
        <div class="page-head">
            <h1>{words().topics}</h1>
            <p>{w.topics_hint}</p>
        </div>
        <ul class="topics">{list.topics.into_iter().map(row).collect_view()}</ul>
        {none}
        <section class="card setting" aria-labelledby="new-topic">
            <h2 id="new-topic">{w.new_topic}</h2>
            <Refusal desk form="create" />
            <form method="post" action="/topics">
                <div class="field">
                    <label for="topic-name">{w.topic_name}</label>
                    <input
                        class="input"
                        id="topic-name"
                        name="name"
                        required
                        autocapitalize="none"
                        spellcheck="false"
                        maxlength=limits::TOPIC_CHARS.to_string()
                    />
                </div>
                <div class="field">
                    <label for="topic-description">{w.topic_description}</label>
                    <input
                        class="input"
                        id="topic-description"
                        name="description"
                        maxlength=limits::TOPIC_DESCRIPTION_CHARS.to_string()
                    />
                </div>
                <label class="check">
                    <input type="checkbox" name="private" value="true" />
                    {w.topic_private_hint}
                </label>
                <button class="button button-primary">{w.create_topic}</button>
            </form>
        </section>
    }
}

#[component]
fn TopicRow(info: TopicInfo) -> impl IntoView {
    let (w, topic) = (desk_words(), info.topic);
    let address = format!("/topics/{}", topic.id);
    let role = info.role.map(|role| match role {
        TopicRole::Owner => w.topic_owner,
        TopicRole::Member => w.joined,
    });
    let act = if role.is_some() { ("leave", w.leave) } else { ("join", w.join) };
    view! {
        <li class="topic">
            <Icon symbol=if topic.private { Symbol::Lock } else { Symbol::Hash } />
            <div class="topic-text">
                <a href=address.clone()>{format!("#{}", topic.name)}</a>
                {topic.private.then(|| view! { <span class="chip">{w.private}</span> })}
                {topic.archived.then(|| view! { <span class="chip">{words().filter_archived}</span> })}
                {role.map(|role| view! { <span class="chip chip-accent">{role}</span> })}
                <p>{topic.description} " " <span class="topic-members">{w.members(info.members)}</span></p>
            </div>
            <form method="post" action=address>
                <button class="button button-small" name="action" value=act.0>
                    {act.1}
                </button>
            </form>
        </li>
    }
}
