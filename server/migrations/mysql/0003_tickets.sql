-- What opens one socket: see `auth::ticket`. `login_expires` is when the login it was asked for with is over, if that is
-- before its session is.
CREATE TABLE IF NOT EXISTS ticket (
    hash BINARY(32) NOT NULL PRIMARY KEY,
    session_id VARCHAR(32) NOT NULL,
    login_expires BIGINT,
    expires BIGINT NOT NULL,
    INDEX ticket_by_age (expires),
    FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
