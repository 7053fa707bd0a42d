-- What an event says of a topic is what was so at its place: who was gone before its description changed is not told the
-- new one when they come back. It stands in the payload, and the event needs no way to the topic's row. Of events that are
-- there already nobody knows any more. As in 0002, each statement bears being taken again.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'event' AND column_name = 'topic_id') = 1,
    'UPDATE event e JOIN topic t ON t.id = e.topic_id SET e.payload = JSON_SET(
        COALESCE(e.payload, ''{}''), ''$.topic'', JSON_OBJECT(
            ''id'', t.id, ''name'', t.name, ''description'', t.description,
            ''private'', JSON_EXTRACT(IF(t.private, ''true'', ''false''), ''$''),
            ''archived'', JSON_EXTRACT(IF(t.archived, ''true'', ''false''), ''$'')))',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'event' AND column_name = 'topic_id') = 1,
    'ALTER TABLE event DROP COLUMN topic_id',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
