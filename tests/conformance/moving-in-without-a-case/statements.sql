-- mois, keys ["9702280970009"], values ["11110"]
SELECT t0."rrn", t0."name", t0."address", t0."district_code", t1."id", CASE WHEN (t1."district_code" = $2::text) THEN t1."id" END, coalesce((t1."district_code" = $2::text), false) FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);
