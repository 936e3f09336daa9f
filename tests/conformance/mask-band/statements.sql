-- mois, keys ["8103149970008"], values ["11110"]
SELECT t0."rrn", t0."name", CASE WHEN (t0."district_code" = $2::text) THEN t0."rrn" END, coalesce((t0."district_code" = $2::text), false) FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- nts, keys ["8103149970008"], values [2024, 10000000]
SELECT t0."rrn", t0."year", (CASE WHEN t0."income" % $2::bigint < 0 THEN greatest(t0."income" / $2::bigint * $2::bigint, '-9223372036854775808'::bigint + $2::bigint) - $2::bigint ELSE t0."income" / $2::bigint * $2::bigint END) FROM "tax_certificate" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."year" >= $3::bigint ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST;
