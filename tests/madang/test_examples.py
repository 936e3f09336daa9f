"""The example queries over the sample nation, as a newcomer first runs them: what is there, what is withheld, what is masked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from madang.embedded import known_residents

QUERIES = sorted((Path(__file__).parents[2] / "examples/queries").glob("*.graphql"))


class Said(NamedTuple):
    """What an answer says beside its data: withheld (coordinate, reason), masked (coordinate, mask), the rules with duties."""

    withheld: tuple[tuple[str, str], ...] = ()
    masked: tuple[tuple[str, str], ...] = ()
    duties: tuple[str, ...] = ()


SAID = {
    "1-passport-renewal": Said(
        withheld=(("Resident.taxCertificates", "PROHIBITED"),), duties=("mma-military-service/service-of-passport-applicant",)
    ),
    "2-basic-livelihood-benefit": Said(duties=("nts-national-tax/income-for-livelihood-benefit",)),
    "3-change-of-address": Said(),
    "4-driving-licence-renewal": Said(
        withheld=(("Resident.employments", "NO_PERMISSION"),),
        masked=(("Passport.number", "last 4"),),
        duties=("mohw-disability/fitness-to-drive",),
    ),
    "5-own-records": Said(),
    "6-statistics": Said(withheld=(("Resident.name", "PROHIBITED"),)),
}
WITHOUT_A_CASE = Said(
    withheld=tuple(
        (coordinate, "NO_CASE")
        for coordinate in (
            "HealthInsurance.monthlyPremium", "Resident.buildings", "Resident.disability", "Resident.employments",
            "Resident.pension", "Resident.vehicles",
        )
    ),
    masked=(("TaxCertificate.income", "band 10000000"),),
)  # fmt: skip


def ask(served: str, tokens: dict[str, str], query: str, who: str = "citizen", **header: str) -> Any:
    """An example's answer about a known resident; `header` stands in place of what its own says."""
    said = dict(re.findall(r"^# (\w+): (.*)$", query.partition("\n\n")[0], re.M)) | header
    headers = {"Authorization": f"Bearer {tokens[said['persona']]}", "Madang-Purpose": said["purpose"]}
    if said.get("case"):
        headers["Madang-Case"] = said["case"]
    variables = {"rrn": known_residents()[who]} if "$rrn:" in query else {}
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{served}/graphql", json=body, headers=headers, timeout=20)
    return answer.raise_for_status().json()


def said(answer: Any) -> Said:
    extensions = answer["extensions"]
    return Said(
        tuple(sorted((e["extensions"]["coordinate"], e["extensions"]["reason"]) for e in answer.get("errors", ()))),
        tuple((each["coordinate"], each["mask"]) for each in extensions.get("masked", ())),
        tuple(f"{each['rule']['regulation']}/{each['rule']['id']}" for each in extensions.get("duties", ())),
    )


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_an_example_shows_what_it_is_there_to_show(path: Path, served: str, tokens: dict[str, str]) -> None:
    answer = ask(served, tokens, path.read_text())
    assert said(answer) == SAID[path.stem]
    found = list(leaves(answer["data"]))
    assert sum(value is not None for value in found) >= 10
    assert len(found) > 2 * sum(value is None for value in found) or path.stem == "6-statistics"


def test_without_its_case_a_benefit_shows_steps_and_withholds_the_rest(served: str, tokens: dict[str, str]) -> None:
    answer = ask(served, tokens, QUERIES[1].read_text(), case="")
    assert said(answer) == WITHOUT_A_CASE
    incomes = [c["income"] for m in answer["data"]["resident"]["household"]["members"] for c in m["taxCertificates"]]
    assert incomes
    assert all(income % 10_000_000 == 0 for income in incomes)


@pytest.mark.parametrize(
    ("who", "case", "reason"),
    [("poor", "2026-00019", "missing"), ("lost-passport", "2026-00020", "revoked"), ("leapling", "2026-00021", "expired")],
)
def test_without_consent_income_is_shown_in_steps(who: str, case: str, reason: str, served: str, tokens: dict[str, str]) -> None:
    query = """query ($rrn: String!) { resident(rrn: $rrn) {
      name taxCertificates { year income } businesses { kind } employments { workplace } } }"""
    answer = ask(served, tokens, query, who, persona="welfare-officer", purpose="basic-livelihood-benefit", case=case)
    [(withheld, _)] = said(answer).withheld
    assert withheld == "Resident.businesses", reason
    assert all(each["income"] % 10_000_000 == 0 for each in answer["data"]["resident"]["taxCertificates"])


@pytest.mark.parametrize("path", QUERIES[:4], ids=lambda path: path.stem)
def test_a_protected_address_looks_like_an_absent_one(path: Path, served: str, tokens: dict[str, str]) -> None:
    """To whoever may not know; the district's clerk, who keeps it, sees it."""
    query = path.read_text()
    cases = {"2-basic-livelihood-benefit": ("2026-00031", "2026-00032"), "3-change-of-address": ("2026-00033", "2026-00034")}
    query = query.replace("    name\n", "    name\n    address\n", 1) if "\n    address\n" not in query else query
    answers = [
        ask(served, tokens, query, who, case=case)
        for who, case in zip(("protected", "unknown-residence"), cases.get(path.stem, ("", "")), strict=True)
    ]
    protected, absent = (answer["data"]["resident"] for answer in answers)
    assert absent["address"] is None
    if path.stem == "3-change-of-address":
        assert protected["address"]
        return
    assert protected["address"] is None
    assert answers[0].get("errors") == answers[1].get("errors")
    assert "address" not in str(answers[0]["extensions"]).lower()


def leaves(value: Any) -> Any:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)
    else:
        yield value
