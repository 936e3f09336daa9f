"""What clients were shown, noted by themselves, and compared with what the ledger says."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from auth.access import Caller
from auth.blocks import FIRST, Signer, is_signed
from auth.entries import Entry, decode, digest_of, unpacked
from auth.ledger import BLOCK, block_of
from auth.merkle import leaf_hash, root
from auth.pseudonyms import Pseudonyms
from madang.embedded import Embedded
from tests.madang.mortal import SECRET, Place

OFFICER = Caller("mofa", "passport-officer", "mofa-0417")
CLERK = Caller("jongno", "resident-clerk", "jongno-1180", jurisdiction="11110")
PSEUDONYMS = Pseudonyms(SECRET)

Shown = dict[str, set[str]]
"""Residents' numbers → the coordinates that were shown of each."""

# What is asked


@dataclass(frozen=True)
class Question:
    """`shown` reads from an answer's data what was shown of whom."""

    body: bytes
    headers: Mapping[str, str]
    shown: Callable[[Any], Shown]


@dataclass(frozen=True)
class Questions:
    """Point queries, small lists, and some that are refused, about any of the nation's residents."""

    numbers: Mapping[int, str]
    """Residents' internal keys → their numbers."""
    officer: Mapping[str, str]
    clerk: Mapping[str, str]

    @classmethod
    def about(cls, nation: Embedded, place: Place) -> Questions:
        rows = asyncio.run(_rows(nation.owner_dsns["mois"], "SELECT id, rrn FROM resident"))
        return cls({row[0]: row[1] for row in rows}, place.headers(OFFICER), place.headers(CLERK))

    def any(self, draw: random.Random) -> Question:
        rrn = draw.choice(self._listed)
        kind = draw.choices((self.one, self.household, self.listing, self.refused, self.rejected), (8, 3, 3, 1, 1))[0]
        return kind(rrn, self.renewal, draw)

    @property
    def renewal(self) -> Mapping[str, str]:
        return {**self.officer, "Madang-Purpose": "passport-renewal"}

    @property
    def _listed(self) -> Sequence[str]:
        return list(self.numbers.values())[:500]

    def one(self, rrn: str, renewal: Mapping[str, str], draw: random.Random) -> Question:
        query = "query($rrn: String!) { resident(rrn: $rrn) { rrn name passports { number } } }"
        return Question(_body(query, rrn=rrn), renewal, _of_one)

    def household(self, rrn: str, renewal: Mapping[str, str], draw: random.Random) -> Question:
        query = "query($rrn: String!) { resident(rrn: $rrn) { rrn household { size members { rrn name } } } }"
        return Question(_body(query, rrn=rrn), renewal, _of_household)

    def listing(self, rrn: str, renewal: Mapping[str, str], draw: random.Random) -> Question:
        query = (
            'query($age: Int, $first: Int) { residents(filter: { districtCode: "11110", ageAtLeast: $age }, first: $first)'
            " { edges { node { id name } } } }"
        )
        variables = {"age": draw.randrange(60), "first": draw.randrange(1, 20)}
        return Question(_body(query, **variables), {**self.clerk, "Madang-Purpose": "change-of-address"}, self._of_list)

    def refused(self, rrn: str, renewal: Mapping[str, str], draw: random.Random) -> Question:
        """Without a purpose."""
        query = "query($rrn: String!) { resident(rrn: $rrn) { name } }"
        return Question(_body(query, rrn=rrn), self.officer, _nothing)

    def rejected(self, rrn: str, renewal: Mapping[str, str], draw: random.Random) -> Question:
        """Everything or nothing, where income is not shared."""
        query = "query($rrn: String!) { resident(rrn: $rrn) { name taxCertificates { income } } }"
        return Question(_body(query, rrn=rrn), {**renewal, "Madang-Refusals": "reject"}, _nothing)

    def _of_list(self, data: Any) -> Shown:
        ids = PSEUDONYMS.for_caller(CLERK)
        nodes = [edge["node"] for edge in data["residents"]["edges"]] if data["residents"] else []
        return {self.numbers[ids.decode(node["id"], ["Resident"])[1]]: {"Resident.id", "Resident.name"} for node in nodes}


def _body(query: str, **variables: object) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def _of_one(data: Any) -> Shown:
    found = data["resident"]
    if found is None:
        return {}
    shown = {"Resident.rrn", "Resident.name"}
    if found["passports"] is not None:
        shown |= {"Resident.passports"} | ({"Passport.number"} if found["passports"] else set())
    return {found["rrn"]: shown}


def _of_household(data: Any) -> Shown:
    found = data["resident"]
    if found is None:
        return {}
    shown = {found["rrn"]: {"Resident.rrn"}}
    if found["household"] is not None:
        shown[found["rrn"]] |= {"Resident.household", "Household.size", "Household.members"}
        for member in found["household"]["members"] or ():
            shown.setdefault(member["rrn"], set()).update({"Resident.rrn", "Resident.name"})
    return shown


def _nothing(data: Any) -> Shown:
    raise AssertionError("this is refused")


# Who asks


@dataclass(frozen=True)
class Note:
    """One response that arrived whole. `code`: of a refusal, which shows nothing."""

    request: bytes
    began: float
    ended: float
    status: int
    code: str | None
    retry: str | None
    shown: Shown


@dataclass
class Load:
    """Clients that ask without pause, each on a connection of its own, of whatever gateway is there now."""

    questions: Questions
    clients: int = 4
    address: str = ""
    """Of the gateway to ask; none while there is none."""
    notes: list[Note] = field(default_factory=list)
    broken: int = 0
    """Requests to which no whole response came."""
    wrong: list[str] = field(default_factory=list)
    """What no gateway should do."""

    def __enter__(self) -> Load:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(random.Random(seed),)) for seed in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def more(self, count: int) -> Callable[[], bool]:
        """Whether so many more responses have come since."""
        reached = len(self.notes) + count
        return lambda: len(self.notes) >= reached

    def shows(self, since: float) -> bool:
        """Whether something was shown since then, and lately."""
        return any(note.ended > since and note.code is None for note in self.notes[-200:])

    def codes(self) -> Counter[str | None]:
        return Counter(note.code for note in self.notes)

    def _run(self, draw: random.Random) -> None:
        while not self._stop.is_set():
            if not (address := self.address):
                time.sleep(0.005)
                continue
            connection = HTTPConnection(urlsplit(address).netloc, timeout=20)
            try:
                while not self._stop.is_set() and self.address == address:
                    self.notes.append(ask(connection, self.questions.any(draw)))
            except (OSError, HTTPException):
                self.broken += 1
                time.sleep(0.005)
            except Exception as error:
                self.wrong.append(repr(error))
            finally:
                connection.close()


def ask(connection: HTTPConnection, question: Question) -> Note:
    began = time.monotonic()
    connection.request("POST", "/graphql", question.body, dict(question.headers))
    return answered(connection, question, began)


def answered(connection: HTTPConnection, question: Question, began: float) -> Note:
    """What was answered; raises unless all of it arrives."""
    response = connection.getresponse()
    body = response.read()
    ended = time.monotonic()
    assert len(body) == int(response.headers["content-length"])
    answer = json.loads(body)
    request, retry = bytes.fromhex(response.headers["madang-request"]), response.headers["retry-after"]
    if "data" in answer:
        return Note(request, began, ended, response.status, None, retry, question.shown(answer["data"]))
    return Note(request, began, ended, response.status, answer["errors"][0]["extensions"]["code"], retry, {})


# What the ledger says


@dataclass(frozen=True)
class Told:
    """One entry with its form."""

    entry: Entry
    form: Any

    def shown(self) -> dict[bytes, set[str]]:
        """Residents' pseudonyms → what was disclosed of each."""
        granted = [item["coordinate"] for item in self.form["granted"]]
        found: dict[bytes, set[str]] = {}
        for bits, subject in self.entry.subjects():
            found.setdefault(subject, set()).update(each for k, each in enumerate(granted) if bits >> k & 1)
        return found


def told(dsn: str, signer: Signer) -> dict[bytes, Told]:
    """All entries by their requests' ids, of a chain that is whole: anything else raises."""
    forms = {row[0]: (row[1], row[2]) for row in asyncio.run(_rows(dsn, "SELECT id, digest, content FROM ledger_form"))}
    assert all(digest_of(content) == digest for digest, content in forms.values())
    read = {number: json.loads(content) for number, (_, content) in forms.items()}
    rows = asyncio.run(_rows(dsn, f"SELECT {BLOCK} FROM ledger_block ORDER BY number"))
    bodies = asyncio.run(_rows(dsn, "SELECT number, kept_until, body FROM ledger_entries ORDER BY number"))
    assert [tuple(row)[:2] for row in bodies] == [(row["number"], row["kept_until"]) for row in rows]
    found: dict[bytes, Told] = {}
    previous, at = FIRST, 0
    for number, (row, body) in enumerate(zip(rows, bodies, strict=True), 1):
        block, written = block_of(row), unpacked(body["body"])
        entries = [decode(data) for data in written]
        leaves = [leaf_hash(forms[entry.form][0], data) for entry, data in zip(entries, written, strict=True)]
        assert (block.number, block.previous, block.entries) == (number, previous, len(entries)), "a gap, or a fork"
        assert block.root == root(leaves)
        assert block.at >= at
        assert is_signed(block, {signer.id: signer.public})
        previous, at = block.name(), block.at
        for entry in entries:
            assert entry.request not in found, "a request is told of twice"
            found[entry.request] = Told(entry, read[entry.form])
    return found


def check(notes: Sequence[Note], found: Mapping[bytes, Told]) -> None:
    """Whatever was received is in the ledger; what is in the ledger need not have been received."""
    subjects = PSEUDONYMS.subjects()
    for note in notes:
        if note.code == "LEDGER_UNAVAILABLE":
            continue
        assert note.request in found, f"a response of which the ledger does not tell: {note}"
        entry = found[note.request]
        assert entry.form["refused"] == note.code
        disclosed = entry.shown()
        for rrn, coordinates in note.shown.items():
            missing = coordinates - disclosed.get(subjects.of([rrn]), set())
            assert not missing, f"{missing} of {rrn} were shown, and the ledger does not tell of it"


async def _rows(dsn: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()
