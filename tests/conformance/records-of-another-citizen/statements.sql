-- mois, keys ["8103150074737"], values ["8103149970008"]
SELECT t0."rrn", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."rrn" = $2::text);
