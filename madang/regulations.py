"""`madang regulations …`: what a committee checks, tests, compares, takes again, asks and hands on.

Exit codes: 0, or 1 where mistakes, failing tests or changes were found (as `diff` does), or 2 where nothing could be found out.
What is asked about is the settings' directory of regulations unless another is named.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from auth import export_cedar, export_odrl
from auth.access import Access, AccessRequest, Caller, Use
from auth.authorizer import RegulationAuthorizer
from auth.checker import check as mistakes_of
from auth.described import described, in_sentences, remedy_in_words
from auth.diff import diff as changes_of
from auth.document import Mistake
from auth.regulations import read
from auth.rules import Coordinate, RegulationSet
from auth.situations import ACCESSES, USES
from madang import LAYERS
from madang.changes import Review, to_json, to_markdown, to_text
from madang.command import command
from madang.coordinates import coordinates
from madang.database import gateway_database
from madang.effects import to_json as replay_as_data
from madang.effects import to_text as replay_in_words
from madang.gateway import read_catalogue
from madang.grants import REPORTS, ROLE
from madang.grants import grants as grants_of
from madang.replay import Replayer, Tally, recorded_since
from madang.settings import Settings, find, load
from madang.terms import Shared, shared, terms
from madang.witness import Witnesses
from schema.catalogue import Catalogue

F = TypeVar("F", bound=Callable[..., Any])

DIRECTORY = click.Path(path_type=Path, file_okay=False)
DAY = click.DateTime(formats=["%Y-%m-%d"])


@dataclass(frozen=True)
class Desk:
    """What a command works with: the settings, what there is to ask, and today where the law applies."""

    settings: Settings
    catalogue: Catalogue
    coordinates: dict[str, Coordinate]
    today: date

    @classmethod
    def open(cls, file: Path | None) -> Desk:
        settings = load(find(file, LAYERS / "madang.toml"))
        catalogue = read_catalogue(settings)
        return cls(settings, catalogue, coordinates(catalogue), datetime.now(settings.server.timezone).date())

    def read(self, directory: Path | None) -> tuple[RegulationSet, tuple[Mistake, ...]]:
        """A set, and all its mistakes."""
        found = read(directory or self.settings.regulations)
        return found, mistakes_of(found, self.coordinates, self.today)

    def law(self, directory: Path | None, at: date | None) -> RegulationAuthorizer:
        """A set as of a day; raises `BrokenRegulations`."""
        law = RegulationAuthorizer.load(directory or self.settings.regulations, self.coordinates, today=lambda: self.today)
        return law.at(at or self.today)

    def known(self, coordinate: str) -> str:
        if coordinate not in self.coordinates:
            close = get_close_matches(coordinate, self.coordinates, n=1)
            raise click.BadParameter(f"there is no coordinate `{coordinate}`{f'; did you mean `{close[0]}`?' if close else ''}")
        return coordinate


def _day(context: click.Context, option: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value is not None else None


def at(function: F) -> F:
    return click.option("--at", "day", type=DAY, callback=_day, metavar="DAY", help="As of a day, by default today.")(function)


def directory(function: F) -> F:
    return click.option("--directory", type=DIRECTORY, help="The regulations; by default the settings'.")(function)


@click.group()
def regulations() -> None:
    """Check, test, compare, ask and export regulations."""


@regulations.command()
@click.argument("directory", type=DIRECTORY, required=False)
@command
def check(file: Path | None, directory: Path | None) -> None:
    """Tell every mistake in the regulations of DIRECTORY, with its file, line and column."""
    desk = Desk.open(file)
    found, mistakes = desk.read(directory)
    if mistakes:
        click.echo("\n".join(map(str, mistakes)))
        click.echo(f"{len(mistakes)} {'mistake' if len(mistakes) == 1 else 'mistakes'}", err=True)
        sys.exit(1)
    now = found.as_of(desk.today).regulations
    permissions = [permission for regulation in now for permission in regulation.permissions]
    items = {str(word) for permission in permissions for word in (*permission.items, *permission.search)}
    click.echo(
        f"{len(now)} regulations in force, {len(permissions)} permissions and"
        f" {sum(len(regulation.prohibitions) for regulation in now)} prohibitions;"
        f" {len(items)} of {len(desk.coordinates)} coordinates are shared with somebody"
    )


@regulations.command()
@click.argument("directory", type=DIRECTORY, required=False)
@command
def test(file: Path | None, directory: Path | None) -> None:
    """Run the tests that the regulations of DIRECTORY carry."""
    desk = Desk.open(file)
    found, mistakes = desk.read(directory)
    bare = dataclasses.replace(found, regulations=tuple(dataclasses.replace(each, tests=()) for each in found.regulations))
    if others := mistakes_of(bare, desk.coordinates, desk.today):
        click.echo(f"no test can run before {len(others)} other mistakes are mended: see `madang regulations check`", err=True)
        sys.exit(1)
    tests = [test for regulation in found.regulations for test in regulation.tests]
    if mistakes:
        click.echo("\n".join(map(str, mistakes)))
        click.echo(f"{len(mistakes)} expectations fail, in {len(tests)} tests", err=True)
        sys.exit(1)
    click.echo(f"{len(tests)} tests pass")


@regulations.command()
@click.argument("before", metavar="A", type=DIRECTORY)
@click.argument("after", metavar="B", type=DIRECTORY)
@at
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@command
def diff(file: Path | None, before: Path, after: Path, day: date | None, form: str) -> None:
    """Tell all that the regulations of B decide otherwise than those of A, each with an operation that shows it."""
    desk = Desk.open(file)
    old, new = desk.law(before, day), desk.law(after, day)
    at, witnesses = day or desk.today, Witnesses(desk.catalogue, old, new)
    approvals = (regulation.approved_on for law in (old, new) for regulation in law.everything.regulations)
    changes = [(change, witnesses.of(change)) for change in changes_of(old, new, desk.coordinates)]
    later = sorted({day for day in approvals if day is not None and day > at})
    review = Review(at, old.version, new.version, new.parties, new.table.purposes, changes, later)
    if form == "json":
        _json(to_json(review))
    else:
        click.echo("\n".join(to_markdown(review) if form == "markdown" else to_text(review)))
    sys.exit(1 if changes else 0)


@regulations.command()
@click.argument("draft", type=DIRECTORY)
@click.option("--since", type=DAY, callback=_day, required=True, metavar="DAY", help="Those recorded on this day or later.")
@at
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@command
def replay(file: Path | None, draft: Path, since: date, day: date | None, as_json: bool) -> None:
    """Tell what recorded operations would lose or gain under the regulations of DRAFT, by agency and purpose.

    The operations that the ledger has are decided again, under the regulations in force and under the draft. Nothing is read from
    any register.
    """
    desk = Desk.open(file)
    now, then = desk.law(None, day), desk.law(draft, day)
    tally = Tally(Replayer(desk.catalogue, now, then), since, day or desk.today, str(draft))
    with gateway_database(desk.settings) as dsn:
        uncounted = asyncio.run(recorded_since(dsn, since, tally.take))
    found = tally.done(uncounted, Witnesses(desk.catalogue, now, then).of)
    if as_json:
        _json(replay_as_data(found))
    else:
        click.echo("\n".join(replay_in_words(found)))
    sys.exit(1 if found.otherwise else 0)


@regulations.command()
@click.argument("coordinate")
@directory
@at
@click.option("--use", type=click.Choice(USES), help="To read it or to search by it; by default both.")
@click.option("--access", type=click.Choice(ACCESSES), help="How it is reached; by default in any way.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@command
def whomay(
    file: Path | None, coordinate: str, directory: Path | None, day: date | None, use: Use | None, access: Access | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Tell who may have COORDINATE, like `TaxCertificate.income`, for what, and on which terms."""
    desk = Desk.open(file)
    law = desk.law(directory, day)
    found = list(shared(law, desk.known(coordinate), [access] if access else ACCESSES, [use] if use else USES))
    if as_json:
        _json([each.as_data(law) for each in found])
        return
    click.echo("\n".join(_whomay(law, coordinate, found)) or f"nobody may have {coordinate}")


def _whomay(law: RegulationAuthorizer, coordinate: str, found: list[Shared]) -> Iterator[str]:
    for each in found:
        who = f"{', '.join(each.to.recipients)}; {each.to.role}; {each.to.purpose}"
        yield f"{coordinate}, to {each.use} in a {each.access}: {who}"
        yield from (f"    {line}" for line in terms(law, each.to))


@regulations.command()
@click.argument("coordinate")
@click.option("--agency", required=True, help="Whose officer asks.")
@click.option("--role", required=True, help="In which role.")
@click.option("--purpose", help="What for.")
@click.option("--case", help="For which case.")
@directory
@at
@click.option("--use", type=click.Choice(USES), default="read", show_default=True, help="To read it, or to search by it.")
@click.option("--access", type=click.Choice(ACCESSES), default="lookup", show_default=True, help="How it is reached.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@command
def explain(
    file: Path | None, coordinate: str, agency: str, role: str, purpose: str | None, case: str | None, directory: Path | None,
    day: date | None, use: Use, access: Access, as_json: bool,
) -> None:  # fmt: skip
    """Tell what is decided on COORDINATE for somebody, as of a day, by which rules, and what would change it."""
    desk = Desk.open(file)
    law = desk.law(directory, day)
    named = (("agency", agency, law.table.agencies), ("role", role, law.table.roles), ("purpose", purpose, law.table.purposes))
    for what, name, known in named:
        if name is not None and name not in known:
            raise click.BadParameter(f"there is no {what} `{name}`; there are {', '.join(f'`{each}`' for each in sorted(known))}")
    profile = law.profile(AccessRequest(Caller(agency, role, ""), purpose, case))
    decision = profile.decide(desk.known(coordinate), access, use)
    if as_json:
        _json({"at": str(day or desk.today), "regulations": law.version, "coordinate": coordinate, **described(decision)})
        return
    click.echo(f"{coordinate}, as of {day or desk.today} under {law.version}")
    click.echo("\n".join(f"    {line}" for line in in_sentences(decision)))
    if decision.remedy is not None:
        click.echo(f"    what would change it: {remedy_in_words(decision.remedy)}")


@regulations.command()
@click.option("--odrl", "form", flag_value="odrl", help="W3C ODRL 2.2 in JSON-LD.")
@click.option("--cedar", "form", flag_value="cedar", help="Cedar policies.")
@click.option("--cedar-schema", "form", flag_value="cedar-schema", help="The schema of the Cedar policies.")
@click.option("--cedar-entities", "form", flag_value="cedar-entities", help="The entities of the Cedar policies, in JSON.")
@directory
@at
@command
def export(file: Path | None, form: str | None, directory: Path | None, day: date | None) -> None:
    """Write the regulations in force in another language: choose one of the options."""
    desk = Desk.open(file)
    law = desk.law(directory, day)
    match form:
        case "odrl":
            _json(export_odrl.document(law))
        case "cedar":
            click.echo(export_cedar.policies(law, desk.coordinates))
        case "cedar-schema":
            click.echo(export_cedar.SCHEMA)
        case "cedar-entities":
            _json(export_cedar.entities(law, desk.coordinates))
        case _:
            raise click.UsageError("choose one of `--odrl`, `--cedar`, `--cedar-schema` and `--cedar-entities`")


@regulations.command()
@directory
@click.option("--register", "only", help="Of this register alone.")
@click.option("--role", default=ROLE, show_default=True, help="The gateway's role in each database.")
@click.option("--reports", default=REPORTS, show_default=True, help="The role that it reports as, where reports are taken.")
@command
def grants(file: Path | None, directory: Path | None, only: str | None, role: str, reports: str) -> None:
    """Print the statements by which holders let the gateway read the columns that some rule shares, and no others.

    Where reports are taken, they also let it run the functions of those that some rule lets somebody make.
    """
    desk = Desk.open(file)
    found = grants_of(desk.settings, desk.catalogue, [desk.law(directory, None)], role, reports)
    if only is not None and only not in found:
        raise click.BadParameter(
            f"there is no register `{only}` that speaks SQL; there are {', '.join(f'`{each}`' for each in found)}"
        )
    for register, statements in found.items():
        if only in (None, register):
            click.echo("\n".join([f"-- {register}", "BEGIN;", *(f"{each};" for each in statements), "COMMIT;", ""]))


def _json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
