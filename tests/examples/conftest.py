"""A population of 20,000 in memory and a small one on an embedded PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from madang.embedded import Embedded, start
from tests.examples.population import Nation, nation_of


@pytest.fixture(scope="session")
def nation() -> Nation:
    return nation_of(20_000, 1)


@pytest.fixture(scope="session")
def directories() -> Iterator[Path]:
    """Where PostgreSQL may keep its data.

    Not pytest's own: as root, the server runs as another user, whom every pytest that starts shuts out of pytest's directory.
    """
    with TemporaryDirectory(prefix="madang-tests-") as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def embedded(directories: Path) -> Iterator[Embedded]:
    with start(directories / "embedded", 3_000, 7) as running:
        yield running
