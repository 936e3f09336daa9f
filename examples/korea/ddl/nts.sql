-- National tax, National Tax Service. Amounts are won.
CREATE TABLE tax_certificate (
    id bigint NOT NULL,
    rrn text NOT NULL,
    year bigint NOT NULL,
    income bigint NOT NULL CHECK (income >= 0),
    tax_paid bigint NOT NULL CHECK (tax_paid >= 0),
    arrears bigint NOT NULL CHECK (arrears >= 0)
);
CREATE TABLE business (
    id bigint NOT NULL,
    rrn text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    opened_on date NOT NULL,
    closed_on date,
    status text NOT NULL CHECK (status IN ('ACTIVE', 'SUSPENDED', 'CLOSED')),
    CHECK ((status = 'CLOSED') = (closed_on IS NOT NULL))
);
-- After the rows.
ALTER TABLE tax_certificate ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON tax_certificate (rrn, year);
ALTER TABLE business ADD PRIMARY KEY (id);
ALTER TABLE business ADD UNIQUE (number);
CREATE INDEX ON business (rrn);
