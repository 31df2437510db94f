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

CREATE TABLE ban_with_exemptions (
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
) WITHOUT ROWID;

INSERT INTO ban_with_exemptions
SELECT id, room, who, label, mute, quietly, by, reason, time, until, 0 FROM ban;
DROP TABLE ban;
ALTER TABLE ban_with_exemptions RENAME TO ban;

CREATE TABLE account_with_proofs (
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

INSERT INTO account_with_proofs
SELECT id, name, hash, email, operator, since, away, ignores, '', '[]' FROM account;
DROP TABLE account;
ALTER TABLE account_with_proofs RENAME TO account;
