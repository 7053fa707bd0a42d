//! The public HTTP API, as the browser asks it: one file per address. Cookies go along by themselves.

mod http;
mod inbox;
mod message;
mod messages;
mod people;
mod session;
mod state;
mod topics;

pub use inbox::inbox;
pub use message::{delete, edit};
pub use messages::messages;
pub use people::people;
pub use session::{me, refresh};
pub use state::change_state;
pub use topics::topics;
