-- petitions, keys ["2026-00061"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["9702280970009"], values ["11110", "9702280970009"]
SELECT t0."rrn", t0."name", t0."birth_date", t0."status", t0."district_code", t1."id", CASE WHEN ((t1."district_code" = $2::text) OR ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1))) THEN t1."size" END, coalesce(((t1."district_code" = $2::text) OR ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1))), false), CASE WHEN ((t1."district_code" = $2::text) OR ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1))) THEN t1."head_id" END, CASE WHEN ((t1."district_code" = $2::text) OR ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1))) THEN t1."id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND ((t0."district_code" = $2::text) OR (t0."rrn" = $3::text OR EXISTS (SELECT 1 FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text)));

-- mois, keys [5000013]
SELECT t0."id", t0."name", t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- mois, keys [6000009], values ["11110", "9702280970009"]
SELECT t0."household_id", t0."name", CASE WHEN ((t0."district_code" = $2::text) OR (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))) THEN t0."birth_date" END, coalesce(((t0."district_code" = $2::text) OR (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))), false), CASE WHEN ((t0."district_code" = $2::text) OR (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))) THEN t0."relation_to_head" END, t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- scourt, keys ["9702280970009"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- scourt, keys ["9702280970009"], values ["SPOUSE"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- scourt, keys ["9702280970009"], values ["CHILD"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- molit_buildings, keys ["9702280970009"]
SELECT t0."owner_rrn", t0."use", t0."approved_on" FROM "building" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;

-- molit_vehicles, keys ["9702280970009"]
SELECT t0."owner_rrn", t0."plate", t0."model" FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- mois, keys ["0103099980004"]
SELECT t0."rrn", t0."id", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;
