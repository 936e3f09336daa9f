-- Resident registration, Ministry of the Interior and Safety.
CREATE TABLE resident (
    id bigint NOT NULL,
    rrn text NOT NULL CHECK (rrn ~ '^[0-9]{13}$'),
    name text NOT NULL,
    sex text NOT NULL CHECK (sex IN ('FEMALE', 'MALE')),
    birth_date date NOT NULL,
    death_date date CHECK (death_date >= birth_date),
    status text NOT NULL CHECK (status IN ('REGISTERED', 'EMIGRATED', 'DECEASED')),
    relation_to_head text
        CHECK (relation_to_head IN ('HEAD', 'SPOUSE', 'CHILD', 'PARENT', 'SIBLING', 'GRANDCHILD', 'OTHER')),
    address text,
    address_protected boolean NOT NULL,
    district_code text NOT NULL CHECK (district_code ~ '^[0-9]{5}$'),
    moved_in_on date NOT NULL,
    household_id bigint,
    CHECK ((status = 'DECEASED') = (death_date IS NOT NULL)),
    CHECK ((status = 'REGISTERED') = (household_id IS NOT NULL)),
    CHECK ((household_id IS NULL) = (relation_to_head IS NULL))
);
CREATE TABLE household (
    id bigint NOT NULL,
    head_id bigint NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    address text,
    district_code text NOT NULL CHECK (district_code ~ '^[0-9]{5}$')
);
CREATE TABLE move_in (
    id bigint NOT NULL,
    household_id bigint NOT NULL,
    date date NOT NULL,
    from_address text,
    to_address text,
    reason text NOT NULL CHECK (reason IN ('JOB', 'FAMILY', 'HOUSING', 'EDUCATION', 'ENVIRONMENT', 'OTHER'))
);
-- After the rows.
ALTER TABLE resident ADD PRIMARY KEY (id);
ALTER TABLE resident ADD UNIQUE (rrn);
CREATE INDEX ON resident (household_id);
CREATE INDEX ON resident (district_code, id);
CREATE INDEX ON resident (birth_date, id);
CREATE INDEX ON resident (name, id);
CREATE INDEX ON resident (moved_in_on, id);
ALTER TABLE household ADD PRIMARY KEY (id);
ALTER TABLE household ADD UNIQUE (head_id);
ALTER TABLE move_in ADD PRIMARY KEY (id);
CREATE INDEX ON move_in (household_id);
