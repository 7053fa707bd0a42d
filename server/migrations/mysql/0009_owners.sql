-- Of ten thousand members of a topic, those who own it are found without reading the others. As in 0007, it bears being taken
-- again.
SET @step = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'membership' AND index_name = 'membership_by_owner') = 0,
    'ALTER TABLE membership ADD INDEX membership_by_owner (topic_id, owner, until_seq)',
    'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
