"""Where residents' consents stand: a table of the gateway's own database, read like a register.

A row says that a resident lets an agency have one item (a coordinate) for one purpose, from one day to another, both included. It
stops to hold on the day after the last, and at once when it is revoked. The table is in `auth/gateway.sql`.
"""

from __future__ import annotations

from datetime import date

SOURCE = "gateway"
"""The source's name among the registers'."""

TABLE = "consent"

COLUMNS: dict[str, type] = {
    "rrn": str, "agency": str, "purpose": str, "item": str, "since": date, "until": date, "revoked": bool,
}  # fmt: skip
