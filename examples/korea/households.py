"""A district's people, sorted into households that make sense.

The ages of a district are drawn first, so that they follow the district's pyramid whatever happens next, and the sizes of its
households are drawn from the national table. Then households take people out of the pool, those with children first because they
are the choosiest: children, a mother of plausible age for them, a father near her age. Whoever is left lives alone.

Who is taken for a place is the nearest in age of those left; a place that nobody fits is filled by a lodger (OTHER).
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from random import Random

from examples.korea.calendar import OLDEST, TODAY
from examples.korea.people import ADULT, Household, Person, address_in, born, marry
from examples.korea.places import AGE_GROUPS, District, household_sizes

_FEMALE = (False, True)


class Pool:
    """How many people of each sex and age still need a household."""

    def __init__(self, district: District, people: int, rng: Random) -> None:
        self.rng = rng
        self.counts = ([0] * (OLDEST + 1), [0] * (OLDEST + 1))
        self.left = people
        self._fill(district.ages, people)

    def _fill(self, groups: tuple[int, ...], people: int) -> None:
        # Systematic sampling: evenly spaced points on the pyramid, so that every group gets its share to within one.
        random = self.rng.random
        bounds = tuple(accumulate(groups))
        start = random()
        for index in range(people):
            group = bisect_right(bounds, (index + start) / people * bounds[-1])
            female, group = divmod(min(group, len(bounds) - 1), AGE_GROUPS)
            age = group * 5 + int(random() * 5)
            if group == AGE_GROUPS - 1:
                age = group * 5
                while age < OLDEST and random() < 0.8:
                    age += 1
            self.counts[female][age] += 1

    def take(self, female: bool, low: int, high: int, target: int) -> Person | None:
        """Somebody of that sex between two ages, as near to the target as there is."""
        ages = self.counts[female]
        low, high = max(low, 0), min(high, OLDEST)
        target = min(max(target, low), high)
        for distance in range(max(target - low, high - target) + 1):
            for age in (target - distance, target + distance):
                if low <= age <= high and ages[age]:
                    ages[age] -= 1
                    self.left -= 1
                    return born(female, age, self.rng)
        return None

    def draw(self, low: int, high: int, female: bool | None = None) -> Person | None:
        """Anybody between two ages."""
        males = 0 if female is True else sum(self.counts[0][low : high + 1])
        females = 0 if female is False else sum(self.counts[1][low : high + 1])
        if not males + females:
            return None
        place = int(self.rng.random() * (males + females))
        sex = place >= males
        if sex:
            place -= males
        for age in range(low, high + 1):
            place -= self.counts[sex][age]
            if place < 0:
                return self.take(sex, age, age, age)
        raise AssertionError("the counts changed while they were summed")

    def give_back(self, person: Person) -> None:
        self.counts[person.female][person.age] += 1
        self.left += 1

    def minors(self) -> int:
        return sum(self.counts[0][:ADULT]) + sum(self.counts[1][:ADULT])


def settle(district: District, people: int, rng: Random) -> list[Household]:
    """Households of `people` registered residents of a district."""
    pool = Pool(district, people, rng)
    sizes = sorted(_sizes(people, rng), reverse=True)
    households = _grandchildren(district, sizes, pool)
    places = sum(size - 2 for size in sizes if size > 2)
    for size in sizes:
        household = Household(district)
        if size > 2:
            places -= _family(household, size, pool, places)
        elif size == 2:
            _pair(household, pool)
        else:
            break
        if household.members:
            households.append(household)
    _place_minors(households, pool)
    while pool.left:
        household = Household(district)
        person = pool.draw(ADULT, OLDEST) or pool.draw(0, ADULT)
        assert person is not None
        household.add(person, "HEAD")
        households.append(household)
    for household in households:
        _house(household, rng)
    return households


def _sizes(people: int, rng: Random) -> list[int]:
    """Sizes by systematic sampling of the table, until they hold everybody; the last one is cut to fit."""
    table = household_sizes()
    bounds = tuple(accumulate(households for _, households in table))
    mean = sum(members * households for members, households in table) / bounds[-1]
    number = int(people / mean) + 8
    start = rng.random()
    points = [min(bisect_right(bounds, (index + start) / number * bounds[-1]), len(table) - 1) for index in range(number)]
    rng.shuffle(points)
    sizes = []
    for point in points:
        size = min(table[point][0], people)
        if size:
            sizes.append(size)
            people -= size
    return sizes + [1] * people


def _family(household: Household, size: int, pool: Pool, places: int) -> int:
    """A family of three and more; returns how many places for children of that many it used."""
    rng = pool.rng
    elder = rng.random() < (0.05, 0.12, 0.35)[min(size, 5) - 3]
    lone = rng.random() < 0.12
    wanted = size - (1 if lone else 2) - elder
    children = _children(pool, max(wanted, 1), pool.minors() / max(places, 1))
    head = _parents(household, pool, children, lone) if children else None
    if head is None:
        for child in children:
            pool.give_back(child)
        head = _couple(household, pool) or _anyone(household, pool, "HEAD")
    if head is None:
        return size - 2
    if elder:
        _elder(household, pool, head)
    _fill_up(household, size, pool, head)
    return size - 2


def _children(pool: Pool, wanted: int, minors_a_place: float) -> list[Person]:
    """Children of one mother: the first is anybody, the others are of ages that she could bear."""
    rng = pool.rng
    first = pool.draw(0, ADULT - 1) if rng.random() < minors_a_place else pool.draw(ADULT, 36)
    if first is None:
        first = pool.draw(0, 36)
        if first is None:
            return []
    children = [first]
    while len(children) < wanted:
        child = _sibling(pool, children)
        if child is None:
            break
        children.append(child)
    return children


def _sibling(pool: Pool, children: list[Person]) -> Person | None:
    """A child two years or more from the others, within ten of the first."""
    rng = pool.rng
    sign = -1 if rng.random() < 0.5 else 1
    for gap in (2, 3, 4, 5, 6, 7, 8, 9, 10):
        for age in (children[0].age + sign * gap, children[0].age - sign * gap):
            if age < 0 or ((age < ADULT) != (children[0].age < ADULT) and rng.random() < 0.5):
                continue
            if any(abs(child.age - age) < 2 for child in children):
                continue
            first = _FEMALE[rng.random() < 0.485]
            child = pool.take(first, age, age, age) or pool.take(not first, age, age, age)
            if child is not None:
                return child
    return None


def _parents(household: Household, pool: Pool, children: list[Person], lone: bool) -> Person | None:
    """Adds the parents and then the children; None when nobody left can be their parent."""
    rng = pool.rng
    low, high = max(child.age for child in children) + 19, min(child.age for child in children) + 44
    mother_age = max(child.age for child in children) + round(rng.gauss(29.5, 3.5))
    mother = father = None
    if not lone or rng.random() < 0.75:
        mother = pool.take(True, low, high, mother_age)
    if not lone or mother is None:
        near = mother.age if mother else mother_age
        father = pool.take(False, max(low, near - 7), min(high, near + 13), near + round(rng.gauss(2.5, 2.5)))
    head = father or mother
    if head is None:
        return None
    if father and mother:
        marry(father, mother, "MARRIED")
        head = mother if rng.random() < 0.12 else father
    household.add(head, "HEAD")
    if head.spouse:
        household.add(head.spouse, "SPOUSE")
    for child in children:
        for parent in (father, mother):
            if parent:
                parent.adopt(child)
        household.add(child, "CHILD")
    return head


def _couple(household: Household, pool: Pool) -> Person | None:
    """A couple without children at home."""
    rng = pool.rng
    woman = pool.draw(25, OLDEST, True)
    if woman is None:
        return None
    man = pool.take(False, max(22, woman.age - 6), woman.age + 12, woman.age + round(rng.gauss(2.5, 2.5)))
    if man is None:
        pool.give_back(woman)
        return None
    marry(man, woman, "MARRIED")
    household.add(man, "HEAD")
    household.add(woman, "SPOUSE")
    return man


def _anyone(household: Household, pool: Pool, relation: str) -> Person | None:
    person = pool.draw(ADULT, OLDEST)
    return household.add(person, relation) if person else None


def _elder(household: Household, pool: Pool, head: Person) -> None:
    """The head's mother or father."""
    female = pool.rng.random() < 0.78
    elder = pool.take(female, head.age + 19, head.age + 44, head.age + 28)
    if elder:
        household.add(elder, "PARENT")
        elder.adopt(head)


def _fill_up(household: Household, size: int, pool: Pool, head: Person) -> None:
    while len(household.members) < size:
        if not (pool.rng.random() < 0.7 and _brother(household, pool, head)) and not _anyone(household, pool, "OTHER"):
            return


def _brother(household: Household, pool: Pool, head: Person) -> Person | None:
    """A brother or sister of the head, two years or more from the head and the others."""
    rng = pool.rng
    others = [head, *(member for member in household.members if member.relation == "SIBLING")]
    for gap in (-2, 2, -3, 3, -4, 4, -5, 5, -6, 6, -8, 8):
        age = head.age + gap
        if age < ADULT or any(abs(other.age - age) < 2 for other in others):
            continue
        first = rng.random() < 0.5
        person = pool.take(first, age, age, age) or pool.take(not first, age, age, age)
        if person:
            person.sibling = head
            return household.add(person, "SIBLING")
    return None


def _pair(household: Household, pool: Pool) -> None:
    """A household of two: a couple, a parent with a child, siblings or friends."""
    kind = pool.rng.random()
    minors = pool.minors()
    if kind < 0.28 or minors:
        children = _children(pool, 1, 1.0 if minors else 0.0)
        if children and _parents(household, pool, children, True):
            return
        for child in children:
            pool.give_back(child)
    if kind < 0.85 and _couple(household, pool):
        return
    head = _anyone(household, pool, "HEAD")
    if head:
        _fill_up(household, 2, pool, head)


def _grandchildren(district: District, sizes: list[int], pool: Pool) -> list[Household]:
    """A few of the households of two, before families have taken all children: an elder with a grandchild."""
    households = []
    for _ in range(sizes.count(2)):
        household = Household(district)
        if pool.rng.random() < 0.015 and _grandchild(household, pool):
            households.append(household)
            sizes.remove(2)
    return households


def _grandchild(household: Household, pool: Pool) -> bool:
    """The parent between them is away; `kin` finds out where."""
    elder = pool.draw(60, 80)
    if elder is None:
        return False
    child = pool.take(pool.rng.random() < 0.5, max(0, elder.age - 75), min(18, elder.age - 45), elder.age - 56)
    if child is None:
        pool.give_back(elder)
        return False
    household.add(elder, "HEAD")
    household.add(child, "GRANDCHILD")
    return True


def _place_minors(households: list[Household], pool: Pool) -> None:
    """Minors whom no family had a place for join one in which they fit, or lodge with the first that has an adult head."""
    while (minor := pool.draw(0, ADULT - 1)) is not None:
        for household in households:
            children = [member for member in household.members if member.relation == "CHILD"]
            parents = [parent for parent in (children[0].father, children[0].mother) if parent] if children else []
            near = any(abs(child.age - minor.age) < 2 for parent in parents for child in parent.children)
            if parents and not near and all(19 <= parent.age - minor.age <= 44 for parent in parents):
                for parent in parents:
                    parent.adopt(minor)
                household.add(minor, "CHILD")
                break
        else:
            if not households:
                pool.give_back(minor)
                return
            households[-1].add(minor, "OTHER")


def _house(household: Household, rng: Random) -> None:
    """Gives a household its neighbourhood, its address and the day it moved there."""
    district = household.district
    household.dong = district.dongs[bisect_right(district.dong_bounds, int(rng.random() * district.electors))]
    household.address = address_in(household.dong, rng)
    head = household.members[0]
    years = min(30.0, max(0.5, head.age - 18)) * rng.random() ** 1.6
    household.moved_in = max(TODAY - int(years * 365.25), head.birth)
