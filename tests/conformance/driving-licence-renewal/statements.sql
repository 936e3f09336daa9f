-- petitions, keys ["2026-licence-000077"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values [true, "8103149970008"]
SELECT t0."rrn", t0."name", t0."birth_date", CASE WHEN (((t0."address_protected" = $2::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END, coalesce((t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1)), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- police, keys ["8103149970008"]
SELECT t0."rrn", t0."number", t0."licence_class", t0."issued_on", t0."renew_by", t0."status" FROM "driving_licence" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mofa, keys ["8103149970008"], values ["VALID", 4]
SELECT t0."rrn", (CASE WHEN t0."number" IS NOT NULL AND $2::bigint IS NOT NULL THEN lpad(right(t0."number", greatest(least($2::bigint, length(t0."number")), 0)::int), length(t0."number"), '*') END), t0."status" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."status" = $3::text ORDER BY t0."id" NULLS LAST;

-- police, keys ["8103149970008"], values [["VALID", "SUSPENDED", "EXPIRED"]]
SELECT t0."rrn", coalesce(t0."status" = ANY($2::text[]), false) FROM "driving_licence" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mohw_disability, keys ["8103149970008"]
SELECT t0."rrn", t0."severity", t0."kind" FROM "disability" AS t0 WHERE t0."rrn" = ANY($1::text[]);
