-- What opens one socket: see `auth::ticket`. `login_expires` is when the login it was asked for with is over, if that is
-- before its session is.
CREATE TABLE ticket (
    hash BLOB PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    login_expires INTEGER,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_by_age ON ticket (expires);

CREATE INDEX ticket_by_session ON ticket (session_id);
