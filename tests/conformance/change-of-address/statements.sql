-- mois, keys ["8103149970008"], values ["11110"]
SELECT t0."rrn", t0."name", t0."address", t0."moved_in_on", t1."id", CASE WHEN (t1."district_code" = $2::text) THEN t1."head_id" END, coalesce((t1."district_code" = $2::text), false), CASE WHEN (t1."district_code" = $2::text) THEN t1."id" END FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]) AND (t0."district_code" = $2::text);

-- mois, keys [5000000], values ["11110"]
SELECT t0."id", CASE WHEN (t0."district_code" = $2::text) THEN t0."name" END, coalesce((t0."district_code" = $2::text), false), t0."rrn" FROM "resident" AS t0 WHERE t0."id" = ANY($1::bigint[]);

-- mois, keys [6000001], values ["11110"]
SELECT t0."household_id", CASE WHEN (t0."district_code" = $2::text) THEN t0."name" END, coalesce((t0."district_code" = $2::text), false), CASE WHEN (t0."district_code" = $2::text) THEN t0."relation_to_head" END, t0."rrn" FROM "resident" AS t0 WHERE t0."household_id" = ANY($1::bigint[]) ORDER BY t0."id" NULLS LAST;

-- mois, keys [6000001], values [3]
SELECT k.key, r.c0, r.c1, r.c2, r.c3 FROM unnest($1::bigint[]) AS k(key) CROSS JOIN LATERAL (SELECT t0."date" AS c0, t0."from_address" AS c1, t0."to_address" AS c2, t0."reason" AS c3 FROM "move_in" AS t0 WHERE t0."household_id" = k.key ORDER BY t0."date" DESC NULLS LAST, t0."id" NULLS LAST LIMIT $2::bigint) AS r;

-- molit_vehicles, keys ["8103149970008"]
SELECT t0."owner_rrn", t0."plate", t0."base_address" FROM "vehicle" AS t0 WHERE t0."owner_rrn" = ANY($1::text[]) ORDER BY t0."plate" COLLATE "C" NULLS LAST, t0."id" NULLS LAST;
