ALTER TABLE said ADD COLUMN signs TEXT;
CREATE TABLE happening (
    room    TEXT NOT NULL,
    id      INTEGER NOT NULL,
    behind  INTEGER NOT NULL,
    time    REAL NOT NULL,
    account TEXT NOT NULL,
    bot     INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    fields  TEXT NOT NULL,
    PRIMARY KEY (room, id)
) WITHOUT ROWID;
