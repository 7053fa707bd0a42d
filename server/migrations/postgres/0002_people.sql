-- What admins need: where sessions are, who was deleted, invitations, settings, and what was done by whom.

-- Which program on which system, from which address, and when it was last seen, to the minute.
ALTER TABLE session
    ADD COLUMN device TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN last_seen BIGINT NOT NULL DEFAULT 0;

UPDATE session SET last_seen = created;

-- A deleted account stays as a name on its messages, and is `disabled` as well: whatever keeps a disabled person out
-- keeps a deleted one out.
ALTER TABLE account ADD COLUMN deleted_at BIGINT;

-- `actor_id` and `actor_name` are null where nobody was logged in.
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    actor_id BIGINT,
    actor_name TEXT COLLATE "C",
    target TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_by_time ON audit (at);

-- `secret` is the SHA-256 of what stands in the link.
CREATE TABLE invite (
    id TEXT COLLATE "C" PRIMARY KEY,
    secret BYTEA NOT NULL UNIQUE,
    by_id BIGINT NOT NULL REFERENCES account (id),
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used_by BIGINT REFERENCES account (id),
    used_at BIGINT
);

-- What admins decide for the whole system; what is missing is as the configuration says.
CREATE TABLE setting (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);
