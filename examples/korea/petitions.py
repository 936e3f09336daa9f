"""Rows of petitions (petitions) and of residents' consents (the gateway's own database).

Petitions are of the last three years. Agencies and services are codes of the regulations; a municipality's petitions are here for
the districts whose municipalities are among the agencies. With a petition that needs it comes the consent of those concerned:
most give it, and some take it back.

On the reference day the offices have many more cases open than a nation of this size would have: more than a thousand of each of
the three services of `services/`. People report moves into those districts from anywhere, and births where they were.

`known_petitions.json` and `known_consents.json` hold those of the known residents, who have no others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from examples.korea.calendar import ISO, TODAY
from examples.korea.civil import NULL, Lines
from examples.korea.people import Person
from examples.korea.places import DATA

MUNICIPALITIES = {"11110": "jongno", "11680": "gangnam", "26350": "haeundae"}
"""District code → the agency that decides on its residents' petitions."""
DAYS = {
    "basic-livelihood-benefit": 60,
    "passport-renewal": 14,
    "income-tax-assessment": 90,
    "change-of-address": 5,
    "birth-certificate": 2,
    "driving-licence-renewal": 14,
}
"""Service → the most days that a decision takes, but for one in fifty that stays open."""
PENDING = {"passport-renewal": 0.12, "birth-registration": 0.18, "change-of-address": 0.17}
"""Service → which part of those who might has asked for it in these weeks, and waits."""
PARENTS = range(20, 46)
"""The ages at which somebody reports a birth here."""
ITEMS = {
    "basic-livelihood-benefit": (
        "TaxCertificate.income",
        "Resident.businesses", "Business.kind", "Business.openedOn", "Business.closedOn", "Business.status",
    ),
    "income-tax-assessment": ("Pension.benefit",),
    "passport-renewal": (
        "Resident.militaryService", "MilitaryService.kind", "MilitaryService.enlistedOn", "MilitaryService.dischargedOn",
    ),
}  # fmt: skip
"""Service → the coordinates that petitioners are asked to share for it."""
_SPAN = 3 * 365
_PETITIONS_A_PERSON = 8
_DUE = 6
"""The most that somebody has of those that `_due` knows; the others come after them."""
_CONSENTS = 16
"""The most people whom one petition concerns, and the most items that one of them is asked to share."""
_YEARS = 3 * 365
"""How long a consent is given for."""


def petitions(people: list[Person], lines: Lines, consents: Lines, rng: Random) -> None:
    """Everybody's petitions and the consents that came with them. Who has a passport and a licence must be known."""
    random = rng.random
    for p in people:
        for turn, (service, agency, latest) in enumerate(_due(p, rng)):
            opened = latest if latest is not None else TODAY - int(random() * _SPAN)
            taken = int(random() * random() * DAYS[service])
            settled = opened + taken <= TODAY and random() >= 0.02
            closed = ISO[opened + taken] if settled else NULL
            place = p.id * _PETITIONS_A_PERSON + turn
            lines.append(_line(place, agency, service, p, opened, closed))
            for index, member in enumerate(_concerned(p, service)):
                if service in ITEMS and random() < 0.8:
                    _consent(member, place * _CONSENTS + index, agency, service, opened, consents, rng)


def pending(people: list[Person], lines: Lines, consents: Lines, rng: Random) -> None:
    """Cases that are open on the reference day, beside whatever else is. Who has a passport must be known."""
    random = rng.random
    municipalities = sorted(MUNICIPALITIES.values())
    for p in people:
        if p.household is None:
            continue
        near = MUNICIPALITIES.get(p.district.code) or municipalities[int(random() * len(municipalities))]
        asked = []
        if p.passport and random() < PENDING["passport-renewal"]:
            asked.append(("passport-renewal", "mofa"))
        # Nobody does both in these weeks.
        if p.age in PARENTS and random() < PENDING["birth-registration"]:
            asked.append(("birth-registration", near))
        elif p.relation == "HEAD" and random() < PENDING["change-of-address"]:
            asked.append(("change-of-address", near))
        for turn, (service, agency) in enumerate(asked, _DUE):
            opened = TODAY - int(random() * 14)
            place = p.id * _PETITIONS_A_PERSON + turn
            lines.append(_line(place, agency, service, p, opened, NULL))
            if service in ITEMS and random() < 0.8:
                _consent(p, place * _CONSENTS, agency, service, opened, consents, rng)


def _line(place: int, agency: str, service: str, p: Person, opened: int, closed: str) -> str:
    # Multiplying by a number without a factor of ten permutes the nine-digit numbers, so none is given twice.
    number = f"{ISO[opened][:4]}-{place * 387_101_177 % 10**9:09d}"
    return f"{place}\t{number}\t{agency}\t{service}\t{p.rrn}\t{ISO[opened]}\t{closed}"


def _due(p: Person, rng: Random) -> Iterator[tuple[str, str, int | None]]:
    """Service, agency and, where something else decides it, the day on which it began."""
    random = rng.random
    home = p.household
    if home is None:
        return
    if p.passport and random() < 0.3:
        yield "passport-renewal", "mofa", None
    if p.income and random() < 0.02:
        yield "income-tax-assessment", "nts", None
    if p.licence and random() < 0.3:
        yield "driving-licence-renewal", "police", None
    municipality = MUNICIPALITIES.get(p.district.code)
    if municipality is None:
        return
    if random() < 0.12:
        yield "birth-certificate", municipality, None
    if p.relation == "HEAD":
        if home.poor or random() < 0.02:
            yield "basic-livelihood-benefit", municipality, None
        if home.moved_in > TODAY - _SPAN:
            yield "change-of-address", municipality, min(home.moved_in + int(random() * 14), TODAY)


def _concerned(p: Person, service: str) -> list[Person]:
    """A benefit depends on the means of the whole household."""
    if service != "basic-livelihood-benefit" or p.household is None:
        return [p]
    return [member for member in p.household.members if member.age >= 19]


def _consent(p: Person, first: int, agency: str, service: str, since: int, lines: Lines, rng: Random) -> None:
    revoked = "t" if rng.random() < 0.02 else "f"
    until = ISO[since + _YEARS]
    for place, item in enumerate(ITEMS[service], first * _CONSENTS):
        lines.append(f"{place}\t{p.rrn}\t{agency}\t{service}\t{item}\t{ISO[since]}\t{until}\t{revoked}")


def known_petitions(lines: Lines, consents: Lines) -> None:
    """Those of the known residents, as the files in `data/` have them."""
    rrns = _read("known_residents.json")
    for place, row in enumerate(_read("known_petitions.json"), 1):
        dates = f"{row['opened']}\t{row['closed'] or NULL}"
        lines.append(f"{place}\t{row['number']}\t{row['agency']}\t{row['service']}\t{rrns[row['resident']]}\t{dates}")
    place = 0
    for row in _read("known_consents.json"):
        revoked = "t" if row["revoked"] else "f"
        for item in ITEMS[row["purpose"]]:
            place += 1
            asked = f"{row['agency']}\t{row['purpose']}\t{item}"
            consents.append(f"{place}\t{rrns[row['resident']]}\t{asked}\t{row['since']}\t{row['until']}\t{revoked}")


def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))
