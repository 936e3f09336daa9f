"""Profiles: the same for equal circumstances, never for one officer, never for yesterday, and nothing for the unknown."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from auth.access import AccessRequest, Authorizer, Caller, Decision, Grantable, Reason, Verdict
from auth.authorizer import RegulationAuthorizer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
INTERIOR = ("Person.name", "Person.age", "Person.adult", "Person.number", "Person.address", "Person.secret", "Person.tax")
COORDINATES = {**dict.fromkeys(INTERIOR, "interior"), "Tax.income": "tax", "Tax.year": "tax", "Passport.number": "passports"}
PASSPORT_CLERK = Caller("passports", "clerk", "officer-1")
NORTH_CLERK = Caller("north", "clerk", "officer-2", jurisdiction="11110")


class Calendar:
    def __init__(self, day: date) -> None:
        self.day = day

    def __call__(self) -> date:
        return self.day


@pytest.fixture
def calendar() -> Calendar:
    return Calendar(date(2026, 2, 10))


@pytest.fixture
def authorizer(calendar: Calendar) -> RegulationAuthorizer:
    return RegulationAuthorizer.load(HERE / "good", COORDINATES, today=calendar)


def test_it_is_an_authorizer(authorizer: RegulationAuthorizer) -> None:
    words: Authorizer = authorizer
    decision = words.profile(AccessRequest(PASSPORT_CLERK, "travel", "2026-1")).decide("Person.name", "list", "read")
    assert decision.verdict is Verdict.PERMIT
    assert [str(rule) for rule in decision.rules] == ["registration/name-for-travel"]
    assert decision.rules[0].basis == "Registration Act, art. 30"


def test_equal_circumstances_give_the_same_profile_and_decisions(authorizer: RegulationAuthorizer) -> None:
    one = authorizer.profile(AccessRequest(NORTH_CLERK, "welfare", "2026-1"))
    other = Caller("north", "clerk", "another officer", jurisdiction="01110", rrn="1" * 13)
    two = authorizer.profile(AccessRequest(other, "welfare", "2026-999"))
    assert one is two
    assert one.decide("Person.address", "lookup", "read") is two.decide("Person.address", "lookup", "read")


@pytest.mark.parametrize(
    "request_",
    [
        AccessRequest(NORTH_CLERK, "welfare"),
        AccessRequest(NORTH_CLERK, "travel", "2026-1"),
        AccessRequest(NORTH_CLERK, None, "2026-1"),
        AccessRequest(Caller("south", "clerk", "x"), "welfare", "2026-1"),
        AccessRequest(Caller("north", "inspector", "x"), "welfare", "2026-1"),
    ],
    ids=["case", "purpose", "no purpose", "agency", "role"],
)
def test_other_circumstances_give_another_profile(authorizer: RegulationAuthorizer, request_: AccessRequest) -> None:
    assert authorizer.profile(request_) is not authorizer.profile(AccessRequest(NORTH_CLERK, "welfare", "2026-1"))


@pytest.mark.parametrize("case", [None, "", "  ", "\t"])
def test_an_empty_case_is_no_case(authorizer: RegulationAuthorizer, case: str | None) -> None:
    decision = authorizer.profile(AccessRequest(NORTH_CLERK, "welfare", case)).decide("Tax.income", "lookup", "read")
    assert (decision.verdict, decision.reason) == (Verdict.DENY, Reason.NO_CASE)


@pytest.mark.parametrize(
    "request_",
    [
        AccessRequest(PASSPORT_CLERK, None, "1"),
        AccessRequest(PASSPORT_CLERK, "", "1"),
        AccessRequest(PASSPORT_CLERK, "Travel", "1"),
        AccessRequest(PASSPORT_CLERK, "travel ", "1"),
        AccessRequest(PASSPORT_CLERK, "trav\u0435l", "1"),
        AccessRequest(Caller("nobody", "clerk", "x"), "travel", "1"),
        AccessRequest(Caller("Passports", "clerk", "x"), "travel", "1"),
        AccessRequest(Caller("districts", "clerk", "x"), "welfare", "1"),
        AccessRequest(Caller("passports", "boss", "x"), "travel", "1"),
        AccessRequest(Caller("", "", ""), "travel", "1"),
    ],
    ids=str,
)
def test_the_unknown_gets_nothing(authorizer: RegulationAuthorizer, request_: AccessRequest) -> None:
    profile = authorizer.profile(request_)
    for coordinate in (*COORDINATES, "No.such", ""):
        for use in ("read", "search"):
            for access in ("lookup", "list"):
                assert profile.decide(coordinate, access, use).verdict is Verdict.DENY  # type: ignore[arg-type]


def test_a_flood_of_unknown_names_costs_no_memory(authorizer: RegulationAuthorizer) -> None:
    for number in range(2000):
        caller = Caller(f"agency-{number}", f"role-{number}", "x")
        profile = authorizer.profile(AccessRequest(caller, f"purpose-{number}", "1"))
        profile.decide(f"Type.field{number}", "lookup", "read")
        authorizer.hidden_from(caller)
        authorizer.grantable(caller)
    assert len(authorizer._profiles) == 1
    assert len(authorizer._granted) == len(authorizer._hidden) == 0
    assert profile._decisions == {}


def test_the_day_turns(authorizer: RegulationAuthorizer, calendar: Calendar) -> None:
    request = AccessRequest(NORTH_CLERK, "welfare")
    before = authorizer.profile(request)
    for day, verdict in [
        (date(2026, 1, 31), Verdict.DENY),
        (date(2026, 2, 1), Verdict.PERMIT),
        (date(2026, 2, 28), Verdict.PERMIT),
        (date(2026, 3, 1), Verdict.DENY),
    ]:
        calendar.day = day
        profile = authorizer.profile(request)
        assert profile is not before
        assert profile.decide("Person.address", "lookup", "read").verdict is verdict
        granted = verdict is Verdict.PERMIT
        assert (Grantable("Person.address", "lookup", "read") in authorizer.grantable(NORTH_CLERK)) == granted
        assert authorizer.profile(request) is profile


def test_hidden_coordinates_do_not_exist_for_those_they_are_never_granted_to(authorizer: RegulationAuthorizer) -> None:
    assert authorizer.hidden_from(PASSPORT_CLERK) == {"Person.secret", "Person.adult"}
    assert authorizer.hidden_from(NORTH_CLERK) == {"Person.secret"}
    assert authorizer.hidden_from(Caller("north", "inspector", "x")) == {"Person.secret", "Person.adult"}
    assert authorizer.hidden_from(Caller("nobody", "nothing", "x")) == {"Person.secret", "Person.adult"}


def test_a_hidden_coordinate_is_decided_like_one_that_is_not_there(authorizer: RegulationAuthorizer) -> None:
    profile = authorizer.profile(AccessRequest(PASSPORT_CLERK, "travel", "1"))
    expected = Decision("Person.adult", Verdict.DENY, reason=Reason.NO_PERMISSION, hidden=True)
    assert profile.decide("Person.adult", "lookup", "read") == expected
    # Granted for one purpose, it exists under every other, and is only withheld.
    elsewhere = authorizer.profile(AccessRequest(NORTH_CLERK, "travel", "1")).decide("Person.adult", "lookup", "read")
    assert (elsewhere.verdict, elsewhere.hidden) == (Verdict.DENY, False)


def test_a_hidden_coordinate_that_is_prohibited_says_nothing_of_the_prohibition(tmp_path: Path, calendar: Calendar) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    (tmp_path / "tax.yaml").write_text(
        (HERE / "good" / "tax.yaml").read_text() + "hidden: [Tax.year]\n"
        "prohibitions:\n  - {id: never, items: [Tax.year], basis: 'Tax Act, art. 2'}\n"
    )
    authorizer = RegulationAuthorizer.load(tmp_path, COORDINATES, today=calendar)
    decision = authorizer.profile(AccessRequest(NORTH_CLERK, "welfare", "1")).decide("Tax.year", "lookup", "read")
    assert decision == Decision("Tax.year", Verdict.DENY, reason=Reason.NO_PERMISSION, hidden=True)


def lookups(*coordinates: str) -> set[Grantable]:
    return {Grantable(coordinate, "lookup", "read") for coordinate in coordinates}


def test_grantable_is_what_an_agency_could_be_granted_in_whatever_role(authorizer: RegulationAuthorizer) -> None:
    citizen = Caller("passports", "citizen", "x")
    assert authorizer.grantable(citizen) == authorizer.grantable(PASSPORT_CLERK) != frozenset()
    assert authorizer.grantable(NORTH_CLERK) == lookups("Person.address", "Person.name", "Person.adult", "Tax.income")
    # What is hidden from this role is not shown to it, although its agency has it in another.
    assert authorizer.grantable(Caller("north", "citizen", "x")) == lookups("Person.address", "Person.name", "Tax.income")
    assert authorizer.grantable(Caller("nobody", "clerk", "x")) == frozenset()


def test_grantable_tells_reading_from_searching_and_lookup_from_list(authorizer: RegulationAuthorizer) -> None:
    assert authorizer.grantable(PASSPORT_CLERK) == {
        *(Grantable(read, "lookup", "read") for read in ("Person.name", "Person.age", "Person.tax")),
        *(Grantable(read, "list", "read") for read in ("Person.name", "Person.age", "Person.tax")),
        Grantable("Person.number", "lookup", "search"),
        Grantable("Person.number", "list", "search"),
    }


def test_what_is_prohibited_for_every_purpose_is_not_grantable(tmp_path: Path, calendar: Calendar) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    interior = tmp_path / "interior.yaml"
    interior.write_text(interior.read_text().replace("recipients: passports\n    basis", "recipients: north\n    basis"))
    interior.write_text(interior.read_text().split("tests:")[0])
    authorizer = RegulationAuthorizer.load(tmp_path, COORDINATES, today=calendar)
    address = Grantable("Person.address", "lookup", "read")
    assert address not in authorizer.grantable(NORTH_CLERK)
    assert address in authorizer.grantable(Caller("south", "clerk", "x"))


def test_purposes_are_those_of_the_agency_and_the_role(authorizer: RegulationAuthorizer) -> None:
    assert authorizer.purposes(PASSPORT_CLERK) == ("welfare", "travel")
    assert authorizer.purposes(Caller("passports", "citizen", "x")) == ()
    assert authorizer.purposes(NORTH_CLERK) == ("welfare",)
    assert authorizer.purposes(Caller("nobody", "clerk", "x")) == ()


def test_titles_come_with_the_set(authorizer: RegulationAuthorizer) -> None:
    assert list(authorizer.declared_purposes) == ["welfare", "travel"]
    assert authorizer.declared_purposes["welfare"].title.ko == "복지"
    jurisdictions = {str(name): agency.jurisdiction for name, agency in authorizer.parties.agencies.items()}
    assert (jurisdictions["north"], jurisdictions["south"], jurisdictions["tax"]) == ("11110", "01110", None)


def test_the_version_follows_what_is_said_and_nothing_else(tmp_path: Path, calendar: Calendar) -> None:
    def version() -> str:
        return RegulationAuthorizer.load(tmp_path, COORDINATES, today=calendar).version

    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    first = version()
    assert first.startswith("2026-02-20.")
    tax = tmp_path / "tax.yaml"
    text = tax.read_text()
    tax.write_text("# a remark\n" + text.replace("roles: [clerk]", "roles: clerk").replace("\n", "\r\n"))
    tax.rename(tmp_path / "a-tax-of-another-name.yaml")
    assert version() == first
    seen = {first}
    for old, new in [("jurisdiction", "any"), ("required", "none"), ("art. 81-13(1)", "art. 82"), ("version: 1", "version: 2")]:
        (tmp_path / "a-tax-of-another-name.yaml").write_text(text.replace(old, new))
        seen.add(version())
    assert len(seen) == 5


def constants(tree: ast.AST) -> Iterator[str]:
    """The texts in code, without its docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("folder", ["auth", "resolvers", "sources"])
def test_no_agency_role_or_purpose_is_named_in_code(folder: str) -> None:
    parties = yaml.safe_load((ROOT / "auth" / "regulations" / "parties.yaml").read_text())
    purposes = yaml.safe_load((ROOT / "auth" / "regulations" / "purposes.yaml").read_text())
    names = {*parties["agencies"], *parties.get("groups", {}), *parties["roles"], *purposes["purposes"]}
    names -= {"statistics"}  # a kind of access in the format, too
    for path in (ROOT / folder).rglob("*.py"):
        named = names & set(constants(ast.parse(path.read_text())))
        assert not named, f"{path} names {named}"
