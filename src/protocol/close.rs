use std::fmt;

/// Why a connection ended, as the number in the close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

/// What a client does about a close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Connect again, with backoff.
    Reconnect,
    /// Get a new access token, then connect again.
    RefreshThenReconnect,
    /// Wait a minute, or until the tab is looked at, then connect again.
    WaitThenReconnect,
    /// Ask `GET /auth/me` whether there still is a login, then decide.
    AskThenDecide,
    /// Do not connect again.
    Stop,
}

/// The one table of close codes: number, name, what a client does, when it is sent.
macro_rules! close_codes {
    ($($name:ident = $number:literal, $reaction:ident, $doc:literal;)*) => {
        impl CloseCode {
            $(#[doc = $doc] pub const $name: Self = Self($number);)*

            /// Every code with a meaning here.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What a client does about it. A code nobody defined is treated like a lost line.
            pub fn reaction(self) -> Reaction {
                match self.0 {
                    $($number => Reaction::$reaction,)*
                    _ => Reaction::Reconnect,
                }
            }
        }
    };
}

close_codes! {
    NORMAL = 1000, Reconnect, "RFC 6455: the other side is done.";
    GOING_AWAY = 1001, Reconnect, "RFC 6455: the other side goes away; also a peer that was silent for two heartbeats.";
    PROTOCOL_ERROR = 1002, Stop, "RFC 6455: a frame that breaks the framing rules.";
    UNSUPPORTED = 1003, Stop, "RFC 6455: a binary frame; this protocol has none.";
    ABNORMAL = 1006, AskThenDecide, "Never sent: the line was lost, or the handshake was refused.";
    NOT_UTF8 = 1007, Stop, "RFC 6455: a text frame that is not UTF-8.";
    TOO_BIG = 1009, Stop, "RFC 6455: a frame or message over 64 KiB.";
    INTERNAL = 1011, Reconnect, "RFC 6455: a defect of the server.";
    RESTART = 1012, Reconnect, "The instance restarts; another one, or the same, takes over.";
    TRY_LATER = 1013, Reconnect, "The instance cannot serve this now, for instance without its database.";
    UNAUTHORIZED = 4001, Stop, "No valid login.";
    TOKEN_EXPIRED = 4002, RefreshThenReconnect, "The access token of a bearer socket is over.";
    REVOKED = 4003, Stop, "The session was ended.";
    STALLED = 4008, Reconnect, "No byte could be written for 30 s.";
    TOO_MANY_SOCKETS = 4009, WaitThenReconnect, "The person or address has too many; the longest silent one goes.";
    PROTOCOL_VIOLATION = 4010, Stop, "The third bad frame within a minute.";
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
