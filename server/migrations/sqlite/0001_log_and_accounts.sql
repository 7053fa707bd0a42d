-- The log, what is derived from it, and the accounts. Times are milliseconds since 1970; texts are compared binary.

-- Locked first by whoever writes. `floor` is the oldest place a stream may resume from.
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    system TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    floor INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: a number is never given to a second person.
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    email TEXT,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    disabled INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
) STRICT;

-- A message's number is the seq of the event that published it. Events may be trimmed, messages stay.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    sender_id INTEGER NOT NULL REFERENCES account (id),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    priority INTEGER NOT NULL,
    at INTEGER NOT NULL,
    extras TEXT NOT NULL,
    to_json TEXT NOT NULL,
    tags TEXT NOT NULL,
    click TEXT
) STRICT;

CREATE INDEX message_by_sender ON message (sender_id, id);

-- Holds no text: replay renders it from the message, so that deleted text is never sent again.
-- `audience` is 'everyone', 'servers' or the people's numbers, ascending, separated by commas.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    tag INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    audience TEXT NOT NULL,
    message_id INTEGER REFERENCES message (id),
    client_id TEXT,
    payload TEXT
) STRICT;

-- Who receives which event, one range of keys per audience, so that a replay is a merge of ranges and never a filter
-- over the log. Kinds: 0 everyone (id 0); 1 a message to this person, or the sender's own copy; 3 the person's own
-- state; 4 the person is named in a message's `to` (whatever else stands there). `sender` tells own messages apart.
-- Outlives trimmed events, as history reads messages through it.
CREATE TABLE audience (
    kind INTEGER NOT NULL,
    id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    PRIMARY KEY (kind, id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    sender_id INTEGER NOT NULL REFERENCES account (id),
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    message_id INTEGER NOT NULL REFERENCES message (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (sender_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (at);

-- `exceptions` is a JSON list of [from, to]; `version` grows with every change.
CREATE TABLE read_state (
    user_id INTEGER PRIMARY KEY REFERENCES account (id),
    read_upto INTEGER NOT NULL,
    exceptions TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES account (id),
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_user ON session (user_id);

-- A generation may have two rows: when the key that successors are derived with changes between two uses of one token.
CREATE TABLE refresh_token (
    hash BLOB PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    superseded_at INTEGER,
    successor_confirmed_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_token_by_generation ON refresh_token (session_id, generation);

CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    access BLOB NOT NULL,
    refresh BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Follows the log with its own cursor. Contentless: the text stands in `message` alone. Symbols are word characters,
-- so that emoji, which are indexed one by one like CJK characters, can be found.
CREATE VIRTUAL TABLE message_words USING fts5 (
    title, body, tags,
    content = '', contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);

CREATE TABLE search_cursor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    indexed INTEGER NOT NULL
) STRICT;

INSERT INTO search_cursor (id, indexed) VALUES (1, 0);

-- The place before the first event has a row too, so that positions there are checked like any other.
INSERT INTO event (seq, tag, kind, at, audience) VALUES (0, abs(random() % 4294967296), 'genesis', 0, 'servers');

INSERT INTO head (id, system, epoch, seq, floor)
VALUES (1, lower(hex(randomblob(16))), lower(hex(randomblob(16))), 0, 0);
