-- Sessions are forgotten a while after they ended, in steps: each step finds the next ones without reading all that last.
-- MySQL has no CREATE INDEX IF NOT EXISTS, so whether the table has its indexes is asked; both come at once.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'session' AND index_name = 'session_by_end') = 0,
    'ALTER TABLE session
        ADD INDEX session_by_expiry (expires),
        ADD INDEX session_by_end (revoked_at)',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
