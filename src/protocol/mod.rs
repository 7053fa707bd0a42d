//! The frames of `/ws`: JSON in text frames, one enum per direction, told apart by `type`.

mod client;
mod close;
mod server;

pub use client::ClientFrame;
pub use close::{CloseCode, Reaction};
pub use server::{EVENT_FRAME_PREFIX, PresenceChange, ResetReason, ServerFrame};

/// The protocol this version speaks; `hello` names it, and a client that does not know it reloads once.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
