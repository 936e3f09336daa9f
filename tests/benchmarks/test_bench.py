"""The four servers of the benchmark run, and give the same data; and the comparison would notice if they did not."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from graphql import parse

from benchmarks import load, planning, report
from benchmarks.run import Bench, bench
from benchmarks.verify import Different, ask, difference, empty, normal, verify
from benchmarks.workloads import WORKLOADS, Workload

RESIDENTS = 2_000
SAMPLES = 5


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("bench") / "registers", RESIDENTS) as running:
        yield running


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_all_servers_give_the_same_data(running: Bench, workload: Workload) -> None:
    assert [server.name for server in running.servers] == ["madang", "unrecorded", "handwritten", "stock"]
    verify(running.servers, workload, running.keys[workload.name][:SAMPLES])


def test_absent_residents_are_absent_everywhere(running: Bench) -> None:
    answers = [ask(server, WORKLOADS[0], "0000000000000") for server in running.servers]
    assert answers == [{"resident": None}] * 4


def test_an_answer_with_errors_is_no_answer(running: Bench) -> None:
    # Without a case, employment, income and pensions are withheld.
    madang = running.servers[0]
    caseless = dataclasses.replace(
        madang, request=lambda workload, key: madang.request(workload, key).replace(b"Madang-Case: 2026-00017\r\n", b"")
    )
    household = WORKLOADS[1]
    with pytest.raises(Different, match="WITHHELD"):
        ask(caseless, household, running.keys[household.name][0])


def test_each_resident_of_a_workload_with_cases_needs_their_own(running: Bench) -> None:
    madang = running.servers[0]
    [checked] = [workload for workload in WORKLOADS if workload.cases]
    one, other, *_ = running.keys[checked.name]
    assert ask(madang, checked, one)["resident"]["name"]
    stolen = dataclasses.replace(
        madang,
        request=lambda workload, key: madang.request(workload, key).replace(f"bench-{one}".encode(), f"bench-{other}".encode()),
    )
    with pytest.raises(Different, match="WITHHELD"):
        ask(stolen, checked, one)


async def test_planning_is_measured_under_the_regulations_in_force(running: Bench) -> None:
    planned = await running.planning(times=3)
    assert planned.fields == 60
    assert planned.total > 0
    assert len(planned.stages) == 3


def test_unseen_operations_differ_and_select_as_much() -> None:
    template = parse(planning.DOCUMENT.read_text())
    documents = [planning.unseen(template, Random(seed)) for seed in range(50)]
    assert len(set(documents)) == 50
    assert {planning.count(parse(document)) for document in documents} == {60}


def test_differences_are_found_and_told() -> None:
    data = {"residents": {"edges": [{"node": {"name": "김미란", "pension": None}}], "pageInfo": {"endCursor": "a"}}}
    other = {"residents": {"edges": [{"node": {"name": "김미란", "pension": {}}}], "pageInfo": {"endCursor": "b"}}}
    assert difference(normal(data), normal(data)) is None
    assert difference(normal(data), normal(other)) == "data.residents.edges[0].node.pension: None and {}"
    assert difference({"year": 1}, {"year": "1"}) == "data.year: 1 and 1"
    assert difference([1], [1, 2]) == "data: [1] and [1, 2]"
    assert difference({"endCursor": True}, normal({"endCursor": None})) is not None
    assert empty({"residents": {"edges": [], "pageInfo": {"hasNextPage": False}}})
    assert not empty({"resident": {"size": 0}})


def test_this_process_uses_cpu_and_memory() -> None:
    before = load.cpu_seconds(os.getpid())
    while load.cpu_seconds(os.getpid()) == before:
        sum(range(100_000))
    assert load.peak_memory(os.getpid()) > 10_000_000


def test_ratios_are_of_rounds_side_by_side() -> None:
    def rates(*values: float) -> list[load.Measurement]:
        return [load.Measurement(value, 1, 2, 3, 4) for value in values]

    # The second round ran while the machine was busy: compared across rounds, the ratio would be 1.
    cells = {("resident", "madang", 32): rates(200, 20, 220), ("resident", "handwritten", 32): rates(100, 10, 200)}
    results = report.Results(2_000, 3, 1, cells, {"madang": 100_000_000, "handwritten": 1}, None, 0.1)
    [ratio] = report.ratios(results, WORKLOADS)
    assert (ratio.other, ratio.connections, ratio.value, ratio.met) == ("handwritten", 32, 2.0, True)
    text = report.render(results, WORKLOADS)
    assert "| One resident with household and passports | handwritten    | 32          |  2.00 |      1.3 |     yes |" in text
    assert "100 MB" in text


def test_what_the_ledger_costs_is_told_by_the_same_query_without_it() -> None:
    cells = {
        ("resident", "madang", 32): [load.Measurement(84, 2.5, 3, 0.75, 0.5)],
        ("resident", "unrecorded", 32): [load.Measurement(100, 1, 2, 0.25, 0.125)],
        ("resident", "madang", 1): [load.Measurement(84, 2.5, 3, 0.75, 0.5)],
        ("resident", "unrecorded", 1): [load.Measurement(100, 1, 2, 0.25, 0.125)],
    }
    text = report.render(report.Results(2_000, 1, 1, cells, {"madang": 1, "unrecorded": 1}, None, 0.1), WORKLOADS)
    one, many = [line for line in text.splitlines() if "0.84" in line]
    assert re.findall(r"[-+0-9.]+", one.rpartition("passports")[2]) == ["1", "0.84", "+1.500", "+0.500", "+0.375", "+2"]
    assert "yes" in one
    assert "**no**" in many


def test_what_the_law_costs_is_told_by_the_same_query_without_it() -> None:
    checked = next(workload for workload in WORKLOADS if workload.without)
    cells = {
        (checked.name, "madang", 1): [load.Measurement(80, 2.5, 3, 0.75, 0.5)],
        (checked.without or "", "madang", 1): [load.Measurement(100, 1, 2, 0.25, 0.125)],
    }
    results = report.Results(2_000, 1, 1, cells, {"madang": 100_000_000}, None, 0.1)
    assert report.ratios(results, [checked]) == []
    [row] = [line for line in report.render(results, [checked]).splitlines() if "0.80" in line]
    assert re.findall(r"[-+0-9.]+", row.rpartition("jurisdiction")[2]) == ["1", "0.80", "+1.500", "+0.500", "+0.375"]


def test_results_take_their_place_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "README.md"
    page.write_text(report.PAGE.read_text())
    monkeypatch.setattr(report, "PAGE", page)
    before, _, rest = page.read_text().partition(report.BEGIN)
    for text in ("first", "second"):
        report.write(text)
    assert page.read_text() == f"{before}{report.BEGIN}\nsecond\n{report.END}{rest.partition(report.END)[2]}"
