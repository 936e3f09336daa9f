-- Passports, Ministry of Foreign Affairs.
CREATE TABLE passport (
    id bigint NOT NULL,
    rrn text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ORDINARY', 'OFFICIAL', 'DIPLOMATIC')),
    issued_on date NOT NULL,
    expires_on date NOT NULL CHECK (expires_on > issued_on),
    romanized_name text NOT NULL,
    status text NOT NULL CHECK (status IN ('VALID', 'EXPIRED', 'LOST', 'RETURNED'))
);
-- After the rows.
ALTER TABLE passport ADD PRIMARY KEY (id);
ALTER TABLE passport ADD UNIQUE (number);
CREATE INDEX ON passport (rrn);
