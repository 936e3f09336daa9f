-- The gateway's own database: what residents consented to, how many of them were asked about, the feed of events, and the ledger.
--
-- Run it once, as the database's owner, with the name of the role that the gateway logs in as (`dsn` in the section [gateway] of
-- the settings). That role reads consents, which somebody else writes, counts, and adds to the ledger, where it can change and
-- remove nothing:
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

-- The feed of what has happened (auth/feed.py): a row for each whom an event was told, under a number of that recipient's own. In
-- `district` is the recipient's own, if the event concerns that. What was found out of an event's resident when it arrived is a fact.
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    event bigint NOT NULL,
    agency text NOT NULL,
    role text NOT NULL,
    purpose text NOT NULL,
    follower text NOT NULL,
    sequence bigint NOT NULL,
    register text NOT NULL,
    kind text NOT NULL,
    at text NOT NULL,
    rrn text NOT NULL,
    district text
);
ALTER TABLE event ADD PRIMARY KEY (id);
ALTER TABLE event ADD UNIQUE (agency, role, purpose, follower, sequence);
ALTER TABLE event ADD UNIQUE (event, agency, role, purpose, follower);
GRANT SELECT, INSERT ON event TO :"role";

CREATE TABLE event_fact (
    event bigint NOT NULL,
    fact text NOT NULL,
    holds boolean NOT NULL
);
ALTER TABLE event_fact ADD PRIMARY KEY (event, fact);
GRANT SELECT, INSERT ON event_fact TO :"role";

CREATE TABLE event_feed (
    agency text NOT NULL,
    role text NOT NULL,
    purpose text NOT NULL,
    follower text NOT NULL,
    last bigint NOT NULL
);
ALTER TABLE event_feed ADD PRIMARY KEY (agency, role, purpose, follower);
GRANT SELECT, INSERT, UPDATE ON event_feed TO :"role";

-- Which row of which register's outbox an event was.
CREATE TABLE event_moved (
    register text NOT NULL,
    origin bigint NOT NULL,
    event bigint GENERATED ALWAYS AS IDENTITY
);
ALTER TABLE event_moved ADD PRIMARY KEY (register, origin);
GRANT SELECT, INSERT, UPDATE ON event_moved TO :"role";

-- A stream that rests on consents ends when one is revoked.
CREATE INDEX ON consent (agency, purpose) WHERE revoked;

-- The ledger (auth/ledger.py). What the columns mean is said in auth/entries.py and auth/blocks.py.

-- What many entries have in common.
CREATE TABLE ledger_form (
    id integer GENERATED ALWAYS AS IDENTITY,
    digest bytea NOT NULL UNIQUE,
    content text NOT NULL
);
ALTER TABLE ledger_form ADD PRIMARY KEY (id);
GRANT SELECT, INSERT ON ledger_form TO :"role";

-- The chain of blocks. It stays whole when entries are no longer kept.
CREATE TABLE ledger_block (
    number bigint NOT NULL CHECK (number > 0),
    at bigint NOT NULL,
    kept_until date NOT NULL,
    entries integer NOT NULL CHECK (entries > 0),
    previous bytea NOT NULL,
    root bytea NOT NULL,
    key bytea NOT NULL,
    signature bytea NOT NULL
);
ALTER TABLE ledger_block ADD PRIMARY KEY (number);
CREATE INDEX ON ledger_block USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
GRANT SELECT, INSERT ON ledger_block TO :"role";

-- The blocks' entries, by the month in which they need no longer be kept. What is encrypted cannot be compressed.
CREATE TABLE ledger_entries (
    number bigint NOT NULL,
    kept_until date NOT NULL,
    body bytea NOT NULL
) PARTITION BY RANGE (kept_until);
ALTER TABLE ledger_entries ALTER body SET STORAGE EXTERNAL;
ALTER TABLE ledger_entries ADD PRIMARY KEY (number, kept_until);
GRANT SELECT, INSERT ON ledger_entries TO :"role";

-- In which entries a resident is, for blocks that were looked through (auth/upkeep.py): of many residents in one row, by the month
-- until which the entries are kept. What is new is gathered in one table, and goes to the other in larger pieces.
CREATE TABLE ledger_recent (
    kept_until date NOT NULL,
    bucket integer NOT NULL,
    first bigint NOT NULL,
    places bytea NOT NULL
);
ALTER TABLE ledger_recent ALTER places SET STORAGE EXTERNAL;
ALTER TABLE ledger_recent ADD PRIMARY KEY (bucket, first, kept_until);
GRANT SELECT, INSERT, DELETE ON ledger_recent TO :"role";

CREATE TABLE ledger_subject (
    kept_until date NOT NULL,
    bucket integer NOT NULL,
    first bigint NOT NULL,
    places bytea NOT NULL
) PARTITION BY RANGE (kept_until);
ALTER TABLE ledger_subject ALTER places SET STORAGE EXTERNAL;
ALTER TABLE ledger_subject ADD PRIMARY KEY (bucket, first, kept_until);
GRANT SELECT, INSERT ON ledger_subject TO :"role";

-- In which blocks a form has entries, of each 512 that follow one another, by the month until which those are kept.
CREATE TABLE ledger_form_block (
    form integer NOT NULL,
    kept_until date NOT NULL,
    part bigint NOT NULL,
    blocks bit(512) NOT NULL
);
ALTER TABLE ledger_form_block ADD PRIMARY KEY (form, part, kept_until);
GRANT SELECT, INSERT, UPDATE ON ledger_form_block TO :"role";

-- How many operations disclosed what of how many residents, day by day: counts alone, so they outlive the entries. `item` is the
-- number of a form's granted coordinate, or -1 for the operations as such.
CREATE TABLE ledger_count (
    day date NOT NULL,
    form integer NOT NULL,
    item smallint NOT NULL,
    operations bigint NOT NULL,
    residents bigint NOT NULL
);
ALTER TABLE ledger_count ADD PRIMARY KEY (day, form, item);
GRANT SELECT, INSERT, UPDATE ON ledger_count TO :"role";

-- The last block that was looked through for each of them; 'counts' goes for ledger_form_block, too.
CREATE TABLE ledger_upkeep (
    work text NOT NULL CHECK (work IN ('subjects', 'counts')),
    number bigint NOT NULL
);
ALTER TABLE ledger_upkeep ADD PRIMARY KEY (work);
INSERT INTO ledger_upkeep VALUES ('subjects', 0), ('counts', 0);
GRANT SELECT, UPDATE ON ledger_upkeep TO :"role";

-- Partitions are the owner's. The gateway may have the one of a month made, and have one dropped whose last day is past. Whose clock
-- is asked is not for the caller to say, and years before Christ, which are written like ours, are no years to keep anything until.
-- The tables are locked in the order in which they are read, so that nobody waits for each other.
CREATE FUNCTION ledger_open(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', day);
    name text;
BEGIN
    IF day NOT BETWEEN '2000-01-01' AND '9999-12-31' THEN
        RAISE EXCEPTION 'nothing is kept until %', day;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('madang ledger months', 0));
    FOREACH name IN ARRAY ARRAY['ledger_subject', 'ledger_entries'] LOOP
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
            name || to_char(first, '_YYYY_MM'), name, first, first + interval '1 month'
        );
    END LOOP;
END $$;

CREATE FUNCTION ledger_drop(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    month date := date_trunc('month', day);
    name text;
BEGIN
    IF day NOT BETWEEN '2000-01-01' AND '9999-12-31' THEN
        RAISE EXCEPTION 'nothing is kept until %', day;
    END IF;
    IF month + interval '1 month' > current_date THEN
        RAISE EXCEPTION 'entries that are kept until % are not to be dropped before the month is over', to_char(month, 'YYYY-MM');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('madang ledger months', 0));
    FOREACH name IN ARRAY ARRAY['ledger_subject', 'ledger_entries'] LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', name || to_char(month, '_YYYY_MM'));
    END LOOP;
    DELETE FROM ledger_recent WHERE kept_until = month;
    DELETE FROM ledger_form_block WHERE kept_until = month;
END $$;

REVOKE ALL ON FUNCTION ledger_open(date), ledger_drop(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_open(date), ledger_drop(date) TO :"role";

COMMIT;
