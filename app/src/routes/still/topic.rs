use leptos::prelude::*;
use push_system::{
    api::HistoryPage,
    limits,
    message::Message,
    read_state::Ranges,
    topic::{Topic, TopicInfo, TopicMember, TopicMembers, TopicRole},
};

use super::Refusal;
use crate::{
    components::{Avatar, Icon, StepPager, Symbol},
    desk::{Desk, desk_words},
    draw::{self, drawn},
    live::use_live,
    paint::still_page::LIST_ID,
    text,
    words::words,
};

/// `/topics/{id}`: what a topic is for, who is in it, and its messages, the older ones too.
#[component]
pub(super) fn TopicPage(
    info: TopicInfo,
    members: TopicMembers,
    page: HistoryPage,
    // Which of its messages are not in the reader's inbox.
    outside: Ranges,
    desk: Desk,
) -> impl IntoView {
    let address = format!("/topics/{}", info.topic.id);
    let owner = info.role == Some(TopicRole::Owner);
    let more = members.next.map(|after| format!("{address}?after={after}#members"));
    view! {
        <Head topic=info.topic.clone() joined=info.role.is_some() address=address.clone() desk />
        <Messages page outside address=address.clone() />
        <section class="card setting" aria-labelledby="members">
            <h2 id="members">{desk_words().members(info.members)}</h2>
            <ul class="topic-people">
                {members
                    .members
                    .into_iter()
                    .map(|member| view! { <Member member address=address.clone() owner /> })
                    .collect_view()}
            </ul>
            <StepPager first=None next=more />
            {owner.then(|| view! { <AddMember address=address.clone() /> })}
        </section>
        {owner.then(|| view! { <Owning topic=info.topic address /> })}
    }
}

/// What the topic is for, and what one can do with it.
#[component]
fn Head(topic: Topic, joined: bool, address: String, desk: Desk) -> impl IntoView {
    let w = desk_words();
    let act = if joined { ("leave", w.leave) } else { ("join", w.join) };
    let write = format!("/?to={}#compose", text::encode(&format!("#{}:{}", topic.name, topic.id)));
    view! {
        <div class="page-head">
            // Its sign is a picture here.
            <h1 data-title=format!("#{}", topic.name)>
                <Icon symbol=if topic.private { Symbol::Lock } else { Symbol::Hash } />
                {topic.name.to_string()}
            </h1>
            <p>
                {topic.private.then(|| view! { <span class="chip">{w.private_long}</span> " " })}
                {topic.archived.then(|| view! { <span class="chip">{w.topic_archived}</span> " " })}
                {topic.description.clone()}
            </p>
            <form class="button-row" method="post" action=address>
                {(!topic.archived).then(|| view! { <a class="button button-small" href=write>{words().key_write}</a> })}
                <button class="button button-small" name="action" value=act.0>
                    {act.1}
                </button>
            </form>
            <Refusal desk form="topic" />
        </div>
    }
}

#[component]
fn Messages(page: HistoryPage, outside: Ranges, address: String) -> impl IntoView {
    let store = use_live().store;
    let eye = store.eye(Vec::new());
    // The page was read before the inbox.
    let messages = store.inbox.with_untracked(|inbox| inbox.up_to_date(page.messages));
    let row = |message: &Message| {
        let look = store.look(message).outside(outside.contains(message.id.0));
        let row = drawn(|m| draw::message(m, message, &eye, look));
        view! { <li inner_html=row /> }
    };
    let older = messages.last().filter(|_| page.has_more).map(|message| message.id);
    view! {
        <section aria-label=words().messages>
            <ol class="messages" role="list" id=LIST_ID>{messages.iter().map(row).collect_view()}</ol>
            // Seen where the list is empty.
            <p class="feed-end">{desk_words().topic_empty}</p>
            {older
                .map(|since| {
                    view! {
                        <p class="feed-more">
                            <a class="button" rel="next" href=format!("{address}?since={since}")>
                                {words().load_older}
                            </a>
                        </p>
                    }
                })}
        </section>
    }
}

#[component]
fn Member(member: TopicMember, address: String, owner: bool) -> impl IntoView {
    let w = desk_words();
    let name = member.person.name.to_string();
    let owns = member.role == TopicRole::Owner;
    let role = if owns { ("make_member", w.make_member) } else { ("make_owner", w.make_owner) };
    view! {
        <li class="person">
            <Avatar name=name.clone() small=true />
            <span class="person-name" dir="auto">
                {name}
            </span>
            {owns.then(|| view! { <span class="chip">{w.topic_owner}</span> })}
            {owner
                .then(|| {
                    view! {
                        <form class="button-row person-note" method="post" action=address>
                            <input type="hidden" name="user" value=member.person.id.to_string() />
                            <button class="button button-small" name="action" value=role.0>
                                {role.1}
                            </button>
                            <button class="button button-small" name="action" value="remove">
                                {w.remove_member}
                            </button>
                        </form>
                    }
                })}
        </li>
    }
}

#[component]
fn AddMember(address: String) -> impl IntoView {
    let w = desk_words();
    view! {
        <form method="post" action=address>
            <div class="field">
                <label for="add-member">{w.add_member}</label>
                <input class="input" id="add-member" name="name" required autocapitalize="none" spellcheck="false" />
            </div>
            <button class="button" name="action" value="add">
                {w.add}
            </button>
        </form>
    }
}

/// What only owners do.
#[component]
fn Owning(topic: Topic, address: String) -> impl IntoView {
    let w = desk_words();
    let archive = if topic.archived { ("unarchive", w.reopen_topic) } else { ("archive", w.archive_topic) };
    view! {
        <section class="card setting" aria-labelledby="owning">
            <h2 id="owning">{w.topic_settings}</h2>
            <form method="post" action=address.clone()>
                <div class="field">
                    <label for="describe">{w.topic_description}</label>
                    <input
                        class="input"
                        id="describe"
                        name="description"
                        value=topic.description
                        maxlength=limits::TOPIC_DESCRIPTION_CHARS.to_string()
                    />
                </div>
                <button class="button" name="action" value="describe">
                    {words().save}
                </button>
            </form>
            <form method="post" action=address>
                <button class="button" name="action" value=archive.0>
                    {archive.1}
                </button>
            </form>
        </section>
    }
}
