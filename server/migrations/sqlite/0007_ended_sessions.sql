-- Sessions are forgotten a while after they ended, in steps: each step finds the next ones without reading all that last.
CREATE INDEX session_by_expiry ON session (expires);

CREATE INDEX session_by_end ON session (revoked_at);
