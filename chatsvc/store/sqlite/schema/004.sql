CREATE TABLE token (
    digest  TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    number  INTEGER NOT NULL,
    label   TEXT NOT NULL,
    since   REAL NOT NULL,
    used    REAL NOT NULL
) WITHOUT ROWID;
