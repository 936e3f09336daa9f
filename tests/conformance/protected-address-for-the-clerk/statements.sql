-- mois, keys ["9012010970000"], values ["11110"]
SELECT t0."rrn", t0."name", t0."address", t1."id", CASE WHEN (t1."district_code" = $2::text) THEN t1."address" END, coalesce((t1."district_code" = $2::text), false), CASE WHEN (t1."district_code" = $2::text) THEN t1."id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- mois, keys [6000003], values ["11110"]
SELECT t0."household_id", CASE WHEN (t0."district_code" = $2::text) THEN t0."address" END, coalesce((t0."district_code" = $2::text), false), t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys [6000003]
SELECT t0."household_id", t0."date", t0."from_address", t0."to_address" FROM "move_in" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."date" DESC NULLS LAST, t0."id" NULLS LAST;

-- molit_vehicles, keys ["9012010970000"]
SELECT t0."owner_rrn", t0."plate", t0."base_address" FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;
