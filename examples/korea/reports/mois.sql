-- What the Ministry's database does with reports: moves and births. Run after sources/reports.sql, when there are rows.
--
-- A function takes what was reported and who reports it, and answers `{"errors": [...]}`, when nothing has changed, or `{"told": …,
-- "about": …, "subjects": [...]}`: what the reporter may be told, of whom that is, and all whom the change concerns.

-- ── What always holds ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE SEQUENCE resident_ids;
CREATE SEQUENCE household_ids;
CREATE SEQUENCE move_in_ids;
SELECT setval('resident_ids', greatest(max(id), 1)) FROM resident;
SELECT setval('household_ids', greatest(max(id), 1)) FROM household;
SELECT setval('move_in_ids', greatest(max(id), 1)) FROM move_in;

-- Every number that anybody ever had (Resident Registration Act, art. 7-2: one person, one number).
CREATE TABLE rrn_taken (rrn text NOT NULL);
INSERT INTO rrn_taken SELECT rrn FROM resident;
ALTER TABLE rrn_taken ADD PRIMARY KEY (rrn);
ANALYZE rrn_taken;

CREATE FUNCTION rrn_is_for_ever() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO rrn_taken VALUES (NEW.rrn);
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a resident number never changes, and is never given again' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER never_again BEFORE INSERT ON resident FOR EACH ROW EXECUTE FUNCTION rrn_is_for_ever();
CREATE TRIGGER never_other BEFORE UPDATE OF rrn ON resident FOR EACH ROW WHEN (OLD.rrn <> NEW.rrn) EXECUTE FUNCTION rrn_is_for_ever();
CREATE TRIGGER never_forgotten BEFORE UPDATE OR DELETE ON rrn_taken FOR EACH ROW EXECUTE FUNCTION rrn_is_for_ever();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON rrn_taken FOR EACH STATEMENT EXECUTE FUNCTION rrn_is_for_ever();

-- A household has as many members as it says, one of them its head, all at its address.
CREATE FUNCTION household_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    number bigint;
    numbers bigint[];
BEGIN
    IF TG_TABLE_NAME = 'household' THEN
        numbers := ARRAY[NEW.id, OLD.id];
    ELSE
        numbers := ARRAY[NEW.household_id, OLD.household_id];
    END IF;
    FOR number IN SELECT DISTINCT each FROM unnest(numbers) AS each WHERE each IS NOT NULL LOOP
        IF EXISTS (
            SELECT FROM (
                SELECT count(*) AS size, count(*) FILTER (WHERE relation_to_head = 'HEAD') AS heads,
                    max(id) FILTER (WHERE relation_to_head = 'HEAD') AS head, min(address) AS address, max(address) AS other,
                    count(address) AS addresses, min(district_code) AS district, max(district_code) AS another
                FROM resident WHERE household_id = number
            ) AS members LEFT JOIN household ON household.id = number
            WHERE (household.id IS NULL AND members.size > 0)
                OR (household.id IS NOT NULL AND (
                    members.size <> household.size OR heads <> 1 OR head <> head_id
                    OR members.address IS DISTINCT FROM household.address OR other IS DISTINCT FROM household.address
                    OR addresses NOT IN (0, members.size)
                    OR district <> household.district_code OR another <> household.district_code))
        ) THEN
            RAISE EXCEPTION 'household % would not be whole', number USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER whole AFTER INSERT OR UPDATE OR DELETE ON household DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION household_is_whole();
CREATE CONSTRAINT TRIGGER whole AFTER INSERT OR UPDATE OR DELETE ON resident DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION household_is_whole();

-- ── What the reports share ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION mistake(path jsonb, code text, message text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_array(jsonb_build_object('path', path, 'code', code, 'message', message))
$$;

-- Whether a text is of one line in which everything can be seen: no control or format character, no other space than single ones.
CREATE FUNCTION is_plain(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT given !~ ('  |[[:cntrl:]\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F'
        || '\u205F-\u206F\u3000\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\U000E0000-\U000E0FFF]')
$$;

CREATE FUNCTION is_adult(birth date, today date) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT birth + interval '19 years' <= today OR (today - birth) > 19 * 366
$$;

-- Holds whoever is named, and all who live with them, until the report is over. The gateway has decided by where they lived when it
-- looked: where that is no longer so, or another report holds them, this one loses.
CREATE FUNCTION hold_named(caller jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    homes bigint[] := ARRAY(SELECT DISTINCT household FROM jsonb_to_recordset(caller -> 'named') AS named(household bigint)
        WHERE household IS NOT NULL);
BEGIN
    PERFORM FROM household WHERE id = ANY(homes) ORDER BY id FOR UPDATE NOWAIT;
    PERFORM FROM resident WHERE household_id = ANY(homes) ORDER BY id FOR UPDATE NOWAIT;
    PERFORM FROM resident WHERE rrn IN (SELECT rrn FROM jsonb_to_recordset(caller -> 'named') AS named(rrn text))
        ORDER BY id FOR UPDATE NOWAIT;
    IF EXISTS (
        SELECT FROM jsonb_to_recordset(caller -> 'named') AS named(rrn text, household bigint, district text)
        LEFT JOIN resident USING (rrn)
        WHERE household_id IS DISTINCT FROM household OR district_code IS DISTINCT FROM district
    ) THEN
        RAISE EXCEPTION 'somebody who is named has moved meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
END $$;

-- ── Moves (Resident Registration Act, arts. 11 and 16) ──────────────────────────────────────────────────────────────────────────────

-- What somebody is to a new head, from what both were to the one before; what cannot be told from that is OTHER.
CREATE FUNCTION relation_under(head text, member text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((SELECT relation FROM (VALUES
        ('SPOUSE', 'HEAD', 'SPOUSE'), ('SPOUSE', 'CHILD', 'CHILD'), ('SPOUSE', 'GRANDCHILD', 'GRANDCHILD'),
        ('CHILD', 'HEAD', 'PARENT'), ('CHILD', 'SPOUSE', 'PARENT'), ('CHILD', 'CHILD', 'SIBLING'),
        ('PARENT', 'HEAD', 'CHILD'), ('PARENT', 'SIBLING', 'CHILD'), ('PARENT', 'CHILD', 'GRANDCHILD'), ('PARENT', 'PARENT', 'SPOUSE'),
        ('SIBLING', 'HEAD', 'SIBLING'), ('SIBLING', 'SIBLING', 'SIBLING'), ('SIBLING', 'PARENT', 'PARENT')
    ) AS known(of_head, of_member, relation) WHERE (of_head, of_member) = (head, member)), 'OTHER')
$$;

-- Who moves, from which household, and what is wrong with that.
CREATE FUNCTION movers_mistakes(movers text[], home bigint, moved date, today date) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    wrong jsonb := '[]';
    person resident;
    path jsonb;
BEGIN
    IF cardinality(movers) = 0 THEN
        RETURN mistake('["residents"]', 'EMPTY', 'name at least one resident who moves');
    END IF;
    FOR i IN 1 .. cardinality(movers) LOOP
        SELECT * INTO person FROM resident WHERE rrn = movers[i];
        path := jsonb_build_array('residents', i - 1);
        wrong := wrong || CASE
            WHEN movers[i] = ANY(movers[1 : i - 1]) THEN mistake(path, 'REPEATED', 'this resident is named before')
            WHEN person.status = 'DECEASED' THEN mistake(path, 'DECEASED', 'this resident is registered as deceased')
            WHEN person.status = 'EMIGRATED' THEN mistake(path, 'EMIGRATED', 'this resident is registered as emigrated')
            WHEN person.household_id IS DISTINCT FROM home
                THEN mistake(path, 'OTHER_HOUSEHOLD', 'this resident lives in another household; report that move by itself')
            WHEN moved < person.birth_date THEN mistake('["movedOn"]', 'BEFORE_BIRTH', 'one who moves was not born on that day')
            WHEN moved < person.moved_in_on
                THEN mistake('["movedOn"]', 'BEFORE_LAST_MOVE', 'one who moves has moved later than that day already')
            ELSE '[]' END;
    END LOOP;
    RETURN wrong || CASE WHEN moved > today THEN mistake('["movedOn"]', 'IN_FUTURE', 'a move is reported when it has happened') ELSE '[]' END;
END $$;

-- What is wrong with where they move to. `home` is where they live, `joined` the household that they join, if they join one.
CREATE FUNCTION destination_mistakes(input jsonb, home household, joined household) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN char_length(btrim(input #>> '{to,address}')) NOT BETWEEN 5 AND 200 OR NOT is_plain(btrim(input #>> '{to,address}'))
            THEN mistake('["to", "address"]', 'NO_ADDRESS', 'give the whole address, in 5 to 200 characters of one line')
        WHEN NOT EXISTS (SELECT FROM resident WHERE district_code = input #>> '{to,districtCode}')
            THEN mistake('["to", "districtCode"]', 'UNKNOWN_DISTRICT', 'no district has this code')
        WHEN home.address = btrim(input #>> '{to,address}')
            THEN mistake('["to", "address"]', 'SAME_ADDRESS', 'they are registered at this address already')
        WHEN input -> 'joins' IS NULL THEN '[]'
        WHEN joined.id IS NULL OR joined.id = home.id
            THEN mistake('["joins"]', 'NOT_ELSEWHERE', 'this resident lives in no other household that could be joined')
        WHEN joined.address IS DISTINCT FROM btrim(input #>> '{to,address}') OR joined.district_code <> input #>> '{to,districtCode}'
            THEN mistake('["to"]', 'NOT_THERE', 'the household that is joined does not live at this address')
        ELSE '[]' END
$$;

-- What is wrong with one who is named as a head: of those that move or of those that stay.
CREATE FUNCTION head_mistakes(path text, named text, among text[], needed boolean, today date) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN named IS NULL AND needed AND cardinality(among) > 1
            THEN mistake(jsonb_build_array(path), 'REQUIRED', 'name who heads the household now')
        WHEN named IS NULL THEN '[]'
        WHEN NOT needed THEN mistake(jsonb_build_array(path), 'NOT_NEEDED', 'the head of this household does not change; leave it out')
        WHEN named <> ALL(among) THEN mistake(jsonb_build_array(path), 'NOT_A_MEMBER', 'this resident will not live in the household')
        WHEN NOT (SELECT is_adult(birth_date, today) FROM resident WHERE rrn = named)
            THEN mistake(jsonb_build_array(path), 'MINOR', 'a minor does not head a household') ELSE '[]' END
$$;

CREATE FUNCTION has_adult(people text[], today date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM resident WHERE rrn = ANY(people) AND is_adult(birth_date, today))
$$;

CREATE FUNCTION report_move_in(input jsonb, caller jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    today date := caller ->> 'today';
    moved date := input ->> 'movedOn';
    place text := btrim(input #>> '{to,address}');
    district text := input #>> '{to,districtCode}';
    joins text := input #>> '{joins,rrn}';
    movers text[] := ARRAY(SELECT each ->> 'rrn' FROM jsonb_array_elements(input -> 'residents') WITH ORDINALITY AS t(each, n) ORDER BY n);
    said jsonb := coalesce(input -> 'relations', '[]');
    home household;
    joined household;
    stayers text[];
    others text[];
    head text;
    first text;
    rest text;
    leaves boolean;
    target bigint;
    wrong jsonb;
BEGIN
    PERFORM hold_named(caller);
    SELECT * INTO home FROM household WHERE id = (SELECT household_id FROM resident WHERE rrn = movers[1]);
    SELECT * INTO joined FROM household WHERE id = (SELECT household_id FROM resident WHERE rrn = joins);
    wrong := movers_mistakes(movers, home.id, moved, today) || destination_mistakes(input, home, joined);
    IF caller ->> 'rrn' IS NOT NULL AND NOT has_adult(ARRAY[caller ->> 'rrn'], today) THEN
        wrong := wrong || mistake('[]', 'MINOR', 'a minor does not report a move; a parent or guardian does');
    END IF;
    IF wrong <> '[]' THEN
        RETURN jsonb_build_object('errors', wrong);
    END IF;

    stayers := ARRAY(SELECT rrn FROM resident WHERE household_id = home.id AND rrn <> ALL(movers) ORDER BY id);
    others := ARRAY(SELECT rrn FROM resident WHERE household_id = joined.id ORDER BY id);
    SELECT rrn INTO first FROM resident WHERE id = home.head_id;
    leaves := first = ANY(movers) AND stayers <> '{}';
    -- Who heads those that move, and those that stay.
    head := coalesce(input #>> '{newHead,rrn}', CASE WHEN first = ANY(movers) THEN first ELSE movers[1] END);
    rest := CASE WHEN leaves THEN coalesce(input #>> '{headOfRest,rrn}', stayers[1]) END;
    wrong := head_mistakes('headOfRest', input #>> '{headOfRest,rrn}', stayers, leaves, today);
    IF joins IS NOT NULL THEN
        wrong := wrong || head_mistakes('newHead', input #>> '{newHead,rrn}', movers, false, today);
    ELSE
        wrong := wrong || head_mistakes('newHead', input #>> '{newHead,rrn}', movers, input ? 'newHead' OR first <> ALL(movers), today);
    END IF;
    IF NOT has_adult(movers || others, today) THEN
        wrong := wrong || mistake('["residents"]', 'MINOR_ALONE', 'minors move with an adult, or to an adult who lives there');
    END IF;
    IF stayers <> '{}' AND NOT has_adult(stayers, today) AND has_adult(movers, today) THEN
        wrong := wrong || mistake('["residents"]', 'MINORS_STAY', 'minors would stay behind without an adult');
    END IF;
    -- What each is to the head then.
    SELECT wrong || coalesce(jsonb_agg(each -> 0), '[]') INTO wrong FROM (
        SELECT CASE
            WHEN relation ->> 'relation' = 'HEAD' THEN mistake(path || '["relation"]', 'HEAD', 'name heads by `newHead` and `headOfRest`')
            WHEN count(*) OVER (PARTITION BY relation #>> '{resident,rrn}') > 1
                THEN mistake(path || '["resident"]', 'REPEATED', 'the relation of this resident is given twice')
            WHEN relation #>> '{resident,rrn}' <> ALL(movers || CASE WHEN leaves THEN stayers ELSE '{}' END)
                OR (relation #>> '{resident,rrn}' IN (head, rest) AND joins IS NULL) OR relation #>> '{resident,rrn}' = rest
                THEN mistake(path || '["resident"]', 'NOT_NEEDED', 'the relation of this resident is not for you to give; leave it out')
            END AS each
        FROM (SELECT relation, jsonb_build_array('relations', n - 1) AS path FROM jsonb_array_elements(said) WITH ORDINALITY AS t(relation, n))
    ) WHERE each IS NOT NULL;
    IF joins IS NOT NULL THEN
        SELECT wrong || coalesce(jsonb_agg(mistake(
            jsonb_build_array('residents', n - 1), 'RELATION_REQUIRED', 'give the relation of this resident to the head there') -> 0
        ORDER BY n), '[]') INTO wrong
        FROM unnest(movers) WITH ORDINALITY AS t(mover, n)
        WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(said) AS relation WHERE relation #>> '{resident,rrn}' = mover);
    END IF;
    IF wrong <> '[]' THEN
        RETURN jsonb_build_object('errors', wrong);
    END IF;

    RETURN settle_move(input, caller, home, joined, movers, stayers, others, head, rest, first);
END $$;

-- Does what was found to be right.
CREATE FUNCTION settle_move(
    input jsonb, caller jsonb, home household, joined household, movers text[], stayers text[], others text[], head text, rest text,
    first text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    place text := btrim(input #>> '{to,address}');
    district text := input #>> '{to,districtCode}';
    joins boolean := joined.id IS NOT NULL;
    target bigint := CASE WHEN joined.id IS NOT NULL THEN joined.id WHEN stayers = '{}' THEN home.id END;
    chief text;
    under text;
BEGIN
    IF stayers <> '{}' THEN
        UPDATE household SET size = cardinality(stayers), head_id = coalesce((SELECT id FROM resident WHERE rrn = rest), head_id)
        WHERE id = home.id;
    ELSIF joins THEN
        DELETE FROM household WHERE id = home.id;
    ELSE
        UPDATE household SET head_id = (SELECT id FROM resident WHERE rrn = head), address = place, district_code = district
        WHERE id = home.id;
    END IF;
    IF joins THEN
        UPDATE household SET size = size + cardinality(movers) WHERE id = joined.id;
    ELSIF target IS NULL THEN
        target := nextval('household_ids');
        INSERT INTO household VALUES (target, (SELECT id FROM resident WHERE rrn = head), cardinality(movers), place, district);
    END IF;
    -- Relations that are not given follow from those that both had to the head before.
    FOREACH chief IN ARRAY ARRAY[head, rest] LOOP
        CONTINUE WHEN chief IS NULL OR (chief = head AND joins);
        SELECT relation_to_head INTO under FROM resident WHERE rrn = chief;
        UPDATE resident SET relation_to_head = CASE
            WHEN rrn = chief THEN 'HEAD' WHEN under = 'HEAD' THEN relation_to_head ELSE relation_under(under, relation_to_head) END
        WHERE rrn = ANY(CASE WHEN chief = head THEN movers ELSE stayers END);
    END LOOP;
    UPDATE resident SET relation_to_head = relation ->> 'relation'
    FROM jsonb_array_elements(coalesce(input -> 'relations', '[]')) AS relation WHERE rrn = relation #>> '{resident,rrn}';
    UPDATE resident SET household_id = target, address = place, district_code = district, moved_in_on = (input ->> 'movedOn')::date
    WHERE rrn = ANY(movers);
    INSERT INTO move_in VALUES (
        nextval('move_in_ids'), target, (input ->> 'movedOn')::date, home.address, place, input ->> 'reason'
    );
    SET CONSTRAINTS ALL IMMEDIATE;

    INSERT INTO outbox (kind, rrn, districts, receipt)
    SELECT 'MOVED_IN', mover, ARRAY(SELECT DISTINCT unnest(ARRAY[home.district_code, district])), caller ->> 'receipt'
    FROM unnest(movers) AS mover;
    INSERT INTO outbox (kind, rrn, districts, receipt)
    SELECT 'HEAD_CHANGED', chiefs.rrn, ARRAY[resident.district_code], caller ->> 'receipt'
    FROM unnest(ARRAY[CASE WHEN NOT joins AND head <> first THEN head END, rest]) AS chiefs(rrn) JOIN resident USING (rrn);
    RETURN jsonb_build_object('told', '{}'::jsonb, 'subjects', to_jsonb(movers || others || CASE WHEN rest IS NULL THEN '{}' ELSE stayers END));
END $$;

-- ── Births (Resident Registration Act, arts. 7-2 and 11; Act on Registration of Family Relations, art. 44) ────────────────────────────

-- How many numbers were given to people of one sex born on one day.
CREATE TABLE rrn_count (
    born date NOT NULL,
    sex text NOT NULL CHECK (sex IN ('FEMALE', 'MALE')),
    given integer NOT NULL
);
ALTER TABLE rrn_count ADD PRIMARY KEY (born, sex);

-- The number of a serial from 0 to 8999, of a kind that was never given to anyone: examples/korea/rrn.py says of what it is made.
CREATE FUNCTION rrn_of(born date, sex text, serial integer) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    nine text := to_char(born, 'YYMMDD') || CASE sex WHEN 'MALE' THEN '9' ELSE '0' END || CASE WHEN born < '2000-01-01' THEN '97' ELSE '98' END;
    twelve bigint := nine::bigint * 1000 + serial % 1000;
    total bigint := 0;
BEGIN
    FOR place IN 0 .. 11 LOOP
        -- From the last digit to the first: weights 5, 4, 3, 2, 9, 8 … 2.
        total := total + twelve % 10 * CASE WHEN place < 4 THEN 5 - place ELSE 13 - place END;
        twelve := twelve / 10;
    END LOOP;
    RETURN nine || lpad((serial % 1000)::text, 3, '0') || (11 - total % 11 + 1 + serial / 1000) % 10;
END $$;

-- A number that nobody ever had; null when there is none left for that day. Whoever asks for another of the same day waits.
CREATE FUNCTION rrn_allotted(day date, of_sex text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    serial integer;
    last CONSTANT integer := 8999;
BEGIN
    INSERT INTO rrn_count VALUES (day, of_sex, 0) ON CONFLICT DO NOTHING;
    SELECT given INTO serial FROM rrn_count WHERE born = day AND sex = of_sex FOR UPDATE;
    WHILE serial <= last AND EXISTS (SELECT FROM rrn_taken WHERE rrn = rrn_of(day, of_sex, serial)) LOOP
        serial := serial + 1;
    END LOOP;
    UPDATE rrn_count SET given = least(serial + 1, last + 1) WHERE born = day AND sex = of_sex;
    RETURN CASE WHEN serial <= last THEN rrn_of(day, of_sex, serial) END;
END $$;

CREATE FUNCTION parent_mistakes(path text, parent resident, expected text, born date, latest date) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN parent.rrn IS NULL THEN '[]'
        WHEN parent.sex <> expected THEN mistake(jsonb_build_array(path), 'SEX', format('this resident is not registered as %s', lower(expected)))
        WHEN parent.birth_date + interval '12 years' > born
            THEN mistake(jsonb_build_array(path), 'TOO_YOUNG', 'this resident was less than twelve years old at the birth')
        WHEN parent.death_date < latest THEN mistake(jsonb_build_array(path), 'DECEASED', 'this resident had died before')
        ELSE '[]' END
$$;

CREATE FUNCTION register_birth(input jsonb, caller jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    today date := caller ->> 'today';
    born date := input ->> 'bornOn';
    called text := btrim(input ->> 'name');
    mother resident;
    father resident;
    parent resident;
    home household;
    given text;
    wrong jsonb := '[]';
BEGIN
    PERFORM hold_named(caller);
    SELECT * INTO mother FROM resident WHERE rrn = input #>> '{mother,rrn}';
    SELECT * INTO father FROM resident WHERE rrn = input #>> '{father,rrn}';
    IF input ->> 'household' = 'FATHER' THEN parent := father; ELSE parent := mother; END IF;
    SELECT * INTO home FROM household WHERE id = parent.household_id;
    -- A father may have died within 300 days before the birth (Civil Act, art. 844(3)).
    wrong := parent_mistakes('mother', mother, 'FEMALE', born, born) || parent_mistakes('father', father, 'MALE', born, born - 300);
    wrong := wrong || CASE WHEN char_length(called) NOT BETWEEN 1 AND 60 OR NOT is_plain(called)
        THEN mistake('["name"]', 'NAME', 'a name has 1 to 60 characters of one line') ELSE '[]' END;
    wrong := wrong || CASE WHEN char_length(btrim(input ->> 'place')) NOT BETWEEN 1 AND 200 OR NOT is_plain(btrim(input ->> 'place'))
        THEN mistake('["place"]', 'PLACE', 'a place has 1 to 200 characters of one line') ELSE '[]' END;
    wrong := wrong || CASE WHEN born > today THEN mistake('["bornOn"]', 'IN_FUTURE', 'a birth is reported when it has happened')
        ELSE '[]' END;
    wrong := wrong || CASE
        WHEN parent.rrn IS NULL THEN mistake('["household"]', 'NO_FATHER', 'no father is named, so the child enters the household of the mother')
        WHEN home.id IS NULL THEN mistake('["household"]', 'NO_HOUSEHOLD', 'this parent is registered in no household') ELSE '[]' END;
    IF EXISTS (
        SELECT FROM resident WHERE household_id IN (mother.household_id, father.household_id)
        AND (name, birth_date, sex) = (called, born, input ->> 'sex')
    ) THEN
        wrong := wrong || mistake('["name"]', 'REGISTERED', 'a child of this name, sex and day of birth is registered with them already');
    END IF;
    IF wrong <> '[]' THEN
        RETURN jsonb_build_object('errors', wrong);
    END IF;
    given := rrn_allotted(born, input ->> 'sex');
    IF given IS NULL THEN
        RETURN jsonb_build_object('errors', mistake('["bornOn"]', 'NUMBERS_SPENT', 'no resident number is left for this day and sex'));
    END IF;

    UPDATE household SET size = size + 1 WHERE id = home.id;
    INSERT INTO resident (
        id, rrn, name, sex, birth_date, status, relation_to_head, address, address_protected, district_code, moved_in_on, household_id
    ) VALUES (
        nextval('resident_ids'), given, called, input ->> 'sex', born, 'REGISTERED',
        CASE parent.relation_to_head WHEN 'HEAD' THEN 'CHILD' WHEN 'SPOUSE' THEN 'CHILD' WHEN 'CHILD' THEN 'GRANDCHILD'
            WHEN 'PARENT' THEN 'SIBLING' ELSE 'OTHER' END,
        home.address, parent.address_protected, home.district_code, greatest(born, parent.moved_in_on), home.id
    );
    SET CONSTRAINTS ALL IMMEDIATE;
    INSERT INTO outbox (kind, rrn, districts, receipt) VALUES ('RESIDENT_BORN', given, ARRAY[home.district_code], caller ->> 'receipt');
    RETURN jsonb_build_object(
        'told', jsonb_build_object('rrn', given, 'district', home.district_code), 'about', given,
        'subjects', to_jsonb(array_remove(ARRAY[given, mother.rrn, father.rrn], NULL))
    );
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
