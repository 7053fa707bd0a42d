-- What admins need: where sessions are, who was deleted, invitations, settings, and what was done by whom.

-- Which program on which system, from which address, and when it was last seen, to the minute.
ALTER TABLE session ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0;

UPDATE session SET last_seen = created;

-- A deleted account stays as a name on its messages, and is `disabled` as well: whatever keeps a disabled person out
-- keeps a deleted one out.
ALTER TABLE account ADD COLUMN deleted_at INTEGER;

-- `actor_id` and `actor_name` are null where nobody was logged in.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor_id INTEGER,
    actor_name TEXT,
    target TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at);

-- `secret` is the SHA-256 of what stands in the link.
CREATE TABLE invite (
    id TEXT PRIMARY KEY,
    secret BLOB NOT NULL UNIQUE,
    by_id INTEGER NOT NULL REFERENCES account (id),
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used_by INTEGER REFERENCES account (id),
    used_at INTEGER
) STRICT, WITHOUT ROWID;

-- What admins decide for the whole system; what is missing is as the configuration says.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
