//! What people read, in the language of the page.

use push_system::{
    catalogue::{Catalogue, EN, Ui},
    error::ErrorCode,
};

/// All words. The one place where a language is chosen.
pub fn catalogue() -> &'static Catalogue {
    &EN
}

/// The words of the pages.
pub fn words() -> &'static Ui {
    &catalogue().ui
}

/// Why a message was not sent, as a sentence. A refusal over the socket carries its code alone.
pub fn refusal(code: Option<ErrorCode>, recipients: &str) -> String {
    let all = catalogue();
    match code {
        None | Some(ErrorCode::Unavailable | ErrorCode::OutcomeUnknown) => all.ui.unreachable.to_owned(),
        Some(ErrorCode::UnknownRecipient) => (all.unknown_recipient)(recipients),
        Some(ErrorCode::TooLarge | ErrorCode::BodyTooLarge) => all.message_too_large.to_owned(),
        Some(ErrorCode::RateLimited) => all.ui.too_many_requests.to_owned(),
        Some(_) => all.ui.refused.to_owned(),
    }
}
