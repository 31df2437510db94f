CREATE TABLE member_with_mark (
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

INSERT INTO member_with_mark SELECT room, account, role, inside, seen, joined, 0, 0.0 FROM member;
DROP TABLE member;
ALTER TABLE member_with_mark RENAME TO member;
