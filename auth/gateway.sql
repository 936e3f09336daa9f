-- The gateway's own database: what residents consented to, and how many of them were asked about.
--
-- Run it once, as the database's owner, with the name of the role that the gateway logs in as (`dsn` in the section [gateway] of
-- the settings). That role reads consents, which somebody else writes, and counts:
--
--     psql --set ON_ERROR_STOP=1 --set role=madang --file gateway.sql "postgresql://owner@host/gateway"

BEGIN;

-- A resident lets an agency have one item (a coordinate) for one purpose, from one day to another, both included.
CREATE TABLE consent (
    id bigint NOT NULL,
    rrn text NOT NULL,
    agency text NOT NULL,
    purpose text NOT NULL,
    item text NOT NULL,
    since date NOT NULL,
    until date NOT NULL CHECK (until >= since),
    revoked boolean NOT NULL
);
ALTER TABLE consent ADD PRIMARY KEY (id);
CREATE INDEX ON consent (rrn, agency, purpose);
GRANT SELECT ON consent TO :"role";

-- How many subjects' data an officer had under a rule with a limit, minute by minute.
CREATE TABLE subject_use (
    rule text NOT NULL,
    agency text NOT NULL,
    officer text NOT NULL,
    minute timestamptz NOT NULL,
    subjects bigint NOT NULL CHECK (subjects >= 0)
);
ALTER TABLE subject_use ADD PRIMARY KEY (rule, agency, officer, minute);
GRANT SELECT, INSERT, UPDATE, DELETE ON subject_use TO :"role";

COMMIT;
