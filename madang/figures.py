"""`madang services demo`: what the services spare people, in figures of real requests to a running demo.

For each service whose document takes a resident's number, many residents with an open case are asked about as officers would
ask: the approved document by its hash, for the service's purpose, under the case, with a token of an officer of the agency whose
case it is; over HTTP, `AT_ONCE` at a time. A client once made a round trip for each paper. Those cannot be made any more, as
nobody is granted all that stands on the papers: they are counted, and what is measured is now.

Exit codes: 0, or 1 where a request was refused or a register did not answer, or 2 where nothing could be asked.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import click
import httpx

from madang import LAYERS
from madang.command import command
from madang.counters import MOST
from madang.embedded import EmbeddedError
from madang.settings import SettingsError, find, load
from resolvers.facts import Leaves, facts

AT_ONCE = 4
PATIENCE = 180
"""Seconds for all requests together."""
WITHHELD = "WITHHELD"
_SERVICES = "{ services { code title { en } purpose documentId subject registers { code } } }"


@dataclass(frozen=True)
class Asked:
    """What came of asking about one resident. Milliseconds; `refused`: why there is no answer, or not all of it."""

    took: float
    seen: int
    withheld: bool
    refused: str | None = None


@dataclass(frozen=True)
class Figures:
    """A service's, of so many residents. `before` and `now` are round trips of the client, and `median` and `p95` of a request,
    in milliseconds; `on_papers` and `seen` are facts (`resolvers/facts.py`); all of them sums, but for these two.
    """

    service: str
    title: str
    residents: int
    papers: int
    registers: tuple[str, ...]
    before: int
    now: int
    median: float
    p95: float
    on_papers: int
    seen: int
    withheld: int
    """Residents of whom something was withheld, which nobody saw."""
    refused: Mapping[str, int]


@click.command()
@click.option("--residents", type=click.IntRange(1, MOST), default=MOST, show_default=True, help="How many for each service.")
@click.option("--address", help="Of a running demo; by default one that runs as the settings say, or else one of its own.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@command
def demo(file: Path | None, residents: int, address: str | None, as_json: bool) -> None:
    """Ask each service about many residents at a demo, and print what that spares them and how much of them was seen."""
    path = find(file, LAYERS / "madang.toml")
    settings = load(path)
    if settings.demo is None:
        raise SettingsError(settings.path, ["there is no section `demo`, and only a demo has residents and cases"])
    if address is None and _is_demo(settings.server.reached):
        address = settings.server.reached
    try:
        if address is not None:
            found = asyncio.run(measured(address, residents))
        else:
            with _served(path) as address:
                found = asyncio.run(measured(address, residents))
    except (httpx.HTTPError, TimeoutError) as error:
        click.echo(f"`{address}` could not be asked: {error or f'it took more than {PATIENCE} seconds'}", err=True)
        sys.exit(2)
    click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2) if as_json else table(found, residents))
    if any(each.refused or not each.residents for each in found) or not found:
        sys.exit(1)


async def measured(address: str, residents: int) -> list[Figures]:
    """The figures of each service; raises `httpx.HTTPError`, and `TimeoutError` after `PATIENCE`."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(base_url=address, timeout=60, limits=limits, trust_env=False) as client,
    ):
        people = (await client.get("/personas")).raise_for_status().json()
        headers = {"Authorization": f"Bearer {people[0]['token']}"} if people else {}
        told = (await client.post("/graphql", json={"query": _SERVICES}, headers=headers)).raise_for_status().json()
        return [await _service(client, each, residents) for each in told["data"]["services"] if each["subject"]]


async def _service(client: httpx.AsyncClient, service: Mapping[str, Any], residents: int) -> Figures:
    given = {"service": service["code"], "first": residents}
    answer = await client.get("/cases", params=given)
    if answer.is_error:
        raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
    found = answer.json()
    cases, waiting = found["cases"], iter(found["cases"])
    asked: list[Asked] = []

    async def work() -> None:
        for case in waiting:
            asked.append(await _ask(client, service, case, found["tokens"][case["agency"]], found["leaves"]))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    papers, took = sum(case["papers"] for case in cases), sorted(each.took for each in asked)
    return Figures(
        service["code"], service["title"]["en"], len(cases), papers, tuple(each["code"] for each in service["registers"]),
        before=papers, now=len(asked), median=_part(took, 50), p95=_part(took, 95),
        on_papers=sum(case["onPapers"] for case in cases), seen=sum(each.seen for each in asked),
        withheld=sum(each.withheld for each in asked), refused=Counter(each.refused for each in asked if each.refused),
    )  # fmt: skip


async def _ask(
    client: httpx.AsyncClient, service: Mapping[str, Any], case: Mapping[str, Any], token: str, leaves: Leaves
) -> Asked:
    """One request, as an officer's program sends it."""
    headers = {"Authorization": f"Bearer {token}", "Madang-Purpose": service["purpose"], "Madang-Case": case["case"]}
    body = {"documentId": service["documentId"], "variables": {service["subject"]: case["resident"]}}
    begun = time.perf_counter()
    response = await client.post("/graphql", json=body, headers=headers)
    took = (time.perf_counter() - begun) * 1000
    try:
        answer = response.json()
    except json.JSONDecodeError:
        return Asked(took, 0, False, f"the server answered {response.status_code}")
    codes = {error["extensions"]["code"]: error["message"] for error in answer.get("errors", ())}
    seen, withheld = len(facts(answer.get("data"), leaves)), codes.pop(WITHHELD, None) is not None
    if codes:
        return Asked(took, seen, withheld, " ".join(next(iter(codes.items()))))
    return Asked(took, seen, withheld, None if seen else "nothing was shown")


def _part(took: list[float], percent: int) -> float:
    """The percentile, of times in order."""
    if len(took) < 2:
        return round(took[0], 2) if took else 0.0
    return round(quantiles(took, n=100, method="inclusive")[percent - 1], 2)


def table(found: list[Figures], wanted: int) -> str:
    """The figures as text, and what they mean."""
    heads = ("", "residents", "papers", "round trips", "registers", "median", "p95", "facts", "facts", "seen /")
    below = ("service", "", "replaced", "before → now", "asked", "ms", "ms", "on papers", "seen", "on papers")
    rows = [heads, below, *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ("  ".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)) for row in rows)
    named = (row[0].ljust(widths[0]) for row in rows)
    return "\n".join([*(f"{name}  {line}".rstrip() for name, line in zip(named, lines, strict=True)), "", *_notes(found, wanted)])


def _row(each: Figures) -> tuple[str, ...]:
    many = max(each.residents, 1)
    return (
        each.title, f"{each.residents:,}", f"{each.papers:,}", f"{each.before / many:.1f} → {each.now / many:.0f}",
        f"{len(each.registers)}", f"{each.median:.1f}", f"{each.p95:.1f}", f"{each.on_papers / many:.1f}",
        f"{each.seen / many:.1f}", f"{each.seen / max(each.on_papers, 1):.0%}",
    )  # fmt: skip


def _notes(found: list[Figures], wanted: int) -> Iterator[str]:
    yield "papers       what all these residents once fetched and attached; of a minor, those of minors too"
    yield "round trips  of the client for one resident: before, counted, one for each paper; now, made"
    yield f"ms           for a request over HTTP, {AT_ONCE} at a time, until the ledger has it and the answer is here"
    yield "facts        of one resident's file: different values of its fields, without nulls; in the answer that the officer was"
    yield "             shown, and on all papers together, each once however many papers have it"
    for each in found:
        yield f"registers    {each.title}: {', '.join(each.registers)}"
    for each in found:
        if each.withheld:
            yield f"{each.title}: of {each.withheld:,} residents something was withheld, as by a consent that is not given"
        if each.residents < wanted:
            yield f"{each.title}: only {each.residents:,} residents have a case open for it, not {wanted:,}"
        for why, times in each.refused.items():
            yield f"{each.title}: {times:,} requests were refused: {why}"


def _is_demo(address: str) -> bool:
    """Whether a demo answers there."""
    try:
        return httpx.get(f"{address}/personas", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def _served(settings: Path) -> Iterator[str]:
    """The address of a demo of its own, on a free port, while the context lasts; raises `EmbeddedError`."""
    command = [sys.executable, "-m", "madang", "serve", "--settings", str(settings), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            welcome = re.search(r"http://\S+", process.stdout.readline())
            if welcome is None:
                raise EmbeddedError("the demo did not start: see the messages above")
            yield welcome[0]
        finally:
            process.terminate()
