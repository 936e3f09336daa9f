"""The worlds that are attacked: a nation in memory whose law each test sets, and the sample nation, really served."""

from __future__ import annotations

import pytest

from tests.madang.conftest import serve, served, settings, tokens
from tests.resolvers.nation import make
from tests.resolvers.world import World, world

__all__ = ["serve", "served", "settings", "tokens"]


@pytest.fixture(scope="session")
def here() -> World:
    """A world in which every value tells its row and column."""
    return world(make(2, unique=True))


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Sources that are down on purpose are no news."""
    caplog.set_level("CRITICAL", logger="madang")
