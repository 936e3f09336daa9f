-- petitions, keys ["2026-passport-008841"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values ["8103149970008"]
SELECT t0."rrn", t1."id", CASE WHEN ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $2::text LIMIT 1)) THEN t1."head_id" END, coalesce(((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $2::text LIMIT 1)), false) FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys [5000000]
SELECT t0."id", t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- mohw_livelihood, keys ["8103149970008"], values [["LIVELIHOOD", "MEDICAL"]]
SELECT t0."head_rrn", t0."id", t0."kind" FROM "livelihood_benefit" AS t0 WHERE t0."head_rrn" = ANY($1::text[]) AND t0."kind" = ANY($2::text[]) ORDER BY t0."id" NULLS LAST;
