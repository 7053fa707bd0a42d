//! English, and with it which entries there are.

#[cfg(feature = "ports")]
mod desk;
mod sentences;
mod ui;

use super::{Catalogue, Templates};

#[cfg(feature = "ports")]
pub use desk::Desk;
pub use sentences::Sentence;
pub use ui::Ui;

/// English.
pub static EN: Catalogue = Catalogue {
    ui: ui::UI,
    #[cfg(feature = "ports")]
    desk: desk::DESK,
    sentences: Templates::Of(sentences::english),
};
