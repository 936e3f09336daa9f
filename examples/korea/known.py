"""Residents who are the same whatever the population's size and seed, for examples and tests.

`data/known_residents.json` names them with their resident numbers, so that others can find them without making a population.
They are made by the same code as everybody else; only who they are, and what they have for certain, is written down here.

Words of `Person.sure`: employed, work, car, home, licence, military, travel, passport, old passport, lost passport, closed
business, disability, poor, protected, unknown residence, sealed birth, no birth record.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from examples.korea.calendar import BIRTHDAYS, OLDEST, day
from examples.korea.people import Household, Person, address_in, marry
from examples.korea.places import District, districts

JONGNO, HAEUNDAE, JUNG, GANGNAM = "11110", "26350", "11140", "11680"


@dataclass(frozen=True)
class Known:
    """The known residents by name, and everybody among them in the order of their ids."""

    by_name: dict[str, Person]
    people: list[Person]
    households: list[Household]


def known() -> Known:
    """All known residents, without ids, numbers, work or possessions yet."""
    people = _people()
    _relate(people)
    households = _households(people)
    registered = [member for household in households for member in household.members]
    away = [person for person in people.values() if person.household is None]
    for person in away:
        near = person.spouse or person.mother
        assert near is not None
        person.district, person.dong, person.address = near.district, near.dong, near.address
    return Known(people, registered + away, households)


def _people() -> dict[str, Person]:
    at_work = ("employed", "work")
    return {
        "citizen": _person(
            "김", "민준", False, 1981, 3, 14,
            *at_work, "car", "home", "licence", "military", "travel", "passport", "old passport", "closed business",
        ),
        "citizen-spouse": _person("이", "서연", True, 1983, 7, 2, *at_work, "licence", "travel", "passport"),
        "citizen-daughter": _person("김", "하윤", True, 2012, 5, 20, "passport"),
        "citizen-son": _person("김", "도윤", False, 2015, 9, 9),
        "citizen-father": _person("김", "영수", False, 1952, 11, 3, "home", "licence"),
        "citizen-mother": _person("박", "순자", True, 1955, 1, 27),
        "emigrant": _person("김", "지영", True, 1985, 4, 18, "passport"),
        "leapling": _person("최", "시우", False, 2004, 2, 29, "licence", "passport"),
        "centenarian": _person("정", "옥순", True, 1924, 5, 5),
        "deceased": _person("한", "병철", False, 1922, 8, 15),
        "protected": _person("윤", "혜진", True, 1990, 12, 1, *at_work, "car", "protected"),
        "protected-child": _person("오", "예준", False, 2017, 6, 6, "protected"),
        "divorced": _person("오", "성호", False, 1988, 10, 10, *at_work, "car"),
        "poor": _person("강", "춘자", True, 1949, 3, 3, "poor", "disability"),
        "lost-passport": _person("조", "현우", False, 1994, 1, 31, *at_work, "military", "passport", "lost passport"),
        "haeundae": _person("장", "수빈", True, 1997, 2, 28, *at_work, "car", "licence", "passport"),
        "unknown-residence": _person("서", "지안", True, 1991, 11, 2, *at_work, "car", "unknown residence"),
        "unknown-residence-child": _person("서", "이준", False, 2018, 4, 16),
        "guardian": _person("신", "유나", True, 1986, 8, 21, *at_work),
        "guardian-divorced": _person("권", "태오", False, 1984, 1, 5, *at_work),
        "guardian-mother": _person("신", "말순", True, 1957, 4, 4),
        "ward": _person("권", "하람", True, 2014, 10, 30),
        "sealed-birth": _person("배", "다온", False, 2001, 3, 9, "sealed birth"),
        "unrecorded-birth": _person("문", "가람", True, 1958, 6, 25, "no birth record"),
    }  # fmt: skip


def _person(surname: str, given: str, female: bool, year: int, month: int, day_of_month: int, *sure: str) -> Person:
    birth = day(year, month, day_of_month)
    age = next(age for age in range(OLDEST + 1) if BIRTHDAYS[age + 1] < birth <= BIRTHDAYS[age])
    person = Person(female, age, birth)
    person.surname, person.given = surname, given
    person.sure = frozenset(sure) or frozenset({"known"})
    return person


def _relate(people: dict[str, Person]) -> None:
    for one, other, status, married_on in (
        ("citizen", "citizen-spouse", "MARRIED", day(2010, 10, 9)),
        ("citizen-father", "citizen-mother", "MARRIED", day(1979, 4, 21)),
        ("deceased", "centenarian", "WIDOWED", day(1946, 3, 10)),
        ("divorced", "protected", "DIVORCED", day(2015, 5, 16)),
        ("guardian-divorced", "guardian", "DIVORCED", day(2012, 6, 2)),
    ):
        marry(people[one], people[other], status)
        people[one].married_on = people[other].married_on = married_on
    for parent, *children in (
        ("citizen", "citizen-daughter", "citizen-son"),
        ("citizen-spouse", "citizen-daughter", "citizen-son"),
        ("citizen-father", "citizen", "emigrant"),
        ("citizen-mother", "citizen", "emigrant"),
        ("protected", "protected-child"),
        ("divorced", "protected-child"),
        ("unknown-residence", "unknown-residence-child"),
        ("guardian-mother", "guardian"),
        ("guardian", "ward"),
        ("guardian-divorced", "ward"),
    ):
        for child in children:
            people[parent].adopt(people[child])
    people["emigrant"].status = "EMIGRATED"
    people["deceased"].status = "DECEASED"
    people["deceased"].death = day(2003, 1, 12)


def _households(people: dict[str, Person]) -> list[Household]:
    places = {district.code: district for district in districts()}
    rng = Random("the households of the known residents")
    return [
        _household(places[code], moved_in, [(people[name], relation) for name, relation in members], rng)
        for code, moved_in, members in (
            (
                JONGNO,
                day(2018, 3, 2),
                [("citizen", "HEAD"), ("citizen-spouse", "SPOUSE"), ("citizen-daughter", "CHILD"), ("citizen-son", "CHILD")],
            ),
            (JONGNO, day(1995, 6, 1), [("citizen-father", "HEAD"), ("citizen-mother", "SPOUSE")]),
            (JONGNO, day(2023, 2, 20), [("leapling", "HEAD")]),
            (JONGNO, day(1961, 9, 1), [("centenarian", "HEAD")]),
            (JONGNO, day(2022, 8, 8), [("protected", "HEAD"), ("protected-child", "CHILD")]),
            (JONGNO, day(2011, 1, 5), [("poor", "HEAD")]),
            (JONGNO, day(2021, 4, 4), [("lost-passport", "HEAD")]),
            (JUNG, day(2019, 12, 12), [("divorced", "HEAD")]),
            (HAEUNDAE, day(2024, 7, 7), [("haeundae", "HEAD")]),
            (JONGNO, day(2022, 3, 3), [("unknown-residence", "HEAD"), ("unknown-residence-child", "CHILD")]),
            (JONGNO, day(2005, 10, 10), [("guardian-mother", "HEAD"), ("ward", "GRANDCHILD")]),
            (GANGNAM, day(2020, 5, 5), [("guardian", "HEAD")]),
            (HAEUNDAE, day(2016, 2, 1), [("guardian-divorced", "HEAD")]),
            (JONGNO, day(2025, 9, 1), [("sealed-birth", "HEAD")]),
            (JONGNO, day(1999, 12, 31), [("unrecorded-birth", "HEAD")]),
        )
    ]


def _household(district: District, moved_in: int, members: list[tuple[Person, str]], rng: Random) -> Household:
    household = Household(district)
    household.dong = district.dongs[0]
    household.address = address_in(household.dong, rng)
    household.moved_in = moved_in
    if {"protected", "unknown residence"} & members[0][0].sure:
        # Alike but for the addresses, which the one keeps from others and the other does not have.
        household.moves = 2
    for person, relation in members:
        household.add(person, relation)
        person.dong, person.address = household.dong, household.address
    return household
