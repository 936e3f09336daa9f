"""Recorded operations are decided again as the engine decides them: what a replay tells is what asking them again would give."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
import yaml

from auth.access import AccessRequest, Authorizer, Caller, Grant, Mask
from auth.authorizer import BrokenRegulations, RegulationAuthorizer
from auth.entries import Form
from madang.coordinates import coordinates
from madang.effects import headline, in_words, to_json, to_text
from madang.replay import Effect, Recorded, Replay, Replayer, Tally, loses, recorded_since
from madang.settings import load
from madang.witness import Witnesses
from resolvers.operation import RequestError
from resolvers.request import Request
from resolvers.selection import Asked
from resolvers.selection import Path as ResponsePath
from tests.resolvers.decisions import draw_profile
from tests.resolvers.nation import CALLERS, CASE, CATALOGUE, make
from tests.resolvers.operations import Dice, Operation, Writer
from tests.resolvers.world import PURPOSE, RULE, Profile, Regulations, World, world

ROOT = Path(__file__).parents[2]
REGULATIONS = ROOT / "auth/regulations"
DAY = dt.date(2026, 11, 24)
COORDINATES = coordinates(CATALOGUE)
DEMO = load(ROOT / "madang.toml").demo


def law_of(directory: Path) -> RegulationAuthorizer:
    return RegulationAuthorizer.load(directory, COORDINATES, today=lambda: DAY)


LAW = law_of(REGULATIONS)


class Question(NamedTuple):
    """Somebody's operation."""

    operation: Operation
    caller: Caller
    purpose: str | None
    case: str | None


def asking(text: str, caller: str, purpose: str, case: str | None = None, **variables: Any) -> Question:
    """A question of one of the demo's personas."""
    assert DEMO is not None
    return Question(Operation(text, variables, [], []), DEMO.personas[caller].caller, purpose, case)


async def recorded(world: World, law: Authorizer, question: Question, operations: int = 1) -> Recorded | None:
    """What the ledger has of a question under a law; none of what is no valid operation."""
    content, _ = await answered(world, law, question)
    return content and Recorded(content, operations, DAY)


async def answered(world: World, law: Authorizer, question: Question) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The form of what the ledger has of a question, and the response."""
    world.fail(())
    world.engine.adopt(law)
    operation, caller, purpose, case = question
    answer = await world.answer(operation.text, caller, operation.variables, purpose, case)
    assert len(world.ledger.records) <= 1
    content = json.loads(world.ledger.records[0].form.text) if world.ledger.records else None
    return content, json.loads(answer.body)


def read(world: World, question: Question) -> Request:
    """The question as the engine reads it under the law that it was asked under last."""
    operation, caller, purpose, case = question
    return world.engine.read(operation.text, operation.variables, None, AccessRequest(caller, purpose, case))


def under(profile: Profile) -> Regulations:
    """These decisions for everybody."""
    found = Regulations()
    found.now = profile
    return found


def of(*profiles: Profile) -> Replayer:
    return Replayer(CATALOGUE, *map(under, profiles))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def here() -> World:
    return world(make(), today=lambda: DAY)


# ── Any operation, under any decisions ──────────────────────────────────────────────────────────────────────────────────────


SEEDS = 300


def test_what_is_granted_again_is_what_the_engine_grants(here: World, runner: asyncio.Runner) -> None:
    compared = sum(compare(seed, here, runner) for seed in range(SEEDS))
    assert compared > SEEDS // 3


def compare(seed: int, here: World, runner: asyncio.Runner) -> bool:
    """Ask a random operation under random decisions, and again under others; whether the ledger had both."""
    some = random.Random(seed)
    dice, caller = Dice(some.randint), some.choice(CALLERS)
    operation = Writer(dice, lambda record, key, whose: here.id(caller, record, key)).operation()
    if list(operation.follows()):
        return False
    question = Question(operation, caller, PURPOSE, some.choice([None, CASE]))
    before, after = (under(draw_profile(dice, operation)) for _ in range(2))
    if plain := some.random() < 0.3:
        after.now = Profile(after.now.denied)
    known = runner.run(recorded(here, before, question))
    content, response = runner.run(answered(here, after, question))
    if known is None or content is None:
        return False
    assert known.content["asked"] == content["asked"], seed
    places = list(zip(known.asked, Replayer(CATALOGUE, before, after).answers(after, known), strict=True))
    granted = {
        (name, str(grant.mask) if grant.mask else None)
        for (name, _, use, _), decision in places
        if use == "read" and not decision.denied
        for grant in decision.grants
    }
    # What the search or the link has ensured already leaves some ways of being granted unused.
    used = {(item["coordinate"], item["mask"]) for item in content["granted"]}
    # That somebody was found follows from the search.
    used = {each for each in used if not each[0].endswith(".__typename")}
    assert used <= granted, seed
    assert {name for name, _ in used} == {name for name, _ in granted}, seed
    searched = {name for (name, _, use, _), decision in places if use == "search" and not decision.denied}
    assert searched <= {each["coordinate"] for each in content["searched"]}, seed
    refused = {decision.coordinate for _, decision in places if decision.denied}
    planned = {refusal.decision.coordinate for refusal in here.engine.plan(read(here, question)).withheld}
    assert planned <= refused, seed
    # Under `node` a type that may not be searched for is left out without a word, if another may.
    assert refused - planned <= {record.id.coordinate for record in CATALOGUE.records.values() if record.node}, seed
    withheld = {each["extensions"].get("coordinate") for each in response.get("errors", ())} - {None}
    assert not plain or withheld <= refused, seed
    return True


# ── The rules, one by one ───────────────────────────────────────────────────────────────────────────────────────────────────

CLERK = CALLERS[0]
RRN = "8103149970008"
TWO = """query($rrn: String, $id: ID) {
  one: resident(rrn: $rrn) { __typename }
  other: resident(id: $id) { name passports { kind } }
}"""
SORTED = "query($rrn: String) { resident(rrn: $rrn) { name household { moveIns(orderBy: DATE_ASC) { reason } } } }"


def known(here: World, runner: asyncio.Runner, profile: Profile, text: str, **more: Any) -> Recorded:
    """What the ledger has of a clerk's operation under a profile."""
    variables = {"rrn": RRN} | ({"id": here.id(CLERK, "Resident", 7_310_000_001)} if "$id" in text else {})
    found = runner.run(recorded(here, under(profile), Question(Operation(text, variables, [], []), CLERK, PURPOSE, None)))
    assert found is not None
    return replace(found, content={**found.content, **more})


def told(effects: list[Effect]) -> set[tuple[str, str, str | None]]:
    return {(effect.kind.coordinate, in_words(effect.kind).partition(", with")[0], effect.kind.because) for effect in effects}


def test_what_a_root_field_is_searched_by_takes_that_field_alone(here: World, runner: asyncio.Runner) -> None:
    form = known(here, runner, Profile(), TWO)
    by_number = of(Profile(), Profile([("Resident.rrn", None, "search")]))
    assert told(by_number.effects(form)) == {("Resident.rrn", "withheld", None)}
    by_id = of(Profile(), Profile([("Resident.id", None, "search")]))
    below = {(name, "withheld", "Resident.id") for name in ("Resident.name", "Resident.passports", "Passport.kind")}
    assert told(by_id.effects(form)) == {("Resident.id", "withheld", None), *below}


def test_what_is_below_a_link_comes_and_goes_with_it(here: World, runner: asyncio.Runner) -> None:
    without = Profile(["Resident.passports"])
    form = known(here, runner, without, TWO)
    expected = {("Resident.passports", None), ("Passport.kind", "Resident.passports")}
    assert told(of(without, Profile()).effects(form)) == {(name, "granted", because) for name, because in expected}
    assert told(of(Profile(), without).effects(form)) == {(name, "withheld", because) for name, because in expected}
    # What is denied below as well is not granted with it.
    kind = Profile(["Passport.kind"])
    assert told(of(without, kind).effects(form)) == {("Resident.passports", "granted", None)}


def test_an_order_that_is_denied_takes_its_list(here: World, runner: asyncio.Runner) -> None:
    form = known(here, runner, Profile(), SORTED)
    replayer = of(Profile(), Profile([("MoveIn.date", None, "search")]))
    assert told(replayer.effects(form)) == {
        ("MoveIn.date", "withheld", None),
        ("Household.moveIns", "withheld", "MoveIn.date"),
        ("MoveIn.reason", "withheld", "MoveIn.date"),
    }


def test_a_mask_and_a_condition_are_told_where_something_is_granted_before_and_after(here: World, runner: asyncio.Runner) -> None:
    form = known(here, runner, Profile(), TWO)
    masked = Profile(grants={"Resident.name": (Grant(RULE, mask=Mask("initial")),)}, residuals={"Passport.kind": ["self"]})
    assert told(of(Profile(), masked).effects(form)) == {
        ("Resident.name", "masked more", None), ("Passport.kind", "granted for fewer rows", None),
    }  # fmt: skip
    assert told(of(masked, Profile()).effects(form)) == {
        ("Resident.name", "masked less", None), ("Passport.kind", "granted for more rows", None),
    }  # fmt: skip
    # The same under another article is answered alike.
    other = Profile(grants={"Resident.name": (Grant(replace(RULE, id="another")),)})
    assert not of(Profile(), other).effects(form)


def test_an_operation_that_names_what_is_hidden_has_nothing(here: World, runner: asyncio.Runner) -> None:
    form = known(here, runner, Profile(), TWO)
    effects = of(Profile(), Profile(hidden=["Passport.kind"])).effects(form)
    assert {effect.kind.coordinate for effect in effects} == {name for name, _, _, _ in form.asked}
    assert all(effect.kind.how == ("withheld",) for effect in effects)
    assert {effect.kind.because for effect in effects} == {None, "Passport.kind"}


def test_what_was_rejected_gains_all_of_it_or_nothing(here: World, runner: asyncio.Runner) -> None:
    lacking = Profile(["Resident.name", "Resident.passports"])
    form = known(here, runner, lacking, TWO, refused="REJECTED")
    assert not of(lacking, Profile(["Resident.passports"])).effects(form)
    assert {name for name, how, _ in told(of(lacking, Profile()).effects(form)) if how == "granted"} == {
        name for name, _, _, _ in form.asked
    }


@pytest.mark.parametrize("gone", [("Resident.nickname", "lookup", "read", 2), ("Vehicle.model", "lookup", "read", 3)])
def test_what_is_gone_from_the_graph_is_lost(gone: tuple[str, str, str, int], here: World, runner: asyncio.Runner) -> None:
    """Also where it is there, but not behind that link any more. Nothing else can be asked with it."""
    form = known(here, runner, Profile(), SORTED)
    form = replace(form, content={**form.content, "asked": [*form.asked, gone]})
    effects = of(Profile(), Profile(["Resident.name"])).effects(form)
    assert told(effects) == {(gone[0], "lost: it is gone from the graph", None)}
    assert loses(effects[0].kind)


def test_a_count_is_by_agency_and_purpose_with_the_operation_that_shows_it(here: World, runner: asyncio.Runner) -> None:
    form = replace(known(here, runner, Profile(), TWO), operations=40)
    more = replace(form, content={**form.content, "agency": "mofa", "operation": "another"}, operations=1234)
    without = Profile(["Resident.passports"])
    tally = Tally(of(Profile(), without), SINCE, DAY, "drafts")
    for each in (form, more, replace(form, content={**form.content, "asked": []})):
        tally.take(each)
    found = tally.done(7, lambda change: None)
    assert (found.operations, found.otherwise, found.losing, found.gaining, found.forms) == (1314, 1274, 1274, 0, 3)
    data = to_json(found)
    groups = [(each["agency"], each["operations"], len(each["changes"])) for each in data["groups"]]
    assert groups == [("jongno", 40, 2), ("mofa", 1234, 2)]
    assert {(each["operation"], each["operations"], each["last"]) for each in data["shown"]} == {("another", 1234, "2026-11-24")}
    text = "\n".join(to_text(found))
    assert "Of 1,314 operations since 2026-11-01, in 3 forms, 1,274 would be answered otherwise, as of 2026-11-24:" in text
    assert "7 operations more are in the ledger, and not counted yet." in text
    assert re.search(r"^mofa +passport-renewal +1,234  Passport.kind +withheld, with Resident.passports$", text, re.M)
    assert (
        "1,234 operations of mofa, resident-clerk, for passport-renewal, without a case, the last on 2026-11-24: another" in text
    )


# ── Whole ledgers, under drafts of the sample's regulations ─────────────────────────────────────────────────────────────────

SINCE = dt.date(2026, 11, 1)
DRAFTS = 12


def questions() -> list[Question]:
    """The examples, with and without their cases, and random operations of the demo's personas for purposes of theirs."""
    found = []
    for path in sorted((ROOT / "examples/queries").glob("*.graphql")):
        text = path.read_text("utf-8")
        said = dict(re.findall(r"^# (\w+): (.*)$", text.partition("\n\n")[0], re.M))
        variables = {"rrn": "8103149970008"} if "$rrn:" in text else {}
        cases = dict.fromkeys([None, said.get("case")])
        found += [asking(text, said["persona"], said["purpose"], case, **variables) for case in cases]
    assert DEMO is not None
    some, nation = random.Random(7), world()
    for persona in DEMO.personas.values():
        purposes = LAW.purposes(persona.caller)
        if not purposes:  # Some have a purpose only since a later day.
            continue
        for _ in range(15):
            writer = Writer(
                Dice(some.randint), lambda record, key, whose, of=persona.caller: nation.id(of, record, key),  # type: ignore[misc]
                roots=("resident", "residents", "household", "me"),
            )  # fmt: skip
            operation = writer.operation()
            if not list(operation.follows()):
                found.append(Question(operation, persona.caller, some.choice(purposes), some.choice([None, CASE])))
    return found


class Filled(NamedTuple):
    """A ledger with questions, each asked so many times since the day."""

    dsn: str
    asked: list[tuple[Question, Recorded]]


@pytest.fixture(scope="module")
def filled(gateway_dsn: str, here: World, runner: asyncio.Runner) -> Filled:
    some = random.Random(3)
    known = [(each, runner.run(recorded(here, LAW, each, some.randint(1, 500)))) for each in questions()]
    asked = [(question, found) for question, found in known if found is not None]
    runner.run(fill(gateway_dsn, here, [found for _, found in asked]))
    return Filled(gateway_dsn, asked)


async def fill(dsn: str, here: World, forms: list[Recorded]) -> None:
    """Count operations as upkeep does: some on one day, the rest on another, and others before the day that is asked about."""
    connection = await asyncpg.connect(dsn)
    for each in forms:
        text = json.dumps(each.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = Form.of(each.content).digest
        await connection.execute("INSERT INTO ledger_form (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING", digest, text)
        number = await connection.fetchval("SELECT id FROM ledger_form WHERE digest = $1", digest)
        first = each.operations // 2
        rows = [(dt.date(2026, 10, 31), -1, 1000), (SINCE, -1, first), (DAY, -1, each.operations - first), (DAY, 0, 77)]
        for day, item, operations in rows:
            await connection.execute(
                "INSERT INTO ledger_count VALUES ($1, $2, $3, $4, 1) ON CONFLICT (day, form, item)"
                " DO UPDATE SET operations = ledger_count.operations + excluded.operations",
                day, number, item, operations,
            )  # fmt: skip
    await connection.close()


def replayed(dsn: str, draft: RegulationAuthorizer, runner: asyncio.Runner, since: dt.date = SINCE) -> Replay:
    """As the command does it."""
    tally = Tally(Replayer(CATALOGUE, LAW, draft), since, DAY, "drafts")
    return tally.done(runner.run(recorded_since(dsn, since, tally.take)), Witnesses(CATALOGUE, LAW, draft).of)


def test_a_ledger_is_counted_from_a_day_on(filled: Filled, runner: asyncio.Runner) -> None:
    """Operations are counted once each, whatever they disclosed, and those that nobody has asked since are not looked at."""
    found = replayed(filled.dsn, LAW, runner)
    assert found.operations == sum(each.operations for _, each in filled.asked)
    assert found.forms == len({each.content["operation"] + str(each.content) for _, each in filled.asked})
    assert (found.otherwise, found.changes, found.shown) == (0, Counter(), {})
    assert headline(found).startswith(f"Of {found.operations:,} operations since 2026-11-01, in {found.forms} forms, none would")
    assert replayed(filled.dsn, LAW, runner, DAY + dt.timedelta(1)).operations == 0
    assert replayed(filled.dsn, LAW, runner, dt.date(2026, 1, 1)).operations == found.operations + 1000 * len(filled.asked)


@pytest.mark.parametrize("seed", range(DRAFTS))
def test_what_a_draft_takes_and_gives_is_what_asking_again_does(
    seed: int, filled: Filled, here: World, runner: asyncio.Runner, tmp_path: Path
) -> None:
    draft = drawn(random.Random(seed), tmp_path)
    found = replayed(filled.dsn, draft, runner)
    expected: Counter[tuple[str, str | None, str, str]] = Counter()
    for question, known in filled.asked:
        before, after = (given_by(here, law, question) for law in (LAW, draft))
        group = known.content["agency"], known.content["purpose"]
        for how, lost in (("withheld", before.items() - after.items()), ("granted", after.items() - before.items())):
            for coordinate in {coordinate for _, coordinate in lost}:
                expected[*group, coordinate, how] += known.operations
    told: Counter[tuple[str, str | None, str, str]] = Counter()
    for (agency, purpose, kind), operations in found.changes.items():
        if kind.use == "read" and kind.how in (("withheld",), ("granted",)):
            told[agency, purpose, kind.coordinate, kind.how[0]] += operations
    # A coordinate that an operation loses for two reasons, in two places, is told with each of them.
    twice = {key for key in told if told[key] > expected[key]}
    assert told.keys() == expected.keys()
    assert all(told[key] == expected[key] for key in told.keys() - twice), (told - expected, expected - told)
    assert all(len({k.because for a, p, k in found.changes if (a, p, k.coordinate, k.how[0]) == key}) > 1 for key in twice)


def given_by(here: World, law: Authorizer, question: Question) -> dict[ResponsePath, str]:
    """What of an operation the engine's plan withholds nowhere on the way: the coordinate, by response path."""
    here.engine.adopt(law)
    try:
        request = read(here, question)
        plan = here.engine.plan(request)
    except RequestError:
        return {}
    refused = {refusal.path for refusal in plan.withheld}
    found: dict[ResponsePath, str] = {}

    def walk(asked: Asked) -> None:
        if asked.field is not None and not any(asked.path[: len(path)] == path for path in refused):
            found[asked.path] = asked.field.coordinate
        for each in asked.selection.asked if asked.selection else ():
            walk(each)

    for root in request.collected.roots:
        counts = [(root.name, name) for name, part in (root.connection.parts if root.connection else ()) if part == "totalCount"]
        found |= {path: "ResidentConnection.totalCount" for path in counts if not {path, path[:1]} & refused}
        for selection in root.selections:
            for each in selection.asked:
                walk(each)
    return found


def drawn(some: random.Random, directory: Path) -> RegulationAuthorizer:
    """A draft of the sample's regulations that takes away, adds, masks and moves coordinates, and turns on cases."""
    others = ("items.yaml", "parties.yaml", "purposes.yaml")
    texts = {path.name: path.read_text("utf-8").partition("\ntests:")[0] for path in sorted(REGULATIONS.glob("*.yaml"))}
    for _ in range(200):
        changed = {name: changing(some, texts[name]) for name in some.sample(sorted(texts.keys() - set(others)), 3)}
        for name, text in (texts | changed).items():
            (directory / name).write_text(text, "utf-8")
        try:
            return law_of(directory)
        except BrokenRegulations:
            continue
    raise AssertionError("no draft is without mistakes")


def changing(some: random.Random, text: str) -> str:
    """Another regulation, with another permission."""
    regulation = yaml.safe_load(text)
    regulation["approval"]["on"] = regulation["approval"].pop(True)  # What YAML 1.1 makes of `on`.
    one, other = (some.choice(regulation["permissions"]) for _ in range(2))
    items = one["items"] if isinstance(one["items"], list) else []
    match some.choice(("take", "take", "move", "mask", "case", "drop", "search")):
        case "take" if len(items) > 1:
            items.remove(some.choice(items))
        case "move" if len(items) > 1 and isinstance(other["items"], list):
            other["items"].append(items.pop(some.randrange(len(items))))
        case "mask" if items:
            one.setdefault("mask", {})[some.choice(items)] = "pseudonym"
        case "case":
            one["case"] = some.choice(["none", "required"])
        case "search":
            one.pop("search", None)
        case _:
            regulation["permissions"].remove(one)
    return yaml.safe_dump(regulation, allow_unicode=True)
