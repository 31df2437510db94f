PRAGMA application_id = 1667785076;
PRAGMA user_version = 7;
BEGIN TRANSACTION;
CREATE TABLE "account" (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL,
    email        TEXT NOT NULL,
    operator     INTEGER NOT NULL,
    since        REAL NOT NULL,
    away         TEXT,
    ignores      TEXT NOT NULL,
    scram        TEXT NOT NULL,
    certificates TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "account" VALUES('821069c3b8d4','ann','$argon2id$v=19$m=19456,t=2,p=1$4P7V8hy+aGeRR7Vst69LHA$l+HHqGqRKaUAAq4Nrb47iyiT8AIP1tZvO3yghQsNaNQ','',1,1.79570638334584212298e+09,NULL,'[]','SCRAM-SHA-256$15000:NMUqA9wQviZIfOIiblUS7n5ppgeKC0hrW1cVzrLD7cY=$0Mga2ZLQZZw4hL41pTyfyhrmJd8jrUaO8RQSj2MkgSo=:YS+rUY8PIEz4Cl1RBMOroa36CXJUNLt0UXZLe0Tx2OI=','[]');
CREATE TABLE act ( -- in the order of the rows
    id   TEXT NOT NULL PRIMARY KEY,
    time REAL NOT NULL,
    by   TEXT NOT NULL,
    what TEXT NOT NULL,
    room TEXT NOT NULL
);
INSERT INTO "act" VALUES('55696abee09c',1795706384.846,'ann','set topic: Tea and biscuits','#tea');
INSERT INTO "act" VALUES('545dbc99c9d1',1795706385.846,'ann','banned name=eve','');
INSERT INTO "act" VALUES('bf7d0a27b778',1795706386.346,'ann','set slow: 2 s','#tea');
CREATE TABLE "ban" (
    id      TEXT NOT NULL PRIMARY KEY,
    room    TEXT NOT NULL,
    who     TEXT NOT NULL,
    label   TEXT NOT NULL,
    mute    INTEGER NOT NULL,
    quietly INTEGER NOT NULL,
    by      TEXT NOT NULL,
    reason  TEXT NOT NULL,
    time    REAL NOT NULL,
    until   REAL NOT NULL,
    exempt  INTEGER NOT NULL
, caught TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
INSERT INTO "ban" VALUES('10cb24d2fc6c','','["name=eve"]','name=eve',0,0,'ann','',1795706385.846,0.0,0,'[]');
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
INSERT INTO "charter" VALUES('#tea','','',0,0,0,0,0,0,2.0,'all',0.0,'[]','[]');
CREATE TABLE fact (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE former (
    name TEXT NOT NULL PRIMARY KEY,
    room TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "former" VALUES('#coffee','#tea');
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
CREATE TABLE invitation (
    code TEXT NOT NULL PRIMARY KEY,
    by   TEXT NOT NULL,
    time REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE "member" (
    room      TEXT NOT NULL,
    account   TEXT NOT NULL,
    role      TEXT NOT NULL,
    inside    INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    joined    INTEGER NOT NULL,
    read      INTEGER NOT NULL,
    read_time REAL NOT NULL,
    PRIMARY KEY (room, account)
) WITHOUT ROWID;
INSERT INTO "member" VALUES('#lobby','821069c3b8d4','member',1,5,0,0,0.0);
INSERT INTO "member" VALUES('#tea','821069c3b8d4','founder',1,2,0,0,0.0);
CREATE TABLE metadata (
    owner TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID;
INSERT INTO "metadata" VALUES('#tea','url','https://example.org/tea');
INSERT INTO "metadata" VALUES('821069c3b8d4','status','brewing');
CREATE TABLE report (
    number INTEGER NOT NULL PRIMARY KEY,
    time   REAL NOT NULL,
    by     TEXT NOT NULL,
    about  TEXT NOT NULL,
    room   TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "report" VALUES(1,1795706385.346,'ann','bob','#tea','milk','account=821069c3b8d4');
CREATE TABLE room (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    last       INTEGER NOT NULL DEFAULT 0,
    topic      TEXT NOT NULL DEFAULT '',
    topic_by   TEXT NOT NULL DEFAULT '',
    topic_time INTEGER NOT NULL DEFAULT 0, -- milliseconds since the epoch, as all times here
    tallied    INTEGER NOT NULL DEFAULT 0  -- the last number that tally counts
);
INSERT INTO "room" VALUES(1,'#lobby',5,'','',0,5);
INSERT INTO "room" VALUES(2,'#tea',2,'Tea and biscuits','ann',1795706384847,0);
CREATE TABLE said (
    room   INTEGER NOT NULL REFERENCES room,
    number INTEGER NOT NULL,
    time   INTEGER NOT NULL,
    sender TEXT NOT NULL,
    text   TEXT NOT NULL,
    action INTEGER NOT NULL,
    client TEXT NOT NULL,
    tag    TEXT, account TEXT NOT NULL DEFAULT '', quiet INTEGER NOT NULL DEFAULT 0, deleted TEXT NOT NULL DEFAULT '', signs TEXT,
    PRIMARY KEY (room, number)
) WITHOUT ROWID;
INSERT INTO "said" VALUES(1,1,1795706383388,'ann','line 1 of an old archive',0,'an-old-secret','6','ann',0,'',NULL);
INSERT INTO "said" VALUES(1,2,1795706383389,'ann','line 2 of an old archive',0,'an-old-secret','7','ann',0,'',NULL);
INSERT INTO "said" VALUES(1,3,1795706383390,'ann','line 3 of an old archive',0,'an-old-secret','8','ann',0,'',NULL);
INSERT INTO "said" VALUES(1,4,1795706383391,'ann','line 4 of an old archive',0,'an-old-secret','9','ann',0,'',NULL);
INSERT INTO "said" VALUES(1,5,1795706383846,'ann','line 5 of an old archive',0,'an-old-secret','10','ann',0,'',NULL);
INSERT INTO "said" VALUES(2,1,1795706384346,'ann','earl grey, please',0,'an-old-secret','11','ann',0,'',NULL);
INSERT INTO "said" VALUES(2,2,1795706384849,'bob','with milk',0,'tiWtCiDnQOPk','x','',0,'',NULL);
CREATE TABLE tally (
    room   INTEGER NOT NULL REFERENCES room,
    sender TEXT NOT NULL,
    lines  INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (room, sender)
) WITHOUT ROWID;
INSERT INTO "tally" VALUES(1,'ann',5,120);
CREATE TABLE token (
    digest  TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    number  INTEGER NOT NULL,
    label   TEXT NOT NULL,
    since   REAL NOT NULL,
    used    REAL NOT NULL
) WITHOUT ROWID;
INSERT INTO "token" VALUES('5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f','821069c3b8d4',1,'Firefox on ann''s laptop',1795706390.5,1795709990.25);
INSERT INTO "happening" VALUES('#tea',1795706383500,1,1795706383.5,'ann',0,'topic','{"room": "#Tea", "text": "earl grey", "by": "ann", "time": 1795706383.5}');
CREATE UNIQUE INDEX said_tag ON said (client, tag) WHERE tag IS NOT NULL;
CREATE INDEX act_room ON act (room);
COMMIT;
