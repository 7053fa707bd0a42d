-- The log, what is derived from it, and the accounts. Times are milliseconds since 1970; texts are compared binary.
-- MySQL commits after each of these statements: a step that was cut off is taken again, so each must bear that.

-- Locked first by whoever writes. `floor` is the oldest place a stream may resume from.
CREATE TABLE IF NOT EXISTS head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    `system` VARCHAR(32) NOT NULL,
    epoch VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    floor BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- A number is never given to a second person.
CREATE TABLE IF NOT EXISTS account (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
    email TEXT,
    password_hash VARCHAR(512) NOT NULL,
    role VARCHAR(16) NOT NULL CHECK (role IN ('admin', 'member')),
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    created BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A message's number is the seq of the event that published it. Events may be trimmed, messages stay.
CREATE TABLE IF NOT EXISTS message (
    id BIGINT NOT NULL PRIMARY KEY,
    sender_id BIGINT NOT NULL,
    title TEXT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    priority BIGINT NOT NULL,
    at BIGINT NOT NULL,
    extras MEDIUMTEXT NOT NULL,
    to_json MEDIUMTEXT NOT NULL,
    tags MEDIUMTEXT NOT NULL,
    click TEXT,
    INDEX message_by_sender (sender_id, id),
    FOREIGN KEY (sender_id) REFERENCES account (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Holds no text: replay renders it from the message, so that deleted text is never sent again.
-- `audience` is 'everyone', 'servers' or the people's numbers, ascending, separated by commas.
CREATE TABLE IF NOT EXISTS event (
    seq BIGINT NOT NULL PRIMARY KEY,
    tag BIGINT NOT NULL,
    kind VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    audience TEXT NOT NULL,
    message_id BIGINT,
    client_id VARCHAR(128),
    payload MEDIUMTEXT,
    FOREIGN KEY (message_id) REFERENCES message (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- Who receives which event, one range of keys per audience, so that a replay is a merge of ranges and never a filter
-- over the log. Kinds: 0 everyone (id 0); 1 a message to this person, or the sender's own copy; 3 the person's own
-- state; 4 the person is named in a message's `to` (whatever else stands there). `sender` tells own messages apart.
-- Outlives trimmed events, as history reads messages through it.
CREATE TABLE IF NOT EXISTS audience (
    kind BIGINT NOT NULL,
    id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    sender BIGINT NOT NULL,
    PRIMARY KEY (kind, id, seq)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS idempotency (
    sender_id BIGINT NOT NULL,
    `key` VARCHAR(128) NOT NULL,
    request_hash BINARY(32) NOT NULL,
    message_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (sender_id, `key`),
    INDEX idempotency_by_age (at),
    FOREIGN KEY (sender_id) REFERENCES account (id),
    FOREIGN KEY (message_id) REFERENCES message (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- `exceptions` is a JSON list of [from, to]; `version` grows with every change.
CREATE TABLE IF NOT EXISTS read_state (
    user_id BIGINT NOT NULL PRIMARY KEY,
    read_upto BIGINT NOT NULL,
    exceptions MEDIUMTEXT NOT NULL,
    version BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES account (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

CREATE TABLE IF NOT EXISTS session (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked_at BIGINT,
    INDEX session_by_user (user_id),
    FOREIGN KEY (user_id) REFERENCES account (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- A generation may have two rows: when the key that successors are derived with changes between two uses of one token.
CREATE TABLE IF NOT EXISTS refresh_token (
    hash BINARY(32) NOT NULL PRIMARY KEY,
    session_id VARCHAR(32) NOT NULL,
    generation BIGINT NOT NULL,
    superseded_at BIGINT,
    successor_confirmed_at BIGINT,
    INDEX refresh_token_by_generation (session_id, generation),
    FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

CREATE TABLE IF NOT EXISTS signing_key (
    kid VARCHAR(64) NOT NULL PRIMARY KEY,
    access BINARY(32) NOT NULL,
    refresh BINARY(32) NOT NULL,
    created BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- Follows the log with its own cursor. Holds tokens, made by the server; the text stands in `message` alone.
CREATE TABLE IF NOT EXISTS message_words (
    id BIGINT NOT NULL PRIMARY KEY,
    words MEDIUMTEXT NOT NULL,
    FULLTEXT INDEX message_words_by_word (words)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

CREATE TABLE IF NOT EXISTS search_cursor (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    indexed BIGINT NOT NULL
) ENGINE = InnoDB;

INSERT IGNORE INTO search_cursor (id, indexed) VALUES (1, 0);

-- The place before the first event has a row too, so that positions there are checked like any other.
INSERT IGNORE INTO event (seq, tag, kind, at, audience)
VALUES (0, FLOOR(RAND() * 4294967296), 'genesis', 0, 'servers');

INSERT IGNORE INTO head (id, `system`, epoch, seq, floor)
VALUES (1, LOWER(HEX(RANDOM_BYTES(16))), LOWER(HEX(RANDOM_BYTES(16))), 0, 0);
