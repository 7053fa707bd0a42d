-- Members are read in pages, by number, and counted as they come and go: what everybody sees of a topic of ten thousand must
-- not cost as much as they are many. Deleted accounts do not count.
CREATE INDEX membership_open ON membership (topic_id, user_id) WHERE until_seq IS NULL;

DROP INDEX membership_by_topic;

ALTER TABLE topic ADD COLUMN members BIGINT NOT NULL DEFAULT 0;

UPDATE topic SET members = (
    SELECT COUNT(*) FROM membership m JOIN account a ON a.id = m.user_id
    WHERE m.topic_id = topic.id AND m.until_seq IS NULL AND a.deleted_at IS NULL);
