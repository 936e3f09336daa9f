"""Rows of resident registration (mois), the family register (scourt) and the livelihood benefits (mohw_livelihood).

Rows are lines of PostgreSQL's text COPY format. No value holds a tab, a line end or a backslash.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from examples.korea.calendar import ISO, TODAY
from examples.korea.people import Household, Person, address_in

Lines = list[str]
NULL = "\\N"
_SEXES = ("MALE", "FEMALE")
_REASONS = ("HOUSING", "HOUSING", "HOUSING", "JOB", "JOB", "FAMILY", "FAMILY", "EDUCATION", "ENVIRONMENT", "OTHER")
_SEALED = 1 / 2000
PLACES_A_PERSON = 32
"""Ids of a person's rows in one table start at the person's id times this."""


def residents(people: list[Person], lines: Lines) -> None:
    for p in people:
        death = ISO[p.death] if p.death is not None else NULL
        home = p.household.id if p.household else NULL
        lines.append(
            f"{p.id}\t{p.rrn}\t{p.surname}{p.given}\t{_SEXES[p.female]}\t{ISO[p.birth]}\t{death}\t{p.status}"
            f"\t{p.relation or NULL}\t{p.address or NULL}\t{'t' if p.protected else 'f'}\t{p.district.code}"
            f"\t{ISO[p.moved_in]}\t{home}"
        )


def households(homes: list[Household], lines: Lines) -> None:
    for home in homes:
        lines.append(f"{home.id}\t{home.members[0].id}\t{len(home.members)}\t{home.address or NULL}\t{home.district.code}")


def moves(homes: list[Household], lines: Lines, rng: Random) -> None:
    """The move to the present address and up to two before it, back to a first registration that came from nowhere.

    Where the residence is unknown the addresses are struck off.
    """
    random = rng.random
    for home in homes:
        day, to = home.moved_in, home.address or NULL
        head = home.members[0]
        for turn in range(3):
            dongs = home.district.dongs
            first = turn == 2 or random() < 0.35 or day - head.birth < 20 * 365
            if home.moves:
                first = turn + 1 == home.moves
            origin = NULL if first or not home.address else address_in(dongs[int(random() * len(dongs))], rng)
            reason = _REASONS[int(random() * len(_REASONS))]
            lines.append(f"{home.id * 4 + turn}\t{home.id}\t{ISO[day]}\t{origin}\t{to}\t{reason}")
            if first:
                break
            day, to = day - 200 - int(random() * 6 * 365), origin


def births(people: list[Person], lines: Lines, rng: Random) -> None:
    """Everybody's birth, where it was registered, and the parents."""
    random = rng.random
    for p in people:
        # Before the 1970s births were often registered a year late.
        late = 400 if p.birth < 25_567 else 28
        registered = min(p.birth + 1 + int(random() * random() * late), TODAY)
        sealed = "sealed birth" in p.sure if p.sure else random() < _SEALED
        if "no birth record" in p.sure:
            continue
        place = (p.mother or p.father or p).district
        father = p.father.rrn if p.father else NULL
        mother = p.mother.rrn if p.mother else NULL
        lines.append(f"{p.rrn}\t{ISO[registered]}\t{place.province} {place.name}\t{'t' if sealed else 'f'}\t{father}\t{mother}")


def family_relations(people: list[Person], lines: Lines) -> None:
    """Each relation from either side. A spouse counts until divorce, so a widow's dead husband is one."""
    for p in people:
        relatives = [("PARENT", relative) for relative in (p.father, p.mother) if relative]
        relatives += [("CHILD", child) for child in p.children]
        if p.spouse and p.marriage != "DIVORCED":
            relatives.append(("SPOUSE", p.spouse))
        for place, (relation, relative) in enumerate(relatives, p.id * PLACES_A_PERSON):
            custody = "t" if relation == "CHILD" and p.has_custody(relative) else "f"
            lines.append(f"{place}\t{p.rrn}\t{relation}\t{relative.rrn}\t{custody}")


def marriages(people: Iterable[Person], lines: Lines) -> None:
    for p in people:
        if p.spouse:
            lines.append(f"{p.id}\t{p.rrn}\t{p.spouse.rrn}\t{ISO[p.married_on]}\t{p.marriage}")


def livelihood_benefits(homes: list[Household], lines: Lines, rng: Random) -> None:
    random = rng.random
    for home in homes:
        if home.poor is None:
            continue
        head = home.members[0]
        school = any(7 <= member.age <= 18 for member in home.members)
        kinds = ["LIVELIHOOD", "MEDICAL", "HOUSING"] if home.poor == "BENEFIT" else ["HOUSING"]
        kinds += ["EDUCATION"] if school else []
        started = TODAY - 30 - int(random() * min(head.age - 18, 12) * 365)
        for place, kind in enumerate(kinds, head.id * 4):
            lines.append(f"{place}\t{head.rrn}\t{kind}\t{ISO[started]}\t{'t' if home.poor == 'NEAR' else 'f'}")
