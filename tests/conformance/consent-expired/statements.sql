-- petitions, keys ["2026-00021"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["0402299980000"], values ["11110", "0402299980000"]
SELECT t0."rrn", t0."name", CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, coalesce((t0."district_code" = $2::text), false), coalesce(((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))), false), CASE WHEN ((t0."district_code" = $2::text) AND (t0."rrn" = $3::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $3::text LIMIT 1))) THEN t0."rrn" END FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- gateway, keys ["0402299980000"], values ["2026-11-30", false, "jongno", "basic-livelihood-benefit", "TaxCertificate.income", "Resident.businesses", "Business.kind", "Business.status"]
SELECT t0."rrn", coalesce(t0."item" = $2::text, false), coalesce(t0."item" = $3::text, false), coalesce(t0."item" = $4::text, false), coalesce(t0."item" = $5::text, false) FROM "consent" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."agency" = $6::text AND t0."purpose" = $7::text AND t0."since" <= $8::date AND t0."until" >= $8::date AND t0."revoked" = $9::boolean);

-- nts, keys ["0402299980000"], values [2024, 10000000]
SELECT t0."rrn", t0."year", NULL, NULL, (CASE WHEN t0."income" % $2::bigint < 0 THEN greatest(t0."income" / $2::bigint * $2::bigint, '-9223372036854775808'::bigint + $2::bigint) - $2::bigint ELSE t0."income" / $2::bigint * $2::bigint END) FROM "tax_certificate" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."year" >= $3::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST;

-- nps, keys ["0402299980000"]
SELECT t0."rrn", t0."benefit" FROM "pension" AS t0 WHERE t0."rrn" = ANY($1::text[]);
