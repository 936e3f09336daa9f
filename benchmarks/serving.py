"""Runs a reference endpoint as Madang is run: one uvicorn worker with uvloop and httptools, without an access log."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn
from starlette.applications import Starlette


def main(application: Callable[[Mapping[str, str]], Starlette]) -> None:
    """Serve on the loopback port of the first argument, over the DSNs in the JSON file of the second."""
    port, dsns = sys.argv[1:]
    app = application(json.loads(Path(dsns).read_text()))
    uvicorn.run(app, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning")
