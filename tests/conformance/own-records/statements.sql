-- scourt, keys ["8103149970008"], values ["CHILD", true]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- mois, keys ["8103149970008"]
SELECT t0."rrn", t0."household_id" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["1205200980002"]
SELECT t0."rrn", t0."birth_date" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["8103149970008"], values [6000001]
SELECT t0."rrn", t0."name", t0."birth_date", t0."address", t1."id", CASE WHEN (t1."id" = $2::bigint) THEN t1."id" END, coalesce((t1."id" = $2::bigint), false) FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]);

-- scourt, keys ["8103149970008"], values ["SPOUSE"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- scourt, keys ["8103149970008"], values ["CHILD"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- mofa, keys ["8103149970008"]
SELECT t0."rrn", t0."number", t0."expires_on", t0."status" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."issued_on" DESC NULLS LAST, t0."id" NULLS LAST;

-- nts, keys ["8103149970008"], values [3]
SELECT k.key, r.c0, r.c1, r.c2 FROM unnest($1::text[]) AS k(key) CROSS JOIN LATERAL (SELECT t0."year" AS c0, t0."income" AS c1, t0."tax_paid" AS c2 FROM "tax_certificate" AS t0 WHERE t0."rrn" = k.key ORDER BY t0."year" DESC NULLS LAST, t0."id" NULLS LAST LIMIT $2::bigint) AS r;

-- nhis, keys ["8103149970008"]
SELECT t1."rrn", t0."kind", t0."monthly_premium" FROM "health_insurance" AS t0 LEFT JOIN "member_crosswalk" AS t1 ON t1."member_number" = t0."member_number" WHERE t1."rrn" = ANY($1::text[]);

-- nps, keys ["8103149970008"]
SELECT t0."rrn", t0."months_paid", t0."monthly_income" FROM "pension" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- molit_vehicles, keys ["8103149970008"]
SELECT t0."owner_rrn", t0."plate", t0."model" FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- molit_buildings, keys ["8103149970008"]
SELECT t0."owner_rrn", t0."use", t0."area", t0."official_price" FROM "building" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."pnu" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;

-- police, keys ["8103149970008"]
SELECT t0."rrn", t0."licence_class", t0."renew_by" FROM "driving_licence" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys [6000001], values [6000001, "8103149970008", ["1205200980002"]]
SELECT t0."household_id", CASE WHEN ((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."name" END, coalesce(((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))), false), CASE WHEN (t0."household_id" = $2::bigint OR t0."rrn" = $3::text) THEN t0."relation_to_head" END, coalesce((t0."household_id" = $2::bigint OR t0."rrn" = $3::text), false), t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys ["1205200980002"], values [6000001, "8103149970008", ["1205200980002"]]
SELECT t0."rrn", t0."id", CASE WHEN ((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."name" END, coalesce(((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))), false), CASE WHEN ((t0."household_id" = $2::bigint OR t0."rrn" = $3::text) OR (t0."rrn" = ANY($4::text[]))) THEN t0."birth_date" END FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."id" NULLS LAST;
