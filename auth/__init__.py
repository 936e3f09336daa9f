"""Who may: regulations, their reader and checker, the authorizer, tokens, pseudonyms."""
