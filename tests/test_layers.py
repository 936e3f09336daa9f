"""The four layers have common names; whatever else of these names is installed must not be taken for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAYERS = ("schema", "resolvers", "auth", "sources")


@pytest.mark.parametrize("name", LAYERS)
def test_a_module_of_a_layers_name_is_not_found_first(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('the decoy was imported')")
    here = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(here)])}
    program = f"import madang, {name}; print({name}.__file__)"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.strip() == str(here / name / "__init__.py"), result.stderr
