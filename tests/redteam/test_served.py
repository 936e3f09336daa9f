"""Attacks over HTTP on the sample nation as it is served: real tokens, real registers, the law that is shipped."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import asyncpg
import httpx
import pytest

from madang.embedded import Embedded, known_residents

GRAPHQL = "application/graphql-response+json"
KNOWN = known_residents()
NOBODY = "0001014999999"
PURPOSES = {
    "passport-officer": ["passport-renewal"],
    "welfare-officer": ["basic-livelihood-benefit"],
    "licence-officer": ["driving-licence-renewal"],
    "investigator": ["criminal-investigation"],
    "tax-officer": ["income-tax-assessment"],
    "citizen": ["own-records"],
    "resident-clerk": ["birth-certificate"],
}
"""Whom a protected address is withheld from."""

EVERYTHING = """query ($r: String!) { resident(rrn: $r) { id name sex birthDate status age address districtCode movedInOn
  household { id size address members { name address } head { address } moveIns { fromAddress toAddress } }
  birth { place registeredOn father { name address } mother { name address } } marriage { status }
  parents { name address } children { name address } spouse { name address }
  vehicles { plate model baseAddress } buildings { use } passports { kind } drivingLicence { class } } }"""


class Attacker:
    """Somebody with a token, who sets the other headers at will."""

    def __init__(self, client: httpx.Client, token: str, purpose: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {token}", "Madang-Purpose": purpose, "Accept": GRAPHQL}

    def raw(self, headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
        """Headers as bytes, whatever characters they have."""
        return [(name.encode(), value.encode()) for name, value in (self.headers | headers).items()]

    def ask(self, query: str, headers: dict[str, Any] | None = None, **variables: Any) -> httpx.Response:
        merged = {name: value for name, value in (self.headers | (headers or {})).items() if value is not None}
        return self.client.post("/graphql", json={"query": query, "variables": variables}, headers=list(merged.items()))


@pytest.fixture(scope="module")
def client(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def officer(client: httpx.Client, tokens: dict[str, str]) -> Attacker:
    return Attacker(client, tokens["passport-officer"], "passport-renewal")


@pytest.fixture(scope="module")
def citizen(client: httpx.Client, tokens: dict[str, str]) -> Attacker:
    return Attacker(client, tokens["citizen"], "own-records")


@pytest.fixture(scope="module")
def protected(nation: Embedded) -> dict[str, str]:
    """Resident number → address, of whom the address is protected."""

    async def find() -> dict[str, str]:
        connection = await asyncpg.connect(nation.owner_dsns["mois"])
        found = await connection.fetch("SELECT rrn, address FROM resident WHERE address_protected AND address IS NOT NULL")
        await connection.close()
        return {row["rrn"]: row["address"] for row in found}

    return asyncio.run(find())


# Protected addresses


@pytest.mark.parametrize("persona", PURPOSES)
def test_no_protected_address_by_any_path(
    persona: str, client: httpx.Client, tokens: dict[str, str], protected: dict[str, str]
) -> None:
    """Everything that can be asked about those who hide, their households, families and cars, by everyone who may not know."""
    assert KNOWN["protected"] in protected
    for purpose, case in product(PURPOSES[persona], (None, "2026-hyeong-013377")):
        attacker = Attacker(client, tokens[persona], purpose)
        for rrn in (KNOWN["protected"], KNOWN["protected-child"], KNOWN["divorced"], *list(protected)[:12]):
            body = attacker.ask(EVERYTHING, {"Madang-Case": case}, r=rrn).text
            assert not [address for address in protected.values() if address in body]
            assert "addressProtected" not in body


@pytest.mark.parametrize("mode", ["errors", "null", "reject"])
def test_a_protected_address_looks_like_an_unknown_residence(officer: Attacker, mode: str) -> None:
    """Two residents, one in hiding, one of no known residence: status, length, errors and extensions are the same."""
    query = "query ($r: String!) { resident(rrn: $r) { address vehicles { baseAddress } household { address } } }"
    found = [officer.ask(query, {"Madang-Refusals": mode}, r=KNOWN[who]) for who in ("protected", "unknown-residence")]
    shown = [response.json() for response in found]
    for each in shown:
        if "data" in each:
            assert each["data"]["resident"]["address"] is None
            each["data"]["resident"]["vehicles"] = None  # How many cars somebody has is no secret here.
    assert found[0].status_code == found[1].status_code
    assert shown[0] == shown[1]


# Who is there


@pytest.mark.parametrize("mode", ["errors", "null", "reject"])
@pytest.mark.parametrize("query", ["{ id }", "{ name address }", "{ household { size } }", "{ __typename }"])
def test_a_resident_of_another_district_or_nobody(client: httpx.Client, tokens: dict[str, str], query: str, mode: str) -> None:
    """A welfare officer of Jongno types numbers of people in Busan, and numbers that nobody has."""
    attacker = Attacker(client, tokens["welfare-officer"], "basic-livelihood-benefit")
    text = f"query ($r: String!) {{ resident(rrn: $r) {query} }}"
    found = [attacker.ask(text, {"Madang-Refusals": mode}, r=rrn) for rrn in (KNOWN["haeundae"], NOBODY)]
    assert found[0].content == found[1].content
    assert found[0].status_code == found[1].status_code
    assert found[0].content != attacker.ask(text, {"Madang-Refusals": mode}, r=KNOWN["citizen"]).content


def test_another_citizen_or_nobody(citizen: Attacker) -> None:
    """Somebody else's number, a parent's who lives elsewhere, and nobody's."""
    text = "query ($r: String!) { resident(rrn: $r) { name address } }"
    found = {citizen.ask(text, r=rrn).content for rrn in (KNOWN["haeundae"], KNOWN["citizen-father"], KNOWN["protected"], NOBODY)}
    assert len(found) == 1


# Cases and purposes


@pytest.mark.parametrize("case", ["2026-999999999", "x", "2026-00061", "0", "2026/00000001"])
def test_a_forged_case(client: httpx.Client, tokens: dict[str, str], case: str) -> None:
    """A number typed in: the same as the case of another office."""
    attacker = Attacker(client, tokens["tax-officer"], "income-tax-assessment")
    text = "query ($r: String!) { resident(rrn: $r) { name taxCertificates { income } } }"
    forged = attacker.ask(text, {"Madang-Case": case}, r=KNOWN["citizen"])
    other = attacker.ask(text, {"Madang-Case": "2026-000000000"}, r=KNOWN["citizen"])
    assert forged.content == other.content
    assert "income" not in str(forged.json().get("data"))


def test_an_open_case_of_another_office_service_or_resident(
    nation: Embedded, client: httpx.Client, tokens: dict[str, str]
) -> None:
    """Real cases, open today, that are not this officer's or not about this resident: all alike, and like none."""

    async def find() -> list[str]:
        connection = await asyncpg.connect(nation.owner_dsns["petitions"])
        found = await connection.fetch(
            "SELECT number FROM petition WHERE closed_on IS NULL AND opened_on < current_date AND resident_rrn <> $1"
            " ORDER BY agency, number LIMIT 40", KNOWN["citizen"],
        )  # fmt: skip
        await connection.close()
        return [row["number"] for row in found]

    attacker = Attacker(client, tokens["tax-officer"], "income-tax-assessment")
    text = "query ($r: String!) { resident(rrn: $r) { name household { size } taxCertificates { income } } }"
    cases = asyncio.run(find())
    assert cases
    assert len({attacker.ask(text, {"Madang-Case": case}, r=KNOWN["citizen"]).content for case in [*cases, "2026-0"]}) == 1


@pytest.mark.parametrize(
    "value",
    ["Passport-Renewal", "passport-renewal ", " passport-renewal", "passport-renewal\u0000", "passport-renewal,own-records",
     "passport‐renewal", "ｐassport-renewal", "passport-renewa\u006c\u0301", "PASSPORT-RENEWAL", "passport_renewal", "*", "%",
     "statistics", "own-records", "null", ""],
)  # fmt: skip
def test_a_purpose_by_another_spelling(officer: Attacker, value: str) -> None:
    """Case, blanks, look-alike letters, combining marks, several at once: no purpose is taken for another."""
    headers = officer.raw({"Madang-Purpose": value})
    try:
        response = officer.client.post("/graphql", json={"query": "{ residents { totalCount } }"}, headers=headers)
    except (httpx.LocalProtocolError, httpx.RemoteProtocolError):
        return  # Not sent at all, or not read.
    if value.strip() == "passport-renewal":
        assert response.json()["data"] == {"residents": None}  # Blanks around a header's value are no part of it.
    else:
        assert response.status_code in (400, 403)
        assert "data" not in response.json()


@pytest.mark.parametrize("value", ["NULL", "Null", "errors,null", "null ; q=1", "reject\u200b", "ｎull", "true", ""])
def test_refusals_by_another_spelling(officer: Attacker, value: str) -> None:
    """A word that is nearly one is no word: nothing is guessed, and nothing read."""
    headers = officer.raw({"Madang-Refusals": value})
    response = officer.client.post("/graphql", json={"query": "{ residents { totalCount } }"}, headers=headers)
    assert response.status_code == 400
    assert "data" not in response.json()


# Tokens


def _parts(token: str) -> list[dict[str, Any]]:
    return [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]]


def _text(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "citizen"},
        {"rrn": KNOWN["protected"]},
        {"agency": "nts", "role": "tax-officer"},
        {"explain": True},
        {"exp": 2**40},
    ],
)
def test_a_token_whose_claims_are_changed(officer: Attacker, claims: dict[str, Any]) -> None:
    """Other claims under the old signature, under none, and under an algorithm of the attacker's choice."""
    token = officer.headers["Authorization"].removeprefix("Bearer ")
    head, body = _parts(token)
    signature = token.rsplit(".", 1)[1]
    for algorithm in (head["alg"], "none", "None", "HS256"):
        forged = f"{_text(head | {'alg': algorithm})}.{_text(body | claims)}"
        for end in (signature, ""):
            response = officer.ask("{ me { name } }", {"Authorization": f"Bearer {forged}.{end}"})
            assert response.status_code == 401
            assert "data" not in response.json()


@pytest.mark.parametrize("value", ["bearer\t{}", "Bearer {}x", "Bearer {} {}", "Basic {}", "Bearer", "Bearer \u00a0", "{}"])
def test_a_token_in_another_dress(officer: Attacker, value: str) -> None:
    """Schemes, blanks and doublings around a good token."""
    token = officer.headers["Authorization"].removeprefix("Bearer ")
    headers = officer.raw({"Authorization": value.replace("{}", token)})
    response = officer.client.post("/graphql", json={"query": "{ residents { totalCount } }"}, headers=headers)
    assert response.status_code in (400, 401)


@pytest.mark.parametrize("name", ["Authorization", "Madang-Purpose", "Madang-Case", "Madang-Refusals", "Madang-View"])
def test_a_header_twice(officer: Attacker, name: str) -> None:
    """One for whoever checks, one for whoever reads."""
    values = {"Madang-Case": "a", "Madang-Refusals": "null", "Madang-View": "all"} | officer.headers
    headers = [*officer.headers.items(), (name, values[name])]
    if name not in officer.headers:
        headers.append((name.lower(), values[name]))
    response = officer.client.post("/graphql", json={"query": "{ residents { totalCount } }"}, headers=headers)
    assert response.status_code == 400


# What a graph tells of itself


@pytest.mark.parametrize("view", [None, "all"])
def test_nothing_hidden_is_named(officer: Attacker, view: str | None) -> None:
    """Introspection in both views, misspellings of a hidden name, its enumeration, its argument, and an explanation."""
    schema = "{ __schema { types { name description fields { name description } inputFields { name } enumValues { name } } } }"
    misspelt = ["addressProtecte", "adressProtected", "addressprotected", "protected", "address_protected"]
    queries = [schema, *(f"{{ residents {{ edges {{ node {{ {word} }} }} }} }}" for word in misspelt)]
    for query in queries:
        body = officer.ask(query, {"Madang-View": view}).text
        assert "addressProtected" not in body
    whole = officer.ask("{ residents { edges { node { addressProtected } } } }").json()
    never = officer.ask("{ residents { edges { node { addressUnprotectd } } } }").json()
    assert [e["extensions"] for e in whole["errors"]] == [e["extensions"] for e in never["errors"]]


def test_an_id_of_another_agency(officer: Attacker, citizen: Attacker) -> None:
    """The citizen's own id, seen in the citizen's app, used by an officer, and the other way round."""
    own = citizen.ask("{ me { id } }").json()["data"]["me"]["id"]
    theirs = officer.ask("query ($r: String!) { resident(rrn: $r) { id } }", r=KNOWN["citizen"]).json()["data"]["resident"]["id"]
    assert own != theirs
    for attacker, id in ((officer, own), (citizen, theirs)):
        for field in ("node(id: $id) { id }", "resident(id: $id) { name }", "household(id: $id) { size }"):
            response = attacker.ask(f"query ($id: ID!) {{ {field} }}", id=id).json()
            assert list(response["data"].values()) == [None]
            assert response["errors"][0]["extensions"]["code"] == "INVALID_ID"
            assert id not in json.dumps(response["errors"])
