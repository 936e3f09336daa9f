-- petitions, keys ["2026-00071"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["8307020970008"], values ["8307020970008", true]
SELECT t0."rrn", t0."name", t0."birth_date", t0."sex", t0."status", t0."relation_to_head", CASE WHEN (((t0."address_protected" = $2::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END, t1."id", CASE WHEN ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1)) THEN t1."size" END, coalesce(((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1)), false), CASE WHEN ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1)) THEN t1."head_id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."rrn" = $3::text OR EXISTS (SELECT 1 FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text));

-- mois, keys [5000000]
SELECT t0."id", t0."name", t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- mois, keys [5000000]
SELECT t0."id", t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- scourt, keys ["8307020970008"]
SELECT t0."rrn", t0."married_on", t0."status", t0."spouse_rrn" FROM "marriage" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- scourt, keys ["8307020970008"], values ["CHILD"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- nhis, keys ["8307020970008"]
SELECT t1."rrn", t0."kind", t0."monthly_premium" FROM "health_insurance" AS t0 LEFT JOIN "member_crosswalk" AS t1 ON t1."member_number" = t0."member_number" WHERE t1."rrn" = ANY($1::text[]);

-- mohw_disability, keys ["8307020970008"]
SELECT t0."rrn", t0."severity" FROM "disability" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mohw_livelihood, keys ["8103149970008"]
SELECT t0."head_rrn", t0."id", t0."kind", t0."near_poor" FROM "livelihood_benefit" AS t0 WHERE t0."head_rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys ["1205200980002"]
SELECT t0."rrn", t0."birth_date", t0."id", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;
