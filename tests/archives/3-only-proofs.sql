PRAGMA application_id = 1667785076;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE account (
    id       TEXT NOT NULL PRIMARY KEY,
    name     TEXT NOT NULL,
    hash     TEXT NOT NULL,
    email    TEXT NOT NULL,
    operator INTEGER NOT NULL,
    since    REAL NOT NULL,
    away     TEXT,
    ignores  TEXT NOT NULL
, scram TEXT NOT NULL DEFAULT '', certificates TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
INSERT INTO "account" VALUES('397acd614e99','ann','$argon2id$v=19$m=19456,t=2,p=1$pL36jibddYFDjpFuS6et+Q$t21BU/+uAOGihCX+irG6MS4QPvByZPY+wf1Th2yOg5Y','',1,1.79570636734733796117e+09,NULL,'[]','SCRAM-SHA-256$15000:qgJ/tSXnUlNlo545FxU8NPoGehbXLuGf/rudSL4D6GU=$foKfld7xnDOE+Xd1TWH2q/2jq7sEIUIhQLboabKEVvo=:K+sSR7UiZr0SvD8DByTYhCT2j5aZ+cgjiWnTMFxRByM=','[]');
CREATE TABLE act ( -- in the order of the rows
    id   TEXT NOT NULL PRIMARY KEY,
    time REAL NOT NULL,
    by   TEXT NOT NULL,
    what TEXT NOT NULL,
    room TEXT NOT NULL
);
INSERT INTO "act" VALUES('d657a9a3f759',1795706368.847,'ann','set topic: Tea and biscuits','#tea');
INSERT INTO "act" VALUES('34555b1f2e97',1795706369.847,'ann','banned name=eve','');
INSERT INTO "act" VALUES('d983c6633782',1795706370.348,'ann','set slow: 2 s','#tea');
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
INSERT INTO "ban" VALUES('094c07f7954e','','["name=eve"]','name=eve',0,0,'ann','',1795706369.847,0.0);
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
CREATE TABLE invitation (
    code TEXT NOT NULL PRIMARY KEY,
    by   TEXT NOT NULL,
    time REAL NOT NULL
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
INSERT INTO "member" VALUES('#lobby','397acd614e99','member',1,5,0);
INSERT INTO "member" VALUES('#tea','397acd614e99','founder',1,2,0);
CREATE TABLE report (
    number INTEGER NOT NULL PRIMARY KEY,
    time   REAL NOT NULL,
    by     TEXT NOT NULL,
    about  TEXT NOT NULL,
    room   TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "report" VALUES(1,1795706369.348,'ann','bob','#tea','milk','account=397acd614e99');
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
INSERT INTO "room" VALUES(2,'#tea',2,'Tea and biscuits','ann',1795706368849,0);
CREATE TABLE said (
    room   INTEGER NOT NULL REFERENCES room,
    number INTEGER NOT NULL,
    time   INTEGER NOT NULL,
    sender TEXT NOT NULL,
    text   TEXT NOT NULL,
    action INTEGER NOT NULL,
    client TEXT NOT NULL,
    tag    TEXT, account TEXT NOT NULL DEFAULT '', quiet INTEGER NOT NULL DEFAULT 0, deleted TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (room, number)
) WITHOUT ROWID;
INSERT INTO "said" VALUES(1,1,1795706367392,'ann','line 1 of an old archive',0,'an-old-secret','6','ann',0,'');
INSERT INTO "said" VALUES(1,2,1795706367393,'ann','line 2 of an old archive',0,'an-old-secret','7','ann',0,'');
INSERT INTO "said" VALUES(1,3,1795706367394,'ann','line 3 of an old archive',0,'an-old-secret','8','ann',0,'');
INSERT INTO "said" VALUES(1,4,1795706367395,'ann','line 4 of an old archive',0,'an-old-secret','9','ann',0,'');
INSERT INTO "said" VALUES(1,5,1795706367848,'ann','line 5 of an old archive',0,'an-old-secret','10','ann',0,'');
INSERT INTO "said" VALUES(2,1,1795706368348,'ann','earl grey, please',0,'an-old-secret','11','ann',0,'');
INSERT INTO "said" VALUES(2,2,1795706368851,'bob','with milk',0,'iMJ32EBn4lIR','x','',0,'');
CREATE TABLE tally (
    room   INTEGER NOT NULL REFERENCES room,
    sender TEXT NOT NULL,
    lines  INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (room, sender)
) WITHOUT ROWID;
INSERT INTO "tally" VALUES(1,'ann',5,120);
CREATE UNIQUE INDEX said_tag ON said (client, tag) WHERE tag IS NOT NULL;
CREATE INDEX act_room ON act (room);
COMMIT;
