-- petitions, keys ["2026-00031"]
SELECT t0."number", t0."agency", t0."service", t0."resident_rrn", t0."opened_on", t0."closed_on" FROM "petition" AS t0 WHERE t0."number" = ANY($1::text[]);

-- mois, keys ["9012010970000"], values ["11110", true, "9012010970000"]
SELECT t0."rrn", CASE WHEN (((t0."address_protected" = $2::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END, t1."id", CASE WHEN ((t1."district_code" = $3::text) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t1."id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN t1."address" END, coalesce((t1."district_code" = $3::text), false), CASE WHEN (t1."district_code" = $3::text) THEN t1."id" END, CASE WHEN ((t0."district_code" = $3::text) AND (t0."rrn" = $4::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $4::text LIMIT 1))) THEN t0."rrn" END, coalesce(((t0."district_code" = $3::text) AND (t0."rrn" = $4::text OR (SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."rrn" = $4::text LIMIT 1))), false), coalesce(((t0."address_protected" = $2::boolean) IS NOT TRUE), false), coalesce((((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE), false) FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $3::text);

-- mois, keys [6000003], values ["11110", true]
SELECT t0."household_id", CASE WHEN (t0."district_code" = $2::text) THEN t0."name" END, coalesce((t0."district_code" = $2::text), false), rpad(left(t0."name", 1), length(t0."name"), '*'), CASE WHEN ((t0."district_code" = $2::text) AND ((t0."address_protected" = $3::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $3::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- molit_vehicles, keys ["9012010970000"]
SELECT t0."owner_rrn", t0."model", NULL FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- molit_buildings, keys ["9012010970000"], values [5]
SELECT t0."owner_rrn", (CASE WHEN t0."pnu" IS NOT NULL AND $2::bigint IS NOT NULL THEN rpad(left(t0."pnu", greatest(least($2::bigint, length(t0."pnu")), 0)::int), length(t0."pnu"), '*') END), t0."official_price" FROM "building" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;
