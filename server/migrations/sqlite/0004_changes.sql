-- What people do with messages after they were published: edit and delete them, see, put away and save them.

-- `audience` is spelled as in `event`, and outlives it: an edit reaches whom the message reached. A deleted message is
-- what is left of it: no title, text, tags, link or extras.
ALTER TABLE message ADD COLUMN audience TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN edited_at INTEGER;
ALTER TABLE message ADD COLUMN deleted_at INTEGER;

UPDATE message SET audience = e.audience FROM event e WHERE e.seq = message.id;

UPDATE message SET audience = 'everyone'
WHERE audience = '' AND EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0 AND a.seq = message.id);

UPDATE message SET audience = found.people
FROM (SELECT seq, group_concat(id, ',' ORDER BY id) AS people FROM audience WHERE kind = 1 GROUP BY seq) found
WHERE message.audience = '' AND found.seq = message.id;

-- The message was deleted: it does not count as unread. Two more kinds: 3 is anything else to this person than a message
-- (own state, changes of messages that reached them), 6 anything else to everyone (id 0). `sender` is whose message it is
-- about.
ALTER TABLE audience ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;

-- Messages up to `seen_upto` stood before the person's eyes; the others are JSON lists of [from, to].
ALTER TABLE read_state ADD COLUMN seen_upto INTEGER NOT NULL DEFAULT 0;
ALTER TABLE read_state ADD COLUMN archived TEXT NOT NULL DEFAULT '[]';
ALTER TABLE read_state ADD COLUMN saved TEXT NOT NULL DEFAULT '[]';

UPDATE read_state SET seen_upto = read_upto;

-- Messages whose words in the search index are not those they have now, by the place of the change.
CREATE TABLE message_changed (
    seq INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id)
) STRICT;
