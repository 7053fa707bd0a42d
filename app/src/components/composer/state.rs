use leptos::{html, prelude::*, task::spawn_local};
use push_system::{
    accounts::Username,
    audience::{Recipient, Recipients},
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    limits,
    message::{Draft, OneOrMany, PublishRequest},
};

use super::{COMPOSER_ID, MESSAGE_ID, completion::Completion, first_refusal};
use crate::{
    api,
    components::focus_at_fragment,
    context::FormRefusal,
    live::{
        Live, browser,
        storage::{self, SavedDraft},
    },
    words::catalogue,
};

/// Bytes a `publish` frame adds around the message: key, user and field names, with room to spare.
const ENVELOPE_BYTES: usize = 1_024;

/// The composer's fields, and what is known about them.
#[derive(Clone, Copy)]
pub(super) struct Compose {
    pub(super) live: Live,
    pub(super) to: NodeRef<html::Input>,
    pub(super) title: NodeRef<html::Input>,
    pub(super) message: NodeRef<html::Textarea>,
    pub(super) priority: NodeRef<html::Select>,
    pub(super) grow: NodeRef<html::Div>,
    /// Recipients that are whole; the field holds what is still being typed.
    pub(super) chips: RwSignal<Vec<Recipient>>,
    /// Whether the draft is kept; none while there is nothing to say about it.
    pub(super) saved: RwSignal<Option<bool>>,
    /// What is wrong.
    pub(super) error: RwSignal<Option<FormRefusal>>,
    pub(super) completion: Completion,
    /// People known to exist.
    known: StoredValue<Vec<Username>>,
    /// Whether recipients are being checked: a second press must not send a second time.
    checking: RwSignal<bool>,
}

impl Compose {
    pub(super) fn new(live: Live) -> Self {
        Self {
            live,
            to: NodeRef::new(),
            title: NodeRef::new(),
            message: NodeRef::new(),
            priority: NodeRef::new(),
            grow: NodeRef::new(),
            chips: RwSignal::new(Vec::new()),
            saved: RwSignal::new(None),
            error: RwSignal::new(first_refusal()),
            completion: Completion::new(),
            known: StoredValue::new(Vec::new()),
            checking: RwSignal::new(false),
        }
    }

    /// Once the fields are there: takes over what they hold, or brings back the draft. Then answers whom it is asked to.
    pub(super) fn follow(self) {
        focus_at_fragment(COMPOSER_ID, MESSAGE_ID);
        Effect::new(move |done: Option<bool>| {
            let there = self.to.get().is_some() && self.message.get().is_some() && self.priority.get().is_some();
            if there && done != Some(true) {
                self.take_over();
            }
            there
        });
        let reply = self.live.store.reply;
        Effect::new(move |_| {
            if let Some(name) = reply.get() {
                reply.set(None);
                self.set_recipients(&format!("@{name}"));
                self.save();
                browser::focus(MESSAGE_ID);
            }
        });
    }

    fn take_over(self) {
        let typed = self.read();
        let mut draft = storage::load_draft(self.live.store.user_id()).unwrap_or_default();
        if !typed.title.is_empty() || !typed.message.is_empty() {
            draft = typed;
        } else if !typed.to.is_empty() {
            draft.to = typed.to;
        }
        self.write(&draft);
        self.save();
    }

    /// Whether this field is what is wrong.
    pub(super) fn blames(self, field: &str) -> bool {
        self.error.with(|error| error.as_ref().is_some_and(|error| error.field.as_deref() == Some(field)))
    }

    /// Someone typed.
    pub(super) fn changed(self) {
        self.error.set(None);
        self.grow_with_text();
        self.save();
    }

    /// Notes that a person exists.
    pub(super) fn knows(self, name: Username) {
        self.known.try_update_value(|known| known.push(name));
    }

    /// Keeps the draft.
    pub(super) fn save(self) {
        let draft = self.read();
        let kept = storage::save_draft(self.live.store.user_id(), &draft);
        self.saved.set((!draft.is_empty()).then_some(kept));
    }

    fn read(self) -> SavedDraft {
        let value = |input: NodeRef<html::Input>| input.get_untracked().map(|input| input.value()).unwrap_or_default();
        let typed = value(self.to);
        let whole = self.chips.get_untracked();
        let to = whole.iter().map(ToString::to_string).chain((!typed.is_empty()).then_some(typed));
        SavedDraft {
            to: to.collect::<Vec<_>>().join(", "),
            title: value(self.title),
            message: self.message.get_untracked().map(|area| area.value()).unwrap_or_default(),
            priority: self.priority.get_untracked().map(|select| select.value()).unwrap_or_default(),
        }
    }

    fn write(self, draft: &SavedDraft) {
        if let Some(title) = self.title.get_untracked() {
            title.set_value(&draft.title);
        }
        // Writing the same text again would move the cursor of who types.
        if let Some(area) = self.message.get_untracked().filter(|area| area.value() != draft.message) {
            area.set_value(&draft.message);
        }
        if let Some(select) = self.priority.get_untracked() {
            select.set_value(if draft.priority.is_empty() { "0" } else { &draft.priority });
        }
        self.set_recipients(&draft.to);
        self.grow_with_text();
    }

    /// Turns a text into recipients; one that is none stays in the field.
    fn set_recipients(self, text: &str) {
        self.chips.set(Vec::new());
        if let Some(input) = self.to.get_untracked() {
            input.set_value(text);
        }
        self.take_typed().ok();
    }

    /// Makes recipients of what is typed in their field.
    pub(super) fn take_typed(self) -> Result<(), Rejection> {
        let Some(input) = self.to.get_untracked() else { return Ok(()) };
        let typed = input.value();
        if typed.trim().is_empty() {
            return Ok(());
        }
        for recipient in Recipients::parse([typed.as_str()])?.iter() {
            self.add(recipient.clone());
        }
        input.set_value("");
        Ok(())
    }

    /// One recipient more.
    pub(super) fn add(self, recipient: Recipient) {
        self.chips.update(|chips| {
            if !chips.contains(&recipient) {
                chips.push(recipient);
            }
        });
    }

    /// The style sheet gives the area the height of this copy, where a browser cannot do it alone.
    fn grow_with_text(self) {
        if let (Some(grow), Some(area)) = (self.grow.get_untracked(), self.message.get_untracked()) {
            grow.set_attribute("data-value", &area.value()).ok();
        }
    }

    /// *Send*.
    pub(super) fn submit(self) {
        if self.checking.get_untracked() {
            return;
        }
        self.completion.close();
        let checked = self.take_typed().and_then(|()| {
            let request = self.request();
            let draft = Draft::parse(request.clone())?;
            fits(&request)?;
            Ok((request, draft))
        });
        match checked {
            Err(rejection) => self.refuse(rejection),
            Ok((request, draft)) => self.send_to_known(request, draft),
        }
    }

    fn request(self) -> PublishRequest {
        let draft = self.read();
        let to: Vec<String> = self.chips.get_untracked().iter().map(ToString::to_string).collect();
        PublishRequest {
            message: draft.message,
            title: (!draft.title.is_empty()).then_some(draft.title),
            priority: draft.priority.parse().ok().filter(|priority| *priority != 0),
            to: (!to.is_empty()).then_some(OneOrMany::Many(to)),
            ..PublishRequest::default()
        }
    }

    /// A name that was typed and not picked may be a mistake, which is better said before than after.
    fn send_to_known(self, request: PublishRequest, draft: Draft) {
        let known = self.known.get_value();
        let strangers: Vec<Username> = draft.to.people().filter(|name| !known.contains(name)).cloned().collect();
        if strangers.is_empty() {
            return self.send(request);
        }
        self.checking.set(true);
        spawn_local(async move {
            let stranger = self.first_unknown(strangers).await;
            if self.checking.try_set(false).is_some() {
                // The page was left meanwhile; the draft is kept.
                return;
            }
            match stranger {
                Some(name) => {
                    let detail = Sentence::UnknownRecipient(format!("@{name}"));
                    self.refuse(Rejection::at(ErrorCode::UnknownRecipient, "to", detail));
                }
                None => self.send(request),
            }
        });
    }

    /// The first of these who does not exist. Where nobody answers all pass: the server checks again.
    async fn first_unknown(self, names: Vec<Username>) -> Option<Username> {
        for name in names {
            let Ok(found) = api::people(name.as_str()).await else { return None };
            if !found.iter().any(|person| person.name == name) {
                return Some(name);
            }
            self.knows(name);
        }
        None
    }

    fn send(self, request: PublishRequest) {
        self.live.send(request);
        self.write(&SavedDraft::default());
        self.save();
        self.error.set(None);
        browser::focus(MESSAGE_ID);
    }

    fn refuse(self, rejection: Rejection) {
        let refusal = FormRefusal::new(rejection, catalogue());
        browser::focus(refusal.field.as_deref().unwrap_or(MESSAGE_ID));
        self.error.set(Some(refusal));
    }
}

/// A frame over the limit would end the connection. JSON writes control characters with six bytes each.
fn fits(request: &PublishRequest) -> Result<(), Rejection> {
    let bytes = serde_json::to_string(request).map_or(0, |text| text.len());
    if bytes + ENVELOPE_BYTES > limits::BODY_BYTES {
        return Err(Rejection::at(ErrorCode::TooLarge, "message", Sentence::EventTooLarge));
    }
    Ok(())
}
