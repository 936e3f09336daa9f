"""Attacks between two statements: what was checked is changed before what it permits is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from auth import consent
from auth.access import Matches, WithCase, WithConsent
from sources.memory import MemorySource
from sources.protocol import Batch, Capabilities, Row
from tests.redteam.attacker import ban, of, refused, resident, seen, some
from tests.resolvers.nation import CASE, CATALOGUE, CITIZEN, CITIZEN_RRN, CLERK, PURPOSE, TODAY, Nation, Table, make, rrn
from tests.resolvers.world import Key, Profile, World, world

WHO = rrn(5)
SEARCH: Key = ("Resident.rrn", "lookup", "search")
QUERY = f'{{ resident(rrn: "{WHO}") {{ address }} }}'
CONSENT = {
    "rrn": WHO, "agency": CLERK.agency, "purpose": PURPOSE, "item": "Resident.address", "since": TODAY, "until": TODAY,
    "revoked": False,
}  # fmt: skip


class Turning:
    """A source that answers from one set of rows, and from the given fetch on from another."""

    def __init__(self, before: MemorySource, after: MemorySource, fetch: int) -> None:
        self.name, self._before, self._after, self._left = before.name, before, after, fetch

    @property
    def capabilities(self) -> Capabilities:
        return self._before.capabilities

    async def fetch(self, batch: Batch) -> Sequence[Row]:
        self._left -= 1
        return await (self._before if self._left >= 0 else self._after).fetch(batch)

    async def aclose(self) -> None:
        return None


def ready(nation: Nation) -> None:
    """The resident's address may be had, whatever a permission turns on."""
    resident(nation, WHO).update(
        address="Road 1",
        address_protected=False,
        district_code=CLERK.jurisdiction,
        household_id=resident(nation, CITIZEN_RRN)["household_id"],
    )
    births = nation["scourt"]["birth"]
    births[:] = [row for row in births if row["rrn"] != WHO]
    births.append({**births[0], "rrn": WHO, "sealed": False})


def turning(register: str, change: Callable[[Nation], None], fetch: int = 1) -> World:
    """A world in which a register's rows change after so many fetches from it."""
    before, after = make(2, unique=True), make(2, unique=True)
    ready(before)
    ready(after)
    change(after)
    here = world(before, consented=[CONSENT])
    witness = here.witnesses[register]
    witness.inner = Turning(witness.inner, MemorySource(register, CATALOGUE.tables(register), after[register]), fetch)  # type: ignore[assignment]
    return here


def moves(nation: Nation) -> None:
    resident(nation, WHO).update(district_code="26350", household_id=None)


def hides(nation: Nation) -> None:
    resident(nation, WHO)["address_protected"] = True


BORN = Matches("BirthRecord.sealed", (False,))
"""Told by another register, so that the address is read in a second statement."""


async def test_without_a_change_it_is_shown() -> None:
    """Otherwise the attacks below would prove nothing."""
    for key in (SEARCH, "Resident.address"):
        for constraint in (of("jurisdiction"), of("household")):
            caller = CLERK if constraint == of("jurisdiction") else CITIZEN
            here = turning("mois", lambda nation: None, 2)
            found = await seen(here.under(Profile(grants={key: some(constraint, BORN)})), QUERY, caller)
            assert b"Road 1" in found.body


@pytest.mark.parametrize("key", [SEARCH, "Resident.address"])
async def test_the_resident_leaves_the_district(key: Key | str) -> None:
    """The row was in the officer's district when it was checked, and is in another when the address is read."""
    profile = Profile(grants={key: some(of("jurisdiction"), BORN)})
    found = await seen(turning("mois", moves).under(profile), QUERY)
    assert b"Road 1" not in found.body


@pytest.mark.parametrize("key", [SEARCH, "Resident.address"])
async def test_the_resident_leaves_the_household(key: Key | str) -> None:
    """A member of the household, who moves out between the first statement and the second."""
    profile = Profile(grants={key: some(of("household"), BORN)})
    found = await seen(turning("mois", moves, 2).under(profile), QUERY, CITIZEN)
    assert b"Road 1" not in found.body


@pytest.mark.parametrize("key", [SEARCH, "Resident.address"])
@pytest.mark.parametrize("told", [True, False])
async def test_the_address_is_protected_meanwhile(key: Key | str, told: bool) -> None:
    """No prohibition was in force for the row when it was checked; one is when the address is read."""
    bans = ban("Resident.addressProtected", True, told=told)
    here = turning("mois", hides).under(Profile(grants={key: some(BORN)}, bans={key: bans}))
    found = await seen(here, QUERY)
    assert b"Road 1" not in found.body


async def test_members_are_those_of_the_household_that_was_checked() -> None:
    """The caller's household is found out first; then the resident's row says another one, whose members would be shown."""

    def moves_to_another(nation: Nation) -> None:
        other = next(
            r for r in nation["mois"]["resident"] if r["household_id"] not in (None, resident(nation, WHO)["household_id"])
        )
        resident(nation, WHO)["household_id"] = other["household_id"]

    here = turning("mois", moves_to_another, 1)  # The first fetch finds the caller's household.
    here.under(Profile(residuals={"Resident.household": ["household"], "Household.members": ["household"]}))
    found = await seen(here, f'{{ resident(rrn: "{WHO}") {{ household {{ members {{ name }} }} }} }}', CITIZEN)
    assert found.answer["data"]["resident"]["household"] is None
    assert refused(found.answer) == ["Resident.household"]


async def test_a_consent_that_is_revoked_meanwhile_is_asked_for_once_in_a_request() -> None:
    """Two fields under one consent, which is revoked in between: they are decided together, on what was found once."""
    here = turning("mois", lambda nation: None, 9)
    gateway = here.witnesses[consent.SOURCE]
    revoked: Table = [CONSENT | {"revoked": True}]
    after = MemorySource(consent.SOURCE, {consent.TABLE: consent.COLUMNS}, {consent.TABLE: revoked})
    gateway.inner = Turning(gateway.inner, after, 1)  # type: ignore[assignment]
    item = some(WithConsent("Resident.address"))
    here.under(Profile(grants={"Resident.address": item, "Resident.name": item, "Vehicle.baseAddress": item}))
    query = f'{{ resident(rrn: "{WHO}") {{ name address vehicles {{ baseAddress }} }} }}'
    assert "errors" not in (await seen(here, query)).answer
    assert [name for name, _ in here.order].count(consent.SOURCE) == 1
    again = (await seen(here, query)).answer
    assert again["data"]["resident"]["address"] is again["data"]["resident"]["name"] is None


async def test_a_case_that_is_closed_meanwhile_is_closed_for_the_next_request() -> None:
    """A case once found open is not remembered."""

    def closes(nation: Nation) -> None:
        nation["petitions"]["petition"][0]["closed_on"] = TODAY

    here = turning("petitions", closes, 1).under(Profile(grants={"Resident.name": some(WithCase())}))
    query = f'{{ resident(rrn: "{rrn(1)}") {{ name }} }}'
    assert (await seen(here, query, case=CASE)).answer["data"]["resident"]["name"]
    assert refused((await seen(here, query, case=CASE)).answer) == ["Resident.name"]
