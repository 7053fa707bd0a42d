-- Members are read in pages, by number, and counted as they come and go: what everybody sees of a topic of ten thousand must
-- not cost as much as they are many. Deleted accounts do not count.
-- As in 0007, each step bears being taken again.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'membership' AND index_name = 'membership_open') = 0,
    'ALTER TABLE membership
        ADD INDEX membership_open (topic_id, until_seq, user_id),
        DROP INDEX membership_by_topic',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'topic' AND column_name = 'members') = 0,
    'ALTER TABLE topic ADD COLUMN members BIGINT NOT NULL DEFAULT 0',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

UPDATE topic t SET t.members = (
    SELECT COUNT(*) FROM membership m JOIN account a ON a.id = m.user_id
    WHERE m.topic_id = t.id AND m.until_seq IS NULL AND a.deleted_at IS NULL);
