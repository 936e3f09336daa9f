"""Says which rules of a set do not agree, do nothing, or give away more than they say; and which of its own tests fail.

A set is looked at as it is in force today and as it will be after each approval that is still to come: what turns by itself must
be right before it does. The tests of a version that is superseded run against the set of its last day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from auth.access import Access, Decision, Matches, Rule, Use, Verdict
from auth.constraints import covers, follow, matches
from auth.document import Mistakes, Word
from auth.reach import Circumstance, Reach
from auth.rules import Condition, Coordinate, Expectation, Period, Permission, Prohibition, Regulation, RegulationSet
from auth.table import Offer, Table, name_of


def lint(regulations: RegulationSet, coordinates: Mapping[str, Coordinate], today: date, mistakes: Mistakes) -> None:
    """Note what is wrong with a set of which every name is right."""
    parties, purposes = regulations.parties, regulations.purposes
    if parties is None or purposes is None:
        return
    _unused_purposes(purposes, regulations.regulations, mistakes)
    coming = {each.approved_on for each in regulations.regulations if each.approved_on and each.approved_on > today}
    for day in (today, *sorted(coming)):
        in_force = regulations.as_of(day).regulations
        _Law(in_force, Table(parties, purposes, in_force, coordinates), coordinates, mistakes).check()
    for regulation in regulations.regulations:
        last = regulations.in_force(regulation).last
        if last is not None and last < today:
            table = Table(parties, purposes, regulations.as_of(last).regulations, coordinates)
            _failing_tests(regulation, table, coordinates, mistakes)


def _unused_purposes(purposes: Iterable[Word], regulations: Iterable[Regulation], mistakes: Mistakes) -> None:
    used = {purpose for regulation in regulations for permission in regulation.permissions for purpose in permission.purposes}
    for purpose in purposes:
        if purpose not in used:
            mistakes.add(purpose.place, f"nobody may use the purpose `{purpose}`: no permission names it")


@dataclass(frozen=True, slots=True, eq=False)
class _Permission:
    """A permission, the circumstances it is for, and what it comes to."""

    rule: Permission
    name: Rule
    reach: Reach
    offers: Mapping[tuple[str, Use], Offer]

    def covers(self, other: _Permission) -> bool:
        """Whether whatever the other grants, this one grants too."""
        return _within(other.reach, self.reach) and all(self._offers(*asked, offer) for asked, offer in other.offers.items())

    def _offers(self, coordinate: str, use: Use, other: Offer) -> bool:
        mine = self.offers.get((coordinate, use))
        return mine is not None and other.access <= mine.access and mine.covers(other) and covers(mine.grant, other.grant)


@dataclass(frozen=True, slots=True, eq=False)
class _Prohibition:
    """A prohibition, what it is about, for which rows, and in which circumstances."""

    rule: Prohibition
    items: frozenset[str]
    when: tuple[Matches, ...]
    reach: Reach


@dataclass(frozen=True, slots=True)
class _Law:
    """What is in force at one time."""

    regulations: tuple[Regulation, ...]
    table: Table
    coordinates: Mapping[str, Coordinate]
    mistakes: Mistakes
    permissions: dict[str, list[_Permission]] = field(default_factory=dict)
    """By holder, in the order of the set."""

    def check(self) -> None:
        for regulation in self.regulations:
            known = [self._permission(regulation, rule) for rule in regulation.permissions]
            self.permissions.setdefault(regulation.holder, []).extend(known)
        for permissions in self.permissions.values():
            for number, permission in enumerate(permissions):
                circumstances = list(self.table.samples(permission.rule))
                self._contradiction(permission.rule, circumstances)
                self._masked_searches(permission, circumstances)
                self._probes(permission, circumstances)
                self._list_searches(permission.rule)
                self._events(permission.rule)
                self._shadow(number, permissions)
        for regulation in self.regulations:
            prohibitions = [self._prohibition(rule) for rule in regulation.prohibitions]
            for rule in regulation.prohibitions:
                self._conditions_of_events([word for word in rule.items if self.coordinates[word].fed], rule.when)
            for number in range(len(prohibitions)):
                self._needless(number, prohibitions)
            _failing_tests(regulation, self.table, self.coordinates, self.mistakes)

    def _permission(self, regulation: Regulation, rule: Permission) -> _Permission:
        name = name_of(regulation, rule)
        offers = {(coordinate, use): offer for coordinate, use, offer in self.table.offers(rule, name)}
        return _Permission(rule, name, self.table.reach(rule), offers)

    def _prohibition(self, rule: Prohibition) -> _Prohibition:
        when = [matches(condition, self.coordinates) for condition in rule.when]
        known = tuple(match for match in when if match is not None)
        return _Prohibition(rule, frozenset(map(str, rule.items)), known, self.table.reach(rule))

    def _contradiction(self, permission: Permission, circumstances: list[Circumstance]) -> None:
        for word in (*permission.items, *permission.search):
            if rules := self._barred(word, permission, circumstances):
                self.mistakes.add(
                    word.place,
                    f"`{word}` is permitted here, and prohibited by {' and '.join(f'`{rule}`' for rule in rules)}"
                    " to the same recipients for all of that time; take one of them out",
                )

    def _barred(self, word: Word, permission: Permission, circumstances: list[Circumstance]) -> list[str]:
        """The prohibitions that leave nothing of a permission on a coordinate, or none if something is left."""
        rules: dict[str, None] = {}
        for circumstance in circumstances:
            said = self.table.cell(*circumstance).bars.get(word, ())
            bars = [bar for bar in said if not bar.when and bar.valid.encloses(permission.valid)]
            if not bars:
                return []
            rules.update((str(bar.rule), None) for bar in bars)
        return sorted(rules)

    def _masked_searches(self, permission: _Permission, circumstances: list[Circumstance]) -> None:
        """Whoever may compare a value at will finds it out, whatever a mask hides of it."""
        for word in permission.rule.search:
            offer = permission.offers[word, "search"]
            for circumstance in circumstances:
                readings = self.table.cell(*circumstance).offers.get((word, "read"), ())
                masked = [each for each in readings if each.grant.mask and _overlap(each.valid, offer.valid)]
                if masked and not self._read_whole(word, offer, circumstance):
                    self.mistakes.add(
                        word.place,
                        f"`{word}` may be searched here, and read only masked under `{masked[0].grant.rule}`: asking gives away"
                        " what the mask hides; take the search out",
                    )
                    break

    def _probes(self, permission: _Permission, circumstances: list[Circumstance]) -> None:
        """Yes or no to any question about a figure gives away the figure, if one may ask often enough."""
        if permission.rule.limit is not None:
            return
        for word in (*permission.rule.items, *permission.rule.search):
            column = self.coordinates[word]
            if not column.probe or column.derived_from is None:
                continue
            offer = permission.offers[word, "read" if word in permission.rule.items else "search"]
            source = column.derived_from
            if not all(self._read_whole(source, offer, circumstance) for circumstance in circumstances):
                self.mistakes.add(
                    word.place, f"asked again and again, `{word}` gives away `{source}`; give the permission a `limit`"
                )

    def _read_whole(self, coordinate: str, offer: Offer, circumstance: Circumstance) -> bool:
        """Whether a coordinate may be read unmasked wherever something else is offered."""
        readings = self.table.cell(*circumstance).offers.get((coordinate, "read"), ())
        return any(each.grant.mask is None and each.covers(offer) for each in readings)

    def _list_searches(self, permission: Permission) -> None:
        if "list" not in permission.access:
            return
        instead = "take `list` out of `access`, or the search into a permission of its own"
        for word in permission.search:
            if permission.consent is not None and permission.consent.required:
                self.mistakes.add(word.place, f"a search for `{word}` in lists cannot turn on consent; {instead}")
            for condition in permission.rows:
                if _type(condition.column) != _type(word):
                    self.mistakes.add(
                        word.place, f"a search for `{word}` in lists cannot turn on `{condition.column}`; {instead}"
                    )

    def _events(self, permission: Permission) -> None:
        """What happens is told when it does, and kept for who was told: what a permission asks must be known then."""
        fed = [word for word in (*permission.items, *permission.search) if self.coordinates[word].fed]
        if fed and any(access != "events" for access in permission.access):
            self.mistakes.add(fed[0].place, f"`{fed[0]}` is in the feed alone; `access` can only be `events` here")
        if "events" not in permission.access:
            return
        if permission.case != "none":
            self.mistakes.add(
                permission.id.place, "nobody has a case for what is told when it happens; `case` must be `none` here"
            )
        for word in permission.subject:
            if fed and word in ("household", "child"):
                self.mistakes.add(
                    word.place, f"events are told by `self`, `jurisdiction` or `any`; take `{word}` out, or `{fed[0]}`"
                )
        self._conditions_of_events(fed, permission.rows)

    def _conditions_of_events(self, fed: Sequence[Word], conditions: Iterable[Condition]) -> None:
        """What can be found out of an event's resident when it arrives depends neither on who is told nor on others."""
        for condition in conditions if fed else ():
            place, column = condition.column.place, self.coordinates[condition.column]
            if column.fed and column.kind != "names":
                self.mistakes.add(place, f"of an event a rule can turn on its kind alone, not on `{condition.column}`")
            elif condition.values == "jurisdiction":
                self.mistakes.add(place, f"`{fed[0]}` cannot turn on the caller's jurisdiction so; say `subject: jurisdiction`")
            elif condition.household:
                self.mistakes.add(place, f"`{fed[0]}` can turn on the event's resident alone; say `of: subject`")

    def _shadow(self, number: int, permissions: list[_Permission]) -> None:
        permission = permissions[number]
        for place, other in enumerate(permissions):
            # Of two that say the same, the later one is the one too many.
            if place != number and other.covers(permission) and (place < number or not permission.covers(other)):
                self.mistakes.add(
                    permission.rule.id.place, f"`{permission.rule.id}` adds nothing to `{other.name}`; take one of them out"
                )
                return

    def _needless(self, number: int, prohibitions: list[_Prohibition]) -> None:
        prohibition = prohibitions[number]
        rule, reach = prohibition.rule, prohibition.reach
        if not any(self.table.samples(rule)):
            self.mistakes.add(rule.id.place, f"`{rule.id}` prohibits nothing, because its exceptions are for everybody")
            return
        for said, exempt in zip(rule.exempt, reach.exempt, strict=True):
            if not (exempt.agencies & reach.agencies and exempt.roles & reach.roles and exempt.purposes & reach.purposes):
                word = next(iter((*said.recipients, *said.roles, *said.purposes)))
                self.mistakes.add(word.place, f"this exception means nothing: `{rule.id}` does not prohibit there anyway")
        for place, other in enumerate(prohibitions):
            includes = place != number and self._includes(other, prohibition)
            if includes and (place < number or not self._includes(prohibition, other)):
                self.mistakes.add(
                    rule.id.place, f"`{rule.id}` prohibits nothing that `{other.rule.id}` does not; take one of them out"
                )
                return

    def _includes(self, one: _Prohibition, other: _Prohibition) -> bool:
        return (
            other.items <= one.items
            and one.rule.valid.encloses(other.rule.valid)
            and follow(one.when, other.when)
            and _within(other.reach, one.reach)
            and all(circumstance in one.reach for circumstance in self.table.samples(other.rule))
        )


def _within(inner: Reach, outer: Reach) -> bool:
    """Whether the one names no agency, role or purpose that the other does not."""
    return inner.agencies <= outer.agencies and inner.roles <= outer.roles and inner.purposes <= outer.purposes


def _overlap(one: Period, other: Period) -> bool:
    begins = max((period.first for period in (one, other) if period.first), default=date.min)
    return begins <= min((period.last for period in (one, other) if period.last), default=date.max)


def _type(coordinate: str) -> str:
    return coordinate.partition(".")[0]


_EXPECTED: Mapping[str, Callable[[Decision], bool]] = {
    "permitted": lambda decision: decision.verdict is Verdict.PERMIT,
    "denied": lambda decision: decision.denied,
    "masked": lambda decision: decision.verdict is Verdict.MASK,
    "conditional": lambda decision: not decision.denied and decision.conditional,
}


def _failing_tests(regulation: Regulation, table: Table, coordinates: Mapping[str, Coordinate], mistakes: Mistakes) -> None:
    for test in regulation.tests:
        day = test.on or regulation.approved_on
        assert day is not None, "a regulation without a day of approval has a mistake already"
        for word, outcome in _expected(test):
            if word not in coordinates:
                continue
            access = cast(Access, test.access)
            use: Use = "search" if test.use == "search" else "read"
            decision = table.cell(test.agency, test.role, test.purpose).decide(word, access, use, case=test.case, day=day)
            if not _EXPECTED[outcome](decision):
                mistakes.add(
                    word.place, f"this test fails: `{word}` should be {outcome} on {day}, but it is {_outcome(decision)}"
                )


def _expected(test: Expectation) -> Iterator[tuple[Word, str]]:
    for outcome in _EXPECTED:
        words: tuple[Word, ...] = getattr(test, outcome)
        yield from ((word, outcome) for word in words)


def _outcome(decision: Decision) -> str:
    rules = " and ".join(f"`{rule}`" for rule in decision.rules)
    by = f" by {rules}" if rules else ""
    if decision.reason is not None:
        return f"denied, {decision.reason.value}{by}"
    how = "masked" if decision.verdict is Verdict.MASK else "permitted"
    return f"{how}{' for some rows' if decision.conditional else ''}{by}"
