-- What an event says of a topic is what was so at its place: who was gone before its description changed is not told the
-- new one when they come back. It stands in the payload, and the event needs no way to the topic's row. Of events that are
-- there already nobody knows any more.
UPDATE event SET payload = (coalesce(event.payload, '{}')::JSONB || jsonb_build_object('topic', jsonb_build_object(
    'id', t.id, 'name', t.name, 'description', t.description, 'private', t.private, 'archived', t.archived)))::TEXT
FROM topic t WHERE t.id = event.topic_id;

ALTER TABLE event DROP COLUMN topic_id;
