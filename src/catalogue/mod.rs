//! Every sentence people read, in one place, one static per language. A field missing in a language does not compile.

#![expect(missing_docs, reason = "the English text says what each word is for")]

#[cfg(feature = "ports")]
mod desk;
mod en;
mod ui;

#[cfg(feature = "ports")]
pub use desk::Desk;
pub use en::EN;
pub use ui::Ui;

/// The words of one language. Plain words are texts; sentences with a value in them are functions.
#[derive(Debug)]
pub struct Catalogue {
    // Refusals, shown beside the field or the action and sent as the `detail` of a problem.
    pub username_too_short: &'static str,
    pub username_too_long: &'static str,
    pub username_characters: &'static str,
    pub username_reserved: &'static str,
    pub password_too_short: &'static str,
    pub password_too_long: &'static str,
    pub password_too_common: &'static str,
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
    pub no_recipient: &'static str,
    pub unknown_recipient: fn(&str) -> String,
    pub frame_not_json: &'static str,
    pub bad_frame: &'static str,
    pub resume_out_of_turn: &'static str,
    pub malformed_json: fn(&str) -> String,
    pub not_an_object: &'static str,
    pub not_a_text: &'static str,
    pub not_texts: &'static str,
    pub not_a_list: &'static str,
    pub not_a_yes_or_no: &'static str,
    pub wrong_type: &'static str,
    pub upgrade_required: &'static str,
    pub media_type: fn(&str) -> String,
    pub body_too_large: &'static str,
    pub body_too_slow: &'static str,
    pub required: &'static str,
    pub page_limit: &'static str,
    pub not_a_number: &'static str,
    pub query_too_long: &'static str,
    pub filter_unknown: &'static str,
    pub theme_unknown: &'static str,
    pub grant_type: &'static str,
    pub bad_credentials: &'static str,
    pub wrong_password: &'static str,
    pub unauthorized: &'static str,
    pub token_expired: &'static str,
    pub revoked: &'static str,
    pub foreign_origin: &'static str,
    pub username_taken: &'static str,
    pub registration_closed: &'static str,
    pub registration_fixed: &'static str,
    pub forbidden: &'static str,
    pub last_admin: &'static str,
    pub no_such_user: &'static str,
    pub no_such_session: &'static str,
    pub no_such_invite: &'static str,
    pub invite_invalid: &'static str,
    pub invite_days: &'static str,
    pub too_many_invites: &'static str,
    pub rate_limited: fn(u64) -> String,
    pub not_found: &'static str,
    pub method_not_allowed: &'static str,
    pub unavailable: &'static str,
    pub outcome_unknown: &'static str,
    pub idempotency_conflict: &'static str,
    pub too_many_ranges: &'static str,
    pub too_many_exceptions: &'static str,
    pub draining: &'static str,
    pub internal: &'static str,
    /// The words of the pages.
    pub ui: Ui,
    /// The words of the pages that only the server renders.
    #[cfg(feature = "ports")]
    pub desk: Desk,
}
