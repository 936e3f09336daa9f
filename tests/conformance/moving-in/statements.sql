-- petitions, keys ["2026-00061"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["9702280970009"]
SELECT t0."rrn", t0."household_id" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["9702280970009"], values ["11110", "9702280970009", 6000009]
SELECT t0."rrn", t0."name", CASE WHEN (t0."district_code" = $2::text) THEN t0."address" END, coalesce((t0."district_code" = $2::text), false), t0."district_code", t1."id", CASE WHEN ((t1."district_code" = $2::text) OR (t1."id" = $3::bigint)) THEN t1."id" END, coalesce(((t1."district_code" = $2::text) OR (t1."id" = $3::bigint)), false) FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND ((t0."district_code" = $2::text) OR (t0."rrn" = $4::text OR t0."household_id" = $3::bigint));

-- mois, keys [6000009], values ["11110", "9702280970009", 6000009]
SELECT t0."household_id", CASE WHEN ((t0."district_code" = $2::text) OR (t0."rrn" = $3::text OR t0."household_id" = $4::bigint)) THEN t0."name" END, coalesce(((t0."district_code" = $2::text) OR (t0."rrn" = $3::text OR t0."household_id" = $4::bigint)), false), CASE WHEN (t0."district_code" = $2::text) THEN t0."address" END, coalesce((t0."district_code" = $2::text), false) FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;
