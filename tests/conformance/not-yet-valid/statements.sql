-- mois, keys ["8103149970008"]
SELECT t0."rrn", t1."id" FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]);
