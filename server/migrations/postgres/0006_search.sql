-- The search index holds tokens of words and of what filters ask for. It is made anew, in steps, while servers run; one
-- of an earlier version cannot write into it.
DROP TABLE message_words;

CREATE TABLE message_terms (
    id BIGINT PRIMARY KEY,
    terms TSVECTOR NOT NULL
);

-- What is indexed is found at once: a list of what is pending would be read through by every search.
CREATE INDEX message_terms_by_term ON message_terms USING gin (terms) WITH (fastupdate = off);

-- Between which messages those of a day stand. Days are counted in UTC since 1970.
CREATE TABLE message_day (
    day BIGINT PRIMARY KEY,
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL
);

UPDATE search_cursor SET indexed = 0;
