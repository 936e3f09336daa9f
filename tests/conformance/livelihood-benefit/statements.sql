-- petitions, keys ["2026-00017"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values ["11110"]
SELECT t0."rrn", t0."name", t1."id", CASE WHEN (t1."district_code" = $2::text) THEN t1."size" END, coalesce((t1."district_code" = $2::text), false), CASE WHEN (t1."district_code" = $2::text) THEN t1."id" END, CASE WHEN (t1."district_code" = $2::text) THEN t1."head_id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- mois, keys [6000001], values ["11110", "2026-11-30", "8103149970008"]
SELECT t0."household_id", CASE WHEN (t0."district_code" = $2::text) THEN t0."name" END, coalesce((t0."district_code" = $2::text), false), rpad(left(t0."name", 1), length(t0."name"), '*'), CASE WHEN (t0."district_code" = $2::text) THEN extract(year FROM age($3::date::timestamp, t0."birth_date"::timestamp))::bigint END, CASE WHEN (t0."district_code" = $2::text) THEN t0."relation_to_head" END, CASE WHEN ((t0."district_code" = $2::text) AND (t0."rrn" = $4::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $4::text LIMIT 1))) THEN t0."rrn" END, coalesce(((t0."district_code" = $2::text) AND (t0."rrn" = $4::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $4::text LIMIT 1))), false), CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys [5000000]
SELECT t0."id", t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- moel, keys ["8103149970008", "8307020970008", "1205200980002"]
SELECT t0."rrn", t0."workplace", t0."lost_on", t0."weekly_hours" FROM "employment" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."acquired_on" DESC NULLS LAST, t0."id" NULLS LAST;

-- gateway, keys ["8103149970008", "8307020970008", "1205200980002"], values ["2026-11-30", false, "jongno", "basic-livelihood-benefit", "TaxCertificate.income"]
SELECT t0."rrn", coalesce(t0."item" = $2::text, false) FROM "consent" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."agency" = $3::text AND t0."purpose" = $4::text AND t0."since" <= $5::date AND t0."until" >= $5::date AND t0."revoked" = $6::boolean);

-- nps, keys ["8103149970008", "8307020970008", "1205200980002"]
SELECT t0."rrn", t0."kind", t0."benefit" FROM "pension" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- nhis, keys ["8103149970008", "8307020970008", "1205200980002"]
SELECT t1."rrn", t0."kind", t0."monthly_premium" FROM "health_insurance" AS t0 LEFT JOIN "member_crosswalk" AS t1 ON t1."member_number" = t0."member_number" WHERE t1."rrn" = ANY($1::text[]);

-- molit_vehicles, keys ["8103149970008", "8307020970008", "1205200980002"]
SELECT t0."owner_rrn", t0."model", t0."year" FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- molit_buildings, keys ["8103149970008", "8307020970008", "1205200980002"]
SELECT t0."owner_rrn", t0."use", t0."official_price" FROM "building" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;

-- mohw_disability, keys ["8103149970008", "8307020970008", "1205200980002"]
SELECT t0."rrn", t0."severity" FROM "disability" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mohw_livelihood, keys ["8103149970008"]
SELECT t0."head_rrn", t0."started_on", t0."id", t0."kind", t0."near_poor" FROM "livelihood_benefit" AS t0 WHERE t0."head_rrn" = ANY($1::text[]) ORDER BY t0."started_on" DESC NULLS LAST, t0."id" NULLS LAST;

-- nts, keys ["8103149970008", "8307020970008"], values [2024, 10000000, 2]
SELECT k.key, r.c0, r.c1, r.c2, r.c3 FROM unnest($1::text[]) AS k(key) CROSS JOIN LATERAL (SELECT t0."year" AS c0, CASE WHEN t0."year" >= $2::bigint THEN t0."income" END AS c1, coalesce(t0."year" >= $2::bigint, false) AS c2, (CASE WHEN t0."income" % $3::bigint < 0 THEN greatest(t0."income" / $3::bigint * $3::bigint, '-9223372036854775808'::bigint + $3::bigint) - $3::bigint ELSE t0."income" / $3::bigint * $3::bigint END) AS c3 FROM "tax_certificate" AS t0 WHERE t0."rrn" = k.key AND t0."year" >= $2::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST LIMIT $4::bigint) AS r;

-- nts, keys ["1205200980002"], values [2024, 10000000, 2]
SELECT k.key, r.c0, r.c1, r.c2, r.c3 FROM unnest($1::text[]) AS k(key) CROSS JOIN LATERAL (SELECT t0."year" AS c0, NULL AS c1, NULL AS c2, (CASE WHEN t0."income" % $2::bigint < 0 THEN greatest(t0."income" / $2::bigint * $2::bigint, '-9223372036854775808'::bigint + $2::bigint) - $2::bigint ELSE t0."income" / $2::bigint * $2::bigint END) AS c3 FROM "tax_certificate" AS t0 WHERE t0."rrn" = k.key AND t0."year" >= $3::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST LIMIT $4::bigint) AS r;
