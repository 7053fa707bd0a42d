use push_system::topic::Topic;

use super::Markup;
use crate::{components::Symbol, words::words};

/// The ways to the topics that the reader is in. `here` is where they are.
pub fn topics(m: &mut Markup, topics: &[Topic], here: &str) {
    for topic in topics.iter().filter(|topic| !topic.archived) {
        let place = format!("/topics/{}?all", topic.id);
        m.raw("<li><a class=\"nav-link\" href=\"/topics/").number(topic.id.0).raw("\" data-here=\"").text(&place);
        m.raw(if place == here { "\" aria-current=\"page\">" } else { "\">" });
        m.icon(if topic.private { Symbol::Lock } else { Symbol::Hash }).raw("<span>").text(topic.name.as_str());
        m.raw("</span>");
        if topic.private {
            m.raw("<span class=\"visually-hidden\">").text(words().topic_private).raw("</span>");
        }
        m.raw("</a></li>");
    }
}
