-- petitions, keys ["2026-income-tax-000412"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values ["8103149970008", true]
SELECT t0."rrn", t0."name", CASE WHEN (((t0."address_protected" = $2::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN substring(t0."address" from '^[^ ]*(?: [^ ]*)?') END, CASE WHEN (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1)) THEN t0."rrn" END, coalesce((t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1)), false), t1."id", CASE WHEN ((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1)) THEN t1."id" END, coalesce(((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."rrn" = $3::text LIMIT 1)), false) FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."rrn" = $3::text OR EXISTS (SELECT 1 FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text));

-- nts, keys ["8103149970008"], values [2021]
SELECT t0."rrn", t0."year", t0."income", t0."tax_paid" FROM "tax_certificate" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."year" >= $2::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST;

-- mois, keys [6000001], values ["8103149970008"]
SELECT t0."household_id", t0."name", t0."rrn", coalesce((t0."rrn" = $2::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $2::text LIMIT 1)), false) FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;

-- scourt, keys ["8103149970008"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- nhis, keys ["8103149970008"]
SELECT t1."rrn", t0."monthly_premium" FROM "health_insurance" AS t0 LEFT JOIN "member_crosswalk" AS t1 ON t1."member_number" = t0."member_number" WHERE t1."rrn" = ANY($1::text[]);

-- gateway, keys ["8103149970008", "8307020970008", "1205200980002"], values ["2026-11-30", false, "nts", "income-tax-assessment", "Pension.benefit"]
SELECT t0."rrn", coalesce(t0."item" = $2::text, false) FROM "consent" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."agency" = $3::text AND t0."purpose" = $4::text AND t0."since" <= $5::date AND t0."until" >= $5::date AND t0."revoked" = $6::boolean);

-- nts, keys ["8103149970008", "8307020970008", "1205200980002"], values [["ACTIVE", "SUSPENDED"]]
SELECT t0."rrn", coalesce(t0."status" = ANY($2::text[]), false) FROM "business" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["5211039970008"], values ["8103149970008", true]
SELECT t0."rrn", t0."birth_date", t0."id", t0."name", CASE WHEN ((t0."rrn" = $2::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $2::text LIMIT 1)) AND ((t0."address_protected" = $3::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $3::boolean LIMIT 1)) IS NOT TRUE)) THEN substring(t0."address" from '^[^ ]*(?: [^ ]*)?') END, coalesce((t0."rrn" = $2::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $2::text LIMIT 1)), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;

-- nps, keys ["8103149970008"], values [100000]
SELECT t0."rrn", t0."benefit", ((t0."benefit" >= $2::bigint)::int * $2::bigint) FROM "pension" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- nps, keys ["8307020970008", "1205200980002"], values [100000]
SELECT t0."rrn", NULL, ((t0."benefit" >= $2::bigint)::int * $2::bigint) FROM "pension" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- molit_buildings, keys ["8103149970008", "1205200980002"], values [5]
SELECT t0."owner_rrn", (CASE WHEN t0."pnu" IS NOT NULL AND $2::bigint IS NOT NULL THEN rpad(left(t0."pnu", greatest(least($2::bigint, length(t0."pnu")), 0)::int), length(t0."pnu"), '*') END), t0."official_price" FROM "building" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;

-- gateway, keys ["5211039970008"], values ["2026-11-30", false, "nts", "income-tax-assessment", "Pension.benefit"]
SELECT t0."rrn", coalesce(t0."item" = $2::text, false) FROM "consent" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."agency" = $3::text AND t0."purpose" = $4::text AND t0."since" <= $5::date AND t0."until" >= $5::date AND t0."revoked" = $6::boolean);

-- nps, keys ["5211039970008"], values [100000]
SELECT t0."rrn", NULL, ((t0."benefit" >= $2::bigint)::int * $2::bigint) FROM "pension" AS t0 WHERE t0."rrn" = ANY($1::text[]);
