-- mois, keys ["4903030970001"]
SELECT t0."rrn", t0."name" FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- mofa, keys ["4903030970001"]
SELECT t0."rrn", t0."number" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- gateway, keys ["4903030970001"], values ["2026-11-30", false, "mofa", "passport-renewal", "Resident.militaryService", "MilitaryService.kind"]
SELECT t0."rrn", coalesce(t0."item" = $2::text, false), coalesce(t0."item" = $3::text, false) FROM "consent" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."agency" = $4::text AND t0."purpose" = $5::text AND t0."since" <= $6::date AND t0."until" >= $6::date AND t0."revoked" = $7::boolean);

-- moj, keys ["M14202400", "M14201400"], values ["2021-11-30"]
SELECT t0."passport_number", t0."crossed_on", t0."id", t0."direction" FROM "border_crossing" AS t0 WHERE t0."passport_number" = ANY($1::text[]) AND t0."crossed_on" >= $2::date ORDER BY t0."crossed_on" DESC NULLS LAST, t0."id" NULLS LAST;
