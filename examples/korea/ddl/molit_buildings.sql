-- Buildings, Ministry of Land, Infrastructure and Transport. Areas are square metres, prices won.
CREATE TABLE building (
    id bigint NOT NULL,
    owner_rrn text NOT NULL,
    pnu text NOT NULL CHECK (pnu ~ '^[0-9]{19}$'),
    use text NOT NULL,
    area bigint NOT NULL CHECK (area > 0),
    approved_on date NOT NULL,
    official_price bigint NOT NULL CHECK (official_price > 0)
);
-- After the rows.
ALTER TABLE building ADD PRIMARY KEY (id);
CREATE INDEX ON building (owner_rrn);
