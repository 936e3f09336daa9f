"""ARCHITECTURE.md promises to show a request's path through the files, so it names every one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for layer in ("madang", "resolvers", "auth", "sources")
    for path in (ROOT / layer).glob("*.py")
    if not path.name.startswith("__")
)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_named(module: str) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert f"`{module}`" in text or f"`{module.partition('/')[2]}`" in text
