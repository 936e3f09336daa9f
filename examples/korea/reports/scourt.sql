-- What the Supreme Court's database does with the report of a birth (Act on Registration of Family Relations, arts. 44 to 47). Run
-- after sources/reports.sql, when there are rows. The number comes from the Ministry's register, which takes the same report.

CREATE SEQUENCE family_relation_ids;
SELECT setval('family_relation_ids', greatest(max(id), 1)) FROM family_relation;

-- Whose birth it is never changes, and what is entered is never removed.
CREATE FUNCTION birth_is_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an entry of a birth stays the same person''s for ever' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER never_other BEFORE UPDATE OF rrn ON birth FOR EACH ROW WHEN (OLD.rrn <> NEW.rrn) EXECUTE FUNCTION birth_is_for_ever();
CREATE TRIGGER never_removed BEFORE DELETE ON birth FOR EACH ROW EXECUTE FUNCTION birth_is_for_ever();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON birth FOR EACH STATEMENT EXECUTE FUNCTION birth_is_for_ever();

CREATE FUNCTION register_birth(input jsonb, caller jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    child text := caller #>> '{told,rrn}';
    mother text := input #>> '{mother,rrn}';
    father text := input #>> '{father,rrn}';
    husband text;
BEGIN
    SELECT spouse_rrn INTO husband FROM marriage
    WHERE rrn = mother AND status = 'MARRIED' AND married_on <= (input ->> 'bornOn')::date;
    -- Whom a wife has conceived is presumed to be her husband's child (Civil Act, art. 844(1)).
    IF husband IS DISTINCT FROM father AND husband IS NOT NULL THEN
        RETURN jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
            'path', jsonb_build_array('father'), 'code', 'PRESUMED_FATHER',
            'message', 'the mother was married at the birth, so her husband is entered as the father unless a court decides otherwise'
        )));
    END IF;
    INSERT INTO birth (rrn, registered_on, place, sealed, father_rrn, mother_rrn)
    VALUES (child, (caller ->> 'today')::date, btrim(input ->> 'place'), false, father, mother);
    -- Of parents who are not married to each other the mother alone has custody, until they agree otherwise (art. 909).
    INSERT INTO family_relation (id, rrn, relation, relative_rrn, custody)
    SELECT nextval('family_relation_ids'), rrn, relation, relative, custody FROM (VALUES
        (child, 'PARENT', mother, false), (mother, 'CHILD', child, true),
        (child, 'PARENT', father, false), (father, 'CHILD', child, husband IS NOT NULL)
    ) AS entries(rrn, relation, relative, custody) WHERE rrn IS NOT NULL AND relative IS NOT NULL;
    INSERT INTO outbox (kind, rrn, districts, receipt)
    VALUES ('BIRTH_REGISTERED', child, ARRAY[caller #>> '{told,district}'], caller ->> 'receipt');
    RETURN jsonb_build_object('told', '{}'::jsonb, 'subjects', to_jsonb(array_remove(ARRAY[child, mother, father], NULL)));
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
