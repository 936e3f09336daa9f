"""A population of 20,000 in memory."""

from __future__ import annotations

import pytest

from tests.examples.population import Population, population_of


@pytest.fixture(scope="session")
def population() -> Population:
    return population_of(20_000, 1)
