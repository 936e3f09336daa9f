"""Attacks on prohibitions that the caller may not know of: told apart from absence by whatever can be seen from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auth.access import Duties, Mask, Matches, Span
from resolvers.operation import Refusals
from tests.redteam.attacker import MODES, ban, of, refused, resident, rows, seen, some, twins
from tests.resolvers.nation import CITIZEN, CITIZEN_RRN, CLERK, NEITHER, Nation, household_id, rrn
from tests.resolvers.world import Key, Profile, World

VICTIM = rrn(5)
"""Of the clerk's district."""

ADDRESS = f'{{ resident(rrn: "{VICTIM}") {{ name address }} }}'
PROTECTED = ban("Resident.addressProtected", True)


def victim(nation: Nation, *, protected: bool, owner: str = VICTIM, **known: Any) -> None:
    """A resident with two vehicles, or with none; the address is protected and the entry of birth sealed, or they are not."""
    resident(nation, VICTIM).update(address_protected=protected, district_code=CLERK.jurisdiction, **known)
    births = nation["scourt"]["birth"]
    births[:] = [row for row in births if row["rrn"] != VICTIM]
    for row in births:
        row["sealed"] = False
    births.append({**births[0], "rrn": VICTIM, "sealed": protected})
    table = nation["molit_vehicles"]["vehicle"]
    table[:] = [row for row in table if row["owner_rrn"] != VICTIM]
    for row in table[:2]:
        row.update(owner_rrn=owner, model="sedan", base_address=f"{VICTIM}, base" if protected else None)


@pytest.fixture(scope="module")
def pair() -> list[World]:
    """A protected address, and none."""
    return twins(
        lambda nation: victim(nation, protected=True, address="Hidden Road 1"),
        lambda nation: victim(nation, protected=False, address=None),
    )


@pytest.fixture(scope="module")
def owners() -> list[World]:
    """A resident whose vehicles are protected, and one who has none."""
    return twins(
        lambda nation: victim(nation, protected=True), lambda nation: victim(nation, protected=False, owner="nobody")
    )  # fmt: skip


async def alike(worlds: list[World], profile: Profile, query: str, mode: Refusals, down: tuple[str, ...] = ()) -> dict[str, Any]:
    """What all of the worlds answer."""
    found = [await seen(each.under(profile, down), query, CLERK, refusals=mode, explain=True) for each in worlds]
    assert len(set(found)) == 1, found
    return found[0].answer


@pytest.mark.parametrize("mode", MODES)
async def test_a_protected_address_looks_absent(pair: list[World], mode: Refusals) -> None:
    """Does this resident have something to hide? The value is read in the same statement as the flag."""
    profile = Profile(["Resident.addressProtected"], bans={"Resident.address": PROTECTED})
    answer = await alike(pair, profile, ADDRESS, mode)
    assert answer["data"]["resident"]["address"] is None
    assert "errors" not in answer


@pytest.mark.parametrize("mode", MODES)
async def test_a_protected_address_looks_absent_where_another_register_decides(pair: list[World], mode: Refusals) -> None:
    """The address is read in a second statement, once a register has answered that the caller may have it."""
    born = some(Matches("BirthRecord.sealed", (True, False)))
    profile = Profile(["Resident.addressProtected"], bans={"Resident.address": PROTECTED}, grants={"Resident.address": born})
    await alike(pair, profile, ADDRESS, mode)


@pytest.mark.parametrize("mode", MODES)
async def test_a_protected_masked_value_is_not_told_by_the_list_of_masks(pair: list[World], mode: Refusals) -> None:
    """`extensions.masked` names what is masked: it must name it of a protected value as of an absent one."""
    masked = some(of("jurisdiction"), mask=Mask("first", 3))
    names = ("Resident.address", "Vehicle.baseAddress")
    profile = Profile(["Resident.addressProtected"], bans=dict.fromkeys(names, PROTECTED), grants=dict.fromkeys(names, masked))
    answer = await alike(pair, profile, f'{{ resident(rrn: "{VICTIM}") {{ address vehicles {{ baseAddress }} }} }}', mode)
    assert [m["coordinate"] for m in answer["extensions"]["masked"]] == [*names]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("constraint", [of("jurisdiction"), Matches("BirthRecord.place", ("Hidden",)), None])
async def test_a_protected_value_is_not_told_by_the_list_of_duties(pair: list[World], mode: Refusals, constraint: Any) -> None:
    """`extensions.duties` says what comes with what was had: it must say it of a protected value as of an absent one."""
    owed = Duties(retain=Span(months=6), store=False)
    grants = tuple(replace(each, duties=owed) for each in some(*([] if constraint is None else [constraint])))
    names = ("Resident.address", "Vehicle.baseAddress", "Resident.disability")
    profile = Profile(["Resident.addressProtected"], bans=dict.fromkeys(names, PROTECTED), grants=dict.fromkeys(names, grants))
    await alike(
        pair, profile, f'{{ resident(rrn: "{VICTIM}") {{ address vehicles {{ baseAddress }} disability {{ kind }} }} }}', mode
    )


@pytest.mark.parametrize("mode", MODES)
async def test_a_condition_on_the_row_itself_does_not_tell_a_prohibition(pair: list[World], mode: Refusals) -> None:
    """The caller knows that the vehicle is a sedan, and may have base addresses of sedans. A refusal would tell of the rest."""
    sedans = some(Matches("Vehicle.model", ("sedan",)))
    profile = Profile(
        ["Resident.addressProtected"], bans={"Vehicle.baseAddress": PROTECTED}, grants={"Vehicle.baseAddress": sedans}
    )
    answer = await alike(pair, profile, f'{{ resident(rrn: "{VICTIM}") {{ vehicles {{ model baseAddress }} }} }}', mode)
    assert answer["data"]["resident"]["vehicles"] == [{"model": "sedan", "baseAddress": None}] * 2


@pytest.mark.parametrize("down", [(), ("molit_vehicles",)], ids=["up", "down"])
@pytest.mark.parametrize("by", ["Resident.addressProtected", "BirthRecord.sealed"])
@pytest.mark.parametrize("mode", MODES)
async def test_a_prohibited_list_looks_empty_even_when_its_register_is_down(
    owners: list[World], mode: Refusals, by: str, down: tuple[str, ...]
) -> None:
    """Wait until the register fails: whoever then has an empty list and no error was never asked about."""
    profile = Profile([by], bans={"Resident.vehicles": ban(by, True)})
    await alike(owners, profile, f'{{ resident(rrn: "{VICTIM}") {{ name vehicles {{ model }} }} }}', mode, down)
    assert not any(found for _, found in owners[0].witnesses["molit_vehicles"].seen), "rows that are prohibited were read"


@pytest.mark.parametrize("down", [(), ("molit_vehicles",)], ids=["up", "down"])
async def test_in_a_list_the_prohibited_look_like_the_others_when_a_register_is_down(
    owners: list[World], down: tuple[str, ...]
) -> None:
    """The same with many at once: of whom is the list empty, where of the others it is lost?"""
    profile = Profile(["BirthRecord.sealed"], bans={"Resident.vehicles": ban("BirthRecord.sealed", True)})
    query = "{ residents(first: 14) { edges { node { rrn vehicles { model } } } } }"
    await alike(owners, profile, query, "ERRORS", down)


async def test_who_may_know_of_ones_own_mark_is_not_told_of_a_members(here: World) -> None:
    """One's own flag and the household's address are both one's own. That the address is refused tells of a member's flag."""
    own: dict[Key | str, list[str]] = {"Household.address": ["self"], "Resident.addressProtected": ["self"]}
    members = rows(here.nation, "mois", "resident", household_id=resident(here.nation, CITIZEN_RRN)["household_id"])
    profile = Profile(residuals=own, bans={"Household.address": ban("Resident.rrn", members[-1]["rrn"], told=True)})
    assert members[-1]["rrn"] != CITIZEN_RRN
    answer = (await seen(here.under(profile), "{ me { household { address } } }", CITIZEN)).answer
    assert answer["data"]["me"]["household"]["address"] is None
    assert "Household.address" in refused(answer)  # `Resident.rrn` may be read of everybody here, so it may be told.
    own["Resident.rrn"] = ["self"]
    profile = Profile(residuals=own, bans={"Household.address": ban("Resident.rrn", members[-1]["rrn"], told=True)})
    answer = (await seen(here.under(profile), "{ me { household { address } } }", CITIZEN)).answer
    assert answer["data"]["me"]["household"]["address"] is None
    assert "errors" not in answer


async def test_a_prohibition_holds_on_every_way_to_the_value(here: World) -> None:
    """The same resident by number, by id, in a list, as a member, a head, a parent, a child, a spouse, and under `node`."""
    profile = Profile(bans={"Resident.address": PROTECTED})
    id = here.id(NEITHER, "Resident", resident(here.nation, rrn(1))["id"])
    node = "rrn address"
    query = f"""query ($id: ID!) {{ resident(rrn: "{rrn(1)}") {{ {node} }} byId: resident(id: $id) {{ {node} }}
      node(id: $id) {{ ... on Resident {{ {node} }} }} residents(first: 14) {{ edges {{ node {{ {node}
      household {{ head {{ {node} }} members {{ {node} }} }} birth {{ father {{ {node} }} mother {{ {node} }} }}
      parents {{ {node} }} children {{ {node} }} spouse {{ {node} }} marriage {{ spouse {{ {node} }} }} }} }} }} }}"""
    found = await seen(here.under(profile), query, NEITHER, id=id)
    hidden = [r["address"] for r in here.nation["mois"]["resident"] if r["address_protected"] and r["address"]]
    shown = [r["address"] for r in here.nation["mois"]["resident"] if not r["address_protected"] and r["address"]]
    assert hidden
    assert not any(address.encode() in found.body for address in hidden)
    assert any(address.encode() in found.body for address in shown)


@pytest.mark.parametrize("by", ["BirthRecord.sealed", "Resident.addressProtected"])
async def test_what_is_prohibited_of_one_is_not_shown_because_it_was_read_for_another(by: str) -> None:
    """Two of one household in a list: the household that is read for the one must not appear with the other, who hides it."""

    def change(nation: Nation) -> None:
        victim(nation, protected=True, household_id=household_id(0))
        resident(nation, CITIZEN_RRN).update(address_protected=False, household_id=household_id(0))

    (one,) = twins(change)
    one.under(Profile([by], bans={"Resident.household": ban(by, True)}))
    found = (await seen(one, "{ residents(first: 14) { edges { node { rrn household { size } } } } }")).answer
    shown = {edge["node"]["rrn"]: edge["node"]["household"] for edge in found["data"]["residents"]["edges"]}
    assert shown[CITIZEN_RRN] is not None
    assert shown[VICTIM] is None


@pytest.mark.parametrize("told", [True, False])
async def test_a_prohibition_that_a_list_cannot_check_holds_for_everybody(here: World, told: bool) -> None:
    """A list cannot be narrowed by another register: then nobody is listed or counted, rather than everybody."""
    bans = ban("BirthRecord.sealed", True, told=told)
    query = "{ residents(first: 14) { totalCount pageInfo { hasNextPage } edges { node { name } } } }"
    for coordinate in (("Resident.id", "list", "search"), ("ResidentConnection.totalCount", "list", "read")):
        shown = (await seen(here.under(Profile(bans={coordinate: bans})), query)).answer["data"]["residents"]
        assert shown["totalCount"] == 0
        if coordinate[0] == "Resident.id":
            assert shown["edges"] == []
            assert shown["pageInfo"]["hasNextPage"] is False
