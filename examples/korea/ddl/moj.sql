-- Border crossings, Ministry of Justice.
CREATE TABLE border_crossing (
    id bigint NOT NULL,
    passport_number text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('ENTRY', 'EXIT')),
    crossed_on date NOT NULL,
    port text NOT NULL
);
-- After the rows.
ALTER TABLE border_crossing ADD PRIMARY KEY (id);
CREATE INDEX ON border_crossing (passport_number);
