-- petitions, keys ["2026-00017"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values ["11110", "8103149970008"]
SELECT t0."rrn", CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, coalesce((t0."district_code" = $2::text), false), CASE WHEN ((t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1)) AND t0."district_code" = $2::text) THEN t0."rrn" END, coalesce(((t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1)) AND t0."district_code" = $2::text), false), CASE WHEN ((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))) THEN t0."rrn" END, coalesce(((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- nts, keys ["8103149970008"], values [2024]
SELECT t0."rrn", t0."year" FROM "tax_certificate" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."year" >= $2::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST;

-- localtax, keys ["8103149970008"], values [2024]
SELECT t0."rrn", t0."year", t0."amount" FROM "local_tax" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."year" >= $2::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST;

-- mofa, keys ["8103149970008"]
SELECT t0."rrn", t0."number" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- moj, keys ["M00202400", "M00201400"], values ["2026-05-30"]
SELECT t0."passport_number", t0."crossed_on", t0."id" FROM "border_crossing" AS t0 WHERE t0."passport_number" = ANY($1::text[]) AND t0."crossed_on" >= $2::date ORDER BY t0."crossed_on" DESC NULLS LAST, t0."id" NULLS LAST;
