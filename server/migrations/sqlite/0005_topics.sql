-- Topics, and who was in which one when, in places of the log.

-- A topic's number is the seq of the event that created it. `public_name` is its name where that must be unique.
CREATE TABLE topic (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    public_name TEXT UNIQUE,
    description TEXT NOT NULL,
    private INTEGER NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
) STRICT;

-- In the topic for the places in `(after_seq, until_seq]`; still in it where there is no end.
CREATE TABLE membership (
    user_id INTEGER NOT NULL REFERENCES account (id),
    topic_id INTEGER NOT NULL REFERENCES topic (id),
    after_seq INTEGER NOT NULL,
    until_seq INTEGER,
    owner INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, topic_id, after_seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX membership_by_topic ON membership (topic_id, user_id);

-- The topic that an event is about; its row says what the topic is called and what it is for, as of now.
ALTER TABLE event ADD COLUMN topic_id INTEGER;

-- The topics that `to_json` names, as a JSON list of `{id, name}`; null where it names none.
ALTER TABLE message ADD COLUMN topics TEXT;
-- The private one among them. A message to it is for nobody else.
ALTER TABLE message ADD COLUMN private_topic INTEGER;

-- Three more kinds of audience: 2 a message to the members of a topic, unless it is for everyone; 5 a topic is named in a
-- message's `to` (whatever else stands there); 7 what else the members of a topic are told, where `target` is the place at
-- which membership is asked for.
ALTER TABLE audience ADD COLUMN target INTEGER;
