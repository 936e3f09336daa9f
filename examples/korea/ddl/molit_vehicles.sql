-- Motor vehicles, Ministry of Land, Infrastructure and Transport.
CREATE TABLE vehicle (
    id bigint NOT NULL,
    owner_rrn text NOT NULL,
    plate text NOT NULL,
    vin text NOT NULL CHECK (length(vin) = 17),
    model text NOT NULL,
    year bigint NOT NULL,
    base_address text,
    liens bigint NOT NULL CHECK (liens >= 0)
);
-- After the rows.
ALTER TABLE vehicle ADD PRIMARY KEY (id);
ALTER TABLE vehicle ADD UNIQUE (plate);
ALTER TABLE vehicle ADD UNIQUE (vin);
CREATE INDEX ON vehicle (owner_rrn);
