"""Whom a report names, and whether the caller may report it of them.

Residents are named by a pairwise id or by number. All are looked up before anything is reported, together with what regulations
turn on: who they are, with whom they live, and in which district. The register is told the same, and refuses if it is no longer
so.

A permission holds for a report if all its constraints do:

    self, household, child    everyone who is named is one of these to the caller; who names nobody reports of themselves
    jurisdiction              the district that the report is about is the caller's; the input holds it, or names its resident
    a verified case           is about one of those who are named; whoever else is named lives with that one or in the caller's
                              district, or is one whose district the report is about

Whoever may not be reported of looks exactly like somebody who does not exist.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from unicodedata import normalize

from auth.access import Caller, Grant, OfSubject, WithCase
from auth.pseudonyms import InvalidId, Pseudonym
from resolvers.inputs import InputError, refuse_unreadable
from resolvers.values import Environment
from schema.catalogue import Catalogue, ColumnField, IdField, RecordType
from schema.reporting import Input, ReportRoot
from sources.coalescer import Coalescer
from sources.protocol import Key, Shape

Path = tuple[str | int, ...]
"""Names and places in lists, from the input on."""
MOST = 200
"""Entries of a list in an input: a register checks each against all others, and meanwhile holds whom they concern."""


@dataclass(frozen=True)
class Person:
    """One who is named in one place, as the register has them."""

    path: Path
    attributes: str
    """The path without places in lists, of attributes: `to.district_code`."""
    rrn: str
    household: int | None
    district: str | None


@dataclass
class Named:
    """What was reported, as the register is told it, with the residents in place of what names them."""

    values: dict[str, Any]
    people: list[Person] = field(default_factory=list)
    unknown: dict[Path, str] = field(default_factory=dict)
    """Where nobody is found, as paths of attributes, too."""


@dataclass
class _Place:
    """Where somebody is named: by which field, and the object that is told of them."""

    path: Path
    attributes: str
    record: str
    name: str
    value: str
    told: dict[str, Any]


def read(given: Input, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[_Place]]:
    """An input as JSON has it, without nulls, and where it names somebody; raises `InputError`."""
    places: list[_Place] = []
    return _object(given, values, (), "", places), places


def _object(given: Input, values: Mapping[str, Any], path: Path, attributes: str, places: list[_Place]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if given.names is not None:
        refuse_unreadable(values)
        said = [(name, value) for name, value in values.items() if value is not None]
        if len(said) != 1:  # `@oneOf` is kept in documents by a rule, and in variables by nobody before.
            where, ways = ".".join(map(str, path)), " and ".join(f"`{item.name}`" for item in given.fields)
            raise InputError("BAD_USER_INPUT", f"`{where}` takes exactly one of {ways}; you gave {len(said)}")
        places.append(_Place(path, attributes, given.names, *said[0], found))
        return found
    for item in given.fields:
        value = values.get(item.name)
        if value is None:
            continue
        here, below = (*path, item.name), f"{attributes}.{item.attribute}".lstrip(".")
        if not item.many:
            found[item.name] = _value(item.kind, value, here, below, places)
        elif len(value) > MOST:
            raise InputError("BAD_USER_INPUT", f"`{item.name}` has {len(value)} entries; give at most {MOST}")
        else:
            found[item.name] = [_value(item.kind, each, (*here, place), below, places) for place, each in enumerate(value)]
    return found


def _value(kind: Any, value: Any, path: Path, attributes: str, places: list[_Place]) -> Any:
    if isinstance(kind, Input):
        return _object(kind, value, path, attributes, places)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        refuse_unreadable({"": value})
        # One spelling (Unicode Standard Annex 15), so that registers can compare what they are told with what they have.
        return normalize("NFC", value)
    return value.isoformat() if isinstance(value, dt.date) else value


async def find(
    report: ReportRoot, values: Mapping[str, Any], catalogue: Catalogue, sources: Mapping[str, Coalescer], pseudonym: Pseudonym
) -> Named:
    """An input with all whom it names; raises `InputError` and `SourceError`."""
    told, places = read(report.input, values)
    named = Named(told)
    wanted: dict[tuple[str, str], list[tuple[Key, _Place]]] = {}
    for place in places:
        key = _key(catalogue.records[place.record], place, pseudonym)
        if key is None:
            named.unknown[place.path] = place.attributes
        else:
            wanted.setdefault((place.record, key[0]), []).append((key[1], place))
    found: dict[int, Person] = {}
    for (record, column), asked in wanted.items():
        kind = catalogue.records[record]
        rows = await sources[kind.source].load(_shape(kind, column), sorted({value for value, _ in asked}, key=str), ())
        for value, place in asked:
            if not rows.get(value):
                named.unknown[place.path] = place.attributes
                continue
            _, rrn, household, district = rows[value][0]
            place.told["rrn"] = rrn
            found[id(place)] = Person(place.path, place.attributes, rrn, household, district)
    named.people = [found[id(place)] for place in places if id(place) in found]
    return named


def _key(record: RecordType, place: _Place, pseudonym: Pseudonym) -> tuple[str, Key] | None:
    """The column by which somebody is looked for, and the key; none where no key can be meant."""
    item = record.fields[place.name]
    if isinstance(item, IdField):
        try:
            return item.column, pseudonym.decode(place.value, [record.name])[1]
        except InvalidId:
            return None
    assert isinstance(item, ColumnField), "a record is named by its id or by a column"
    return item.column, place.value


def _shape(record: RecordType, column: str) -> Shape:
    subject = record.subject
    assert subject is not None, "the catalogue sees to it"
    return Shape(record.table, tuple(str(each) for each in (subject.self, subject.household, subject.jurisdiction)), column)


@dataclass(frozen=True)
class Judgement:
    """Under which grant a report may be made; or else who may not be reported of, and if that is nobody, then it may not at
    all."""

    grant: Grant | None
    outside: Sequence[Path] = ()


def judge(report: ReportRoot, grants: Sequence[Grant], named: Named, caller: Caller, environment: Environment) -> Judgement:
    """Whether one of the grants of a decision holds for a report."""
    outside: Sequence[Path] = ()
    for grant in grants:
        found = _outside(report, grant, named, caller, environment)
        if found == ():
            return Judgement(grant)
        outside = outside or found or ()
    return Judgement(None, outside)


def _outside(report: ReportRoot, grant: Grant, named: Named, caller: Caller, environment: Environment) -> tuple[Path, ...] | None:
    """Where somebody is named of whom a grant is not; none where it fails, whoever is named."""
    paths: dict[Path, None] = {}
    for constraint in grant.constraints:
        match constraint:
            case OfSubject(kinds):
                strangers = _strangers(report, kinds, named, caller, environment)
                if strangers is None:
                    return None
                paths.update(dict.fromkeys(strangers))
            case WithCase():
                about: list[str | None] = [*(p.rrn for p in named.people)] or [caller.rrn]
                if environment.case_subject is None or environment.case_subject not in about:
                    return None
                paths.update(dict.fromkeys(_unconcerned(report, environment.case_subject, named, caller)))
            case _:
                return None  # The checker lets none into the regulations.
    return tuple(paths)


def _strangers(
    report: ReportRoot, kinds: frozenset[Any], named: Named, caller: Caller, environment: Environment
) -> Sequence[Path] | None:
    """Empty if a report is of such residents; else where others are named, and none if it is not, whoever is named."""
    personal = kinds - {"jurisdiction"}
    strangers: Sequence[Path] | None = None
    if personal and (named.people or named.unknown):
        strangers = [p.path for p in named.people if not _is_one_of(personal, p, caller, environment)]
    elif "self" in personal and caller.rrn is not None:
        strangers = []
    if "jurisdiction" in kinds and strangers != []:
        elsewhere = _elsewhere(report, named, caller)
        strangers = elsewhere if not elsewhere or not personal else strangers
    return strangers


def _unconcerned(report: ReportRoot, subject: str, named: Named, caller: Caller) -> Sequence[Path]:
    """Where people are named with whom the case of a resident has nothing to do."""
    homes = {p.household for p in named.people if p.rrn == subject} - {None}
    return [
        p.path
        for p in named.people
        if p.rrn != subject
        and p.household not in homes
        and (p.district is None or p.district != caller.jurisdiction)
        and p.attributes not in report.declared.district
    ]


def _is_one_of(kinds: frozenset[Any], person: Person, caller: Caller, environment: Environment) -> bool:
    return (
        ("self" in kinds and person.rrn == caller.rrn)
        or ("household" in kinds and person.household is not None and person.household == environment.household)
        or ("child" in kinds and person.rrn in environment.children)
    )


def _elsewhere(report: ReportRoot, named: Named, caller: Caller) -> Sequence[Path] | None:
    """Empty if the district that a report is about is the caller's; else who was to tell it, and none if nobody was."""
    strangers: list[Path] = []
    for attributes in report.declared.district if caller.jurisdiction is not None else ():
        people = [p for p in named.people if p.attributes == attributes]
        if any(p.district == caller.jurisdiction for p in people):
            return []
        strangers += [p.path for p in people]
        # Somebody who lives elsewhere looks like nobody, and nobody like somebody who does.
        strangers += [path for path, where in named.unknown.items() if where == attributes]
        if str(caller.jurisdiction) in _texts(report.input, named.values, attributes.split(".")):
            return []
    return strangers or None


def _texts(given: Input, values: Mapping[str, Any], attributes: Sequence[str]) -> Iterator[str]:
    """The text in one place of an input, if there is one."""
    item = next(each for each in given.fields if each.attribute == attributes[0])
    value = values.get(item.name)
    if isinstance(value, str):
        yield value
    elif isinstance(item.kind, Input) and value is not None and len(attributes) > 1:
        yield from _texts(item.kind, value, attributes[1:])
