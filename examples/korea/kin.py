"""Families across households: who was married to whom, whose parents live elsewhere, who died and who emigrated.

`tie` takes the households of one part of the nation and adds the dead and the emigrated. Afterwards every relation is in place
in both directions: `spouse` both ways, `father` and `mother` with `children`. Parents are always older by 18 to 45 years, and
the children of one mother are twins or ten months apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from random import Random

from examples.korea.calendar import OLDEST, TODAY, by_age
from examples.korea.people import ADULT, Household, Person, address_in, born, days_ago, marry, parent_fits, siblings_fit
from examples.korea.places import District

_YEAR = 365.25
_HAS_PARENTS = by_age((30, 0.92), (40, 0.88), (50, 0.78), (60, 0.55), (70, 0.25), (OLDEST + 1, 0.05))
_WIDOWED = by_age((60, 0.0), (70, 0.35), (80, 0.6), (OLDEST + 1, 0.85))

Parents = tuple[Person, ...]


class Away:
    """The dead and the emigrated of a part: so many of each, made as relatives ask for them."""

    def __init__(self, dead: int, emigrated: int, rng: Random) -> None:
        self.rng = rng
        self.people: list[Person] = []
        self._left = {"DECEASED": dead, "EMIGRATED": emigrated}

    def left(self, status: str) -> int:
        return self._left[status]

    def leave(self, status: str, female: bool, age: int, near: Person | None = None) -> Person:
        """Somebody who died or emigrated; `near` is the relative whose address was theirs too."""
        assert self._left[status] > 0
        self._left[status] -= 1
        person = born(female, age, self.rng)
        person.status = status
        if near is not None:
            person.district, person.dong, person.address = near.district, near.dong, near.address
        self.people.append(person)
        return person


class Singles:
    """Adults who live alone and were never married, by sex and age."""

    def __init__(self, households: Iterable[Household]) -> None:
        self._by_age: list[list[list[Person]]] = [[[] for _ in range(OLDEST + 1)] for _ in (0, 1)]
        for household in households:
            head = household.members[0]
            if len(household.members) == 1 and head.age >= ADULT:
                self._by_age[head.female][head.age].append(head)

    def take(self, female: bool, low: int, high: int, target: int) -> Person | None:
        """The one nearest in age to the target."""
        for age in sorted(range(max(low, ADULT), min(high, OLDEST) + 1), key=lambda age: abs(age - target)):
            if self._by_age[female][age]:
                return self._by_age[female][age].pop()
        return None

    def between(self, low: int, high: int) -> list[Person]:
        return [person for ages in self._by_age for people in ages[low : high + 1] for person in people]


def tie(households: list[Household], dead: int, emigrated: int, districts: list[District], rng: Random) -> list[Person]:
    """Everybody of the part: the households' members in their order, then the dead and the emigrated."""
    people = [member for household in households for member in household.members]
    for person in people:
        household = person.household
        assert household is not None
        person.dong, person.address = household.dong, household.address
    away = Away(dead, emigrated, rng)
    singles = Singles(households)
    _middle_generation(people, away)
    _lone_parents(households, singles, away)
    _widowed(people, singles, away)
    _divorced(singles, rng)
    _ancestors_and_emigrants(away)
    _link(people + away.people, rng)
    for person in away.people:
        if not person.address:
            _settle_away(person, districts, rng)
    people += away.people
    for person in people:
        if person.spouse and not person.married_on:
            _wed(person, person.spouse, rng)
    for person in away.people:
        if person.status == "DECEASED":
            _bury(person, rng)
    return people


def _middle_generation(people: list[Person], away: Away) -> None:
    """The parent between a grandchild and the elder it lives with emigrated or died."""
    rng = away.rng
    for person in people:
        if person.relation != "GRANDCHILD":
            continue
        assert person.household is not None
        elder = person.household.members[0]
        low, high = max(person.age + 19, elder.age - 44), min(person.age + 44, elder.age - 19)
        status = "EMIGRATED" if away.left("EMIGRATED") else "DECEASED"
        if low > high or not away.left(status):
            person.relation = "OTHER"
            continue
        middle = away.leave(status, rng.random() < 0.4, low + int(rng.random() * (high - low + 1)), elder)
        elder.adopt(middle)
        middle.adopt(person)


def _lone_parents(households: list[Household], singles: Singles, away: Away) -> None:
    """Most lone parents are divorced from somebody who lives alone, or widowed; the others never named the other parent."""
    rng = away.rng
    for household in households:
        head = household.members[0]
        if head.spouse or not any(member.relation == "CHILD" for member in household.members):
            continue
        low = max(child.age for child in head.children) + 19
        high = min(child.age for child in head.children) + 44
        fate = rng.random()
        if fate < (0.75 if head.age > 60 else 0.2):
            _lose_spouse(head, away)
        elif fate < 0.85:
            other = singles.take(not head.female, max(low, head.age - 9), min(high, head.age + 9), head.age)
            if other:
                marry(head, other, "DIVORCED")
                for child in list(head.children):
                    other.adopt(child)


def _lose_spouse(person: Person, away: Away) -> None:
    """Widows `person`, if the part has a death left and any age fits the children."""
    children = person.children
    low = max((child.age + 19 for child in children), default=ADULT)
    high = min((child.age + 44 for child in children), default=OLDEST)
    target = person.age + round(away.rng.gauss(3 if person.female else -2, 3))
    low, high = max(low, person.age - 10), min(high, person.age + 14, OLDEST)
    if low > high or not away.left("DECEASED"):
        return
    spouse = away.leave("DECEASED", not person.female, min(max(target, low), high), person)
    marry(person, spouse, "WIDOWED")
    for child in children:
        spouse.adopt(child)


def _widowed(people: list[Person], singles: Singles, away: Away) -> None:
    """Old people without a spouse; a part of the deaths is kept for people without any here."""
    reserve = away.left("DECEASED") * 2 // 5
    for person in people:
        if person.spouse or person.age < 60 or away.left("DECEASED") <= reserve:
            continue
        if away.rng.random() < _WIDOWED[person.age] * (1.0 if person.female else 0.6):
            _lose_spouse(person, away)


def _divorced(singles: Singles, rng: Random) -> None:
    """Some of those who live alone were married to each other, without children."""
    for person in singles.between(32, 62):
        if person.spouse or person.female or rng.random() > 0.12:
            continue
        other = singles.take(True, person.age - 8, person.age + 4, person.age - 2)
        if other and not other.spouse:
            marry(person, other, "DIVORCED")


def _ancestors_and_emigrants(away: Away) -> None:
    """Couples of whom both died, people who died single, and adults who left the country."""
    rng = away.rng
    while away.left("DECEASED") > 1 and rng.random() < 0.97:
        wife = away.leave("DECEASED", True, 58 + int(rng.random() * 44))
        marry(away.leave("DECEASED", False, min(wife.age + int(rng.random() * 6), OLDEST)), wife, "WIDOWED")
        if rng.random() < 0.3 and away.left("DECEASED"):
            away.leave("DECEASED", rng.random() < 0.5, int(rng.random() ** 0.5 * 95))
    while away.left("DECEASED"):
        away.leave("DECEASED", rng.random() < 0.5, int(rng.random() ** 0.5 * 95))
    while away.left("EMIGRATED"):
        away.leave("EMIGRATED", rng.random() < 0.5, 20 + int(rng.random() * 45))


class _Homes:
    """Parents who can have children that live elsewhere, by the age of the mother (of the father when there is none)."""

    def __init__(self, people: list[Person], rng: Random) -> None:
        self._rng = rng
        self._by_age: list[list[tuple[Parents, int]]] = [[] for _ in range(OLDEST + 1)]
        for person in people:
            if person.age < 40 or person.marriage == "DIVORCED" or (person.spouse and not person.female):
                continue
            if person.status == "EMIGRATED" or (person.spouse is None and rng.random() < 0.7):
                continue
            parents = (person, person.spouse) if person.spouse else (person,)
            self._by_age[person.age].append((parents, 1 + int(rng.random() * (4 if person.age > 60 else 3))))

    def parents_of(self, group: list[Person]) -> Parents | None:
        """Parents who fit everybody of a group of siblings; None after a few tries."""
        random = self._rng.random
        for _ in range(6):
            age = group[0].age + round(self._rng.gauss(29.5, 4.5))
            homes = self._by_age[age] if 0 <= age <= OLDEST else []
            if not homes:
                continue
            index = int(random() * len(homes))
            parents, most = homes[index]
            if len(parents[0].children) >= most:
                homes[index] = homes[-1]
                homes.pop()
            elif all(_fits(parents, person) for person in group):
                return parents
        return None


def _fits(parents: Parents, child: Person) -> bool:
    inlaw = child.spouse
    return all(
        parent_fits(parent, child)
        and siblings_fit(child.birth, parent.children)
        and parent.household is not child.household
        and (inlaw is None or (inlaw.father is not parent and inlaw.mother is not parent))
        for parent in parents
    )


def _link(people: list[Person], rng: Random) -> None:
    """Gives adults whose parents are not in their household parents who live elsewhere, died, or are not known."""
    siblings: dict[int, list[Person]] = {}
    for person in people:
        if person.sibling:
            siblings.setdefault(id(person.sibling), []).append(person)
    homes = _Homes(people, rng)
    for person in people:
        if person.age < ADULT or person.sibling or person.relation == "CHILD":
            continue
        group = [person, *siblings.get(id(person), ())]
        if person.father or person.mother:
            _share_parents(person, group[1:])
        elif len(group) > 1 or rng.random() < _HAS_PARENTS[person.age]:
            for parent in homes.parents_of(group) or ():
                for member in group:
                    parent.adopt(member)


def _share_parents(head: Person, brothers: list[Person]) -> None:
    """The head's parents are the siblings' too, or they are no siblings."""
    parents = tuple(parent for parent in (head.father, head.mother) if parent)
    for brother in brothers:
        if all(parent_fits(parent, brother) and siblings_fit(brother.birth, parent.children) for parent in parents):
            for parent in parents:
                parent.adopt(brother)
        else:
            brother.sibling, brother.relation = None, "OTHER"


def _settle_away(person: Person, districts: list[District], rng: Random) -> None:
    """A last address: a relative's, or any in the part's districts."""
    near = next((relative for relative in _relatives(person) if relative.address), None)
    if near and rng.random() < 0.5:
        person.district, person.dong, person.address = near.district, near.dong, near.address
        return
    person.district = districts[int(rng.random() * len(districts))]
    bounds = person.district.dong_bounds
    person.dong = person.district.dongs[bisect_right(bounds, int(rng.random() * bounds[-1]))]
    person.address = address_in(person.dong, rng)


def _relatives(person: Person) -> Iterator[Person]:
    if person.spouse:
        yield person.spouse
    yield from person.children


def _wed(one: Person, other: Person, rng: Random) -> None:
    """The day of a marriage: both are 19, and their first common child, if any, comes after it."""
    first = max(one.birth, other.birth) + int(19 * _YEAR) + 1
    common = [child.birth for child in one.children if child in other.children]
    last = min(common) - 100 if common else TODAY - 200
    usual = max(one.birth, other.birth) + int(rng.gauss(29, 4) * _YEAR)
    day = min(usual, last) if not common else last - int(rng.random() ** 2 * 4 * _YEAR)
    one.married_on = other.married_on = min(max(day, first), TODAY)


def _bury(person: Person, rng: Random) -> None:
    """The day of a death: after whatever the person took part in, and rather late in life."""
    first = max([person.birth, person.married_on, *(child.birth for child in person.children)]) + 1
    if person.spouse and person.marriage == "WIDOWED" and person.age >= 50:
        first = max(first, person.birth + int(45 * _YEAR))
    lately = rng.random() < 0.8
    day = max(first + 30, days_ago(18.0, rng)) if lately else first + int(rng.random() * max(TODAY - first, 1))
    person.death = min(day, TODAY)
