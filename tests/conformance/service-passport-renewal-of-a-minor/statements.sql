-- mois, keys ["1205200980002"], values [19, "2026-11-30", true]
SELECT t0."rrn", t0."name", t0."birth_date", t0."sex", t0."status", (extract(year FROM age($3::date::timestamp, t0."birth_date"::timestamp))::bigint >= $2::bigint), CASE WHEN (((t0."address_protected" = $4::boolean) IS NOT TRUE) AND (((SELECT true FROM "resident" AS e1 WHERE e1."household_id" = t0."household_id" AND e1."address_protected" = $4::boolean LIMIT 1)) IS NOT TRUE)) THEN t0."address" END, t1."id", t1."size" FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON t1."id" = t0."household_id" WHERE t0."rrn" = ANY($1::text[]);

-- scourt, keys ["1205200980002"], values [true]
SELECT t0."rrn", CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."registered_on" END, CASE WHEN ((t0."sealed" = $2::boolean) IS NOT TRUE) THEN t0."place" END FROM "birth" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND ((t0."sealed" = $2::boolean) IS NOT TRUE);

-- scourt, keys ["1205200980002"], values ["PARENT"]
SELECT t0."rrn", t0."relative_rrn" FROM "family_relation" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND t0."relation" = $2::text;

-- scourt, keys ["1205200980002"], values ["CHILD", true]
SELECT t0."relative_rrn", t0."rrn" FROM "family_relation" AS t0 WHERE t0."relative_rrn" = ANY($1::text[]) AND (t0."relation" = $2::text AND t0."custody" = $3::boolean);

-- gateway, keys ["1205200980002"], values ["2026-11-30", false, "mofa", "passport-renewal", "Resident.militaryService", "MilitaryService.kind", "MilitaryService.dischargedOn"]
SELECT t0."rrn", coalesce(t0."item" = $2::text, false), coalesce(t0."item" = $3::text, false), coalesce(t0."item" = $4::text, false) FROM "consent" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."agency" = $5::text AND t0."purpose" = $6::text AND t0."since" <= $7::date AND t0."until" >= $7::date AND t0."revoked" = $8::boolean);

-- mofa, keys ["1205200980002"]
SELECT t0."rrn", t0."number", t0."kind", t0."issued_on", t0."expires_on", t0."romanized_name", t0."status" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."issued_on" DESC NULLS LAST, t0."id" NULLS LAST;

-- mofa, keys ["1205200980002"]
SELECT t0."rrn", t0."number" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mois, keys ["8103149970008", "8307020970008"]
SELECT t0."rrn", t0."birth_date", t0."id", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]) ORDER BY t0."birth_date" NULLS LAST, t0."id" NULLS LAST;

-- moj, keys ["M02202400", "M02201400"], values ["2021-11-30"]
SELECT t0."passport_number", t0."crossed_on", t0."id", t0."direction", t0."port" FROM "border_crossing" AS t0 WHERE t0."passport_number" = ANY($1::text[]) AND t0."crossed_on" >= $2::date ORDER BY t0."crossed_on" DESC NULLS LAST, t0."id" NULLS LAST;
