-- Registered disabilities, Ministry of Health and Welfare.
CREATE TABLE disability (
    rrn text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('SEVERE', 'MILD')),
    kind text NOT NULL,
    registered_on date NOT NULL,
    reassess_on date
);
-- After the rows.
ALTER TABLE disability ADD PRIMARY KEY (rrn);
