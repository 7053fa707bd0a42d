use push_system::{
    audience::Recipients,
    ids::MessageId,
    message::{Message, OneOrMany},
    session::outbox::{Sending, Unsent},
};

use super::{Eye, Markup, message::begin, text::body};
use crate::{
    components::Symbol,
    words::{self, words},
};

/// A message on its way: pending, or not sent, with what can be done about it.
pub fn unsent(m: &mut Markup, row: &Unsent, connected: bool, eye: &Eye) {
    let message = as_message(row, eye);
    m.raw("<article class=\"message").raw(match row.state {
        Sending::Pending => " is-pending",
        Sending::Failed(_) => " is-failed",
        Sending::Stored(_) => "",
    });
    begin(m, &message, eye, 'p', row.client_id.as_str());
    body(m, &message.message, &[], false);
    state(m, row, connected);
    m.raw("</article>");
}

/// The message it will be, so that nothing about the row changes when it is.
fn as_message(row: &Unsent, eye: &Eye) -> Message {
    let request = row.request.clone();
    Message {
        id: MessageId::default(),
        appid: 0,
        title: request.title.unwrap_or_default(),
        message: request.message,
        priority: request.priority.and_then(|priority| priority.try_into().ok()).unwrap_or_default(),
        date: row.at,
        extras: request.extras.unwrap_or_default(),
        sender: eye.me.clone(),
        to: Recipients::parse([written(row).as_str()]).unwrap_or_default(),
        tags: request.tags.unwrap_or_default(),
        click: request.click,
        topics: Vec::new(),
        edited: None,
        deleted: None,
    }
}

/// How far it has come.
fn state(m: &mut Markup, row: &Unsent, connected: bool) {
    let w = words();
    match row.state {
        Sending::Stored(_) => {}
        Sending::Pending => {
            m.raw("<p class=\"message-state\">").icon(Symbol::Clock).raw("<span>");
            m.text(if connected { w.sending } else { w.waiting_to_send }).raw("</span></p>");
        }
        Sending::Failed(code) => {
            m.raw("<div class=\"message-state\" role=\"alert\">").icon(Symbol::Alert).raw("<span>");
            m.text(&w.not_sent(&words::refusal(code, &written(row)))).raw("</span>");
            for (act, label) in [("retry", w.retry), ("discard", w.discard)] {
                m.raw("<button class=\"button button-small\" type=\"button\" data-act=\"").raw(act);
                m.raw("\">").text(label).raw("</button>");
            }
            m.raw("</div>");
        }
    }
}

fn written(row: &Unsent) -> String {
    match &row.request.to {
        None => String::new(),
        Some(OneOrMany::One(one)) => one.clone(),
        Some(OneOrMany::Many(list)) => list.join(", "),
    }
}
