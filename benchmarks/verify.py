"""Whether all servers give the same data, asked with the very bytes that the load is made of."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from benchmarks.servers import Server
from benchmarks.workloads import Workload

OPAQUE = frozenset({"id", "endCursor"})
"""Response names whose values each server makes in its own way."""


class Different(Exception):
    """Two servers gave different data for one request; says where."""


def verify(servers: Sequence[Server], workload: Workload, keys: Sequence[str]) -> None:
    """Raise `Different` unless all servers answer alike for these keys, and with something."""
    for key in keys:
        first, *others = (normal(ask(server, workload, key)) for server in servers)
        if empty(first):
            raise Different(f"{workload.name}: nothing is there for a key of the benchmark")
        for server, other in zip(servers[1:], others, strict=True):
            if (where := difference(first, other)) is not None:
                raise Different(f"{workload.name}: {servers[0].name} and {server.name} differ at {where}")


def ask(server: Server, workload: Workload, key: str) -> Any:
    """The data of one answer; raises `Different` if there is none, or errors beside it."""
    address = urlsplit(server.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=30) as connection:
        connection.sendall(server.request(workload, key))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = json.loads(answer.read())
    if answer.status != 200 or "errors" in body:
        told = json.dumps(body.get("errors", body))[:500]
        raise Different(f"{workload.name}: {server.name} answered {answer.status} {told}")
    return body["data"]


def normal(value: Any) -> Any:
    """The value with whether there is an opaque one in place of it."""
    if isinstance(value, dict):
        return {name: item is not None if name in OPAQUE else normal(item) for name, item in value.items()}
    return [normal(item) for item in value] if isinstance(value, list) else value


def empty(value: Any) -> bool:
    """Whether nothing but nulls and empty lists is in it."""
    if isinstance(value, dict):
        return all(empty(item) for name, item in value.items() if name != "pageInfo")
    return value is None or (isinstance(value, list) and all(empty(item) for item in value))


def difference(a: Any, b: Any, where: str = "data") -> str | None:
    """The first place where two values differ, the order of names aside."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return next((d for name in a if (d := difference(a[name], b[name], f"{where}.{name}"))), None)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next((d for i, (x, y) in enumerate(zip(a, b, strict=True)) if (d := difference(x, y, f"{where}[{i}]"))), None)
    return None if type(a) is type(b) and a == b else f"{where}: {str(a)[:80]} and {str(b)[:80]}"
