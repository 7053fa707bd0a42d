-- What an event says of a topic is what was so at its place: who was gone before its description changed is not told the
-- new one when they come back. It stands in the payload, and the event needs no way to the topic's row. Of events that are
-- there already nobody knows any more.
UPDATE event SET payload = json_set(
    coalesce(event.payload, '{}'), '$.topic',
    json_object(
        'id', t.id, 'name', t.name, 'description', t.description,
        'private', json(iif(t.private, 'true', 'false')), 'archived', json(iif(t.archived, 'true', 'false'))))
FROM topic t WHERE t.id = event.topic_id;

ALTER TABLE event DROP COLUMN topic_id;
