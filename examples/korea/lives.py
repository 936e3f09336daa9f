"""Work, income and possessions: what several registers tell of the same life, so that they agree."""

from __future__ import annotations

from random import Random

from examples.korea.calendar import TODAY, by_age
from examples.korea.names import Names
from examples.korea.people import Household, Person
from examples.korea.rrn import Numbers

_WORKS = by_age((20, 0.0), (25, 0.42), (30, 0.72), (55, 0.8), (62, 0.66), (70, 0.38), (80, 0.15), (200, 0.0))
_BUSINESS = by_age((25, 0.02), (35, 0.1), (50, 0.2), (65, 0.28), (200, 0.35))
_MEDIAN = by_age((25, 22_000_000), (35, 34_000_000), (45, 43_000_000), (58, 44_000_000), (65, 28_000_000), (200, 17_000_000))
_CARS = by_age((26, 0.15), (35, 0.5), (65, 0.68), (75, 0.42), (200, 0.15))
_HOMES = by_age((30, 0.06), (40, 0.38), (50, 0.52), (200, 0.62))
_UNKNOWN, _EMIGRATED_FROM_NOWHERE = 0.005, 0.3
_STEMS = ("가온", "나래", "다온", "라온", "마루", "바름", "새론", "아라", "여울", "가람", "누리", "다솜", "미르")
_TRADES = ("전자", "건설", "물산", "식품", "의원", "학원", "정보", "운수", "섬유", "화학", "기계", "유통", "농산")
WORKPLACES = tuple(f"{stem}{trade}" for stem in _STEMS for trade in _TRADES)


def name(people: list[Person], names: Names) -> None:
    """Names everybody: the father's family name, else the mother's, else that of the brother or sister one lives with."""
    for person in people:
        _name_family(person, names)
        if not person.given:
            person.given = names.given(person.birth, person.female)
            # Sisters and brothers are not called alike.
            while any(other is not person and other.given == person.given for other in (person.mother or person).children):
                person.given = names.given(person.birth, person.female)


def _name_family(person: Person, names: Names) -> None:
    if person.surname:
        return
    elder = person.father or person.mother or person.sibling
    if elder is None:
        person.surname = names.surname()
    else:
        _name_family(elder, names)
        person.surname = elder.surname


def number(people: list[Person], first_id: int, numbers: Numbers) -> None:
    """Gives everybody an id and a resident number."""
    for index, person in enumerate(people):
        person.id = first_id + index
        person.rrn = numbers.issue(person.birth, person.female)


def live(people: list[Person], rng: Random) -> None:
    """Work, income, cars, homes, and since when everybody lives at the address."""
    random = rng.random
    for person in people:
        household = person.household
        if household is None:
            left = person.death or TODAY - int(random() * 12 * 365)
            person.moved_in = max(person.birth, left - int(random() * 15 * 365))
            continue
        person.moved_in = max(person.birth, household.moved_in)
        sure = person.sure
        works = _WORKS[person.age] * (0.82 if person.female else 1.06)
        if random() < works or "work" in sure:
            _work(person, rng)
        owner = person.relation == "HEAD"
        if person.age >= 20:
            person.cars = (random() < _CARS[person.age] * (1.0 if owner else 0.35)) + (random() < 0.02)
            person.homes = (random() < _HOMES[person.age] * (1.0 if owner else 0.25)) + (random() < 0.05)
        if "car" in sure:
            person.cars = max(person.cars, 1)
        if "home" in sure:
            person.homes = max(person.homes, 1)
        person.protected = "protected" in sure or random() < 0.004


def lose(people: list[Person], households: list[Household], rng: Random) -> None:
    """Takes the addresses of households whose residence is unknown, and of some of the emigrated, who never gave a last one."""
    random = rng.random
    for household in households:
        head = household.members[0]
        if "unknown residence" in head.sure if head.sure else random() < _UNKNOWN:
            household.address = ""
            for member in household.members:
                member.address = ""
    for person in people:
        if person.status == "EMIGRATED" and not person.sure and random() < _EMIGRATED_FROM_NOWHERE:
            person.address = ""


def _work(person: Person, rng: Random) -> None:
    random = rng.random
    own = "employed" not in person.sure and random() < _BUSINESS[person.age]
    person.work = "BUSINESS" if own else "EMPLOYED"
    person.workplace = WORKPLACES[int(random() * len(WORKPLACES))]
    full_time = person.age < 62 or random() < 0.5
    person.hours = 40 if full_time and random() < 0.88 else 12 + int(random() * 24)
    median = _MEDIAN[person.age] * (0.8 if person.female else 1.0) * (0.4 + 0.6 * person.hours / 40)
    person.income = int(median * rng.lognormvariate(0.0, 0.75 if own else 0.42)) // 1000 * 1000


def impoverish(households: list[Household], rng: Random) -> None:
    """Which households are on the basic livelihood benefit: those of little income for their size, and not all of them."""
    for household in households:
        income = sum(member.income for member in household.members)
        needed = 8_000_000 * len(household.members) ** 0.6
        homes = sum(member.homes for member in household.members)
        if "poor" in household.members[0].sure or (income < needed and not homes and rng.random() < 0.22):
            household.poor = "BENEFIT"
        elif income < needed * 1.5 and rng.random() < 0.05:
            household.poor = "NEAR"
