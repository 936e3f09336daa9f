-- Health insurance, National Health Insurance Service. Members are known by their own number; the cross-walk gives it.
CREATE TABLE member_crosswalk (
    rrn text NOT NULL,
    member_number text NOT NULL
);
CREATE TABLE health_insurance (
    member_number text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('EMPLOYEE', 'REGIONAL', 'DEPENDANT', 'MEDICAL_AID')),
    workplace text,
    acquired_on date NOT NULL,
    monthly_premium bigint NOT NULL CHECK (monthly_premium >= 0),
    dependants bigint NOT NULL CHECK (dependants >= 0)
);
-- After the rows.
ALTER TABLE member_crosswalk ADD PRIMARY KEY (rrn);
ALTER TABLE member_crosswalk ADD UNIQUE (member_number);
ALTER TABLE health_insurance ADD PRIMARY KEY (member_number);
