-- mois, keys ["4903030970001"]
SELECT t0."rrn", NULL FROM "resident" AS t0 WHERE t0."rrn" = ANY($1::text[]);

-- gateway, keys ["4903030970001"], values ["2026-11-30", false, "mofa", "passport-renewal", "Resident.militaryService", "MilitaryService.kind"]
SELECT t0."rrn", coalesce(t0."item" = $2::text, false), coalesce(t0."item" = $3::text, false) FROM "consent" AS t0 WHERE t0."rrn" = ANY($1::text[]) AND (t0."agency" = $4::text AND t0."purpose" = $5::text AND t0."since" <= $6::date AND t0."until" >= $6::date AND t0."revoked" = $7::boolean);
