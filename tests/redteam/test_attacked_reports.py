"""What reports could tell of others, change unseen, or be made to do; over HTTP, to real registers, under the sample's law."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from madang.embedded import Embedded
from madang.settings import Settings
from tests.madang.reporting import (
    BIRTH,
    CITIZEN,
    CLERK,
    GIVE,
    GRANDFATHER,
    MOTHER,
    MOVE,
    REVOKE,
    Counter,
    birth,
    mistakes,
    move,
    open_counter,
)

NOBODY = "0000000000000"
LONE = replace(CITIZEN, rrn="9702280970009")
INCOME = {"agency": "haeundae", "purpose": "basic-livelihood-benefit", "items": ["TaxCertificate.income"]}
LOG = "{ me { accessLog(first: 1) { agency caseNumber items { coordinate rule } } } }"


@pytest.fixture(scope="module")
def counter(changing: Embedded, settings: Settings) -> Iterator[Counter]:
    with open_counter(settings, changing) as open_:
        yield open_


def elsewhere(counter: Counter, district: str = "26350") -> tuple[str, str]:
    """Somebody who has nothing to do with the reporter, who lives in another district; and where."""
    found = (
        "SELECT rrn, address FROM resident WHERE district_code = $1 AND status = 'REGISTERED' AND address IS NOT NULL "
        "AND household_id NOT IN (SELECT household_id FROM resident WHERE rrn = ANY($2)) LIMIT 1"
    )
    ((rrn, address),) = counter.rows("mois", found, district, [LONE.rrn, CITIZEN.rrn, GRANDFATHER])
    return str(rrn), str(address)


def ledger_end(counter: Counter) -> int:
    return int(counter.rows("gateway", "SELECT coalesce(sum(entries), 0) FROM ledger_block")[0][0])


# ── Who exists, and where ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_was_used_tells_nobody_who_exists(counter: Counter) -> None:
    stranger, _ = elsewhere(counter)
    given = INCOME | {"until": "2027-11-30"}
    assert counter.report(LONE, GIVE, "used", given)["state"] == "DONE"
    there, nobody = (counter.report(LONE, GIVE, "used", given | {"resident": {"rrn": rrn}}) for rrn in (stranger, NOBODY))
    assert there == nobody
    assert counter.report(LONE, GIVE, "used", given | {"until": "2027-11-29"})["code"] == "KEY_REUSED"


def test_a_petition_of_one_tells_a_clerk_nothing_of_others(counter: Counter) -> None:
    """With the petition of a single resident, whoever else in the nation exists, and lives where it is guessed, was told."""
    case = counter.petition("2026-one", CLERK, "change-of-address", GRANDFATHER)
    stranger, address = elsewhere(counter)
    for place, to in enumerate((address, "서울특별시 종로구 추측길 1")):
        for others in ((GRANDFATHER,), (GRANDFATHER, "*"), ("*", GRANDFATHER)):
            if "*" not in others:
                continue
            told = [
                counter.report(
                    CLERK, MOVE, f"{place} {others} {rrn}", move(*(rrn if each == "*" else each for each in others), to=to),
                    case=case,
                )
                for rrn in (stranger, NOBODY)
            ]  # fmt: skip
            assert told[0] == told[1]
            assert [code for _, code in mistakes(told[0])] == ["UNKNOWN_RESIDENT"]
    joined = [
        counter.report(CLERK, MOVE, f"joins {rrn}", move(GRANDFATHER, joins={"rrn": rrn}), case=case)
        for rrn in (stranger, NOBODY)
    ]
    assert joined[0] == joined[1]


def test_what_a_register_says_is_wrong_of_somebody_is_recorded_as_theirs(counter: Counter) -> None:
    case = counter.petition("2026-wrong", CLERK, "change-of-address", GRANDFATHER)
    wrong = counter.report(CLERK, MOVE, "wrong", move(GRANDFATHER) | {"movedOn": "1950-01-01"}, case=case)
    assert ("movedOn", "BEFORE_BIRTH") in mistakes(wrong)
    log = counter.ask(replace(CITIZEN, rrn=GRANDFATHER), LOG, "own-records")["data"]["me"]["accessLog"]
    item = {"coordinate": "Mutation.reportMoveIn", "rule": "mois-reports/move-to-the-district"}
    assert log == [{"agency": "jongno", "caseNumber": case, "items": [item]}]


@pytest.mark.parametrize("receipt", ["a\0b", "x" * 5000, "", "' OR true --"])
def test_an_odd_receipt_is_nobodys(counter: Counter, receipt: str) -> None:
    answer = counter.ask(CITIZEN, "query ($r: ID!) { report(receipt: $r) }", "own-records", r=receipt)
    assert answer["data"] == {"report": None}
    assert all(each["extensions"]["code"] == "BAD_USER_INPUT" for each in answer.get("errors", []))


# ── One key, several registers ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_key_in_two_registers_is_two_reports_each_with_its_own_state(counter: Counter) -> None:
    consent = counter.report(CITIZEN, GIVE, "both", INCOME | {"until": "2027-11-30"})
    child = counter.report(CITIZEN, BIRTH, "both", birth("김둘"))
    assert (consent["state"], child["state"]) == ("DONE", "DONE")
    for report in (consent, child):
        asked = counter.ask(CITIZEN, f'{{ report(receipt: "{report["receipt"]}") }}', "own-records")
        assert asked["data"] == {"report": "DONE"}
    assert counter.report(CITIZEN, BIRTH, "both", birth("김둘"))["state"] == "DONE"


def test_a_repeat_is_for_the_same_case(counter: Counter) -> None:
    """It is not asked again whether the case is verified: the first was; and the ledger has the number of the case."""
    mother = replace(CITIZEN, rrn=MOTHER)
    ((district,),) = counter.rows("mois", "SELECT district_code FROM resident WHERE rrn = $1", MOTHER)
    assert district == CLERK.jurisdiction
    case = counter.petition("2026-case", CLERK, "birth-registration", MOTHER)
    given = birth("김사건")
    first = counter.report(CLERK, BIRTH, "case", given, case=case)
    assert counter.report(CLERK, BIRTH, "case", given, case=case) == first
    assert counter.report(CLERK, BIRTH, "case", given, case="2026-invented")["code"] == "WITHHELD"
    other = counter.petition("2026-other", CLERK, "birth-registration", MOTHER)
    assert counter.report(CLERK, BIRTH, "case", given, case=other)["code"] == "KEY_REUSED"
    log = "{ me { accessLog(first: 9) { caseNumber } } }"
    cases = {each["caseNumber"] for each in counter.ask(mother, log, "own-records")["data"]["me"]["accessLog"]}
    assert "2026-invented" not in cases


# ── Input that is not what it looks like ────────────────────────────────────────────────────────────────────────────────────────


def test_one_name_in_two_spellings_is_one_child(counter: Counter) -> None:
    name = "김한글"
    assert counter.report(CITIZEN, BIRTH, "spelled", birth(name))["state"] == "DONE"
    again = unicodedata.normalize("NFD", name)
    assert again != name
    assert mistakes(counter.report(CITIZEN, BIRTH, "spelled again", birth(again))) == [("name", "REGISTERED")]


@pytest.mark.parametrize("name", ["김\u200b별", "\u202e별김", "\u3000", "\u3164", "김\u00ad별", "\ufeff", "김\u2028별", "\u00a0"])
def test_a_name_has_nothing_in_it_that_is_not_seen(counter: Counter, name: str) -> None:
    assert mistakes(counter.report(CITIZEN, BIRTH, f"odd {name!r}", birth(name))) == [("name", "NAME")]


@pytest.mark.parametrize("ref", [{}, {"rrn": None}, {"rrn": "1", "id": "1"}])
def test_a_resident_is_named_in_one_way(counter: Counter, ref: dict[str, Any]) -> None:
    """Also by one who writes the input into the document."""
    assert counter.report(CITIZEN, MOVE, "ways", move() | {"residents": [ref]})["code"] == "BAD_USER_INPUT"
    said = ", ".join(f"{name}: {orjson.dumps(value).decode()}" for name, value in ref.items())
    place = '{address: "x", districtCode: "11110"}, movedOn: "2026-11-01", reason: JOB'
    document = f'mutation {{ reportMoveIn(key: "ways", input: {{residents: [{{{said}}}], to: {place}}}) {{ __typename }} }}'
    answer = counter.ask(CITIZEN, document, "change-of-address")
    assert {each["extensions"]["code"] for each in answer["errors"]} <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}


def test_lists_of_a_report_are_bounded(counter: Counter) -> None:
    many = counter.report(CITIZEN, MOVE, "many", move(*[CITIZEN.rrn or ""] * 9000))
    assert many["code"] == "BAD_USER_INPUT"
    items = INCOME | {"items": ["TaxCertificate.income"] * 9000, "until": "2027-11-30"}
    assert counter.report(LONE, GIVE, "many", items)["code"] == "BAD_USER_INPUT"


def test_what_was_not_given_is_not_told_to_be_revoked(counter: Counter) -> None:
    told = "SELECT count(*) FROM outbox WHERE kind = 'CONSENT_REVOKED' AND rrn = $1"
    before = counter.rows("gateway", told, LONE.rrn)
    found = counter.report(LONE, REVOKE, "nothing", {"agency": "nowhere", "purpose": "nothing", "items": []})
    assert mistakes(found) == [("items", "EMPTY")]
    assert counter.rows("gateway", told, LONE.rrn) == before


# ── Ways round ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_spelling_of_a_mutation_makes_it_twice_or_unrecorded(counter: Counter) -> None:
    before = ledger_end(counter)
    document = """
    mutation ($i: RegisterBirthInput!, $no: Boolean!) { ...All a: registerBirth(key: "way", input: $i) { ...R } }
    fragment All on Mutation {
      b: registerBirth(key: "way", input: $i) { ...R } c: registerBirth(key: "way", input: $i) @skip(if: $no) { ...R }
      ... on Mutation @include(if: $no) { a: registerBirth(key: "way", input: $i) { ...R } } }
    fragment R on RegisterBirthReported { receipt rrn entry state }"""
    answer = counter.ask(CITIZEN, document, "birth-registration", i=birth("김길"), no=True)
    data: dict[str, Any] = answer["data"]
    assert "errors" not in answer
    assert set(data) == {"a", "b"}
    assert data["a"] == data["b"]
    assert counter.rows("mois", "SELECT count(*) FROM resident WHERE name = '김길'") == [(1,)]
    assert ledger_end(counter) == before + 2, "the number is told twice, so that is recorded twice"
