"""How it is answered: operation → plan → execute → assemble."""
