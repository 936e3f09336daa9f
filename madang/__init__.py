"""Serves the graph: ASGI app, command line, settings, identifying the caller, the embedded demo, the page.

__init__        makes the other four layers importable
settings        the settings file, read with all its mistakes at once
personas        the demo's people, and tokens for them
gateway         settings → an engine over its sources, ready to be asked
identify        bearer token and headers → access request
negotiate       media types, header values and parameters of GraphQL over HTTP
graphql_http    the endpoint /graphql
app             the ASGI application: /graphql, health, personas, the page
keeper          the process that makes the ledger readable meanwhile
embedded        the sample nation's registers, run in place
cluster         a PostgreSQL of our own, for them
cli             the command `madang`
"""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).parent

# In a wheel the layers nest in this package; in a checkout they stand beside it.
LAYERS = _HERE / "_layers" if (_HERE / "_layers").is_dir() else _HERE.parent
"""The folder that holds schema/, resolvers/, auth/, sources/, examples/ and the sample nation's settings file."""

# In front of everything: a distribution that installs a module named `schema` or `auth` must not be found first.
if sys.path[:1] != [str(LAYERS)]:
    sys.path.insert(0, str(LAYERS))
