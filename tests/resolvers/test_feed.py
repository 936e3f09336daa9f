"""What happened, as it is told and read: to whom, of whom, and nothing beyond what the law lets each know now."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from auth.access import Caller
from auth.feed import Recipient
from resolvers.onward import Onward
from tests.conformance.nation import RRN
from tests.resolvers.telling import (
    GANGNAM,
    HAEUNDAE,
    INSURER,
    JONGNO,
    LABOUR,
    MILITARY,
    PENSIONS,
    TRIAL,
    UPKEEP,
    Telling,
    law,
)
from tests.resolvers.world import TRAIL, access_of, codes, withheld

CITIZEN = Caller("citizen-portal", "citizen", "citizen", rrn=RRN["citizen"])


@pytest.fixture(scope="module")
def regulations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("telling") / "regulations"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def telling(gateway_dsn: str, regulations: Path) -> AsyncIterator[Telling]:
    telling = Telling(gateway_dsn, law(regulations))
    yield telling
    await telling.aclose()


@pytest.fixture(autouse=True)
def as_it_was(telling: Telling) -> None:
    """Every test begins under the same law, with all registers there."""
    telling.world.fail(())
    telling.adopt(telling.first)


def told(arrival: object) -> set[str]:
    return {each.agency for each in arrival.told}  # type: ignore[attr-defined]


# Who is told


async def test_a_move_is_told_to_both_districts_the_insurer_and_the_resident(telling: Telling) -> None:
    arrival = await telling.happen("MOVED_IN", "citizen", "11680", "11110")
    assert arrival.decided
    assert arrival.told == {
        Recipient("nhis", "register-system", UPKEEP): None,
        Recipient("moel", "register-system", UPKEEP): None,
        Recipient("jongno", "register-system", UPKEEP): "11110",
        Recipient("gangnam", "register-system", UPKEEP): "11680",
        Recipient("citizen-portal", "citizen", "own-records", RRN["citizen"]): None,
    }
    assert [kind for _, kind in await telling.seen(GANGNAM)][-1:] == ["MOVED_IN"]
    assert await telling.seen(HAEUNDAE) == []


async def test_only_who_has_a_record_is_told(telling: Telling) -> None:
    with telling.having("nhis", "health_insurance", []):
        assert "nhis" not in told(await telling.happen("MOVED_IN", "poor", "11110"))
        assert "nhis" in told(await telling.happen("RESIDENT_BORN", "poor", "11110"))
    for kind, expected in (("ACTIVE", False), ("RESERVE", True)):
        service = [{**each, "kind": kind} for each in telling.nation["mma"]["military_service"]]
        with telling.having("mma", "military_service", service):
            assert ("mma" in told(await telling.happen("MOVED_IN", "poor"))) is expected
            assert "mma" not in told(await telling.happen("BIRTH_REGISTERED", "poor"))


async def test_a_prohibition_wins(telling: Telling) -> None:
    assert "moel" in told(await telling.happen("HEAD_CHANGED", "haeundae"))
    with telling.having("mois", "resident", [{**each, "status": "DECEASED"} for each in telling.nation["mois"]["resident"]]):
        assert "moel" not in told(await telling.happen("HEAD_CHANGED", "haeundae"))


async def test_a_register_that_is_down_holds_up_only_what_turns_on_it(telling: Telling) -> None:
    row = telling.row("MOVED_IN", "leapling", "11110")
    telling.world.fail({"nhis"})
    [arrival] = await telling.tell([row])
    assert not arrival.decided
    assert "jongno" in told(arrival)
    assert "nhis" not in told(arrival)
    before = {name: await telling.seen(caller) for name, caller in (("nhis", INSURER), ("jongno", JONGNO))}
    telling.world.fail(())
    [arrival] = await telling.tell([row])
    assert arrival.decided
    assert len(await telling.seen(INSURER)) == len(before["nhis"]) + 1
    assert await telling.seen(JONGNO) == before["jongno"], "who was told is not told again"


# What is read


async def test_numbers_are_each_recipients_own_and_pages_go_on_from_them(telling: Telling) -> None:
    await telling.tell([telling.row(kind, "citizen", "26350") for kind in ("MOVED_IN", "HEAD_CHANGED", "RESIDENT_BORN") * 3])
    everything = await telling.seen(HAEUNDAE)
    assert [number for number, _ in everything] == list(range(1, len(everything) + 1))
    paged: list[tuple[int, str]] = []
    while page := await telling.seen(HAEUNDAE, after=paged[-1][0] if paged else 0, first=2):
        paged += page
    assert paged == everything
    births = await telling.seen(HAEUNDAE, kinds="[RESIDENT_BORN]")
    assert births == [each for each in everything if each[1] == "RESIDENT_BORN"]
    assert await telling.seen(HAEUNDAE, kinds="[]") == []
    assert codes(await telling.ask(HAEUNDAE, first=1001)) == ["BAD_USER_INPUT"]


async def test_a_citizen_follows_what_is_about_the_citizen_alone(telling: Telling) -> None:
    await telling.happen("CONSENT_GIVEN", "citizen")
    await telling.happen("CONSENT_GIVEN", "poor")
    answer = await telling.ask(CITIZEN, "kind resident { name }", "own-records")
    assert {each["resident"]["name"] for each in answer["data"]["events"]} == {"resident.name of citizen"}
    stranger = Caller("citizen-portal", "citizen", "stranger", rrn=RRN["leapling"])
    others = await telling.ask(stranger, "kind resident { name }", "own-records")
    assert {each["resident"]["name"] for each in others["data"]["events"]} <= {"resident.name of leapling"}


async def test_a_protected_address_is_in_nobodys_event(telling: Telling) -> None:
    for who in ("protected", "protected-child", "citizen"):
        await telling.happen("MOVED_IN", who, "11110")
    for caller in (INSURER, JONGNO):
        answer = await telling.ask(caller, "resident { rrn address }", first=1000)
        assert "errors" not in answer, "that it is protected is not told either"
        addresses = {each["resident"]["rrn"]: each["resident"]["address"] for each in answer["data"]["events"]}
        assert addresses[RRN["protected"]] is addresses[RRN["protected-child"]] is None
        assert addresses[RRN["citizen"]] is not None


async def test_who_has_left_is_known_by_number_alone(telling: Telling) -> None:
    await telling.happen("MOVED_IN", "haeundae", "11680", "26350")
    answer = await telling.ask(GANGNAM, "resident { rrn name districtCode }")
    assert answer["data"]["events"][-1]["resident"] == {"rrn": RRN["haeundae"], "name": None, "districtCode": None}
    assert {each[1] for each in withheld(answer)} == {"events[].resident.name", "events[].resident.districtCode"}


async def test_what_is_not_granted_is_in_no_statement(telling: Telling) -> None:
    await telling.happen("MOVED_IN", "citizen", "11110")
    telling.world.fail(())
    answer = await telling.ask(MILITARY, "kind register resident { name birthDate passports { number } }")
    assert {each[0] for each in withheld(answer)} >= {"Event.register"}
    assert {name for name, _ in telling.world.shapes()} <= {"mois", "mma"}, "and whether the relation still is"
    answer = await telling.ask(Caller("mofa", "passport-officer", "x"), purpose="passport-renewal")
    assert answer["data"] == {"events": None}
    assert withheld(answer) == [("Event.sequence", "events")]


async def test_every_answer_is_recorded_of_each_resident(telling: Telling) -> None:
    await telling.happen("MOVED_IN", "leapling", "26350")
    telling.world.fail(())
    await telling.ask(HAEUNDAE, "kind resident { rrn }", first=1000)
    [record] = telling.world.ledger.records
    assert RRN["leapling"] in {rrn for some in record.disclosures.values() for rrn in some}
    assert ["Event.kind", "events", "read", 0] in json.loads(record.form.text)["asked"]


# The law and consents, as they are when it is read


async def test_a_kind_that_is_no_longer_granted_is_gone_and_so_is_who_is_not(telling: Telling, regulations: Path) -> None:
    await telling.happen("MOVED_IN", "citizen")
    await telling.happen("RESIDENT_BORN", "citizen")
    assert {kind for _, kind in await telling.seen(LABOUR)} >= {"MOVED_IN", "RESIDENT_BORN"}
    narrowed = TRIAL.replace("  - id: everything\n", "  - id: everything\n    rows: {Event.kind: MOVED_IN}\n")
    narrowed = narrowed.replace(
        "[Event.sequence, Event.kind, Event.resident, Resident.name]", "[Event.sequence, Event.kind, Event.resident]"
    )
    telling.adopt(law(regulations, narrowed))
    assert {kind for _, kind in await telling.seen(LABOUR)} == {"MOVED_IN"}
    telling.adopt(law(regulations, TRIAL.replace("recipients: moel\n    roles", "recipients: localtax\n    roles")))
    answer = await telling.ask(LABOUR)
    assert codes(answer) == ["PURPOSE_NOT_ALLOWED"]


async def test_a_condition_that_nobody_looked_at_then_is_not_met(telling: Telling, regulations: Path) -> None:
    await telling.happen("MOVED_IN", "citizen")
    wider = TRIAL.replace("when: {Resident.status: DECEASED}", "when: {Resident.sex: MALE}")
    telling.adopt(law(regulations, wider))
    assert await telling.seen(LABOUR) == [], "whether a new prohibition held is not known of what happened before it"
    await telling.happen("HEAD_CHANGED", "citizen")
    assert [kind for _, kind in await telling.seen(LABOUR)] == ["HEAD_CHANGED"]


async def test_consent_decides_when_it_happens_and_again_when_it_is_read(telling: Telling) -> None:
    assert "nps" not in told(await telling.happen("MOVED_IN", "citizen"))
    await telling.consent("citizen", "nps")
    assert "nps" in told(await telling.happen("HEAD_CHANGED", "citizen"))
    answer = await telling.ask(PENSIONS, "kind resident { name }")
    assert answer["data"]["events"] == [{"kind": "HEAD_CHANGED", "resident": {"name": "resident.name of citizen"}}]
    await telling.consent("citizen", "nps", revoked=True)
    assert await telling.seen(PENSIONS) == []
    await telling.consent("citizen", "nps", ["Event.sequence", "Event.kind", "Event.resident"])
    answer = await telling.ask(PENSIONS, "kind resident { name }")
    assert answer["data"]["events"] == [{"kind": "HEAD_CHANGED", "resident": {"name": None}}]


# As a stream


async def test_a_part_of_a_subscription_says_where_it_ended(telling: Telling) -> None:
    await telling.happen("MOVED_IN", "citizen", "26350")
    last = (await telling.seen(HAEUNDAE, first=1000))[-1][0]
    access = access_of(HAEUNDAE).__class__(HAEUNDAE, UPKEEP)
    document = "subscription ($after: BigInt) { events(after: $after) { kind } }"

    async def part(after: int | None, given: int) -> tuple[int, int] | None:
        answer = await telling.world.engine.answer(document, {"after": given}, None, access, trail=TRAIL, onward=Onward(after))
        return None if answer.fed is None else (answer.fed.count, answer.fed.last)

    assert await part(None, last - 1) == (1, last)
    assert await part(last, 0) == (0, last)
    assert await part(None, last + 7) == (0, last + 7)
    refused = await telling.world.engine.answer(document, {}, None, access, trail=TRAIL)
    assert refused.code == "BAD_USER_INPUT"
    two = "subscription { events { kind } again: events { kind } }"
    answer = await telling.world.engine.answer(two, {}, None, access, trail=TRAIL, onward=Onward())
    assert answer.code == "GRAPHQL_VALIDATION_FAILED"


async def test_introspection_shows_the_feed_to_whom_it_may_be_told(telling: Telling) -> None:
    query = "{ __schema { subscriptionType { fields { name args { name } } } queryType { fields { name } } } }"
    shown = (await telling.world.ask(query, INSURER, UPKEEP))["data"]["__schema"]
    assert shown["subscriptionType"]["fields"] == [{"name": "events", "args": [{"name": "after"}, {"name": "kinds"}]}]
    other = Caller("kostat", "analyst", "kostat-0033")
    shown = (await telling.world.ask(query, other, "statistics"))["data"]["__schema"]
    assert shown["subscriptionType"] is None
    assert "events" not in {each["name"] for each in shown["queryType"]["fields"]}
