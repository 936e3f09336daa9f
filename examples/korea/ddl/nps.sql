-- National pension, National Pension Service. Amounts are won a month.
CREATE TABLE pension (
    rrn text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('WORKPLACE', 'REGIONAL', 'VOLUNTARY', 'BENEFICIARY')),
    months_paid bigint NOT NULL CHECK (months_paid >= 0),
    monthly_income bigint NOT NULL CHECK (monthly_income >= 0),
    benefit bigint CHECK (benefit > 0),
    CHECK ((kind = 'BENEFICIARY') = (benefit IS NOT NULL))
);
-- After the rows.
ALTER TABLE pension ADD PRIMARY KEY (rrn);
