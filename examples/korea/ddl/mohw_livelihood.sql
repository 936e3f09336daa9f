-- Basic livelihood benefits, Ministry of Health and Welfare. Found by the head of the household.
CREATE TABLE livelihood_benefit (
    id bigint NOT NULL,
    head_rrn text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('LIVELIHOOD', 'MEDICAL', 'HOUSING', 'EDUCATION')),
    started_on date NOT NULL,
    near_poor boolean NOT NULL
);
-- After the rows.
ALTER TABLE livelihood_benefit ADD PRIMARY KEY (id);
CREATE INDEX ON livelihood_benefit (head_rrn);
