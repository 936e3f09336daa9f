"""`python -m benchmarks`, or `make bench`: Madang beside a hand-written endpoint and stock Strawberry.

It runs the sample nation with its registers, starts the four servers over it, checks that they give the same data, and measures
them in turn: in every round each query, at each number of connections, on each server, one right after the other, so that
whatever else the machine does meets them all. The results go to the terminal and into `benchmarks/README.md`.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks import cases, planning, report, verify
from benchmarks.gateway import REGULATIONS, madang, prepare, unrecorded
from benchmarks.load import LoadError, Measurement, TooSlow, measure, peak_memory, write_requests
from benchmarks.servers import ROOT, Server, handwritten, stock
from benchmarks.workloads import PLANNING, WORKLOADS, Workload, keys
from madang import embedded, settings
from madang.gateway import open_gateway, read_law

CONNECTIONS = (1, 32)
DIRECTORY = ROOT / ".madang" / "bench"
SAMPLES = 50
"""Keys of each workload that the servers' answers are compared for."""

PACERS = 5
WAVES = 4
PATIENCE = 30.0


@dataclass(frozen=True)
class Bench:
    """All that is running: the servers, the keys to ask for, and PostgreSQL's first process."""

    servers: Sequence[Server]
    keys: Mapping[str, Sequence[str]]
    postmaster: int
    settings: Path
    scratch: Path
    paces: dict[tuple[str, str], float] = field(default_factory=dict)

    def verify(self, workloads: Sequence[Workload], samples: int = SAMPLES) -> None:
        """Raise `verify.Different` unless all servers give the same data."""
        for workload in workloads:
            verify.verify(self.servers, workload, self.keys[workload.name][:samples])

    async def planning(self, times: int = planning.TIMES) -> planning.Planning:
        """Measure planning under the regulations in force, in this process."""
        loaded = settings.load(self.settings)
        gateway = open_gateway(loaded, read_law(loaded), None)
        try:
            return planning.measure(gateway.engine, PLANNING, times=times)
        finally:
            await gateway.aclose()

    def pace(self, server: Server, workload: Workload) -> float:
        """Seconds that one request takes alone."""
        found = self.paces.get((server.name, workload.name))
        if found is None:
            took = []
            for key in self.keys[workload.name][:PACERS]:
                begun = time.perf_counter()
                verify.ask(server, workload, key)
                took.append(time.perf_counter() - begun)
            found = self.paces[server.name, workload.name] = statistics.median(took)
        return found

    def requests(self, server: Server, workload: Workload) -> Path:
        """The file with the requests of one workload for one server."""
        path = self.scratch / f"{server.name}-{workload.name}.requests"
        if not path.exists():
            write_requests(path, [server.request(workload, key) for key in self.keys[workload.name]])
        return path

    def measure(self, server: Server, workload: Workload, connections: int, seconds: float) -> Measurement:
        requests = self.requests(server, workload)
        # A slow server answers as many requests at once as there are connections, late: some such waves must fit in.
        seconds = max(seconds, WAVES * connections * self.pace(server, workload))
        while True:
            try:
                return measure(
                    server.url, requests, connections=connections, seconds=seconds, server=server.pid, postmaster=self.postmaster
                )
            except TooSlow:
                if seconds > PATIENCE:
                    raise
                seconds *= 2
            except LoadError as error:
                raise LoadError(f"{workload.name}, {server.name}, {connections} connections: {error}") from error


@contextmanager
def bench(directory: Path, residents: int) -> Iterator[Bench]:
    """The nation and the four servers, as long as the context lasts."""
    with ExitStack() as stack:
        nation = stack.enter_context(embedded.start(directory, residents))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="madang-bench-")))
        dsns = scratch / "dsns.json"
        dsns.write_text(json.dumps(dict(nation.dsns)))
        file, minter = prepare(scratch, nation)
        servers = [
            stack.enter_context(madang(file, minter)),
            stack.enter_context(unrecorded(file, minter)),
            stack.enter_context(handwritten(dsns)),
            stack.enter_context(stock(dsns)),
        ]
        found = asyncio.run(keys(nation.dsns["mois"], WORKLOADS))
        law = [path.read_text() for path in sorted(REGULATIONS.glob("counter-*.yaml"))]
        asyncio.run(cases.write(nation.owner_dsns["petitions"], nation.gateway_owner_dsn, WORKLOADS, found, law))
        postmaster = int((directory / "postgres" / "postmaster.pid").read_text().split()[0])
        yield Bench(servers, found, postmaster, file, scratch)


def rounds(
    running: Bench, workloads: Sequence[Workload], count: int, seconds: float
) -> Mapping[report.Cell, Sequence[Measurement]]:
    """Measure in turn. What comes first in a round is another server each time."""
    found: defaultdict[report.Cell, list[Measurement]] = defaultdict(list)
    for workload in workloads:
        for server in running.servers:
            running.measure(server, workload, CONNECTIONS[-1], max(1.0, seconds / 2))  # warms up
    cells = [(workload, connections) for workload in workloads for connections in CONNECTIONS]
    with click.progressbar(length=count * len(cells), label="measuring", width=30) as progress:
        for number in range(count):
            first = number % len(running.servers)
            for workload, connections in cells:
                for server in (*running.servers[first:], *running.servers[:first]):
                    found[workload.name, server.name, connections].append(running.measure(server, workload, connections, seconds))
                progress.update(1)
    return found


@click.command()
@click.option("--quick", is_flag=True, help="20,000 residents, one short round; the results page is left alone.")
@click.option("--residents", type=click.IntRange(min=1000), help="How many residents.  [default: 1,000,000]")
@click.option("--rounds", "count", type=click.IntRange(min=1), help="Rounds of measurement.  [default: 5]")
@click.option("--seconds", type=click.IntRange(min=1), help="Length of each measurement.  [default: 4]")
@click.option(
    "--only", type=click.Choice([w.name for w in WORKLOADS]), multiple=True, help="One query, or several; the page is left alone."
)
def main(quick: bool, residents: int | None, count: int | None, seconds: int | None, only: tuple[str, ...]) -> None:
    """Measure Madang beside itself without a ledger, a hand-written endpoint and stock Strawberry."""
    workloads = [w for w in WORKLOADS if not only or w.name in only]
    residents = residents or (20_000 if quick else 1_000_000)
    count, seconds = count or (1 if quick else 5), seconds or (1 if quick else 4)
    directory = DIRECTORY.with_name("bench-quick") if quick else DIRECTORY
    load = os.getloadavg()[1]
    try:
        with bench(directory, residents) as running:
            running.verify(workloads)
            click.echo(f"the four servers give the same data for {SAMPLES} keys of each query")
            planned = asyncio.run(running.planning())
            measured = rounds(running, workloads, count, seconds)
            memory = {server.name: peak_memory(server.pid) for server in running.servers}
    except (embedded.EmbeddedError, LoadError, verify.Different) as error:
        raise click.ClickException(str(error)) from error
    text = report.render(report.Results(residents, count, seconds, measured, memory, planned, load), workloads)
    click.echo(text)
    if not quick and not only:
        report.write(text)
