-- Topics, and who was in which one when, in places of the log.

-- A topic's number is the seq of the event that created it. `public_name` is its name where that must be unique.
CREATE TABLE topic (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    public_name TEXT COLLATE "C" UNIQUE,
    description TEXT COLLATE "C" NOT NULL,
    private BOOLEAN NOT NULL,
    archived BOOLEAN NOT NULL DEFAULT FALSE,
    created BIGINT NOT NULL
);

-- In the topic for the places in `(after_seq, until_seq]`; still in it where there is no end.
CREATE TABLE membership (
    user_id BIGINT NOT NULL REFERENCES account (id),
    topic_id BIGINT NOT NULL REFERENCES topic (id),
    after_seq BIGINT NOT NULL,
    until_seq BIGINT,
    owner BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (user_id, topic_id, after_seq)
);

CREATE INDEX membership_by_topic ON membership (topic_id, user_id);

-- The topic that an event is about; its row says what the topic is called and what it is for, as of now.
ALTER TABLE event ADD COLUMN topic_id BIGINT;

-- The topics that `to_json` names, as a JSON list of `{id, name}`; null where it names none. And the private one among
-- them: a message to it is for nobody else.
ALTER TABLE message
    ADD COLUMN topics TEXT COLLATE "C",
    ADD COLUMN private_topic BIGINT;

-- Three more kinds of audience: 2 a message to the members of a topic, unless it is for everyone; 5 a topic is named in a
-- message's `to` (whatever else stands there); 7 what else the members of a topic are told, where `target` is the place at
-- which membership is asked for.
ALTER TABLE audience ADD COLUMN target BIGINT;
