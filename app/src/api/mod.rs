//! The public HTTP API, as the browser asks it: one file per address. Cookies go along by themselves.

mod http;
mod inbox;
mod messages;
mod people;
mod read;
mod session;

pub use inbox::inbox;
pub use messages::messages;
pub use people::people;
pub use read::change_read;
pub use session::{me, refresh};
