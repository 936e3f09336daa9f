"""Explain is the real thing (law 9): what is told is what is run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from auth.access import Caller
from tests.resolvers.nation import (
    BOTH,
    CLERK,
    EVERYTHING,
)
from tests.resolvers.world import Profile, World, access_of, withheld


@pytest.mark.parametrize("caller", [CLERK, BOTH])
async def test_what_is_explained_is_what_is_run(here: World, caller: Caller) -> None:
    residuals = {
        "Resident.household": ["jurisdiction", "household"], "TaxCertificate.year": ["self"], "Passport.kind": ["jurisdiction"],
    }  # fmt: skip
    here.under(Profile(["Resident.birth", "Vehicle.model"], residuals))
    described = here.engine.explain(EVERYTHING, None, None, access_of(caller))
    answer = json.loads((await here.answer(EVERYTHING, caller, explain=True)).body)
    assert answer["extensions"]["explain"] == described
    for name, shape in here.shapes():
        run = here.witnesses[name].statement(shape)
        assert any(_is_told(run, step) for step in described["before"] + described["steps"]), run
    assert {c for c, _ in withheld(answer)} <= {r["coordinate"] for r in described["withheld"] + described["guarded"]}


def _is_told(run: str, step: dict[str, Any]) -> bool:
    """A statement is run as it is told, or with NULL for columns that only some keys may have, which is told beside it."""
    columns, rest = run.split(" FROM ", 1)
    pattern = re.escape(columns).replace("NULL", "[^,]+") + re.escape(f" FROM {rest}")
    partly = any("only for rows" in guard for guard in step.get("guards", ()))
    return bool(run == step["statement"] or (partly and re.fullmatch(pattern, step["statement"])))


async def test_explaining_reads_nothing(here: World) -> None:
    here.under(Profile())
    here.engine.explain(EVERYTHING, None, None, access_of(CLERK))
    assert here.fetches() == 0
