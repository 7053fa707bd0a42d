-- The search index holds tokens, as in the other databases: of words and of what filters ask for. It is made anew, in
-- steps, while the server runs.
DROP TABLE message_words;

-- Contentless: the text stands in `message` alone. Nothing is kept of where in a message a token stands. The shortest
-- beginnings of words, of one to three letters, have lists of their own.
CREATE VIRTUAL TABLE message_terms USING fts5 (
    terms,
    content = '', contentless_delete = 1, detail = none,
    prefix = '3 5 7',
    tokenize = 'ascii'
);

-- Between which messages those of a day stand. Days are counted in UTC since 1970.
CREATE TABLE message_day (
    day INTEGER PRIMARY KEY,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL
) STRICT;

UPDATE search_cursor SET indexed = 0;
