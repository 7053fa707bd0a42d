-- Of ten thousand members of a topic, those who own it are found without reading the others.
CREATE INDEX membership_by_owner ON membership (topic_id, owner, until_seq);
