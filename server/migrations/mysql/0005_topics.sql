-- Topics, and who was in which one when, in places of the log. As in 0002, each statement bears being taken again.

-- A topic's number is the seq of the event that created it. `public_name` is its name where that must be unique.
CREATE TABLE IF NOT EXISTS topic (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(32) NOT NULL,
    public_name VARCHAR(32) UNIQUE,
    description TEXT NOT NULL,
    private BOOLEAN NOT NULL,
    archived BOOLEAN NOT NULL DEFAULT FALSE,
    created BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- In the topic for the places in `(after_seq, until_seq]`; still in it where there is no end.
CREATE TABLE IF NOT EXISTS membership (
    user_id BIGINT NOT NULL,
    topic_id BIGINT NOT NULL,
    after_seq BIGINT NOT NULL,
    until_seq BIGINT,
    owner BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (user_id, topic_id, after_seq),
    INDEX membership_by_topic (topic_id, user_id),
    FOREIGN KEY (user_id) REFERENCES account (id),
    FOREIGN KEY (topic_id) REFERENCES topic (id)
) ENGINE = InnoDB;

-- The topic that an event is about; its row says what the topic is called and what it is for, as of now.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'event' AND column_name = 'topic_id') = 0,
    'ALTER TABLE event ADD COLUMN topic_id BIGINT',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- The topics that `to_json` names, as a JSON list of `{id, name}`; null where it names none. And the private one among
-- them: a message to it is for nobody else.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'message' AND column_name = 'private_topic') = 0,
    'ALTER TABLE message ADD COLUMN topics MEDIUMTEXT, ADD COLUMN private_topic BIGINT',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Three more kinds of audience: 2 a message to the members of a topic, unless it is for everyone; 5 a topic is named in a
-- message's `to` (whatever else stands there); 7 what else the members of a topic are told, where `target` is the place at
-- which membership is asked for.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'audience' AND column_name = 'target') = 0,
    'ALTER TABLE audience ADD COLUMN target BIGINT',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
