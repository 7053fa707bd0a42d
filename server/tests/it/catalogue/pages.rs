//! One page of each kind, with words of its own for all that people write.

use std::collections::BTreeMap;

use app::{
    context::{Form, FormRefusal, FormState, PageContext, PageData},
    desk::{Desk, DeskPage, Done, OTHERS, Refused},
};
use push_system::{
    accounts::{Person, Role, Username},
    admin::{
        AuditAction, AuditPage, AuditRecord, InviteInfo, NewPassword, ServerSettings, SessionInfo, Standing, UserInfo,
    },
    api::{HistoryPage, Me, Presence},
    catalogue::{Catalogue, Sentence},
    error::{ErrorCode, Rejection},
    ids::{MessageId, Seq, TopicId, UserId},
    inbox::{Counters, Snapshot},
    marks::Marks,
    message::{Draft, Message, OneOrMany, PublishRequest},
    position::Pos,
    query::Query,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
    topic::{Topic, TopicInfo, TopicList, TopicMember, TopicMembers, TopicName, TopicRole},
};

const NOW: i64 = 1_795_357_425_007;
const DAY: i64 = 24 * 60 * 60 * 1_000;

pub(super) fn person(id: u64, name: &str) -> Person {
    Person { id: UserId(id), name: Username::parse(name).unwrap() }
}

fn at(ago: i64) -> Timestamp {
    Timestamp::from_unix_ms(NOW - ago)
}

fn message(id: u64, sender: &Person, ago: i64, draft: Draft) -> Message {
    let Draft { title, message, priority, to, tags, click, extras } = draft;
    let (id, date, sender) = (MessageId(id), at(ago), sender.clone());
    let (topics, edited, deleted) = (Vec::new(), None, None);
    Message { id, appid: 0, title, message, priority, date, extras, sender, to, tags, click, topics, edited, deleted }
}

/// One of each kind: one's own, to everyone, to many, urgent, high, with a link, long, of today, yesterday and last year.
fn messages(ana: &Person, bob: &Person) -> Vec<Message> {
    let draft = |request: PublishRequest| Draft::parse(request).unwrap();
    let text = || PublishRequest { message: "xtext".to_owned(), ..PublishRequest::default() };
    let to = |names: &[&str]| Some(OneOrMany::Many(names.iter().map(|name| format!("@{name}")).collect()));
    vec![
        message(
            9,
            bob,
            0,
            draft(PublishRequest { priority: Some(10), click: Some("https://1.2".to_owned()), ..text() }),
        ),
        message(8, bob, 5 * 60_000, draft(PublishRequest { priority: Some(6), to: to(&["xana"]), ..text() })),
        message(
            7,
            bob,
            3 * 3_600_000,
            draft(PublishRequest { to: to(&["xana", "xana1", "xana2", "xana3", "xana4", "xana5"]), ..text() }),
        ),
        message(
            6,
            ana,
            DAY,
            draft(PublishRequest { title: Some("xtitle".to_owned()), tags: Some(vec!["xtag".to_owned()]), ..text() }),
        ),
        message(5, bob, 30 * DAY, draft(PublishRequest { message: "xtext\n".repeat(50), ..text() })),
        message(4, bob, 500 * DAY, draft(text())),
        Message { edited: Some(at(60_000)), ..message(3, ana, 501 * DAY, draft(text())) },
        message(2, bob, 502 * DAY, draft(text())).tombstone(at(60_000)),
    ]
}

pub(super) fn page(path: &str, search: &str, empty: bool) -> PageContext {
    let (ana, bob) = (person(1, "xana"), person(2, "xbob"));
    let messages = if empty { Vec::new() } else { messages(&ana, &bob) };
    let unread = messages.len() as u64;
    let inbox = Snapshot {
        pos: Pos::parse("e.9.00000001").unwrap(),
        seq: Seq(9),
        user: ana.clone(),
        messages: messages.clone(),
        has_more: !empty,
        read: ReadState::starting_at(MessageId(if empty { 9 } else { 5 })),
        marks: Marks::default(),
        topics: Vec::new(),
        counters: Counters { unread },
    };
    let reading = Query::parse("xsearch from:xana xa:xb").reading(vec!["xtext".to_owned()]);
    let asks = path == "/history" || !search.is_empty();
    let people =
        [ana.clone(), bob].into_iter().chain((3..40).map(|n| person(n, &format!("xbob{n}")))).collect::<Vec<_>>();
    let presence = Presence { version: 1, count: people.len() as u64, people };
    let data = PageData {
        path: path.to_owned(),
        search: search.to_owned(),
        inbox: Some(inbox),
        results: asks.then_some(HistoryPage { messages, has_more: !empty, search: Some(reading) }),
        presence,
        draft_key: "1".to_owned(),
    };
    let viewer = Some(Me { person: ana, role: Role::Admin });
    PageContext { viewer, now: at(0), base_url: "http://1.2".to_owned(), data, ..PageContext::default() }
}

fn entrance(path: &str, search: &str) -> PageContext {
    let data = PageData { path: path.to_owned(), search: search.to_owned(), ..PageData::default() };
    PageContext { registration_open: true, data, ..PageContext::default() }
}

fn refusal(field: Option<&'static str>, words: &Catalogue) -> FormRefusal {
    let sentence = Sentence::UnknownRecipient("xbob".to_owned());
    let rejection = Rejection { field: field.map(Into::into), ..Rejection::new(ErrorCode::Invalid, sentence) };
    FormRefusal::new(rejection, words)
}

/// A page whose form was refused, beside a field and in general.
fn refused(context: &PageContext, form: Form, field: &'static str, words: &Catalogue) -> [PageContext; 2] {
    [Some(field), None].map(|field| {
        let values = BTreeMap::from([("message".to_owned(), "xtext".to_owned())]);
        let form = Some(FormState { form, values, refusal: Some(refusal(field, words)) });
        PageContext { form, ..context.clone() }
    })
}

pub(super) fn contexts(words: &Catalogue) -> Vec<PageContext> {
    let mut all = vec![
        entrance("/login", ""),
        entrance("/login", "why=ended"),
        entrance("/login", "why=over&next=%2Fhistory"),
        entrance("/register", ""),
        entrance("/register", "invite=x"),
        PageContext { registration_open: false, ..entrance("/register", "") },
        page("/nowhere", "", false),
    ];
    for empty in [false, true] {
        for search in ["", "filter=unread", "filter=me", "filter=sent"] {
            all.push(page("/", search, empty));
            all.push(page("/history", search, empty));
        }
        all.push(page("/history", "q=xsearch", empty));
        all.push(page("/history", "q=xsearch&before=9", empty));
    }
    all.push(page("/settings", "", false));
    let changed = Some(FormState { form: Form::Password, values: BTreeMap::new(), refusal: None });
    all.push(PageContext { form: changed, ..page("/settings", "", false) });
    all.extend(refused(&entrance("/login", ""), Form::Login, "username", words));
    all.extend(refused(&entrance("/register", ""), Form::Register, "password", words));
    all.extend(refused(&page("/", "", false), Form::Compose, "to", words));
    all.extend(refused(&page("/settings", "", false), Form::Password, "current", words));
    all.extend([403, 404, 429, 500, 503].map(|status| PageContext { failure: Some(status), ..entrance("/", "") }));
    all
}

fn session(current: bool, device: &str) -> SessionInfo {
    SessionInfo {
        id: if current { "1" } else { "2" }.to_owned(),
        device: device.to_owned(),
        address: if current { "127.0.0.1" } else { "" }.to_owned(),
        created: at(DAY),
        last_seen: at(60_000),
        expires: at(-DAY),
        current,
    }
}

fn user(id: u64, role: Role, standing: Standing) -> UserInfo {
    let (email, last_seen) = ((id == 1).then(|| "1@2".to_owned()), (id == 1).then(|| at(60_000)));
    UserInfo {
        id: UserId(id),
        name: "xbob".to_owned(),
        email,
        role,
        standing,
        created: at(DAY),
        sessions: id,
        last_seen,
    }
}

fn users() -> Vec<UserInfo> {
    let all = [
        (1, Role::Admin, Standing::Active),
        (2, Role::Member, Standing::Disabled),
        (3, Role::Member, Standing::Deleted),
    ];
    all.map(|(id, role, standing)| user(id, role, standing)).to_vec()
}

fn invites() -> DeskPage {
    let (by, created, expires) = (person(1, "xana"), at(DAY), at(-DAY));
    let open = InviteInfo { id: "1".to_owned(), by: by.clone(), created, expires, used_by: None };
    let used = InviteInfo { id: "2".to_owned(), used_by: Some(person(2, "xbob")), ..open.clone() };
    let made = "http://1.2/3".to_owned();
    DeskPage::Invites { invites: vec![open, used], made: Some(made) }
}

fn audit() -> DeskPage {
    let record = |(id, action): (u64, &AuditAction)| AuditRecord {
        id,
        at: at(60_000),
        action: action.as_str().to_owned(),
        actor: (id % 2 == 0).then(|| "xana".to_owned()),
        target: if id % 3 == 0 { "xbob" } else { "" }.to_owned(),
        address: if id % 2 == 0 { "127.0.0.1" } else { "" }.to_owned(),
    };
    DeskPage::Audit {
        page: AuditPage { records: (0..).zip(AuditAction::ALL).map(record).collect(), next: Some(1) },
        later: true,
    }
}

fn topic(id: u64, private: bool, archived: bool, role: Option<TopicRole>) -> TopicInfo {
    let (name, description) = (TopicName::parse("xtopic").unwrap(), "xtext".to_owned());
    let topic = Topic { id: TopicId(id), name, description, private, archived };
    TopicInfo { topic, role, members: id, created: at(DAY) }
}

/// As its owner, a member and somebody else see a topic.
fn topic_pages() -> Vec<DeskPage> {
    let (ana, bob) = (person(1, "xana"), person(2, "xbob"));
    let of = |info: TopicInfo, page: HistoryPage| DeskPage::Topic {
        info: Box::new(info),
        members: TopicMembers {
            members: vec![
                TopicMember { person: ana.clone(), role: TopicRole::Owner },
                TopicMember { person: bob.clone(), role: TopicRole::Member },
            ],
            next: Some(UserId(9)),
        },
        outside: Ranges::collect(page.messages.first().map(|message| (message.id.0, message.id.0))),
        page,
    };
    let owned = topic(1, true, false, Some(TopicRole::Owner));
    let joined = topic(2, false, true, Some(TopicRole::Member));
    let other = topic(3, false, false, None);
    let full = HistoryPage { messages: messages(&ana, &bob), has_more: true, search: None };
    let mut all = vec![
        DeskPage::Topics(TopicList::default()),
        DeskPage::Topics(TopicList { topics: vec![owned.clone(), joined.clone(), other.clone()] }),
        of(owned, full.clone()),
        of(joined, HistoryPage::default()),
        of(other, full),
    ];
    for outside in [false, true] {
        let page = |message| DeskPage::Message { message: Box::new(message), outside };
        all.extend(messages(&ana, &bob).into_iter().map(page));
    }
    all
}

fn desk_pages() -> Vec<DeskPage> {
    let person = |user: UserInfo| {
        let sessions =
            if user.id == UserId(1) { vec![session(false, ""), session(false, "xtext on xtitle")] } else { Vec::new() };
        DeskPage::Person { user: Box::new(user), sessions, password: None }
    };
    let mut all: Vec<DeskPage> = users().into_iter().map(person).collect();
    all.extend([
        DeskPage::Sessions(vec![session(true, "xtext on xtitle"), session(false, "")]),
        DeskPage::Sessions(vec![session(true, "")]),
        DeskPage::People { people: users(), search: String::new(), later: true, next: Some("9".to_owned()) },
        DeskPage::People { people: Vec::new(), search: "xsearch".to_owned(), later: false, next: None },
        DeskPage::Person {
            user: Box::new(user(2, Role::Member, Standing::Active)),
            sessions: Vec::new(),
            password: Some(NewPassword { password: "xsecret".to_owned() }),
        },
        invites(),
        DeskPage::Invites { invites: Vec::new(), made: None },
        audit(),
        DeskPage::Audit { page: AuditPage { records: Vec::new(), next: None }, later: false },
        DeskPage::Server { settings: ServerSettings { registration_open: true }, fixed: false },
        DeskPage::Server { settings: ServerSettings { registration_open: false }, fixed: false },
        DeskPage::Server { settings: ServerSettings { registration_open: false }, fixed: true },
    ]);
    all.extend(topic_pages());
    all
}

const DONE: [Done; 11] = [
    Done::SessionEnded,
    Done::OthersEnded,
    Done::Disabled,
    Done::Enabled,
    Done::MadeAdmin,
    Done::MadeMember,
    Done::SessionsEnded,
    Done::Deleted,
    Done::InviteDeleted,
    Done::Opened,
    Done::Closed,
];

pub(super) fn desks(words: &Catalogue) -> Vec<Desk> {
    let plain = desk_pages().into_iter().map(|page| Desk { page, done: None, refused: None });
    let forms = ["form", "disable", "delete", "end_sessions", "topic", "create", "edit", OTHERS, "2"];
    let refused = desk_pages().into_iter().flat_map(|page| {
        forms.map(|form| {
            let refused = Some(Refused { form: form.to_owned(), refusal: refusal(None, words) });
            Desk { page: page.clone(), done: None, refused }
        })
    });
    let done = DONE.map(|done| Desk { page: invites(), done: Some(done), refused: None });
    plain.chain(refused).chain(done).collect()
}
