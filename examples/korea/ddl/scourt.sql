-- Family register, Supreme Court.
CREATE TABLE birth (
    rrn text NOT NULL,
    registered_on date NOT NULL,
    place text NOT NULL,
    sealed boolean NOT NULL,
    father_rrn text,
    mother_rrn text
);
CREATE TABLE family_relation (
    id bigint NOT NULL,
    rrn text NOT NULL,
    relation text NOT NULL CHECK (relation IN ('PARENT', 'CHILD', 'SPOUSE')),
    relative_rrn text NOT NULL CHECK (relative_rrn <> rrn),
    custody boolean NOT NULL CHECK (relation = 'CHILD' OR NOT custody)
);
CREATE TABLE marriage (
    id bigint NOT NULL,
    rrn text NOT NULL,
    spouse_rrn text NOT NULL CHECK (spouse_rrn <> rrn),
    married_on date NOT NULL,
    status text NOT NULL CHECK (status IN ('MARRIED', 'DIVORCED', 'WIDOWED'))
);
-- After the rows.
ALTER TABLE birth ADD PRIMARY KEY (rrn);
ALTER TABLE family_relation ADD PRIMARY KEY (id);
CREATE INDEX ON family_relation (rrn, relation, relative_rrn);
CREATE INDEX ON family_relation (relative_rrn) WHERE custody;
ALTER TABLE marriage ADD PRIMARY KEY (id);
ALTER TABLE marriage ADD UNIQUE (rrn);
