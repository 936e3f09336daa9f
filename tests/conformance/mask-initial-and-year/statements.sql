-- petitions, keys ["2026-00017"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values ["11110", "8103149970008"]
SELECT t0."rrn", t0."name", t0."birth_date", CASE WHEN ((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))) THEN t0."rrn" END, coalesce(((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- scourt, keys ["8103149970008"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- mois, keys ["5211039970008"], values ["11110", true]
SELECT t0."rrn", t0."id", CASE WHEN (t0."district_code" = $2::text) THEN t0."name" END, coalesce((t0."district_code" = $2::text), false), rpad(left(t0."name", 1), length(t0."name"), '*'), CASE WHEN (t0."district_code" = $2::text) THEN t0."birth_date" END, date_trunc('year', t0."birth_date"::timestamp)::date, CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, CASE WHEN ((t0."district_code" = $2::text) AND ((t0."address_protected" = $3::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $3::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;
