"""The gateway's own database for commands that read the ledger: the one that the settings name, or a demo's.

    with gateway_database(settings) as dsn:
        asyncio.run(read(dsn))

What a database says instead of answering, while the context lasts, is raised as `DatabaseError`, whose message says what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from auth.ledger import FAILURES
from madang import embedded
from madang.settings import Settings


class DatabaseError(Exception):
    """The gateway's database cannot be read."""


@contextmanager
def gateway_database(settings: Settings) -> Iterator[str]:
    """Its DSN. Of a demo that nobody runs, it runs as long as the context. Raises `DatabaseError` and `EmbeddedError`."""
    try:
        if settings.gateway.address is not None or settings.demo is None:
            yield settings.gateway.address or ""
        else:
            with embedded.gateway_database(settings.demo.directory / "registers") as dsn:
                yield dsn
    except FAILURES as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise DatabaseError(
            f"{settings.path}: the gateway's database, which `gateway.dsn` names unless it is a demo's, cannot be read ({what});"
            " see to it that it runs, and has the tables of `auth/gateway.sql`"
        ) from error
