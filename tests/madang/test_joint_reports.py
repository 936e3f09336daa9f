"""A birth is reported to two registers. Gateways are killed at each step of it, and then both have it or neither."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from madang import personas
from madang.embedded import Embedded
from madang.settings import Settings
from resolvers.joint import Joint
from sources.reporter import Reporter
from tests.madang.dying import STEPS
from tests.madang.mortal import ROOT, SECRET, Place, until
from tests.madang.reporting import BIRTH, CITIZEN, MOTHER, Counter, birth, open_counter

DECIDED = ("decided", "committed in one", "committed in both")
PREPARED = "SELECT gid FROM pg_prepared_xacts"


@pytest.fixture(scope="module")
def counter(changing: Embedded, settings: Settings) -> Iterator[Counter]:
    with open_counter(settings, changing) as open_:
        yield open_


@pytest.fixture
def deaths(changing: Embedded, settings: Settings, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that forks gateways which die."""
    place = Place.make(tmp_path / "place", settings, changing, changing.gateway_dsn, 5.0)
    assert settings.demo is not None
    file = place.directory / "madang.toml"
    # The same residents' pseudonyms, so that they see in the ledger what these gateways wrote.
    file.write_text(file.read_text("utf-8").replace(SECRET.hex(), personas.ids_secret(settings.demo).hex()), "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.madang.dying", str(place.directory)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        yield process
        process.stdin.close()


def recovered(nation: Embedded, patience: float) -> None:
    """What any gateway does every few seconds, once."""

    async def recover() -> None:
        reporters = {name: Reporter(name, dsn) for name, dsn in nation.reports_dsns.items()}
        own = Reporter("gateway", nation.gateway_dsn)
        await Joint(reporters, own).recover(patience=patience)
        for each in (own, *reporters.values()):
            await each.aclose()

    asyncio.run(recover())


def registered(counter: Counter, name: str) -> tuple[bool, bool]:
    """Whether the two registers have a child of that name."""
    numbers = [row[0] for row in counter.rows("mois", "SELECT rrn FROM resident WHERE name = $1", name)]
    births = counter.rows("scourt", "SELECT rrn FROM birth WHERE mother_rrn = $1 AND rrn = ANY($2)", MOTHER, numbers)
    entered = counter.rows("scourt", "SELECT receipt FROM outbox WHERE kind = 'BIRTH_REGISTERED'")
    born = counter.rows("mois", "SELECT receipt FROM outbox WHERE kind = 'RESIDENT_BORN'")
    assert sorted(entered) == sorted(born), "what one register tells the other does"
    assert len(numbers) == len(births) <= 1
    return bool(numbers), bool(births)


def test_killed_at_any_step_both_registers_have_it_or_neither(
    counter: Counter, changing: Embedded, deaths: subprocess.Popen[str]
) -> None:
    assert deaths.stdin is not None
    assert deaths.stdout is not None
    for number, step in enumerate([*STEPS, "recorded"]):
        name = f"김죽음{number}"
        deaths.stdin.write(f"{step}\t{step}\t{name}\n")
        deaths.stdin.flush()
        assert deaths.stdout.readline() == "9\n", f"{step}: it was killed"
        if step in ("prepared in both", "recorded"):
            recovered(changing, patience=3600)
            assert _left(counter), "somebody may be just about to decide"
        recovered(changing, patience=3600 if step in DECIDED else 0)
        until(lambda: not _left(counter))
        assert registered(counter, name) == ((True, True) if step in DECIDED else (False, False)), step
        # The same key then gives the answer, made now or before.
        answer = counter.report(CITIZEN, BIRTH, step, birth(name))
        assert answer["state"] == "DONE", (step, answer)
        assert registered(counter, name) == (True, True)
        assert counter.report(CITIZEN, BIRTH, step, birth(name)) == answer
        told = counter.ask(CITIZEN, f'{{ report(receipt: "{answer["receipt"]}") }}', "own-records")
        assert told["data"] == {"report": "DONE"}
        log = "{ me { accessLog(first: 60) { number items { coordinate } } } }"
        numbers = [
            each["number"] for each in counter.ask(CITIZEN, log, "own-records")["data"]["me"]["accessLog"]
            if {"coordinate": "Mutation.registerBirth"} in each["items"]
        ]  # fmt: skip
        assert answer["entry"] in numbers, "and the ledger has it"


def _left(counter: Counter) -> bool:
    return counter.rows("mois", PREPARED) != []


def test_many_repeats_at_once_wait_for_nobody_for_ever(counter: Counter) -> None:
    """There are more of them than connections to each register."""
    with ThreadPoolExecutor(10) as pool:
        answers = [*pool.map(lambda _: counter.report(CITIZEN, BIRTH, "many", birth("김여럿")), range(10))]
    assert all(each == answers[0] for each in answers)
    assert answers[0]["state"] == "DONE"


async def test_whoever_decides_first_decides(changing: Embedded) -> None:
    own = Reporter("gateway", changing.gateway_dsn)
    joint = Joint({}, own)
    attempt = await joint.open("f" * 32, bytes(32), 2)
    assert (await joint.state("f" * 32, bytes(32)) or {})["outcome"] is None
    outcomes = await asyncio.gather(*(joint.decide(attempt, what) for what in ("UNDONE", "DONE", "UNDONE", "DONE")))  # type: ignore[arg-type]
    assert outcomes in ([True, False, True, False], [False, True, False, True])
    await own.aclose()


def test_a_register_that_refuses_leaves_nothing_in_the_other(counter: Counter) -> None:
    """The Ministry's has taken the report by then, and given a number."""
    count = counter.rows("mois", "SELECT count(*) FROM resident")
    found = counter.report(CITIZEN, BIRTH, "no father", birth("김아비", father=None))
    assert [(each["path"], each["code"]) for each in found["errors"]] == [(["father"], "PRESUMED_FATHER")]
    assert counter.rows("mois", "SELECT count(*) FROM resident") == count
