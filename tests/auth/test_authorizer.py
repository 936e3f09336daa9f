"""Profiles: the same for equal circumstances, never for one officer, never for yesterday, and nothing for the unknown."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
import yaml

from auth.access import Access, AccessRequest, Authorizer, Caller, Decision, Grantable, Reason, Remedy, Use, Verdict
from auth.authorizer import BrokenRegulations, RegulationAuthorizer
from auth.rules import Period, Title
from tests.auth.rulebook import NATION

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
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
    return RegulationAuthorizer.load(HERE / "good", NATION, today=calendar)


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
    for coordinate in (*NATION, "No.such", ""):
        for access, use in product(get_args(Access), get_args(Use)):
            assert profile.decide(coordinate, access, use).verdict is Verdict.DENY


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
        "regulation: tax\nholder: tax\nversion: 2\napproval: {number: 12, on: 2026-01-20}\nhidden: [Tax.year]\n"
        "prohibitions:\n  - {id: never, items: [Tax.year], basis: 'Tax Act, art. 2'}\n"
    )
    authorizer = RegulationAuthorizer.load(tmp_path, NATION, today=calendar)
    decision = authorizer.profile(AccessRequest(NORTH_CLERK, "welfare", "1")).decide("Tax.year", "lookup", "read")
    assert decision == Decision("Tax.year", Verdict.DENY, reason=Reason.NO_PERMISSION, hidden=True)


def lookups(*coordinates: str) -> set[Grantable]:
    return {Grantable(coordinate, "lookup", "read") for coordinate in coordinates}


def test_grantable_is_what_an_agency_could_be_granted_in_whatever_role(authorizer: RegulationAuthorizer) -> None:
    citizen = Caller("passports", "citizen", "x")
    assert authorizer.grantable(citizen) == authorizer.grantable(PASSPORT_CLERK) != frozenset()
    of_tax = ("Tax.income", "Tax.year", "Tax.paidOn", "Tax.office", "Tax.incomeAtMost")
    district = lookups("Person.address", "Person.name", *of_tax) | {Grantable("Tax.year", "lookup", "search")}
    assert authorizer.grantable(NORTH_CLERK) == district | lookups("Person.adult")
    # What is hidden from this role is not shown to it, although its agency has it in another.
    assert authorizer.grantable(Caller("north", "citizen", "x")) == district
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
    authorizer = RegulationAuthorizer.load(tmp_path, NATION, today=calendar)
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
    assert authorizer.titles == {"Person.name": Title("성명", "Name"), "Tax.income": Title("소득금액", "Income")}
    assert {type(coordinate) for coordinate in authorizer.titles} == {str}


def test_titles_of_items_decide_nothing_and_are_taken_up_all_the_same(tmp_path: Path, calendar: Calendar) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    first = RegulationAuthorizer.load(tmp_path, NATION, today=calendar)
    items = tmp_path / "items.yaml"
    items.write_text(items.read_text().replace("성명", "이름"))
    renamed = RegulationAuthorizer.load(tmp_path, NATION, today=calendar)
    items.unlink()
    bare = RegulationAuthorizer.load(tmp_path, NATION, today=calendar)
    assert (renamed.titles["Person.name"].ko, bare.titles) == ("이름", {})
    assert first.version == renamed.version == bare.version
    assert len({law.content for law in (first, renamed, bare)}) == 3
    assert first.at(date(2026, 3, 1)).content == first.content, "it stays when the day turns"


def test_the_version_follows_what_is_said_and_nothing_else(tmp_path: Path, calendar: Calendar) -> None:
    def version() -> str:
        return RegulationAuthorizer.load(tmp_path, NATION, today=calendar).version

    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    first = version()
    assert first.startswith("2026-01-20.")
    tax = tmp_path / "tax.yaml"
    text = tax.read_text()
    tax.write_text("# a remark\n" + text.replace("roles: [clerk]", "roles: clerk").replace("\n", "\r\n"))
    tax.rename(tmp_path / "a-tax-of-another-name.yaml")
    assert version() == first
    seen = {first}
    for old, new in [
        ("subject: jurisdiction", "subject: any"),
        ("required", "none"),
        ("art. 81-13(1)", "art. 82"),
        ("version: 2", "version: 3"),
        ("{last: 2}", "{last: 3}"),
        ("10_000_000", "10_000_001"),
    ]:
        (tmp_path / "a-tax-of-another-name.yaml").write_text(text.replace(old, new))
        seen.add(version())
    assert len(seen) == 7


# ── Versions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

PASSPORTS = AccessRequest(PASSPORT_CLERK, "travel")
NORTH = AccessRequest(NORTH_CLERK, "welfare", "2026-1")
SOUTH = AccessRequest(Caller("south", "clerk", "x"), "welfare", "2026-1")


@pytest.fixture
def history(tmp_path: Path, calendar: Calendar) -> RegulationAuthorizer:
    """A version of 2025, one of 2026-01-20, and one that comes on 2026-03-01."""
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    shutil.copytree(HERE / "history", tmp_path, dirs_exist_ok=True)
    coming = (HERE / "good" / "tax.yaml").read_text().split("tests:")[0]
    coming = coming.replace("version: 2", "version: 3").replace("2026-01-20", "2026-03-01")
    (tmp_path / "tax-of-march.yaml").write_text(coming.replace("subject: jurisdiction", "subject: any"))
    return RegulationAuthorizer.load(tmp_path, NATION, today=calendar)


def granted(authorizer: RegulationAuthorizer, request: AccessRequest, coordinate: str) -> str:
    """The regulation's version that grants a coordinate, or the reason why it is not granted."""
    decision = authorizer.profile(request).decide(coordinate, "lookup", "read")
    if decision.reason is not None:
        return decision.reason.value
    versions = {each.version for each in authorizer.regulations if each.name == decision.rules[0].regulation}
    return f"version {versions.pop()}"


def test_a_version_comes_into_force_by_itself_on_the_day_of_its_approval(
    history: RegulationAuthorizer, calendar: Calendar
) -> None:
    seen = []
    for day in (date(2026, 1, 19), date(2026, 1, 20), date(2026, 2, 28), date(2026, 3, 1), date(2030, 1, 1)):
        calendar.day = day
        income = history.profile(NORTH).decide("Tax.income", "lookup", "read")
        seen.append((granted(history, NORTH, "Tax.income"), bool(income.grants[0].constraints), history.version[:10]))
    assert seen == [
        ("version 1", False, "2026-01-15"),
        ("version 2", True, "2026-01-20"),
        ("version 2", True, "2026-01-20"),
        ("version 3", False, "2026-03-01"),
        ("version 3", False, "2026-03-01"),
    ]


def test_a_decision_can_be_taken_again_as_of_another_day(history: RegulationAuthorizer, calendar: Calendar) -> None:
    past = history.at(date(2025, 6, 1))
    assert granted(past, PASSPORTS, "Tax.income") == "version 1"
    assert granted(history, PASSPORTS, "Tax.income") == "NO_PERMISSION"
    assert [each.name for each in past.regulations] == ["tax"], "registration was approved later"
    # It stays on its day, and what is asked of it changes nothing today.
    before = history.profile(NORTH)
    calendar.day = date(2026, 2, 11)
    assert granted(past, PASSPORTS, "Tax.income") == "version 1"
    assert history.profile(NORTH) is not before
    assert past.version != history.version == history.at(date(2026, 2, 1)).version
    assert granted(history.at(date(2027, 1, 1)), NORTH, "Tax.income") == "version 3"


def test_before_the_first_approval_nothing_is_in_force(history: RegulationAuthorizer) -> None:
    past = history.at(date(2024, 12, 31))
    assert past.regulations == ()
    assert past.version.startswith("none.")
    for coordinate, access, use in product(NATION, get_args(Access), get_args(Use)):
        decision = past.profile(NORTH).decide(coordinate, access, use)
        assert decision == Decision(coordinate, Verdict.DENY, reason=Reason.NO_PERMISSION)
    assert (past.purposes(NORTH_CLERK), past.grantable(NORTH_CLERK)) == ((), frozenset())


def test_what_turns_on_a_column_that_is_no_more_grants_nothing_and_prohibits_everything(history: RegulationAuthorizer) -> None:
    past = history.at(date(2025, 6, 1))
    assert granted(past, NORTH, "Tax.year") == "NO_PERMISSION"
    assert granted(past, NORTH, "Tax.income") == "version 1"
    assert granted(past, SOUTH, "Tax.income") == "PROHIBITED"


def test_the_history_of_a_regulation_and_its_rules_by_name(history: RegulationAuthorizer) -> None:
    assert [each.version for each in history.history("tax")] == [1, 2, 3]
    assert history.history("nothing") == ()
    assert [history.in_force(each) for each in history.history("tax")] == [
        Period(date(2025, 1, 1), date(2026, 1, 19)),
        Period(date(2026, 1, 20), date(2026, 2, 28)),
        Period(date(2026, 3, 1), None),
    ]
    rule = history.rule("tax", "income-for-welfare")
    assert (Path(rule.id.place.file).name, rule.id.place.line) == ("tax.yaml", 9)
    assert Path(history.at(date(2025, 6, 1)).rule("tax", "noted").id.place.file).parent.name == "superseded"
    with pytest.raises(KeyError):
        history.rule("tax", "noted")


def test_a_coming_version_that_breaks_a_test_is_not_accepted_today(tmp_path: Path, calendar: Calendar) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    coming = (HERE / "good" / "tax.yaml").read_text().replace("version: 2", "version: 3").replace("2026-01-20", "2026-03-01")
    (tmp_path / "next.yaml").write_text(coming.replace("Tax.paidOn: year", "Tax.year: {band: 5}"))
    with pytest.raises(BrokenRegulations) as raised:
        RegulationAuthorizer.load(tmp_path, NATION, today=calendar)
    assert {Path(mistake.place.file).name for mistake in raised.value.mistakes} == {"next.yaml"}
    assert "`Tax.paidOn` should be masked on 2026-03-01" in str(raised.value)


# ── Why, and what would help ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("request_", "coordinate", "access", "use", "remedy"),
    [
        (AccessRequest(NORTH_CLERK, "welfare"), "Tax.income", "lookup", "read", Remedy("case")),
        (NORTH, "Tax.year", "lookup", "read", Remedy("role", "inspector")),
        (AccessRequest(NORTH_CLERK, "travel", "1"), "Tax.income", "lookup", "read", Remedy("purpose", "welfare")),
        (AccessRequest(NORTH_CLERK, None, "1"), "Tax.income", "lookup", "read", Remedy("purpose", "welfare")),
        (NORTH, "Tax.income", "list", "read", Remedy("access", "lookup")),
        (AccessRequest(PASSPORT_CLERK, "welfare", "1"), "Person.number", "lookup", "search", Remedy("purpose", "travel")),
        (AccessRequest(PASSPORT_CLERK, "travel", "1"), "Person.address", "lookup", "read", None),
        (NORTH, "Passport.number", "lookup", "read", None),
        (NORTH, "Person.secret", "lookup", "read", None),
        (NORTH, "No.such", "lookup", "read", None),
    ],
    ids=[
        "case",
        "role",
        "purpose",
        "no purpose",
        "access",
        "not prohibited elsewhere",
        "prohibited",
        "nothing",
        "hidden",
        "unknown",
    ],
)
def test_a_denial_names_the_smallest_change_that_helps(
    authorizer: RegulationAuthorizer, request_: AccessRequest, coordinate: str, access: Access, use: Use, remedy: Remedy | None
) -> None:
    decision = authorizer.profile(request_).decide(coordinate, access, use)
    assert (decision.verdict, decision.remedy) == (Verdict.DENY, remedy)


def test_a_denial_of_another_time_names_the_day(authorizer: RegulationAuthorizer, calendar: Calendar) -> None:
    for day, reason, remedy in [
        (date(2026, 1, 31), Reason.NOT_YET_VALID, Remedy("from", "2026-02-01")),
        (date(2026, 3, 1), Reason.NO_LONGER_VALID, Remedy("until", "2026-02-28")),
    ]:
        calendar.day = day
        decision = authorizer.profile(NORTH).decide("Person.address", "lookup", "read")
        assert (decision.reason, decision.remedy) == (reason, remedy)


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
