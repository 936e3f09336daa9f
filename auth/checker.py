"""Says what is wrong with a set of regulations beyond how it is written: names that name nothing, rules that contradict.

Names are checked whatever else is wrong. What depends on the whole set (a purpose that nobody may use, contradictions, the
regulations' own tests) is checked once every name is right, because until then it would be said of a set that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from auth.access import Access, Use, Verdict
from auth.document import Mistake, Mistakes, Word
from auth.rules import AnyRule, Expectation, Parties, Permission, Regulation, RegulationSet
from auth.table import Circumstance, Table


def check(regulations: RegulationSet, coordinates: Mapping[str, str]) -> tuple[Mistake, ...]:
    """All mistakes of a set, those of reading it included, by file and line. `coordinates`: coordinate → holder."""
    mistakes = Mistakes(list(regulations.mistakes.found))
    _Names(regulations, coordinates, mistakes).check()
    if not mistakes.found and regulations.parties is not None and regulations.purposes is not None:
        table = Table(regulations.parties, regulations.purposes, regulations.regulations)
        _unused_purposes(regulations.purposes, regulations.regulations, mistakes)
        for regulation in regulations.regulations:
            _contradictions(regulation, table, mistakes)
            _failing_tests(regulation, table, mistakes)
    return mistakes.sorted()


class _Names:
    """Checks that every name names something. Names of parties or purposes are passed over where those could not be read."""

    def __init__(self, regulations: RegulationSet, coordinates: Mapping[str, str], mistakes: Mistakes) -> None:
        parties = regulations.parties
        self._set = regulations
        self._coordinates = coordinates
        self._mistakes = mistakes
        self._agencies: Collection[str] | None = parties.agencies if parties else None
        self._recipients: Collection[str] | None = {*parties.agencies, *parties.groups} if parties else None
        self._roles: Collection[str] | None = parties.roles if parties else None

    def check(self) -> None:
        names: dict[str, Word] = {}
        if self._set.parties is not None:
            self._groups(self._set.parties)
        for regulation in self._set.regulations:
            self._twice("regulation", regulation.name, names)
            self._regulation(regulation)

    def _groups(self, parties: Parties) -> None:
        for group in parties.groups.values():
            for agency in group.agencies:
                if agency in parties.groups:
                    self._mistakes.add(agency.place, f"`{agency}` is a group; a group holds agencies alone")
                else:
                    self._known("agency", [agency], parties.agencies)

    def _regulation(self, regulation: Regulation) -> None:
        self._known("agency", [regulation.holder], self._agencies)
        if regulation.holder and regulation.holder not in self._coordinates.values():
            self._mistakes.add(regulation.holder.place, f"`{regulation.holder}` holds no coordinate, so it has nothing to share")
        self._held(regulation.hidden, regulation.holder)
        ids: dict[str, Word] = {}
        rules: tuple[AnyRule, ...] = (*regulation.permissions, *regulation.prohibitions)
        for rule in rules:
            self._twice("rule", rule.id, ids)
            self._known("agency or group", rule.recipients, self._recipients)
            self._known("role", rule.roles, self._roles)
            self._known("purpose", rule.purposes, self._set.purposes)
            self._held(rule.items, regulation.holder)
            if isinstance(rule, Permission):
                self._held(rule.search, regulation.holder)
        for test in regulation.tests:
            self._known("agency", [test.agency], self._agencies)
            self._known("role", [test.role], self._roles)
            self._known("purpose", [test.purpose] if test.purpose else [], self._set.purposes)
            self._known("coordinate", (*test.permitted, *test.denied), self._coordinates)

    def _twice(self, kind: str, name: Word, seen: dict[str, Word]) -> None:
        if name in seen:
            first = seen[name].place
            self._mistakes.add(
                name.place, f"a second {kind} with the name `{name}`; the first stands at {first.file}:{first.line}"
            )
        elif name:
            seen[name] = name

    def _known(self, kind: str, words: Iterable[Word], known: Collection[str] | None) -> None:
        for word in words:
            if word and known is not None and word not in known:
                self._mistakes.unknown(kind, word, known)

    def _held(self, words: Iterable[Word], holder: str) -> None:
        for word in words:
            owner = self._coordinates.get(word)
            if owner is None:
                self._mistakes.unknown("coordinate", word, self._coordinates)
            elif owner != holder and holder:
                self._mistakes.add(word.place, f"`{word}` is held by `{owner}`, so `{holder}` cannot rule on it")


def _unused_purposes(purposes: Iterable[Word], regulations: Iterable[Regulation], mistakes: Mistakes) -> None:
    used = {purpose for regulation in regulations for permission in regulation.permissions for purpose in permission.purposes}
    for purpose in purposes:
        if purpose not in used:
            mistakes.add(purpose.place, f"nobody may use the purpose `{purpose}`: no permission names it")


def _contradictions(regulation: Regulation, table: Table, mistakes: Mistakes) -> None:
    for permission in regulation.permissions:
        circumstances = list(table.circumstances(permission))
        for word in (*permission.items, *permission.search):
            if rules := _banned(word, permission, circumstances, table):
                mistakes.add(
                    word.place,
                    f"`{word}` is permitted here, and prohibited by {' and '.join(f'`{rule}`' for rule in rules)}"
                    " to the same recipients for all of that time; take one of them out",
                )


def _banned(word: Word, permission: Permission, circumstances: list[Circumstance], table: Table) -> list[str]:
    """The prohibitions that leave nothing of a permission on a coordinate, or none if something is left."""
    rules: dict[str, None] = {}
    for circumstance in circumstances:
        bans = [ban for ban in table.cells[circumstance].bans.get(word, ()) if ban.valid.encloses(permission.valid)]
        if not bans:
            return []
        rules.update((str(ban.rule), None) for ban in bans)
    return sorted(rules)


def _failing_tests(regulation: Regulation, table: Table, mistakes: Mistakes) -> None:
    for test in regulation.tests:
        for word in test.permitted:
            _expect(word, Verdict.PERMIT, test, regulation, table, mistakes)
        for word in test.denied:
            _expect(word, Verdict.DENY, test, regulation, table, mistakes)


def _expect(word: Word, verdict: Verdict, test: Expectation, regulation: Regulation, table: Table, mistakes: Mistakes) -> None:
    day = test.on or regulation.approved_on
    assert day is not None, "a regulation without a day of approval has a mistake already"
    access: Access = "list" if test.access == "list" else "lookup"
    use: Use = "search" if test.use == "search" else "read"
    decision = table.cell(test.agency, test.role, test.purpose).decide(word, access, use, case=test.case, day=day)
    if decision.verdict is not verdict:
        rules = " and ".join(f"`{rule}`" for rule in decision.rules)
        by = f" by {rules}" if rules else ""
        is_so = f"permitted{by}" if decision.reason is None else f"denied, {decision.reason.value}{by}"
        expected = "permitted" if verdict is Verdict.PERMIT else "denied"
        mistakes.add(word.place, f"this test fails: `{word}` should be {expected} on {day}, but it is {is_so}")
