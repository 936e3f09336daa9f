-- scourt, keys ["8608210970001"], values ["CHILD", true]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- mois, keys ["8608210970001"]
SELECT t0."rrn", t0."household_id" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["1410300980001"]
SELECT t0."rrn", t0."birth_date" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["1410300980001"], values ["8608210970001", ["1410300980001"], 6000005]
SELECT t0."rrn", t0."name", CASE WHEN (t0."household_id" = $2::bigint OR t0."rrn" = $3::text) THEN t0."address" END, coalesce((t0."household_id" = $2::bigint OR t0."rrn" = $3::text), false), CASE WHEN (t0."rrn" = $3::text) THEN t0."rrn" END, coalesce((t0."rrn" = $3::text), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[])));

-- mofa, keys ["1410300980001"]
SELECT t0."rrn", t0."number", t0."status" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."issued_on" DESC NULLS LAST, t0."id" NULLS LAST;

-- scourt, keys ["1410300980001"], values [true]
SELECT t0."rrn", CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."place" END FROM "birth" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."sealed" = $2::boolean) IS NOT TRUE);

-- mohw_disability, keys ["1410300980001"]
SELECT t0."rrn", t0."kind" FROM "disability" AS t0 WHERE t0."rrn" = ANY($1::text[]);
