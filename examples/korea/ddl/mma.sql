-- Military service, Military Manpower Administration. Served over its HTTP API alone.
CREATE TABLE military_service (
    rrn text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ACTIVE', 'SUPPLEMENTARY', 'RESERVE', 'EXEMPT', 'DEFERRED')),
    enlisted_on date,
    discharged_on date CHECK (discharged_on > enlisted_on),
    rank text
);
-- After the rows.
ALTER TABLE military_service ADD PRIMARY KEY (rrn);
