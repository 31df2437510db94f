CREATE TABLE room (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    last       INTEGER NOT NULL DEFAULT 0,
    topic      TEXT NOT NULL DEFAULT '',
    topic_by   TEXT NOT NULL DEFAULT '',
    topic_time INTEGER NOT NULL DEFAULT 0, -- milliseconds since the epoch, as all times here
    tallied    INTEGER NOT NULL DEFAULT 0  -- the last number that tally counts
);

CREATE TABLE said (
    room   INTEGER NOT NULL REFERENCES room,
    number INTEGER NOT NULL,
    time   INTEGER NOT NULL,
    sender TEXT NOT NULL,
    text   TEXT NOT NULL,
    action INTEGER NOT NULL,
    client TEXT NOT NULL,
    tag    TEXT,
    PRIMARY KEY (room, number)
) WITHOUT ROWID;

CREATE UNIQUE INDEX said_tag ON said (client, tag) WHERE tag IS NOT NULL;

CREATE TABLE tally (
    room   INTEGER NOT NULL REFERENCES room,
    sender TEXT NOT NULL,
    lines  INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (room, sender)
) WITHOUT ROWID;
