"""Where it lives: the Source protocol, PostgreSQL, HTTP, memory."""
