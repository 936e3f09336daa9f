-- mois, keys ["8103149970008"], values ["11110"]
SELECT t0."rrn", t0."name", t1."id", CASE WHEN (t1."district_code" = $2::text) THEN t1."size" END, coalesce((t1."district_code" = $2::text), false), CASE WHEN (t1."district_code" = $2::text) THEN t1."id" END, CASE WHEN (t1."district_code" = $2::text) THEN t1."head_id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- mois, keys [8650000003], values ["2026-11-24", "11110"]
SELECT t0."household_id", t0."name", extract(year FROM age($2::date::timestamp, t0."birth_date"::timestamp))::bigint, CASE WHEN (t0."district_code" = $3::text) THEN t0."relation_to_head" END, coalesce((t0."district_code" = $3::text), false), CASE WHEN (t0."district_code" = $3::text) THEN t0."rrn" END FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;

-- mois, keys [7310000001]
SELECT t0."id", t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- moel, keys ["8103149970008", "8103151017298", "8103150493653"]
SELECT t0."rrn", t0."workplace", t0."lost_on", t0."weekly_hours" FROM "employment" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."acquired_on" DESC NULLS LAST, t0."id" NULLS LAST;

-- nts, keys ["8103149970008", "8103151017298", "8103150493653"], values [2]
SELECT k.key, r.c0, r.c1 FROM unnest($1::text[]) AS k(key) CROSS JOIN LATERAL (SELECT t0."year" AS c0, t0."income" AS c1 FROM "tax_certificate" AS t0 WHERE t0."rrn" = k.key ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST LIMIT $2::bigint) AS r;

-- nps, keys ["8103149970008", "8103151017298", "8103150493653"]
SELECT t0."rrn", t0."kind", t0."benefit" FROM "pension" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- nhis, keys ["8103149970008", "8103151017298", "8103150493653"]
SELECT t1."rrn", t0."kind", t0."monthly_premium" FROM "health_insurance" AS t0 LEFT JOIN "member_crosswalk" AS t1 ON t1."member_number" = t0."member_number" WHERE t1."rrn" = ANY($1::text[]);

-- molit_vehicles, keys ["8103149970008", "8103151017298", "8103150493653"]
SELECT t0."owner_rrn", t0."model", t0."year" FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- molit_buildings, keys ["8103149970008", "8103151017298", "8103150493653"]
SELECT t0."owner_rrn", t0."use", t0."official_price" FROM "building" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."pnu" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- mohw_disability, keys ["8103149970008", "8103151017298", "8103150493653"]
SELECT t0."rrn", t0."severity" FROM "disability" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mohw_livelihood, keys ["8103149970008"]
SELECT t0."head_rrn", t0."started_on", t0."id", t0."kind", t0."near_poor" FROM "livelihood_benefit" AS t0 WHERE t0."head_rrn" = ANY($1::text[]) ORDER BY t0."started_on" DESC NULLS LAST, t0."id" NULLS LAST;
