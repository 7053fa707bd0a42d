//! Every sentence people read, in one place, one static per language. A field missing in a language does not compile.

#![expect(missing_docs, reason = "the English text says what each word is for")]

mod en;

pub use en::EN;

/// The words of one language. Plain words are texts; sentences with a value in them are functions.
#[derive(Debug)]
pub struct Catalogue {
    // Refusals, shown beside the field or the action and sent as the `detail` of a problem.
    pub username_too_short: &'static str,
    pub username_too_long: &'static str,
    pub username_characters: &'static str,
    pub password_too_short: &'static str,
    pub password_too_long: &'static str,
    pub email_invalid: &'static str,
    pub message_empty: &'static str,
    pub message_too_large: &'static str,
    pub event_too_large: &'static str,
    pub title_too_long: &'static str,
    pub priority_range: &'static str,
    pub tags_limits: &'static str,
    pub click_invalid: &'static str,
    pub nul: &'static str,
    pub key_invalid: &'static str,
    pub too_many_recipients: &'static str,
    pub unknown_recipient: fn(&str) -> String,
    pub bad_frame: &'static str,
    pub resume_out_of_turn: &'static str,
}
