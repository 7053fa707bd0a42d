//! Every limit of the product, in one place, with the reason for its size.

/// Bytes of an HTTP body and of one WebSocket frame. Four times the longest text, which leaves room for JSON escapes and `extras`.
pub const BODY_BYTES: usize = 64 * 1024;
/// Bytes of a message's text (UTF-8).
pub const TEXT_BYTES: usize = 16 * 1024;
/// Characters (Unicode scalar values) of a title.
pub const TITLE_CHARS: usize = 200;
/// Bytes of an event as encoded for the wire; below [`BODY_BYTES`] so that any event fits a frame with its envelope.
pub const EVENT_BYTES: usize = 60 * 1024;
/// Bytes of a message as JSON after an edit: each event about it, with its envelope and an idempotency key, stays below
/// [`EVENT_BYTES`], whichever is sent again.
pub const EDITED_BYTES: usize = EVENT_BYTES - 1024;
/// Highest priority; 0 to 10 is Gotify's scale.
pub const PRIORITY_MAX: u8 = 10;
/// Priority from which the list calls a message urgent (Gotify's "high" starts here).
pub const PRIORITY_URGENT: u8 = 8;
/// People one message can name; each has an index row of its own.
pub const RECIPIENTS: usize = 50;
/// Tags of one message.
pub const TAGS: usize = 10;
/// Characters of one tag.
pub const TAG_CHARS: usize = 32;
/// Bytes of the link a message opens; what browsers and proxies agree to carry.
pub const CLICK_BYTES: usize = 2_000;
/// Bytes of an idempotency key or `client_id`.
pub const KEY_BYTES: usize = 128;
/// Days an idempotency key is remembered.
pub const KEY_DAYS: i64 = 7;
/// Characters of a username.
pub const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 2..=32;
/// Characters of a password. The lower bound is OWASP's; the upper keeps hashing cheap to refuse.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
/// Bytes of an e-mail address (RFC 5321 path).
pub const EMAIL_BYTES: usize = 254;
/// Messages on a page of the API.
pub const PAGE: std::ops::RangeInclusive<u32> = 1..=200;
/// Messages on a page of the API when none is asked for.
pub const PAGE_DEFAULT: u32 = 100;
/// Messages in a snapshot: two screens, so that first paint stays small.
pub const SNAPSHOT_MESSAGES: u32 = 50;
/// Characters of a search query.
pub const QUERY_CHARS: usize = 200;
/// People offered while a recipient is typed.
pub const SUGGESTIONS: u32 = 8;
/// Ranges of exceptions a person's read state may hold; keeps its event far below [`EVENT_BYTES`].
pub const READ_EXCEPTIONS: usize = 500;
/// Ranges one change of read state may name.
pub const READ_RANGES: usize = 200;
/// Ranges of archived messages, and of saved ones, that a person's state may hold. They are told as differences; the whole
/// stands in snapshots alone, and is below 100 KB there.
pub const MARK_RANGES: usize = 5_000;
/// Characters of a topic's name.
pub const TOPIC_CHARS: usize = 32;
/// Characters of a topic's description.
pub const TOPIC_DESCRIPTION_CHARS: usize = 500;
/// Topics a person may be a member of; a snapshot reads a range of keys for each.
pub const TOPICS_PER_PERSON: usize = 500;
/// Times a person may come into one topic. Each stay is remembered for good, as it says what they may read, and all of them
/// are read whenever they mark something.
pub const STAYS_PER_TOPIC: usize = 50;
/// People a presence frame lists; above it there is only the count.
pub const PRESENCE_PEOPLE: usize = 200;
/// Seconds after which nobody is shown as online any more who was connected to an instance that was killed.
pub const PRESENCE_LEASE_S: u32 = 45;
/// Seconds a person stays in sight after their last socket ended: a page that is loaded again is no change.
pub const PRESENCE_GRACE_S: u32 = 15;
/// Bytes of the opaque `pos`.
pub const POS_BYTES: usize = 128;
/// Seconds between heartbeats on a socket; below the 30 s after which mobile carriers and proxies drop idle connections.
pub const HEARTBEAT_S: u32 = 25;
/// Frames a client may get wrong within [`BAD_FRAME_WINDOW_MS`] before its socket is closed with 4010.
pub const BAD_FRAMES: usize = 3;
/// The window of [`BAD_FRAMES`].
pub const BAD_FRAME_WINDOW_MS: u64 = 60_000;
/// Events a returning client may have missed and still be replayed instead of reset.
pub const REPLAY_EVENTS: u64 = 100_000;
/// Events the log keeps; older ones are trimmed, their messages stay. Ten times what is replayed.
pub const LOG_EVENTS: u64 = 10 * REPLAY_EVENTS;
/// Days the audit log keeps a record. A year shows what happened since last year's review; more would keep addresses of
/// people for no use (GDPR, article 5).
pub const AUDIT_DAYS: i64 = 365;
/// Records of failed logins that one instance writes a minute, for different names or addresses. A flood of logins must
/// not fill the disk: at this rate a year's records stay under 10 GB, and no person reads more.
pub const AUDITED_FAILURES: usize = 60;
/// Days an invitation may be good for.
pub const INVITE_DAYS: std::ops::RangeInclusive<u32> = 1..=30;
/// Days an invitation is good for when nobody says.
pub const INVITE_DAYS_DEFAULT: u32 = 7;
/// Invitations that may be open at once; each is a door.
pub const INVITES: u64 = 1_000;
/// Logins a person may have at once; one more ends the one seen longest ago. Nobody has as many devices, and a program
/// that logs in anew each time must not fill the database.
pub const SESSIONS: u32 = 100;
/// Logins of a person that ended and are still known, so that a copied refresh token of one is told from a made-up one.
pub const ENDED_SESSIONS: u32 = 100;
/// Tickets a login may hold unused; one more takes the place of the oldest. Each is for one socket within half a minute.
pub const TICKETS: u32 = 20;
/// Characters of a session's device, as shown.
pub const DEVICE_CHARS: usize = 64;
