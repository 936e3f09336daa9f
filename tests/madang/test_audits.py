"""The server audits of the npm package graphql-http, all of them, by Node over real HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

AUDITS = Path(__file__).parent / "audits"

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="needs node and npm on the path")


def test_all_audits_of_graphql_over_http_pass(served: str, tokens: dict[str, str]) -> None:
    if not (AUDITS / "node_modules" / "graphql-http").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=AUDITS, check=True, capture_output=True, timeout=120)
    command = ["node", "audit.mjs", f"{served}/graphql", tokens["passport-officer"]]
    output = subprocess.run(command, cwd=AUDITS, check=True, capture_output=True, timeout=60).stdout
    results = json.loads(output)
    assert len(results) > 60
    assert [result for result in results if result["status"] != "ok"] == []
