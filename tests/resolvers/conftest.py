from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.resolvers.nation import make
from tests.resolvers.world import World, world


@pytest.fixture(scope="session")
def here() -> World:
    return world()


@pytest.fixture(scope="session")
def unique() -> World:
    """A world in which every value tells its row and column."""
    return world(make(2, unique=True))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """For tests that hypothesis drives, which are not coroutines: one event loop for all of their examples."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Sources that are down on purpose are no news."""
    caplog.set_level("CRITICAL", logger="madang")
