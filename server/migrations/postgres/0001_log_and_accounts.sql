-- The log, what is derived from it, and the accounts. Times are milliseconds since 1970; texts are compared binary.

-- Locked first by whoever writes. `floor` is the oldest place a stream may resume from. Room in its page lets each
-- commit replace the row in place.
CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    system TEXT COLLATE "C" NOT NULL,
    epoch TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    floor BIGINT NOT NULL
) WITH (fillfactor = 10);

-- A number is never given to a second person.
CREATE TABLE account (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    email TEXT COLLATE "C",
    password_hash TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('admin', 'member')),
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    created BIGINT NOT NULL
);

-- A message's number is the seq of the event that published it. Events may be trimmed, messages stay.
CREATE TABLE message (
    id BIGINT PRIMARY KEY,
    sender_id BIGINT NOT NULL REFERENCES account (id),
    title TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    priority BIGINT NOT NULL,
    at BIGINT NOT NULL,
    extras TEXT COLLATE "C" NOT NULL,
    to_json TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    click TEXT COLLATE "C"
);

CREATE INDEX message_by_sender ON message (sender_id, id);

-- Holds no text: replay renders it from the message, so that deleted text is never sent again.
-- `audience` is 'everyone', 'servers' or the people's numbers, ascending, separated by commas.
CREATE TABLE event (
    seq BIGINT PRIMARY KEY,
    tag BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    audience TEXT COLLATE "C" NOT NULL,
    message_id BIGINT REFERENCES message (id),
    client_id TEXT COLLATE "C",
    payload TEXT COLLATE "C"
);

-- Who receives which event, one range of keys per audience, so that a replay is a merge of ranges and never a filter
-- over the log. Kinds: 0 everyone (id 0); 1 a message to this person, or the sender's own copy; 3 the person's own
-- state; 4 the person is named in a message's `to` (whatever else stands there). `sender` tells own messages apart.
-- Outlives trimmed events, as history reads messages through it.
CREATE TABLE audience (
    kind BIGINT NOT NULL,
    id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    sender BIGINT NOT NULL,
    PRIMARY KEY (kind, id, seq) INCLUDE (sender)
);

CREATE TABLE idempotency (
    sender_id BIGINT NOT NULL REFERENCES account (id),
    key TEXT COLLATE "C" NOT NULL,
    request_hash BYTEA NOT NULL,
    message_id BIGINT NOT NULL REFERENCES message (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (sender_id, key)
);

CREATE INDEX idempotency_by_age ON idempotency (at);

-- `exceptions` is a JSON list of [from, to]; `version` grows with every change.
CREATE TABLE read_state (
    user_id BIGINT PRIMARY KEY REFERENCES account (id),
    read_upto BIGINT NOT NULL,
    exceptions TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE session (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES account (id),
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX session_by_user ON session (user_id);

-- A generation may have two rows: when the key that successors are derived with changes between two uses of one token.
CREATE TABLE refresh_token (
    hash BYTEA PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    superseded_at BIGINT,
    successor_confirmed_at BIGINT
);

CREATE INDEX refresh_token_by_generation ON refresh_token (session_id, generation);

CREATE TABLE signing_key (
    kid TEXT COLLATE "C" PRIMARY KEY,
    access BYTEA NOT NULL,
    refresh BYTEA NOT NULL,
    created BIGINT NOT NULL
);

-- Follows the log with its own cursor. Holds tokens, made by the server; the text stands in `message` alone.
CREATE TABLE message_words (
    id BIGINT PRIMARY KEY,
    words TSVECTOR NOT NULL
);

CREATE INDEX message_words_by_word ON message_words USING gin (words);

CREATE TABLE search_cursor (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    indexed BIGINT NOT NULL
);

INSERT INTO search_cursor (id, indexed) VALUES (1, 0);

-- The place before the first event has a row too, so that positions there are checked like any other.
INSERT INTO event (seq, tag, kind, at, audience)
VALUES (0, floor(random() * 4294967296)::BIGINT, 'genesis', 0, 'servers');

INSERT INTO head (id, system, epoch, seq, floor)
VALUES (1, replace(gen_random_uuid()::TEXT, '-', ''), replace(gen_random_uuid()::TEXT, '-', ''), 0, 0);
