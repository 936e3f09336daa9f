"""Reports, attacked: over HTTP, to real registers, under the regulations of the sample nation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from auth.access import Caller
from auth.authorizer import RegulationAuthorizer
from madang.embedded import Embedded
from madang.settings import Settings
from tests.madang.mortal import until
from tests.madang.reporting import (
    BIRTH,
    CITIZEN,
    CLERK,
    DAUGHTER,
    FAMILY,
    FATHER,
    GIVE,
    GRANDFATHER,
    MOTHER,
    MOVE,
    REVOKE,
    SON,
    Counter,
    birth,
    held,
    mistakes,
    move,
    open_counter,
)

LOG = "{ me { accessLog(first: 1) { agency purpose caseNumber items { coordinate titleEn rule } } } }"
LEDGER = "LOCK TABLE ledger_block IN ACCESS EXCLUSIVE MODE"


@pytest.fixture(scope="module")
def counter(changing: Embedded, settings: Settings) -> Iterator[Counter]:
    with open_counter(settings, changing) as open_:
        yield open_


def state(counter: Counter) -> list[tuple[object, ...]]:
    """All that a move or a birth could change of the family."""
    return counter.rows(
        "mois",
        "SELECT rrn, r.address, household_id, relation_to_head, h.size FROM resident r JOIN household h ON h.id = household_id "
        "WHERE household_id = (SELECT household_id FROM resident WHERE rrn = $1) ORDER BY r.id",
        FATHER,
    )


def home(counter: Counter) -> list[str]:
    """Who lives there by now."""
    return [str(row[0]) for row in state(counter)]


# ── Keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_is_made_once_however_often_and_by_how_many_at_once_it_is_sent(counter: Counter) -> None:
    counted = "SELECT count(*) FROM move_in WHERE to_address = '서울특별시 종로구 한번길 1'"
    everybody = home(counter)
    given = move(*everybody, to="서울특별시 종로구 한번길 1")
    with ThreadPoolExecutor(6) as pool:
        answers = [*pool.map(lambda _: counter.report(CITIZEN, MOVE, "once", given), range(6))]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["state"] == "DONE"
    assert counter.rows("mois", counted) == [(1,)]
    kinds = "SELECT rrn, kind, districts FROM outbox WHERE receipt = $1 ORDER BY id"
    assert counter.rows("mois", kinds, answers[0]["receipt"]) == [(rrn, "MOVED_IN", ["11110"]) for rrn in everybody]
    # Another body is another report; the same text of somebody else is another key.
    assert counter.report(CITIZEN, MOVE, "once", given | {"reason": "OTHER"})["code"] == "KEY_REUSED"
    spouse = replace(CITIZEN, rrn=MOTHER)
    assert mistakes(counter.report(spouse, MOVE, "once", given)) == [("to.address", "SAME_ADDRESS")]
    assert counter.ask(CITIZEN, f'{{ report(receipt: "{answers[0]["receipt"]}") }}', "own-records")["data"] == {"report": "DONE"}
    assert counter.ask(spouse, f'{{ report(receipt: "{answers[0]["receipt"]}") }}', "own-records")["data"] == {"report": None}
    for key in ("", "x" * 201, "a\0b"):
        assert counter.report(CITIZEN, MOVE, key, given)["code"] == "BAD_USER_INPUT"


def test_a_repeat_is_decided_by_the_regulations_in_force(counter: Counter) -> None:
    law = counter.gateway.authorizer
    assert isinstance(law, RegulationAuthorizer)
    given = move(MOTHER, to="서울특별시 종로구 두번길 2")
    first = counter.report(CITIZEN, MOVE, "withdrawn", given)
    # She has a household of her own now: what the permission turned on was true when it was made.
    assert counter.report(CITIZEN, MOVE, "withdrawn", given) == first
    counter.gateway.engine.adopt(law.at(dt.date(2026, 11, 28)))
    try:
        assert counter.report(CITIZEN, MOVE, "withdrawn", given)["code"] in ("WITHHELD", "PURPOSE_NOT_ALLOWED")
    finally:
        counter.gateway.engine.adopt(law)
    back = move(MOTHER, to=str(state(counter)[0][1]), joins={"rrn": FATHER}, relations=[_relation(MOTHER, "SPOUSE")])
    at_new = counter.report(replace(CITIZEN, rrn=MOTHER), MOVE, "back", back)
    assert mistakes(at_new) == [("joins", "UNKNOWN_RESIDENT")], "she no longer lives with him"
    case = counter.petition("2026-back", CLERK, "change-of-address", MOTHER)
    assert counter.report(CLERK, MOVE, "back", back, case=case)["state"] == "DONE"


def _relation(rrn: str, relation: str) -> dict[str, object]:
    return {"resident": {"rrn": rrn}, "relation": relation}


# ── Who, and of whom ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_citizen_reports_of_the_own_household_and_learns_nothing_of_others(counter: Counter) -> None:
    before = state(counter)
    foreign = counter.ask(CLERK, '{ resident(rrn: "8103149970008") { id } }', "change-of-address")["data"]["resident"]["id"]
    strangers = [{"rrn": GRANDFATHER}, {"rrn": "0000000000000"}, {"rrn": "2208159970007"}, {"id": foreign}, {"id": "nonsense"}]
    told = [counter.report(CITIZEN, MOVE, f"stranger {n}", move() | {"residents": [ref]}) for n, ref in enumerate(strangers)]
    assert all(each == told[0] for each in told), "a stranger, nobody, the dead and others' ids look the same"
    assert mistakes(told[0]) == [("residents.0", "UNKNOWN_RESIDENT")]
    together = counter.report(CITIZEN, MOVE, "both", move(FATHER, GRANDFATHER))
    assert mistakes(together) == [("residents.1", "UNKNOWN_RESIDENT")]
    own = counter.ask(CITIZEN, "{ me { id } }", "own-records")["data"]["me"]["id"]
    alone = counter.report(CITIZEN, MOVE, "own id", move(DAUGHTER) | {"movedOn": "2999-01-01", "newHead": {"id": own}})
    assert mistakes(alone) == [("movedOn", "IN_FUTURE")], "one's own id is one's own"
    assert mistakes(counter.report(CITIZEN, MOVE, "minor", move(DAUGHTER))) == [("residents", "MINOR_ALONE")]
    assert mistakes(counter.report(CITIZEN, MOVE, "minors", move(DAUGHTER, SON, newHead={"rrn": SON})))[0][1] == "MINOR"
    child = replace(CITIZEN, rrn=DAUGHTER)
    assert mistakes(counter.report(child, MOVE, "by a minor", move(*home(counter), to="서울특별시 종로구 어린길 3"))) == [
        ("", "MINOR")
    ]
    assert state(counter) == before


def test_a_clerk_reports_moves_to_the_own_district_for_a_petition(counter: Counter) -> None:
    before = state(counter)
    case = counter.petition("2026-move", CLERK, "change-of-address", GRANDFATHER)
    elsewhere = replace(CLERK, agency="gangnam", jurisdiction="11680")
    their_case = counter.petition("2026-theirs", elsewhere, "change-of-address", GRANDFATHER)
    given = move(GRANDFATHER, "5501270970002", to="서울특별시 종로구 사직로 8")
    unknown = move("0000000000000", to="서울특별시 종로구 사직로 8")
    refused = [
        counter.report(elsewhere, MOVE, "1", given, case=their_case),
        counter.report(elsewhere, MOVE, "2", unknown, case=their_case),
        counter.report(CLERK, MOVE, "3", given, case=their_case),
        counter.report(CLERK, MOVE, "4", given),
        counter.report(CLERK, MOVE, "5", move(*FAMILY), case=case),
        counter.report(Caller("nts", "tax-officer", "nts-1"), MOVE, "6", given, "income-tax-assessment"),
    ]
    assert [each["code"] for each in refused] == ["WITHHELD"] * 6
    assert refused[0]["message"] == refused[1]["message"], "who is registered is told to nobody who may not report"
    assert mistakes(counter.report(CLERK, MOVE, "dead", move(GRANDFATHER, "2208159970007"), case=case))[0][1] == "DECEASED"
    assert state(counter) == before
    done = counter.report(CLERK, MOVE, "7", given, case=case)
    assert done["state"] == "DONE"
    log = counter.ask(
        replace(CITIZEN, rrn=GRANDFATHER), LOG,
        "own-records",
    )["data"]["me"]["accessLog"]  # fmt: skip
    item = {"coordinate": "Mutation.reportMoveIn", "titleEn": "Report of a move", "rule": "mois-reports/move-to-the-district"}
    assert log == [{"agency": "jongno", "purpose": "change-of-address", "caseNumber": case, "items": [item]}]


def test_a_mother_elsewhere_looks_like_no_resident(counter: Counter) -> None:
    case = counter.petition("2026-birth", CLERK, "birth-registration", GRANDFATHER)
    there, nobody = (
        counter.report(CLERK, BIRTH, rrn, birth("김바다") | {"mother": {"rrn": rrn}, "father": None}, case=case)
        for rrn in ("9702280970009", "1111111111111")
    )
    assert there == nobody
    assert there["code"] == "WITHHELD"


def test_text_is_text(counter: Counter) -> None:
    name = "'); DROP TABLE resident; --"
    found = counter.report(CITIZEN, BIRTH, "text", birth(name))
    assert counter.rows("mois", "SELECT name FROM resident WHERE rrn = $1", found["rrn"]) == [(name,)]
    assert mistakes(counter.report(CITIZEN, BIRTH, "nul", birth("김\n새봄"))) == [("name", "NAME")]
    assert counter.report(CITIZEN, BIRTH, "nought", birth("김\0"))["code"] == "BAD_USER_INPUT"


def test_who_may_never_report_sees_no_report(counter: Counter) -> None:
    asked = '{ __schema { mutationType { fields { name } } } __type(name: "ResidentRef") { name } }'
    citizen = counter.ask(CITIZEN, asked, "own-records")["data"]
    assert {each["name"] for each in citizen["__schema"]["mutationType"]["fields"]} == {
        "reportMoveIn", "registerBirth", "giveConsent", "revokeConsent"
    }  # fmt: skip
    clerk = counter.ask(CLERK, asked, "change-of-address")["data"]
    assert {each["name"] for each in clerk["__schema"]["mutationType"]["fields"]} == {"reportMoveIn", "registerBirth"}
    nobody = counter.ask(Caller("nts", "tax-officer", "nts-1"), asked, "income-tax-assessment")["data"]
    assert nobody == {"__schema": {"mutationType": None}, "__type": None}


# ── All or nothing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_changes_that_the_ledger_does_not_have(counter: Counter) -> None:
    before, gone = state(counter), move(*home(counter), to="서울특별시 종로구 없는길 9")
    numbers = "SELECT count(*) FROM resident"
    count = counter.rows("mois", numbers)
    with held(counter.nation.gateway_owner_dsn, LEDGER):
        assert counter.report(CITIZEN, MOVE, "unwritten", gone)["code"] == "LEDGER_UNAVAILABLE"
        assert counter.report(CITIZEN, BIRTH, "unwritten", birth("김없음"))["code"] == "LEDGER_UNAVAILABLE"
    assert (state(counter), counter.rows("mois", numbers)) == (before, count)
    assert counter.rows("mois", "SELECT gid FROM pg_prepared_xacts") == []
    assert counter.report(CITIZEN, MOVE, "unwritten", gone)["state"] == "DONE"


def test_of_two_who_change_one_household_at_once_one_wins(counter: Counter) -> None:
    mine = move(*home(counter), to="서울특별시 종로구 먼저길 1")
    theirs = move(MOTHER, SON, to="서울특별시 종로구 나중길 2", newHead={"rrn": MOTHER}, relations=[_relation(SON, "CHILD")])
    with ThreadPoolExecutor(1) as pool:
        with held(counter.nation.gateway_owner_dsn, LEDGER):
            first = pool.submit(counter.report, CITIZEN, MOVE, "two", mine)
            until(lambda: not counter.rows("mois", "SELECT id FROM household WHERE id = 1 FOR UPDATE SKIP LOCKED"), 20)
            second = counter.report(CITIZEN, MOVE, "second", theirs)
        assert first.result()["state"] == "DONE"
    assert second["code"] == "CONFLICT"
    assert "report again" in second["message"]
    assert {row[1] for row in state(counter)} == {"서울특별시 종로구 먼저길 1"}


def test_several_reports_of_one_document_are_made_in_turn(counter: Counter) -> None:
    document = """
    mutation ($a: ReportMoveInInput!, $b: ReportMoveInInput!) {
        a: reportMoveIn(key: "turn a", input: $a) { __typename }
        b: reportMoveIn(key: "turn b", input: $b) { ... on NotReported { errors { code } } }
        c: reportMoveIn(key: "turn c", input: $b) { ... on NotReported { errors { code } } }
        __typename
    }"""
    everybody = home(counter)
    a, b = move(*everybody, to="서울특별시 종로구 차례길 1"), move(*everybody, to="서울특별시 종로구 차례길 2")
    answer = counter.ask(CITIZEN, document, "change-of-address", a=a, b=b)["data"]
    assert answer == {
        "a": {"__typename": "ReportMoveInReported"}, "b": {}, "c": {"errors": [{"code": "SAME_ADDRESS"}]},
        "__typename": "Mutation",
    }  # fmt: skip
    assert {row[1] for row in state(counter)} == {"서울특별시 종로구 차례길 2"}


# ── Consents ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

LONE = Caller("citizen-portal", "citizen", "citizen", rrn="9702280970009")
INCOME = {"agency": "haeundae", "purpose": "basic-livelihood-benefit", "items": ["TaxCertificate.income"]}


def test_a_consent_is_to_what_the_regulations_share_by_consent(counter: Counter) -> None:
    def give(**change: object) -> list[tuple[str, str]]:
        return mistakes(counter.report(LONE, GIVE, repr(change), INCOME | {"until": "2027-11-30"} | change))

    assert give(agency="nowhere") == [("agency", "UNKNOWN_AGENCY")]
    assert give(purpose="statistics") == [("purpose", "NOT_BY_CONSENT")]
    assert give(items=["TaxCertificate.income", "Resident.name", "x"]) == [
        ("items.1", "NOT_BY_CONSENT"),
        ("items.2", "NOT_BY_CONSENT"),
    ]
    assert give(items=[]) == [("items", "EMPTY")]
    assert give(until="2020-01-01") == [("until", "IN_PAST")]
    assert give(resident={"rrn": FATHER}) == [("resident", "UNKNOWN_RESIDENT")], "nobody consents for others"
    of_child = INCOME | {"until": "2027-11-30", "resident": {"rrn": SON}}
    assert counter.report(CITIZEN, GIVE, "child", of_child)["state"] == "DONE", "but for a child in their care"
    assert counter.report(CLERK, GIVE, "clerk", INCOME | {"until": "2027-11-30"}, "change-of-address")["code"] == "WITHHELD"


def test_a_consent_takes_effect_at_once_for_requests_under_way_too(counter: Counter) -> None:
    officer = Caller("haeundae", "welfare-officer", "haeundae-1", jurisdiction="26350")
    known = counter.ask(officer, '{ resident(rrn: "9702280970009") { id } }', "basic-livelihood-benefit", "2026-00051")
    # By id nothing but the resident can be read at first: by number consents are asked for at the same moment.
    query = f'{{ resident(id: "{known["data"]["resident"]["id"]}") {{ taxCertificates {{ income }} }} }}'

    def income() -> int:
        answer = counter.ask(officer, query, "basic-livelihood-benefit", "2026-00051")
        return int(answer["data"]["resident"]["taxCertificates"][0]["income"])

    # Without consent the district is shown in which step an income lies.
    counter.rows("nts", "UPDATE tax_certificate SET income = 12345678 WHERE rrn = $1", LONE.rrn)
    held_consents = "{ me { consents { item agency revoked } } }"
    assert counter.report(LONE, GIVE, "anew", INCOME | {"until": "2027-11-30"})["state"] == "DONE"
    assert income() == 12345678
    with ThreadPoolExecutor(1) as pool:
        with held(counter.nation.owner_dsns["mois"], "LOCK TABLE resident IN ACCESS EXCLUSIVE MODE"):
            under_way = pool.submit(income)
            until(lambda: counter.rows("mois", "SELECT pid FROM pg_locks WHERE NOT granted") != [], 20)
            assert counter.report(LONE, REVOKE, "no more", INCOME)["state"] == "DONE"
        assert under_way.result() == 10_000_000
    assert {each["revoked"] for each in counter.ask(LONE, held_consents, "own-records")["data"]["me"]["consents"]
            if each["item"] == "TaxCertificate.income" and each["agency"] == "haeundae"} == {True}  # fmt: skip
    assert mistakes(counter.report(LONE, REVOKE, "again", INCOME)) == [("items.0", "NOT_GIVEN")]
