-- Employment insurance, Ministry of Employment and Labor.
CREATE TABLE employment (
    id bigint NOT NULL,
    rrn text NOT NULL,
    workplace text NOT NULL,
    acquired_on date NOT NULL,
    lost_on date CHECK (lost_on >= acquired_on),
    weekly_hours bigint NOT NULL CHECK (weekly_hours BETWEEN 1 AND 52)
);
-- After the rows.
ALTER TABLE employment ADD PRIMARY KEY (id);
CREATE INDEX ON employment (rrn);
