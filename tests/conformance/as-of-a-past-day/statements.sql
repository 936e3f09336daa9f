-- mois, keys ["8103149970008"]
SELECT t0."rrn", t0."name", t0."birth_date", t0."address" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- police, keys ["8103149970008"]
SELECT t0."rrn", t0."number", t0."licence_class", t0."issued_on", t0."renew_by", t0."status" FROM "driving_licence" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mohw_disability, keys ["8103149970008"]
SELECT t0."rrn", t0."severity", t0."kind" FROM "disability" AS t0 WHERE t0."rrn" = ANY($1::text[]);
