"""The client programs that people copy, run against the served sample: they do what they say, and say what they cannot do."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import functools
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from xml.etree import ElementTree

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from auth.feed import Arrival, Recipient, Row, arrive
from examples.analyst.counts import group_name
from examples.ministry import demo, follow, renew
from examples.ministry.gateway import Approved, Gateway, Refused
from examples.ministry.generate import generated
from examples.ministry.operations.events import EventsResultEvents
from madang.embedded import Embedded, known_residents
from madang.gateway import ledger_key
from madang.settings import Settings
from resolvers.evidence import DOCUMENT

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "examples/ministry/operations"
CASE = "2026-passport-008841"


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"examples.{module}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture
def key(settings: Settings, tmp_path: Path) -> Path:
    """The gateway's public key, as `madang ledger key` prints it."""
    file = tmp_path / "ledger-key.pem"
    file.write_bytes(ledger_key(settings).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return file


def test_the_ministrys_types_are_those_of_its_documents_and_these_the_approved_ones(served: str) -> None:
    assert {path: path.read_text("utf-8") for path in OPERATIONS.glob("*.py")} == generated(), "run `generate.py`"
    renewal = (OPERATIONS / "passport_renewal.graphql").read_bytes()
    assert renewal == (ROOT / "examples/korea/services/passport-renewal/operation.graphql").read_bytes()
    assert (OPERATIONS / "evidence.graphql").read_text("utf-8") == DOCUMENT


def test_a_passport_is_renewed_and_its_evidence_holds(served: str, key: Path, tmp_path: Path) -> None:
    done = run("ministry.renew", "--address", served, "--key", str(key), "--out", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("김민준, born 1981-03-14", "is of age", "M548E0468", "active, discharged on 2004-11-20", "the signature holds"):
        assert words in done.stdout
    [file] = tmp_path.glob("*.evidence.json")
    file.write_bytes(file.read_bytes().replace("김민준".encode(), "김민수".encode()))
    assert renew.verified(file, key) == 1, "what somebody changed does not hold"


def test_of_a_minor_the_guardians_are_told_and_what_takes_consent_is_not(served: str) -> None:
    gateway = Gateway(served, lambda: demo.token(served), renew.PURPOSE, "2026-passport-008842")
    said = "\n".join(renew.told(renew.asked(gateway, demo.applicant("2026-passport-008842"))))
    assert "is a minor: 김민준, 이서연 must consent" in said
    assert "not shown   `Resident.militaryService` is withheld: it is shared with you only with the resident's consent" in said


def test_what_is_refused_is_said_in_the_gateways_words(served: str, tmp_path: Path) -> None:
    gateway = Gateway(served, lambda: demo.token(served), "basic-livelihood-benefit", CASE)
    with pytest.raises(Refused, match="basic-livelihood-benefit") as refused:
        renew.asked(gateway, demo.applicant(CASE))
    assert refused.value.code == "PURPOSE_NOT_ALLOWED"
    with pytest.raises(Refused, match="an open case"):
        renew.kept(Gateway(served, lambda: demo.token(served), renew.PURPOSE, CASE), "2026-passport-1", tmp_path)
    with pytest.raises(LookupError, match="there is no case `2026-00017` of this ministry"):
        demo.applicant("2026-00017")


def test_another_document_that_is_approved_now_is_named(served: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for file in OPERATIONS.glob("*.graphql"):
        (tmp_path / file.name).write_text(file.read_text("utf-8").replace("isAdult", "age"), "utf-8")
    monkeypatch.setattr(renew, "OPERATIONS", tmp_path)
    gateway = Gateway(served, lambda: demo.token(served), renew.PURPOSE, CASE)
    approved = Approved((OPERATIONS / "passport_renewal.graphql").read_text("utf-8"), {}).payload["documentId"]
    with pytest.raises(Refused, match=rf"another document is approved now \({approved}\)"):
        renew.asked(gateway, demo.applicant(CASE))


class Before(httpx.BaseTransport):
    """Answers the first requests itself, and passes on the others to the server."""

    def __init__(self, *answers: Callable[[], httpx.Response]) -> None:
        self.answers, self.server = list(answers), httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.answers.pop(0)() if self.answers else self.server.handle_request(request)

    def close(self) -> None:
        self.server.close()


def busy(status: int, code: str, seconds: str) -> Callable[[], httpx.Response]:
    body = {"errors": [{"message": "ask again later", "extensions": {"code": code}}]}
    return lambda: httpx.Response(status, json=body, headers={"Retry-After": seconds})


def lost() -> httpx.Response:
    raise httpx.ReadError("the connection broke off")


def test_an_expired_token_is_renewed_and_a_busy_gateway_waited_for(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    tokens = ["expired", demo.token(served)]
    before = Before(busy(429, "SUBJECT_LIMIT_REACHED", "7"), lost, busy(503, "LEDGER_UNAVAILABLE", "2"))
    gateway = Gateway(served, lambda: tokens.pop(0), renew.PURPOSE, CASE, before)
    assert renew.asked(gateway, demo.applicant(CASE)).data["resident"]["name"] == "김민준"
    assert (tokens, slept) == ([], [7.0, 1.0, 2.0])
    # What would take too long is said instead, and a token that is not accepted is not asked for again and again.
    before.answers.append(busy(429, "SUBJECT_LIMIT_REACHED", "1800"))
    with pytest.raises(Refused, match="ask again later"):
        renew.asked(gateway, demo.applicant(CASE))
    with pytest.raises(Refused) as refused:
        renew.asked(Gateway(served, lambda: "never", renew.PURPOSE, CASE), demo.applicant(CASE))
    assert (refused.value.code, len(slept)) == ("UNAUTHENTICATED", 3)


def test_nothing_is_decided_while_a_register_is_silent() -> None:
    error = {"message": "…", "extensions": {"code": "SOURCE_UNAVAILABLE", "coordinate": "Resident.passports"}}
    answer = httpx.Response(200, json={"data": {"resident": {"name": "김민준", "passports": None}}, "errors": [error]})
    gateway = Gateway("http://register.invalid", lambda: "token", renew.PURPOSE, CASE, Before(lambda: answer))
    with pytest.raises(Refused, match=r"nothing to decide on yet: Resident\.passports"):
        renew.asked(gateway, "8103149970008")


@pytest.fixture
async def gateway(nation: Embedded) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the gateway's own database, where its relay writes events."""
    connection = await asyncpg.connect(nation.gateway_dsn)
    yield connection
    await connection.close()


async def test_an_insurer_hears_of_each_event_once(served: str, gateway: asyncpg.Connection, tmp_path: Path) -> None:
    """However often it stops."""
    recipient, rrn = Recipient("nhis", "register-system", follow.PURPOSE), known_residents()["citizen"]
    heard: list[EventsResultEvents] = []

    async def stopped_after(count: int) -> None:
        enough = asyncio.Event()

        def hear(event: EventsResultEvents) -> None:
            heard.append(event)
            if len(heard) >= count:
                enough.set()

        new_token = functools.partial(demo.token, served, "insurer-system")
        following = asyncio.create_task(follow.follow(served, new_token, tmp_path / "last", hear))
        waiting = asyncio.create_task(enough.wait())
        await asyncio.wait([following, waiting], timeout=20, return_when=asyncio.FIRST_COMPLETED)
        following.cancel()
        with pytest.raises(asyncio.CancelledError):
            await following
        assert enough.is_set()

    # What others were told before, in this nation that all tests share, is not of this test.
    told = "SELECT last FROM event_feed WHERE agency = $1 AND role = $2 AND purpose = $3"
    before = await gateway.fetchval(told, *recipient[:3]) or 0
    (tmp_path / "last").write_text(str(before))
    for count in (1, 2, 3):
        born = Row(2 * 10**9 + count, "RESIDENT_BORN", rrn, (), dt.datetime.now(dt.UTC))
        await arrive(gateway, "mois", [Arrival(born, {recipient: None}, {}, decided=True)])
        await stopped_after(count)
    assert [event["sequence"] for event in heard] == [before + 1, before + 2, before + 3]
    assert heard[2]["resident"] == {"rrn": rrn, "address": "서울특별시 종로구 청운효자동 청운효자로33길 35"}


def read(file: Path) -> dict[tuple[str, str], list[int]]:
    with file.open(encoding="utf-8") as lines:
        return {(age, sex): [int(number) for number in numbers] for age, sex, *numbers in list(csv.reader(lines))[1:]}


async def test_the_analysts_pictures_show_what_the_registers_have(served: str, nation: Embedded, tmp_path: Path) -> None:
    done = run("analyst.draw", "--address", served, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr  # on a new machine it also says there that fonts are looked for
    for name in ("population", "employment"):
        assert ElementTree.parse(tmp_path / f"{name}.svg").getroot().tag.endswith("svg")
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert (picture.size, len(picture.getcolors(1 << 20) or ()) > 50) == ((1050, 810), True)
    mois, moel = await asyncpg.connect(nation.dsns["mois"]), await asyncpg.connect(nation.dsns["moel"])
    insured = {row["rrn"] for row in await moel.fetch("SELECT DISTINCT rrn FROM employment")}
    residents = await mois.fetch(
        "SELECT rrn, sex, date_part('year', age((now() AT TIME ZONE 'Asia/Seoul')::date, birth_date))::int AS age"
        " FROM resident WHERE status = 'REGISTERED'"
    )
    await mois.close()
    await moel.close()
    groups = [(group_name(min(row["age"] // 5 * 5, 100)), {"FEMALE": "women", "MALE": "men"}[row["sex"]]) for row in residents]
    population, employed = Counter(groups), Counter(g for g, row in zip(groups, residents, strict=True) if row["rrn"] in insured)
    counted = read(tmp_path / "population.csv")
    assert {group: numbers for group, numbers in counted.items() if numbers != [0]} == {g: [n] for g, n in population.items()}
    adults = {row[0] for row in counted} - {"0–4", "5–9", "10–14"}
    expected = {group: [number, employed[group]] for group, number in population.items() if group[0] in adults}
    assert read(tmp_path / "employment.csv") == expected
