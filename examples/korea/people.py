"""Persons and households, before any register knows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from examples.korea.calendar import TODAY, birth_at
from examples.korea.places import District, Dong

ADULT = 19
NOTHING_SURE: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Person:
    """One resident. Days are numbers of `calendar`. `age` is the age on the reference day, for the dead the one they would be."""

    female: bool
    age: int
    birth: int
    id: int = 0
    rrn: str = ""
    surname: str = ""
    given: str = ""
    status: str = "REGISTERED"
    death: int | None = None
    father: Person | None = None
    mother: Person | None = None
    children: list[Person] = field(default_factory=list)
    spouse: Person | None = None
    """The current or latest spouse, divorced and dead ones among them."""
    marriage: str | None = None
    """MARRIED, DIVORCED or WIDOWED while there is a `spouse`."""
    married_on: int = 0
    sibling: Person | None = None
    """The head that this person lives with as brother or sister."""
    household: Household | None = None
    relation: str | None = None
    district: District = field(init=False)
    dong: Dong = field(init=False)
    address: str = ""
    """Empty where the residence is unknown."""
    moved_in: int = 0
    protected: bool = False
    work: str | None = None
    """EMPLOYED or BUSINESS."""
    workplace: str = ""
    hours: int = 0
    """Hours of work a week."""
    income: int = 0
    """Won in the last full year."""
    cars: int = 0
    homes: int = 0
    """Buildings owned, shops among them."""
    passport: bool = False
    licence: bool = False
    sure: frozenset[str] = NOTHING_SURE
    """What a known resident has for certain, in the words of `known`."""

    def has_custody(self, child: Person) -> bool:
        """Whether a child of this person is under this person's parental authority.

        Parents have it together, or the one who is left. Of divorced ones it has the one who lives with the child, or the mother.
        """
        if child.age >= ADULT or "DECEASED" in (self.status, child.status):
            return False
        other = child.father if self.female else child.mother
        if other is None or other is not self.spouse or self.marriage != "DIVORCED":
            return True
        alone = [parent.household is child.household for parent in (self, other)]
        return alone[0] if any(alone) else self.female

    def adopt(self, child: Person) -> None:
        """Make `child` this person's own."""
        if self.female:
            child.mother = self
        else:
            child.father = self
        self.children.append(child)


@dataclass(slots=True, eq=False)
class Household:
    """People registered at one address; the first member is its head."""

    district: District
    members: list[Person] = field(default_factory=list)
    id: int = 0
    dong: Dong = field(init=False)
    address: str = ""
    """Empty where the residence is unknown."""
    moved_in: int = 0
    moves: int = 0
    """How many moves a known household has on record for certain."""
    poor: str | None = None
    """BENEFIT for a household on the basic livelihood benefit, NEAR for one just above it."""

    def add(self, person: Person, relation: str) -> Person:
        person.household = self
        person.relation = relation
        person.district = self.district
        self.members.append(person)
        return person


def born(female: bool, age: int, rng: Random) -> Person:
    return Person(female, age, birth_at(age, rng))


def marry(one: Person, other: Person, status: str) -> None:
    """Make a couple, present or past."""
    one.spouse, other.spouse = other, one
    one.marriage = other.marriage = status


def siblings_fit(birth: int, children: Iterable[Person]) -> bool:
    """Whether a mother of these children can also have borne one on this day."""
    return all(abs(child.birth - birth) > 300 or child.birth == birth for child in children)


def parent_fits(parent: Person, child: Person) -> bool:
    """Whether the parent is older by 18 to 45 years, which a difference of 19 to 44 in whole years ensures."""
    return 19 <= parent.age - child.age <= 44


def address_in(dong: Dong, rng: Random) -> str:
    """A registered address: the neighbourhood's whole name, a street of it, a number and perhaps a flat."""
    random = rng.random
    street = f"{dong.name} {dong.road}로" if random() < 0.4 else f"{dong.name} {dong.road}로{1 + int(random() * 60)}길"
    number = 1 + int(random() * 180)
    if random() < 0.6:
        return f"{street} {number}, {101 + int(random() * 15)}동 {1 + int(random() * 20)}0{1 + int(random() * 4)}호"
    return f"{street} {number}"


def days_ago(years: float, rng: Random) -> int:
    """A day within the last `years`, the reference day at the latest."""
    return TODAY - int(rng.random() * years * 365.25)
