-- Driving licences, National Police Agency.
CREATE TABLE driving_licence (
    rrn text NOT NULL,
    number text NOT NULL,
    licence_class text NOT NULL
        CHECK (licence_class IN ('CLASS1_LARGE', 'CLASS1_ORDINARY', 'CLASS2_ORDINARY', 'CLASS2_SMALL')),
    issued_on date NOT NULL,
    renew_by date NOT NULL CHECK (renew_by > issued_on),
    status text NOT NULL CHECK (status IN ('VALID', 'SUSPENDED', 'REVOKED', 'EXPIRED'))
);
-- After the rows.
ALTER TABLE driving_licence ADD PRIMARY KEY (rrn);
ALTER TABLE driving_licence ADD UNIQUE (number);
