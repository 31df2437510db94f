-- Which node leads the chat, and where the others reach it.  One row.  Nodes of other versions read
-- it, so later steps only add columns, with defaults.
CREATE TABLE leader (
    epoch       bigint NOT NULL,     -- how often a node has begun to lead
    node        text NOT NULL,
    address     text NOT NULL,
    fingerprint text NOT NULL,
    secret      text NOT NULL,
    backend     integer NOT NULL,    -- the process of the server that holds the node's lock
    seen        timestamptz NOT NULL -- its last heartbeat
);

INSERT INTO leader VALUES (0, '', '', '', '', 0, now());
