-- mois, keys ["8103149970008"], values ["11110"]
SELECT t0."rrn", t0."name", t1."id", CASE WHEN (t1."district_code" = $2::text) THEN t1."size" END, coalesce((t1."district_code" = $2::text), false), CASE WHEN (t1."district_code" = $2::text) THEN t1."id" END, CASE WHEN (t1."district_code" = $2::text) THEN t1."head_id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- mois, keys [6000001], values ["11110", "2026-11-30"]
SELECT t0."household_id", CASE WHEN (t0."district_code" = $2::text) THEN t0."name" END, coalesce((t0."district_code" = $2::text), false), CASE WHEN (t0."district_code" = $2::text) THEN extract(year FROM age($3::date::timestamp, t0."birth_date"::timestamp))::bigint END, CASE WHEN (t0."district_code" = $2::text) THEN t0."relation_to_head" END, CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys [5000000]
SELECT t0."id", t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- nts, keys ["8103149970008", "8307020970008", "1205200980002"], values [2024, 10000000, 2]
SELECT k.key, r.c0, r.c1 FROM unnest($1::text[]) AS k(key) CROSS JOIN LATERAL (SELECT t0."year" AS c0, (CASE WHEN t0."income" % $2::bigint < 0 THEN greatest(t0."income" / $2::bigint * $2::bigint, '-9223372036854775808'::bigint + $2::bigint) - $2::bigint ELSE t0."income" / $2::bigint * $2::bigint END) AS c1 FROM "tax_certificate" AS t0 WHERE t0."rrn" = k.key AND t0."year" >= $3::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST LIMIT $4::bigint) AS r;

-- nhis, keys ["8103149970008", "8307020970008", "1205200980002"]
SELECT t1."rrn", t0."kind" FROM "health_insurance" AS t0 LEFT JOIN "member_crosswalk" AS t1 ON t1."member_number" = t0."member_number" WHERE t1."rrn" = ANY($1::text[]);

-- mohw_livelihood, keys ["8103149970008"]
SELECT t0."head_rrn", t0."started_on", t0."id", t0."kind", t0."near_poor" FROM "livelihood_benefit" AS t0 WHERE t0."head_rrn" = ANY($1::text[]) ORDER BY t0."started_on" DESC NULLS LAST, t0."id" NULLS LAST;
