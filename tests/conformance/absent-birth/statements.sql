-- mois, keys ["5806250970004"]
SELECT t0."rrn", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- scourt, keys ["5806250970004"], values [true]
SELECT t0."rrn", CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."place" END, CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."registered_on" END, CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."father_rrn" END FROM "birth" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."sealed" = $2::boolean) IS NOT TRUE);

-- scourt, keys ["5806250970004"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- mois, keys ["5211039970008"]
SELECT t0."rrn", t0."birth_date", t0."id", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;
