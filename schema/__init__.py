"""What there is to ask: one file a register, and the declarations of record and link."""
