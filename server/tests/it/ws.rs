//! `/ws` over real sockets: what is said, in which order, and how it ends.

mod bad_frames;
mod delivery;
mod ending;
mod opening;
mod resuming;
mod slow_readers;

use std::time::Duration;

use push_system::{
    error::ErrorCode,
    event::EventBody,
    ids::{MessageId, Seq},
    position::{Epoch, Pos, Position},
    protocol::{ResetReason, ServerFrame},
};
use serde_json::json;

use crate::{
    app::TestApp,
    socket::{Socket, text},
};
