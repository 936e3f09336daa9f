-- mois, values [19, "2026-11-30", 3]
SELECT t0."id", t0."rrn" FROM "resident" AS t0 WHERE extract(year FROM age($1::date::timestamp, t0."birth_date"::timestamp))::bigint >= $2::bigint ORDER BY t0."id" NULLS LAST LIMIT $3::bigint;
