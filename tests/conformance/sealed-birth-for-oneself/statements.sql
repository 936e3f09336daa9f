-- scourt, keys ["0103099980004"], values ["CHILD", true]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- mois, keys ["0103099980004"]
SELECT t0."rrn", t0."household_id" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["0103099980004"], values ["0103099980004", []]
SELECT t0."rrn", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."rrn" = $2::text) OR (t0."rrn" = ANY($3::text[])));

-- scourt, keys ["0103099980004"], values [true]
SELECT t0."rrn", CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."place" END, CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."registered_on" END, CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."father_rrn" END FROM "birth" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."sealed" = $2::boolean) IS NOT TRUE);

-- scourt, keys ["0103099980004"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- mois, keys ["9702280970009"], values [6000007, "0103099980004", []]
SELECT t0."rrn", t0."id", CASE WHEN ((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."name" END, coalesce(((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))), false), CASE WHEN ((t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."rrn" END, coalesce(((t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))), false), CASE WHEN ((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."birth_date" END FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;
