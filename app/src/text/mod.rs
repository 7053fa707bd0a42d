//! Functions from values to what is shown. Both sides call them, so none asks for the time or the place.

mod avatar;
mod highlight;
mod length;
mod links;
mod query;
mod time;

pub use avatar::{colour, initials};
pub use highlight::{Piece, split};
pub use length::is_long;
pub use links::{Stretch, links};
pub use query::{decode, encode};
pub use time::{absolute, day_label, iso_day, relative};
