"""The results, as tables for the terminal and for the results page."""

from __future__ import annotations

import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from shutil import which

from benchmarks.load import Measurement
from benchmarks.planning import Planning
from benchmarks.workloads import Workload

PAGE = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- results: written by `make bench` -->\n", "<!-- end of results -->\n"

RECORDING_TARGET = 2.0
"""Milliseconds that recording may add at one connection."""
MEMORY_TARGET = 150 * 1000 * 1000
PLANNING_TARGET = 5.0

Cell = tuple[str, str, int]
"""Workload, server, connections: what is measured in one round."""


@dataclass(frozen=True)
class Results:
    residents: int
    rounds: int
    seconds: float
    measurements: Mapping[Cell, Sequence[Measurement]]
    memory: Mapping[str, int]
    """Peak memory by server, in bytes."""
    planning: Planning | None
    load: float
    """The machine's load average before anything of the benchmark ran."""


@dataclass(frozen=True)
class Ratio:
    """One thing to reach: how many times the other server's requests a second, the median of the rounds' own ratios."""

    workload: Workload
    other: str
    connections: int
    value: float
    target: float

    @property
    def met(self) -> bool:
        return self.value >= self.target


def median(measurements: Sequence[Measurement]) -> Measurement:
    """Each figure's median over the rounds."""
    return Measurement(*(statistics.median(getattr(m, f.name) for m in measurements) for f in fields(Measurement)))


def ratios(results: Results, workloads: Iterable[Workload]) -> list[Ratio]:
    """Madang against the others. Each round is compared with the same round's, for they ran next to each other."""
    found = []
    for workload in workloads:
        if workload.targets is None:
            continue
        busy, alone, against_stock = workload.targets
        for other, connections, target in (("handwritten", 32, busy), ("handwritten", 1, alone), ("stock", 32, against_stock)):
            ours = results.measurements.get((workload.name, "madang", connections))
            theirs = results.measurements.get((workload.name, other, connections))
            if ours and theirs:
                value = statistics.median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))
                found.append(Ratio(workload, other, connections, value, target))
    return found


def render(results: Results, workloads: Sequence[Workload]) -> str:
    """The results section in Markdown."""
    parts = [_conditions(results), _measured(results, workloads)]
    if wanted := ratios(results, workloads):
        parts.append(_targets(wanted))
    if recording := _recording(results, workloads):
        parts.append(recording)
    if costs := _costs(results, workloads):
        parts.append(costs)
    parts.append(_memory(results.memory))
    if results.planning is not None:
        parts.append(_planning(results.planning))
    return "\n".join(parts)


def write(text: str) -> None:
    """Put the results in their place on the results page."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _conditions(results: Results) -> str:
    rounds = "one round" if results.rounds == 1 else f"{results.rounds} rounds"
    return (
        f"Measured on {date.today().isoformat()} over {results.residents:,} residents: medians of {rounds} of "
        f"{results.seconds:g} seconds for each query, server and number of connections, the servers in turn within a round.\n"
        f"Machine: {machine()}. Load generator, servers and PostgreSQL share it; its load average was "
        f"{results.load:.1f} before.\n"
    )


def machine() -> str:
    """Processor, memory and software, without a name or a path."""
    info = dict(line.partition(":")[::2] for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    model = next((value.strip() for name, value in info.items() if name.strip() == "model name"), platform.machine())
    cores = len([line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")])
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    found = which("wrk")
    wrk = subprocess.run([found, "--version"], capture_output=True, text=True).stdout.split()[1:2] if found else []
    return (
        f"{model}, {cores} cores, {kilobytes / 1024**2:.0f} GiB, Linux {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}, wrk {wrk[0].rpartition('/')[2].partition('-')[0] if wrk else ''}"
    )


def _measured(results: Results, workloads: Sequence[Workload]) -> str:
    header = ["Query", "Connections", "Server", "Requests/s", "p50 ms", "p99 ms", "Server CPU ms", "PostgreSQL CPU ms"]
    rows = []
    for workload in workloads:
        for connections in sorted({c for _, _, c in results.measurements}):
            for server in results.memory:
                if measured := results.measurements.get((workload.name, server, connections)):
                    m = median(measured)
                    figures = [f"{m.rate:,.0f}", f"{m.p50:.2f}", f"{m.p99:.2f}", f"{m.cpu:.3f}", f"{m.database_cpu:.3f}"]
                    rows.append([workload.title, str(connections), server, *figures])
    return "CPU is for each request.\n\n" + _table(header, rows, first_number=3)


def _targets(wanted: Sequence[Ratio]) -> str:
    header = ["Query", "Madang against", "Connections", "Ratio", "To reach", "Reached"]
    rows = [
        [r.workload.title, r.other, str(r.connections), f"{r.value:.2f}", f"{r.target:g}", "yes" if r.met else "**no**"]
        for r in wanted
    ]
    return "Requests a second, Madang's over the other's in the same round, median of the rounds:\n\n" + _table(header, rows, 3)


def _recording(results: Results, workloads: Sequence[Workload]) -> str:
    """What the ledger costs Madang: against itself without one; empty if that was not measured."""
    rows = []
    for workload in workloads:
        for connections in sorted({c for _, _, c in results.measurements}):
            ours = results.measurements.get((workload.name, "madang", connections))
            other = results.measurements.get((workload.name, "unrecorded", connections))
            if ours and other:
                ratio = statistics.median(a.rate / b.rate for a, b in zip(ours, other, strict=True))
                m, w = median(ours), median(other)
                wanted, reached = _recording_target(workload, connections, ratio, m.p50 - w.p50)
                figures = [f"{ratio:.2f}", *(f"{a - b:+.3f}" for a, b in ((m.p50, w.p50), (m.cpu, w.cpu)))]
                figures.append(f"{m.database_cpu - w.database_cpu:+.3f}")
                rows.append([workload.title, str(connections), *figures, wanted, reached])
    header = ["Query", "Connections", "Requests/s, ratio", "p50 ms", "Server CPU ms", "PostgreSQL CPU ms", "To reach", "Reached"]
    said = "What the ledger costs Madang: against itself without one, in the same rounds"
    return f"{said}; of requests a second the ratio, else the difference:\n\n" + _table(header, rows, 2) if rows else ""


def _recording_target(workload: Workload, connections: int, ratio: float, added: float) -> tuple[str, str]:
    if connections == 1:
        return f"+{RECORDING_TARGET:g} ms", "yes" if added <= RECORDING_TARGET else "**no**"
    if workload.recorded is None:
        return "", ""
    return f"{workload.recorded:g}", "yes" if ratio >= workload.recorded else "**no**"


def _costs(results: Results, workloads: Sequence[Workload]) -> str:
    """What a part of the law costs Madang, where there is a workload for it and one without it; empty if there is none."""
    rows = []
    for workload in workloads:
        for connections in sorted({c for _, _, c in results.measurements}):
            ours = results.measurements.get((workload.name, "madang", connections))
            other = results.measurements.get((workload.without or "", "madang", connections))
            if ours and other:
                ratio = statistics.median(a.rate / b.rate for a, b in zip(ours, other, strict=True))
                m, w = median(ours), median(other)
                figures = [f"{ratio:.2f}", *(f"{a - b:+.3f}" for a, b in ((m.p50, w.p50), (m.cpu, w.cpu)))]
                rows.append([workload.title, str(connections), *figures, f"{m.database_cpu - w.database_cpu:+.3f}"])
    header = ["Query", "Connections", "Requests/s, ratio", "p50 ms", "Server CPU ms", "PostgreSQL CPU ms"]
    said = (
        "What the law costs Madang: the same query with and without it, in the same rounds; of requests a second the ratio, else"
    )
    return f"{said} the difference:\n\n" + _table(header, rows, 2) if rows else ""


def _memory(memory: Mapping[str, int]) -> str:
    rows = []
    for server, peak in memory.items():
        reached = ("yes" if peak < MEMORY_TARGET else "**no**") if server == "madang" else ""
        rows.append([server, f"{peak / 1e6:.0f} MB", f"{MEMORY_TARGET / 1e6:.0f} MB" if reached else "", reached])
    return "Peak memory of the worker over the whole run:\n\n" + _table(["Server", "Peak", "To reach: below", "Reached"], rows, 1)


def _planning(planning: Planning) -> str:
    rows = [[stage, f"{milliseconds:.2f}"] for stage, milliseconds in planning.stages.items()]
    rows.append(["**all**", f"{planning.total:.2f}"])
    verdict = "reached" if planning.total < PLANNING_TARGET else "**not reached**"
    return (
        f"Planning an operation of {planning.fields} fields never seen before, median of {planning.times}, in milliseconds "
        f"(to reach: below {PLANNING_TARGET:g}; {verdict}):\n\n" + _table(["Stage", "ms"], rows, 1)
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], first_number: int) -> str:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.ljust(w) if i < first_number else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * w if i < first_number else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(header), f"| {' | '.join(rule)} |", *map(line, rows)]) + "\n"
