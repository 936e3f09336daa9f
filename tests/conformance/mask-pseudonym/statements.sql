-- mois, values [60, "2026-11-30", "11110", 4]
SELECT t0."id", date_trunc('year', t0."birth_date"::timestamp)::date, t0."rrn" FROM "resident" AS t0 WHERE (extract(year FROM age($1::date::timestamp, t0."birth_date"::timestamp))::bigint >= $2::bigint AND t0."district_code" = $3::text) ORDER BY t0."id" NULLS LAST LIMIT $4::bigint;

-- moel, keys ["5704040970003", "5806250970004", "4903030970001"], values ["67bd5186de7ca5845598213bccd8903e38a5fc6920032bbd9e638c797100c0ae3636363636363636363636363636363636363636363636363636363636363636", "0dd73becb416cfee3ff24b51a6b2fa5452cf96034a6941d7f409e6131b6aaac45c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c"]
SELECT t0."rrn", left(encode(sha256(decode($3::text, 'hex') || sha256(decode($2::text, 'hex') || convert_to(t0."workplace", 'UTF8'))), 'hex'), 32), date_trunc('year', t0."acquired_on"::timestamp)::date, t0."weekly_hours" FROM "employment" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;
