"""An attacker looks for a protected address where it also stands: with those who live there and are not protected themselves."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx
import pytest

from madang.embedded import Embedded

CO_RESIDENTS = """
SELECT r.rrn FROM resident r WHERE NOT r.address_protected AND r.address IS NOT NULL
AND EXISTS (SELECT FROM resident o WHERE o.household_id = r.household_id AND o.address_protected)
"""
QUERY = """query($rrn: String!) { resident(rrn: $rrn) {
  name address household { address members { name address } moveIns { fromAddress toAddress } } vehicles { baseAddress } } }"""


@pytest.fixture(scope="module")
def co_residents(nation: Embedded) -> list[str]:
    async def find() -> list[str]:
        connection = await asyncpg.connect(nation.owner_dsns["mois"])
        found = await connection.fetch(CO_RESIDENTS)
        await connection.close()
        return [row["rrn"] for row in found]

    found = asyncio.run(find())
    assert found, "the sample has households of which some members are protected and some are not"
    return found


@pytest.mark.parametrize(
    ("persona", "purpose"),
    [("passport-officer", "passport-renewal"), ("licence-officer", "driving-licence-renewal"),
     ("welfare-officer", "basic-livelihood-benefit"), ("investigator", "criminal-investigation")],
)  # fmt: skip
def test_who_lives_with_a_protected_resident_has_no_address_either(
    persona: str, purpose: str, served: str, tokens: dict[str, str], co_residents: list[str]
) -> None:
    headers = {"Authorization": f"Bearer {tokens[persona]}", "Madang-Purpose": purpose, "Madang-Case": "2026-hyeong-013377"}
    seen = 0
    with httpx.Client(base_url=served, headers=headers, timeout=20) as client:
        for rrn in co_residents[:40]:
            answer = client.post("/graphql", json={"query": QUERY, "variables": {"rrn": rrn}}).json()
            if (resident := answer["data"]["resident"]) is None:
                continue
            seen += 1
            addresses = [resident["address"]]
            if home := resident["household"]:
                addresses += [home["address"], *(member["address"] for member in home["members"] or ())]
                addresses += [place for move in home["moveIns"] or () for place in move.values()]
            addresses += [vehicle["baseAddress"] for vehicle in resident["vehicles"] or ()]
            assert set(addresses) == {None}, persona
    assert seen or persona == "welfare-officer", "a welfare officer sees one district alone"
