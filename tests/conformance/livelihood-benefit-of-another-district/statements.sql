-- petitions, keys ["2026-00017"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["9702280970009"], values ["11110"]
SELECT t0."rrn", t0."name", t1."id", CASE WHEN (t1."district_code" = $2::text) THEN t1."size" END, coalesce((t1."district_code" = $2::text), false), CASE WHEN (t1."district_code" = $2::text) THEN t1."id" END, CASE WHEN (t1."district_code" = $2::text) THEN t1."head_id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);
