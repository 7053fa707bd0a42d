-- What admins need: where sessions are, who was deleted, invitations, settings, and what was done by whom.
-- MySQL commits after each of these statements: a step that was cut off is taken again, so each must bear that. It has no
-- ADD COLUMN IF NOT EXISTS, so whether a table has its columns is asked; all of one table come at once.

-- Which program on which system, from which address, and when it was last seen, to the minute.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'session' AND column_name = 'last_seen') = 0,
    'ALTER TABLE session
        ADD COLUMN device VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '''',
        ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT '''',
        ADD COLUMN last_seen BIGINT NOT NULL DEFAULT 0',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

UPDATE session SET last_seen = created WHERE last_seen = 0;

-- A deleted account stays as a name on its messages, and is `disabled` as well: whatever keeps a disabled person out
-- keeps a deleted one out.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'account' AND column_name = 'deleted_at') = 0,
    'ALTER TABLE account ADD COLUMN deleted_at BIGINT',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- `actor_id` and `actor_name` are null where nobody was logged in.
CREATE TABLE IF NOT EXISTS audit (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at BIGINT NOT NULL,
    action VARCHAR(64) NOT NULL,
    actor_id BIGINT,
    actor_name VARCHAR(32),
    target VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    address VARCHAR(64) NOT NULL,
    INDEX audit_by_time (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- `secret` is the SHA-256 of what stands in the link.
CREATE TABLE IF NOT EXISTS invite (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    secret BINARY(32) NOT NULL UNIQUE,
    by_id BIGINT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used_by BIGINT,
    used_at BIGINT,
    FOREIGN KEY (by_id) REFERENCES account (id),
    FOREIGN KEY (used_by) REFERENCES account (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- What admins decide for the whole system; what is missing is as the configuration says.
CREATE TABLE IF NOT EXISTS setting (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
