-- scourt, keys ["8103149970008"], values ["CHILD", true]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- mois, keys ["8103149970008"]
SELECT t0."rrn", t0."household_id" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["1205200980002"]
SELECT t0."rrn", t0."birth_date" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values [6000001]
SELECT t0."rrn", t1."id", CASE WHEN (t1."id" = $2::bigint) THEN t1."address" END, coalesce((t1."id" = $2::bigint), false), CASE WHEN (t1."id" = $2::bigint) THEN t1."id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys [6000001], values [6000001, "8103149970008", ["1205200980002"]]
SELECT t0."household_id", CASE WHEN ((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."name" END, coalesce(((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))), false), CASE WHEN ((t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."rrn" END, coalesce(((t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))), false), CASE WHEN ((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."birth_date" END, CASE WHEN (t0."household_id" = $2::bigint OR t0."rrn" = $3::text) THEN t0."address" END, coalesce((t0."household_id" = $2::bigint OR t0."rrn" = $3::text), false), CASE WHEN (t0."rrn" = ANY($4::text[]) OR t0."rrn" = $3::text) THEN t0."rrn" END, coalesce((t0."rrn" = ANY($4::text[]) OR t0."rrn" = $3::text), false), t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys [6000001]
SELECT t0."household_id", t0."to_address" FROM "move_in" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."date" DESC NULLS LAST, t0."id" NULLS LAST;

-- nts, keys ["8103149970008", "1205200980002"]
SELECT t0."rrn", t0."income" FROM "tax_certificate" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST;
