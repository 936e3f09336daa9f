-- scourt, keys ["8103149970008"], values ["CHILD", true]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- mois, keys ["1205200980002"]
SELECT t0."rrn", t0."birth_date" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["9702280970009"], values ["8103149970008", ["1205200980002"]]
SELECT t0."rrn", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."rrn" = $2::text) OR (t0."rrn" = ANY($3::text[])));
