-- Petitions, the municipalities' administration system. Who decides and for which civil affair are codes of the regulations.
CREATE TABLE petition (
    id bigint NOT NULL,
    number text NOT NULL CHECK (number ~ '^[0-9A-Za-z][0-9A-Za-z-]{0,63}$'),
    agency text NOT NULL,
    service text NOT NULL,
    resident_rrn text NOT NULL,
    opened_on date NOT NULL,
    closed_on date CHECK (closed_on >= opened_on)
);
-- After the rows.
ALTER TABLE petition ADD PRIMARY KEY (id);
ALTER TABLE petition ADD UNIQUE (number);
CREATE INDEX ON petition (resident_rrn, opened_on);
