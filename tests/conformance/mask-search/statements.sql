-- mois, keys ["8103149970008"], values ["11110"]
SELECT t0."rrn" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);
