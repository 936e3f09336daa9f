-- scourt, keys ["9012010970000"], values ["CHILD", true]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- mois, keys ["9012010970000"]
SELECT t0."rrn", t0."household_id" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["1706069980002"]
SELECT t0."rrn", t0."birth_date" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["9012010970000"], values ["9012010970000", ["1706069980002"], 6000003]
SELECT t0."rrn", t0."name", CASE WHEN (t0."household_id" = $2::bigint OR t0."rrn" = $3::text) THEN t0."address" END, coalesce((t0."household_id" = $2::bigint OR t0."rrn" = $3::text), false), CASE WHEN (t0."household_id" = $2::bigint OR t0."rrn" = $3::text) THEN t0."household_id" END, CASE WHEN (t0."rrn" = $3::text) THEN t0."rrn" END, coalesce((t0."rrn" = $3::text), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[])));

-- mois, keys [6000003], values [6000003]
SELECT t0."id", CASE WHEN (t0."id" = $2::bigint) THEN t0."address" END, coalesce((t0."id" = $2::bigint), false), CASE WHEN (t0."id" = $2::bigint) THEN t0."id" END FROM "household" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- molit_vehicles, keys ["9012010970000"]
SELECT t0."owner_rrn", t0."plate", t0."base_address" FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- mois, keys [6000003], values [6000003, "9012010970000"]
SELECT t0."household_id", CASE WHEN (t0."household_id" = $2::bigint OR t0."rrn" = $3::text) THEN t0."address" END, coalesce((t0."household_id" = $2::bigint OR t0."rrn" = $3::text), false), t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys [6000003]
SELECT t0."household_id", t0."date", t0."from_address", t0."to_address" FROM "move_in" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."date" DESC NULLS LAST, t0."id" NULLS LAST;
