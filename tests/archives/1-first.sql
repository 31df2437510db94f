PRAGMA application_id = 1667785076;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE room (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    last       INTEGER NOT NULL DEFAULT 0,
    topic      TEXT NOT NULL DEFAULT '',
    topic_by   TEXT NOT NULL DEFAULT '',
    topic_time INTEGER NOT NULL DEFAULT 0  -- milliseconds since the epoch, as all times here
);
INSERT INTO "room" VALUES(1,'#lobby',5,'','',0);
INSERT INTO "room" VALUES(2,'#tea',2,'Tea and biscuits','ann',1795706348397);
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
INSERT INTO "said" VALUES(1,1,1795706348388,'ann','line 1 of an old archive',0,'an-old-secret','4');
INSERT INTO "said" VALUES(1,2,1795706348392,'ann','line 2 of an old archive',0,'an-old-secret','5');
INSERT INTO "said" VALUES(1,3,1795706348393,'ann','line 3 of an old archive',0,'an-old-secret','6');
INSERT INTO "said" VALUES(1,4,1795706348394,'ann','line 4 of an old archive',0,'an-old-secret','7');
INSERT INTO "said" VALUES(1,5,1795706348395,'ann','line 5 of an old archive',0,'an-old-secret','8');
INSERT INTO "said" VALUES(2,1,1795706348396,'ann','earl grey, please',0,'an-old-secret','9');
INSERT INTO "said" VALUES(2,2,1795706348399,'bob','with milk',0,'UDV9KBanYIlh','x');
CREATE TABLE tally (
    room   INTEGER NOT NULL REFERENCES room,
    sender TEXT NOT NULL,
    lines  INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (room, sender)
) WITHOUT ROWID;
INSERT INTO "tally" VALUES(1,'ann',5,120);
INSERT INTO "tally" VALUES(2,'ann',1,17);
INSERT INTO "tally" VALUES(2,'bob',1,9);
CREATE UNIQUE INDEX said_tag ON said (client, tag) WHERE tag IS NOT NULL;
COMMIT;
