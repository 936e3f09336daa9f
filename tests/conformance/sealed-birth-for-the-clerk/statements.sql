-- petitions, keys ["2026-00041"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["0103099980004"], values ["11110", "0103099980004"]
SELECT t0."rrn", t0."name", CASE WHEN ((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))) THEN t0."rrn" END, coalesce(((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- scourt, keys ["0103099980004"], values [true]
SELECT t0."rrn", CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."place" END, coalesce(((t0."sealed" = $2::boolean) IS NOT TRUE), false), CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."registered_on" END, t0."sealed", CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."father_rrn" END FROM "birth" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- scourt, keys ["0103099980004"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- mois, keys [""], values ["11110", 7]
SELECT t0."rrn", t0."name", CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, coalesce((t0."district_code" = $2::text), false), (CASE WHEN t0."rrn" IS NOT NULL AND $3::bigint IS NOT NULL THEN rpad(left(t0."rrn", greatest(least($3::bigint, length(t0."rrn")), 0)::int), length(t0."rrn"), '*') END) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["9702280970009"], values ["11110", 7]
SELECT t0."rrn", t0."birth_date", t0."id", t0."name", CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, coalesce((t0."district_code" = $2::text), false), (CASE WHEN t0."rrn" IS NOT NULL AND $3::bigint IS NOT NULL THEN rpad(left(t0."rrn", greatest(least($3::bigint, length(t0."rrn")), 0)::int), length(t0."rrn"), '*') END) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;
