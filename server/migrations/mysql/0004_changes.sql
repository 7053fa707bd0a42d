-- What people do with messages after they were published: edit and delete them, see, put away and save them.
-- MySQL commits after each of these statements: a step that was cut off is taken again, so each must bear that (see
-- 0002_people.sql). Text has no default here: what is not filled in yet is empty.

-- `audience` is spelled as in `event`, and outlives it: an edit reaches whom the message reached. A deleted message is
-- what is left of it: no title, text, tags, link or extras.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'message' AND column_name = 'audience') = 0,
    'ALTER TABLE message
        ADD COLUMN audience TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ADD COLUMN edited_at BIGINT,
        ADD COLUMN deleted_at BIGINT',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

UPDATE message m JOIN event e ON e.seq = m.id SET m.audience = e.audience WHERE m.audience = '';

UPDATE message m JOIN audience a ON a.kind = 0 AND a.id = 0 AND a.seq = m.id SET m.audience = 'everyone'
WHERE m.audience = '';

-- Fifty names and the sender, of nineteen digits each at most.
SET SESSION group_concat_max_len = 4096;

UPDATE message m
JOIN (SELECT seq, GROUP_CONCAT(id ORDER BY id SEPARATOR ',') AS people FROM audience WHERE kind = 1 GROUP BY seq) found
    ON found.seq = m.id
SET m.audience = found.people WHERE m.audience = '';

-- The message was deleted: it does not count as unread. Two more kinds: 3 is anything else to this person than a message
-- (own state, changes of messages that reached them), 6 anything else to everyone (id 0). `sender` is whose message it is
-- about.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'audience' AND column_name = 'gone') = 0,
    'ALTER TABLE audience ADD COLUMN gone BOOLEAN NOT NULL DEFAULT FALSE',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Messages up to `seen_upto` stood before the person's eyes; the others are JSON lists of [from, to].
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'read_state' AND column_name = 'seen_upto') = 0,
    'ALTER TABLE read_state
        ADD COLUMN seen_upto BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN archived MEDIUMTEXT NOT NULL,
        ADD COLUMN saved MEDIUMTEXT NOT NULL',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

UPDATE read_state SET seen_upto = read_upto, archived = '[]', saved = '[]' WHERE archived = '';

-- Messages whose words in the search index are not those they have now, by the place of the change.
CREATE TABLE IF NOT EXISTS message_changed (
    seq BIGINT NOT NULL PRIMARY KEY,
    message_id BIGINT NOT NULL,
    FOREIGN KEY (message_id) REFERENCES message (id)
) ENGINE = InnoDB;
