-- Local tax, the municipalities. Amounts are won.
CREATE TABLE local_tax (
    id bigint NOT NULL,
    rrn text NOT NULL,
    item text NOT NULL CHECK (item IN ('PROPERTY', 'AUTOMOBILE', 'RESIDENT', 'INCOME')),
    year bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    arrears bigint NOT NULL CHECK (arrears >= 0)
);
-- After the rows.
ALTER TABLE local_tax ADD PRIMARY KEY (id);
CREATE INDEX ON local_tax (rrn);
