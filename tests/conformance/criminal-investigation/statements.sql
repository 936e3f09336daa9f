-- mois, keys ["8103149970008"], values [true]
SELECT t0."rrn", t0."name", t0."birth_date", CASE WHEN (((t0."address_protected" = $2::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $2::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);
