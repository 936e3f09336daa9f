"""The regulations in force as Cedar policies, to be decided, analysed or compared by Cedar's own tools.

They are written from the rules and never from the compiled table, so Cedar's answers check it. A request to Cedar is

    principal   Agency::"jongno", in the groups that it belongs to
    action      Action::"read" or Action::"search"
    resource    Coordinate::"TaxCertificate.income"
    context     role, purpose (absent if there is none), access, case (whether one is given), day; and what is true of the row:
                subject (whom it is about, to the caller), caseVerified, consented, matching (the conditions that it meets)

and is allowed if the coordinate is granted for that row. A permission is a `permit` for each portion of it; the annotation `mask`
says how the value is masked, and of several that allow a request the one that masks least counts, as Cedar itself has no masks.
A prohibition is a `forbid`, which beats every permit in Cedar as it does here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from auth.authorizer import RegulationAuthorizer
from auth.constraints import matches
from auth.document import Word
from auth.portions import Portion, portions
from auth.rules import Condition, Coordinate, Exemption, Parties, Period, Permission, Prohibition, Regulation
from auth.words import constraint_in_words

SCHEMA = """
entity Group;
entity Agency in [Group];
entity Coordinate = { "holder": String };

action "read", "search" appliesTo {
  principal: [Agency],
  resource: [Coordinate],
  context: {
    "role": String,
    "purpose"?: String,
    "access": String,
    "case": Bool,
    "day": datetime,
    "subject": Set<String>,
    "caseVerified": Bool,
    "consented": Bool,
    "matching": Set<String>,
  },
};
""".lstrip()


def policies(law: RegulationAuthorizer, coordinates: Mapping[str, Coordinate]) -> str:
    """All rules in force on the law's day, as Cedar policies."""
    writer = _Writer(law.parties, coordinates)
    return "\n\n".join(policy for regulation in law.regulations for policy in writer.regulation(regulation)) + "\n"


def entities(law: RegulationAuthorizer, coordinates: Mapping[str, Coordinate]) -> list[dict[str, Any]]:
    """Agencies in their groups, and coordinates with their holders, as Cedar's JSON has them."""
    groups = {str(name): [str(agency) for agency in group.agencies] for name, group in law.parties.groups.items()}
    found = [_entity("Group", name) for name in groups]
    for agency in map(str, law.parties.agencies):
        parents = [{"type": "Group", "id": name} for name, members in groups.items() if agency in members]
        found.append({**_entity("Agency", agency), "parents": parents})
    return found + [{**_entity("Coordinate", name), "attrs": {"holder": each.holder}} for name, each in coordinates.items()]


class _Writer:
    def __init__(self, parties: Parties, coordinates: Mapping[str, Coordinate]) -> None:
        self.parties, self.coordinates = parties, coordinates

    def regulation(self, regulation: Regulation) -> Iterator[str]:
        for permission in regulation.permissions:
            rows = self.conditions(permission.rows)
            # A condition on a column that there is no more holds for no row.
            if rows is not None:
                for number, portion in enumerate(portions(permission), 1):
                    yield self.permit(f"{regulation.name}/{permission.id}#{number}", permission, portion, rows)
        for prohibition in regulation.prohibitions:
            yield self.forbid(f"{regulation.name}/{prohibition.id}", prohibition)

    def permit(self, id: str, permission: Permission, portion: Portion, rows: list[str]) -> str:
        named = _among("resource", (f"Coordinate::{_text(name)}" for name in portion.coordinates))
        terms = [named, *self.parties_of(permission.recipients, permission.roles, permission.purposes)]
        terms += [_contains(map(str, permission.access), "context.access"), *_days(permission.valid)]
        if permission.case != "none":
            terms.append("context.case")
        if permission.case == "verified":
            terms.append("context.caseVerified")
        if permission.subject:
            terms.append(f"context.subject.containsAny({_set(map(str, permission.subject))})")
        if permission.consent is not None and permission.consent.required:
            terms.append("context.consented")
        terms += rows
        notes = [("id", id), ("basis", permission.basis), *([("mask", str(portion.mask))] if portion.mask else ())]
        return _policy("permit", f'action == Action::"{portion.use}"', notes, terms)

    def forbid(self, id: str, prohibition: Prohibition) -> str:
        named = _among("resource", (f"Coordinate::{_text(str(word))}" for word in prohibition.items))
        terms = [named, *self.parties_of(prohibition.recipients, prohibition.roles, prohibition.purposes)]
        # A condition on a column that there is no more cannot be checked, so it is taken to hold.
        terms += [*_days(prohibition.valid), *(self.conditions(prohibition.when) or ())]
        notes = [("id", id), ("basis", prohibition.basis)]
        return _policy("forbid", "action", notes, terms, [self.exemption(each) for each in prohibition.exempt])

    def exemption(self, exempt: Exemption) -> str:
        terms = " && ".join(self.parties_of(exempt.recipients, exempt.roles, exempt.purposes))
        return f"({terms or 'true'})"

    def parties_of(
        self, recipients: Iterable[Word], roles: Iterable[Word], purposes: Iterable[Word]
    ) -> Iterator[str]:  # fmt: skip
        """Whom a rule is for; what it leaves open is open here."""
        if recipients:
            kinds = (f"{'Group' if name in self.parties.groups else 'Agency'}::{_text(str(name))}" for name in recipients)
            yield _among("principal", kinds)
        if roles:
            yield _contains(map(str, roles), "context.role")
        if purposes:
            yield f"context has purpose && {_contains(map(str, purposes), 'context.purpose')}"

    def conditions(self, conditions: Iterable[Condition]) -> list[str] | None:
        """What must be among the conditions that the row meets; none if one of them is on no column that there is."""
        found = [matches(condition, self.coordinates) for condition in conditions]
        known = [constraint_in_words(match) for match in found if match is not None]
        return [f"context.matching.contains({_text(each)})" for each in known] if len(known) == len(found) else None


def _policy(effect: str, action: str, notes: Iterable[tuple[str, str]], when: list[str], unless: Iterable[str] = ()) -> str:
    lines = [f"@{name}({_text(value)})" for name, value in notes]
    lines += [f"{effect} (principal, {action}, resource)", "when {", "  " + " &&\n  ".join(when), "}"]
    if exempt := " ||\n  ".join(unless):
        lines += ["unless {", f"  {exempt}", "}"]
    return "\n".join(lines) + ";"


def _among(what: str, entities: Iterable[str]) -> str:
    return f"{what} in [{', '.join(entities)}]"


def _contains(names: Iterable[str], what: str) -> str:
    return f"{_set(names)}.contains({what})"


def _set(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, names))}]"


def _days(period: Period) -> Iterator[str]:
    for operator, day in ((">=", period.first), ("<=", period.last)):
        if day is not None:
            yield f"context.day {operator} {_moment(day)}"


def _moment(day: date) -> str:
    return f'datetime("{day.isoformat()}")'


def _text(text: str) -> str:
    """A Cedar string. What JSON escapes is quotes, backslashes and control characters; of the last no regulation holds any."""
    return json.dumps(text, ensure_ascii=False)


def _entity(kind: str, name: str) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": []}
