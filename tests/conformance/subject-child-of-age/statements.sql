-- scourt, keys ["5704040970003"], values ["CHILD", true]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- mois, keys ["5704040970003"]
SELECT t0."rrn", t0."household_id" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["8608210970001"]
SELECT t0."rrn", t0."birth_date" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["8608210970001"], values ["5704040970003", [], 6000006]
SELECT t0."rrn", t0."name", CASE WHEN (t0."household_id" = $2::bigint OR t0."rrn" = $3::text) THEN t0."address" END, coalesce((t0."household_id" = $2::bigint OR t0."rrn" = $3::text), false), CASE WHEN (t0."rrn" = $3::text) THEN t0."rrn" END, coalesce((t0."rrn" = $3::text), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[])));
