-- What people do with messages after they were published: edit and delete them, see, put away and save them.

-- `audience` is spelled as in `event`, and outlives it: an edit reaches whom the message reached. A deleted message is
-- what is left of it: no title, text, tags, link or extras.
ALTER TABLE message
    ADD COLUMN audience TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN edited_at BIGINT,
    ADD COLUMN deleted_at BIGINT;

UPDATE message m SET audience = e.audience FROM event e WHERE e.seq = m.id;

UPDATE message m SET audience = 'everyone' FROM audience a
WHERE m.audience = '' AND a.kind = 0 AND a.id = 0 AND a.seq = m.id;

UPDATE message m SET audience = found.people
FROM (SELECT seq, string_agg(id::TEXT, ',' ORDER BY id) AS people FROM audience WHERE kind = 1 GROUP BY seq) found
WHERE m.audience = '' AND found.seq = m.id;

-- The message was deleted: it does not count as unread. Two more kinds: 3 is anything else to this person than a message
-- (own state, changes of messages that reached them), 6 anything else to everyone (id 0). `sender` is whose message it is
-- about. The key carries what counting asks for, so that it never leaves the index.
ALTER TABLE audience ADD COLUMN gone BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE audience DROP CONSTRAINT audience_pkey;
ALTER TABLE audience ADD PRIMARY KEY (kind, id, seq) INCLUDE (sender, gone);

-- Messages up to `seen_upto` stood before the person's eyes; the others are JSON lists of [from, to].
ALTER TABLE read_state
    ADD COLUMN seen_upto BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN archived TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    ADD COLUMN saved TEXT COLLATE "C" NOT NULL DEFAULT '[]';

UPDATE read_state SET seen_upto = read_upto;

-- Messages whose words in the search index are not those they have now, by the place of the change.
CREATE TABLE message_changed (
    seq BIGINT PRIMARY KEY,
    message_id BIGINT NOT NULL REFERENCES message (id)
);
