"""What evidence could be made to do to others: each is a whole service, and its papers take a tenth of a second to draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from resolvers import evidence
from tests.madang.test_evidence import PURPOSES, Asking


@pytest.fixture(scope="module")
def asking(served: str) -> Iterator[Asking]:
    found = Asking(served)
    yield found
    found.client.close()


def ask(asking: Asking, fields: str) -> dict[str, Any]:
    return asking.ask("citizen", PURPOSES["resident-extract"], f"{{ {fields} }}")


def test_one_request_does_not_keep_the_gateway_drawing(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty papers in one operation kept everybody else's from being drawn for eighteen seconds."""
    drawn: list[object] = []

    def draw(extract: object) -> str:
        drawn.append(extract)
        return "paper"

    monkeypatch.setattr(evidence, "_pdf", draw)
    one = 'evidence(service: "resident-extract")'
    many = ask(asking, " ".join(f"e{n}: {one} {{ entry }}" for n in range(2)))
    assert many["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    answer = ask(asking, f"{one} {{ {' '.join(f'p{n}: pdf' for n in range(40))} }}")
    assert set(answer["data"]["evidence"].values()) == {"paper"}
    assert len(drawn) == 1
