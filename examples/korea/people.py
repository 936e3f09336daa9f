"""Persons and households, before any register knows them."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from examples.korea.calendar import TODAY, birth_at
from examples.korea.places import District, Dong

NOTHING_SURE: frozenset[str] = frozenset()


class Person:
    """One resident. Days are numbers of `calendar`. `age` is the age on the reference day, for the dead the one they would be."""

    __slots__ = (
        "address", "age", "birth", "cars", "children", "death", "district", "dong", "father", "female", "given", "homes", "hours", "household", "id",
        "income", "marriage", "married_on", "moved_in", "mother", "protected", "relation", "rrn", "sibling", "spouse", "status",
        "sure", "surname", "work", "workplace",
    )  # fmt: skip

    def __init__(self, female: bool, age: int, birth: int) -> None:
        self.female = female
        self.age = age
        self.birth = birth
        self.id = 0
        self.rrn = ""
        self.surname = ""
        self.given = ""
        self.status = "REGISTERED"
        self.death: int | None = None
        self.father: Person | None = None
        self.mother: Person | None = None
        self.children: list[Person] = []
        self.spouse: Person | None = None
        """The current or latest spouse, divorced and dead ones among them."""
        self.marriage: str | None = None
        """MARRIED, DIVORCED or WIDOWED while there is a `spouse`."""
        self.married_on = 0
        self.sibling: Person | None = None
        """The head that this person lives with as brother or sister."""
        self.household: Household | None = None
        self.relation: str | None = None
        self.address = ""
        self.district: District
        self.dong: Dong
        self.moved_in = 0
        self.protected = False
        self.work: str | None = None
        """EMPLOYED or BUSINESS."""
        self.workplace = ""
        self.hours = 0
        self.income = 0
        """Won in the last full year."""
        self.cars = 0
        self.homes = 0
        """Buildings owned, shops among them."""
        self.sure = NOTHING_SURE
        """What a known resident has for certain, in the words of `known`."""

    def adopt(self, child: Person) -> None:
        """Make `child` this person's own."""
        if self.female:
            child.mother = self
        else:
            child.father = self
        self.children.append(child)


class Household:
    """People registered at one address; the first member is its head."""

    __slots__ = ("address", "district", "dong", "id", "members", "moved_in", "poor")

    def __init__(self, district: District) -> None:
        self.district = district
        self.members: list[Person] = []
        self.id = 0
        self.dong: Dong
        self.address = ""
        self.moved_in = 0
        self.poor: str | None = None
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
