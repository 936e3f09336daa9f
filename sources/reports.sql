-- What a register keeps that takes reports: each report's answer by its key, and an outbox of what was changed.
--
-- Run it once in the register's database, as its owner, before the functions that take the reports:
--
--     psql --set ON_ERROR_STOP=1 --single-transaction --file reports.sql "postgresql://owner@host/register"
--
-- The gateway logs in to report as a role of its own (`reports` in the register's source, in the settings). `madang grants` says
-- what that role may do: run these functions and those that the register declares, and read and empty the outbox. It may read and
-- write no other table. A report is one transaction of that role: `report_begin`, the declared function, `report_end`.

-- The answers that were given. `key` names who reports and the key that they chose, `body` is the SHA-256 of what was reported, and
-- `reporter` names who reports. By the receipt its reporter asks what became of it.
CREATE TABLE report (
    key bytea NOT NULL CHECK (length(key) = 32),
    body bytea NOT NULL CHECK (length(body) = 32),
    reporter bytea NOT NULL CHECK (length(reporter) = 32),
    receipt text NOT NULL,
    answer jsonb,
    at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE report ADD PRIMARY KEY (key);
ALTER TABLE report ADD UNIQUE (receipt);

-- What was changed, written in the transaction that changed it; whoever has passed a row on deletes it. Numbers are given before
-- transactions are over, so a row may become visible after one with a higher number.
--
-- `rrn` is whom it is about, `districts` the five-digit codes of the districts that it concerns, those before and after, `receipt`
-- that of the report by which it came.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind ~ '^[A-Z][A-Z_]*$'),
    rrn text NOT NULL,
    districts text[] NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    receipt text NOT NULL
);
ALTER TABLE outbox ADD PRIMARY KEY (id);

-- Null for a report that is new: its transaction then has the key, and whoever else comes with it waits. Else whether what is
-- reported is the same, and the answer that was given.
CREATE FUNCTION report_begin(given bytea, content bytea, who bytea, number text) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO report (key, body, reporter, receipt) VALUES (given, content, who, number) ON CONFLICT (key) DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT jsonb_build_object('same', body = content, 'answer', answer) FROM report WHERE key = given);
END $$;

-- Keeps the answer of a report that began in this transaction.
CREATE FUNCTION report_end(given bytea, said jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE report SET answer = said WHERE key = given AND answer IS NULL AND said IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no report with this key has begun';
    END IF;
END $$;

-- Whether a report that somebody made has come to be here.
CREATE FUNCTION report_is_done(number text, who bytea) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM report WHERE receipt = number AND reporter = who AND answer IS NOT NULL)
$$;

-- An answer that was given stays as it is.
CREATE FUNCTION report_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answer IS NOT NULL OR (NEW.key, NEW.body, NEW.reporter, NEW.receipt) <> (OLD.key, OLD.body, OLD.reporter, OLD.receipt) THEN
        RAISE EXCEPTION 'a report that was answered is not answered again';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON report FOR EACH ROW EXECUTE FUNCTION report_is_kept();

REVOKE ALL ON FUNCTION
    report_begin(bytea, bytea, bytea, text), report_end(bytea, jsonb), report_is_done(text, bytea), report_is_kept()
FROM PUBLIC;
