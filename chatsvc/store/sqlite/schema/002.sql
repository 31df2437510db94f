ALTER TABLE said ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE said ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;
ALTER TABLE said ADD COLUMN deleted TEXT NOT NULL DEFAULT ''; -- by whom; the text is '' then

-- A table for each kind of record, with the record's fields: lists are JSON, and times are seconds
-- as the service has them, with a fraction, unlike those of rooms and lines.

CREATE TABLE account (
    id       TEXT NOT NULL PRIMARY KEY,
    name     TEXT NOT NULL,
    hash     TEXT NOT NULL,
    email    TEXT NOT NULL,
    operator INTEGER NOT NULL,
    since    REAL NOT NULL,
    away     TEXT,
    ignores  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE member (
    room    TEXT NOT NULL,
    account TEXT NOT NULL,
    role    TEXT NOT NULL,
    inside  INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    joined  INTEGER NOT NULL,
    PRIMARY KEY (room, account)
) WITHOUT ROWID;

CREATE TABLE charter (
    room            TEXT NOT NULL PRIMARY KEY,
    description     TEXT NOT NULL,
    password        TEXT NOT NULL,
    invite_only     INTEGER NOT NULL,
    registered_only INTEGER NOT NULL,
    moderated       INTEGER NOT NULL,
    topic_locked    INTEGER NOT NULL,
    hidden          INTEGER NOT NULL,
    most            INTEGER NOT NULL,
    slow            REAL NOT NULL,
    history         TEXT NOT NULL,
    keep            REAL NOT NULL,
    refuse          TEXT NOT NULL,
    mask            TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE ban (
    id      TEXT NOT NULL PRIMARY KEY,
    room    TEXT NOT NULL,
    who     TEXT NOT NULL,
    label   TEXT NOT NULL,
    mute    INTEGER NOT NULL,
    quietly INTEGER NOT NULL,
    by      TEXT NOT NULL,
    reason  TEXT NOT NULL,
    time    REAL NOT NULL,
    until   REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE report (
    number INTEGER NOT NULL PRIMARY KEY,
    time   REAL NOT NULL,
    by     TEXT NOT NULL,
    about  TEXT NOT NULL,
    room   TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE invitation (
    code TEXT NOT NULL PRIMARY KEY,
    by   TEXT NOT NULL,
    time REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE fact (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE act ( -- in the order of the rows
    id   TEXT NOT NULL PRIMARY KEY,
    time REAL NOT NULL,
    by   TEXT NOT NULL,
    what TEXT NOT NULL,
    room TEXT NOT NULL
);

CREATE INDEX act_room ON act (room);
