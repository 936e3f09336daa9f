-- mois, keys ["9111020970005"], values [true]
SELECT t0."rrn", t0."name", CASE WHEN (((t0."address_protected" = $2::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END, t0."district_code", t1."id" FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys [6000004], values [true]
SELECT t0."household_id", t0."name", CASE WHEN (((t0."address_protected" = $2::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END, t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;
