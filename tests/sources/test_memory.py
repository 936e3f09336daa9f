"""Rows in memory: what is taken, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from sources.memory import MemorySource
from sources.protocol import Batch, Shape, SourceUnavailable
from tests.sources.register import TABLES

BY_ID = Shape("person", ("name", "born"), "id")


async def test_a_column_that_a_row_leaves_out_is_null_and_so_is_a_table() -> None:
    source = MemorySource("small", TABLES, {"person": [{"id": 1, "name": "한"}]})
    assert await source.fetch(Batch(BY_ID, [1])) == [(1, "한", None)]
    assert await source.fetch(Batch(Shape("event", ("id",)))) == []


WRONG: list[dict[str, Any]] = [
    {"id": "1"},
    {"id": True},
    {"id": 2**63},
    {"active": 1},
    {"kind": "PURPLE"},
    {"born": "2000-01-01"},
    {"nothing": 1},
]


@pytest.mark.parametrize("row", WRONG, ids=repr)
def test_a_row_that_does_not_fit_its_table_is_refused(row: dict[str, Any]) -> None:
    (column,) = row
    with pytest.raises(ValueError, match=f"table `person` of source `small` has .*`{column}`"):
        MemorySource("small", TABLES, {"person": [{}, row]})


async def test_a_closed_source_is_unavailable() -> None:
    source = MemorySource("small", TABLES, {})
    await source.aclose()
    with pytest.raises(SourceUnavailable):
        await source.fetch(Batch(BY_ID, [1]))
