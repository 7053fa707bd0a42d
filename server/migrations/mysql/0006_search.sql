-- The search index holds tokens of words and of what filters ask for. It is made anew, in steps, while servers run; one
-- of an earlier version cannot write into it.
DROP TABLE IF EXISTS message_words;

CREATE TABLE IF NOT EXISTS message_terms (
    id BIGINT NOT NULL PRIMARY KEY,
    terms MEDIUMTEXT NOT NULL,
    FULLTEXT INDEX message_terms_by_term (terms)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- Between which messages those of a day stand. Days are counted in UTC since 1970.
CREATE TABLE IF NOT EXISTS message_day (
    day BIGINT NOT NULL PRIMARY KEY,
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL
) ENGINE = InnoDB;

UPDATE search_cursor SET indexed = 0;
