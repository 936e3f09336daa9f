-- mois, keys ["8103149970008"]
SELECT t0."rrn", t0."name", t0."birth_date", t0."status", t0."address", t1."id", t1."size" FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]);

-- scourt, keys ["8103149970008"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- mofa, keys ["8103149970008"]
SELECT t0."rrn", t0."number", t0."kind", t0."issued_on", t0."expires_on", t0."status" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."issued_on" DESC NULLS LAST, t0."id" NULLS LAST;

-- mofa, keys ["8103149970008"]
SELECT t0."rrn", t0."number" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mma, keys ["8103149970008"]
SELECT t0."rrn", t0."kind", t0."discharged_on" FROM "military_service" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- police, keys ["8103149970008"]
SELECT t0."rrn", t0."number", t0."status" FROM "driving_licence" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys [8650000003]
SELECT t0."household_id", t0."name" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;

-- moj, keys ["M4000173"]
SELECT t0."passport_number", t0."crossed_on", t0."id", t0."direction", t0."port" FROM "border_crossing" AS t0 WHERE t0."passport_number" = ANY($1::text[]) ORDER BY t0."crossed_on" DESC NULLS LAST, t0."id" NULLS LAST;
