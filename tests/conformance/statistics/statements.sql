-- mois, values ["11110", "FEMALE", "REGISTERED"]
SELECT count(*) FROM "resident" AS t0 WHERE (t0."district_code" = $1::text AND t0."sex" = $2::text AND t0."status" = $3::text);

-- mois, values [65, "2026-11-30", "11110", "REGISTERED"]
SELECT count(*) FROM "resident" AS t0 WHERE (extract(year FROM age($1::date::timestamp, t0."birth_date"::timestamp))::bigint >= $2::bigint AND t0."district_code" = $3::text AND t0."status" = $4::text);

-- mois, values ["11110", "REGISTERED", "2026-11-30", 21]
SELECT t0."id", extract(year FROM age($1::date::timestamp, t0."birth_date"::timestamp))::bigint, t0."sex", t0."rrn" FROM "resident" AS t0 WHERE (t0."district_code" = $2::text AND t0."status" = $3::text) ORDER BY t0."id" NULLS LAST LIMIT $4::bigint;

-- mois, values ["11110", "REGISTERED"]
SELECT count(*) FROM "resident" AS t0 WHERE (t0."district_code" = $1::text AND t0."status" = $2::text);
