"""Says what is wrong with a set of regulations beyond how it is written: names that name nothing, conditions and masks that fit
no value, versions out of order; and then whatever `auth/lint.py` finds of the rules together.

Names are checked whatever else is wrong. What depends on the whole set is checked once every name is right, because until then it
would be said of a set that nobody wrote. Versions that are superseded today are history: that they name a coordinate which does
not exist any more is no mistake, and neither is how their rules agree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import pairwise, product

from auth.access import Since
from auth.constraints import MASKABLE, value
from auth.document import Mistake, Mistakes, Word
from auth.lint import lint
from auth.rules import Condition, Coordinate, Kind, Parties, Permission, Prohibition, Regulation, RegulationSet

_RULES = 2000
_CIRCUMSTANCES = 1_000_000
_VALUES: Mapping[Kind, str] = {"int": "whole numbers", "date": "days like 2026-03-02", "bool": "`true` or `false`"}


def check(regulations: RegulationSet, coordinates: Mapping[str, Coordinate], today: date) -> tuple[Mistake, ...]:
    """All mistakes of a set as of a day and from then on, those of reading it included, by file and line."""
    mistakes = Mistakes(list(regulations.mistakes.found))
    _Names(regulations, coordinates, today, mistakes).check()
    _versions(regulations.regulations, mistakes)
    if not mistakes.found:
        lint(regulations, coordinates, today, mistakes)
    return mistakes.sorted()


class _Names:
    """Checks that every name names something. Names of parties or purposes are passed over where those could not be read."""

    def __init__(
        self, regulations: RegulationSet, coordinates: Mapping[str, Coordinate], today: date, mistakes: Mistakes
    ) -> None:
        parties = regulations.parties
        self._set = regulations
        self._coordinates = coordinates
        self._holders = {coordinate.holder for coordinate in coordinates.values()}
        self._today = today
        self._mistakes = mistakes
        self._agencies: Collection[str] | None = parties.agencies if parties else None
        self._recipients: Collection[str] | None = {*parties.agencies, *parties.groups} if parties else None
        self._roles: Collection[str] | None = parties.roles if parties else None
        self._past = False

    def check(self) -> None:
        if self._set.parties is not None:
            self._groups(self._set.parties)
        found = {f"{name.partition('.')[0]}.__typename" for name in self._coordinates}
        self._known("coordinate", self._set.items, self._coordinates.keys() | found)
        for regulation in self._set.regulations:
            last = self._set.in_force(regulation).last if regulation.approved_on else None
            self._past = last is not None and last < self._today
            self._regulation(regulation)

    def _groups(self, parties: Parties) -> None:
        for group in parties.groups.values():
            for agency in group.agencies:
                if agency in parties.groups:
                    self._mistakes.add(agency.place, f"`{agency}` is a group; a group holds agencies alone")
                else:
                    self._known("agency", [agency], parties.agencies)
        count = len(parties.agencies) * len(parties.roles) * (len(self._set.purposes or ()) + 1)
        if count > _CIRCUMSTANCES:
            place = next(iter(parties.agencies)).place
            self._mistakes.add(place, f"agencies, roles and purposes make {count} circumstances, more than {_CIRCUMSTANCES}")

    def _regulation(self, regulation: Regulation) -> None:
        self._known("agency", [regulation.holder], self._agencies)
        if regulation.holder and regulation.holder not in self._holders and not self._past:
            self._mistakes.add(regulation.holder.place, f"`{regulation.holder}` holds no coordinate, so it has nothing to share")
        self._held(regulation.hidden, regulation.holder)
        if len(regulation.rules) > _RULES:
            self._mistakes.add(regulation.name.place, f"a regulation has at most {_RULES} rules, not {len(regulation.rules)}")
        ids: dict[str, Word] = {}
        for rule in regulation.rules:
            self._twice(rule.id, ids)
            self._parties(rule.recipients, rule.roles, rule.purposes)
            self._held(rule.items, regulation.holder)
            if isinstance(rule, Permission):
                self._permission(rule, regulation)
            else:
                self._prohibition(rule)
        for test in regulation.tests:
            self._known("agency", [test.agency], self._agencies)
            self._parties((), (test.role,), (test.purpose,) if test.purpose else ())
            for words in (test.permitted, test.denied, test.masked, test.conditional):
                self._coordinate(words)

    def _permission(self, permission: Permission, regulation: Regulation) -> None:
        self._held(permission.search, regulation.holder)
        self._deferral(permission, regulation.approved_on)
        self._reports(permission)
        self._conditions(permission.rows)
        self._reachable(permission.rows, (*permission.items, *permission.search))
        if permission.consent is not None and permission.consent.required:
            self._personal((*permission.items, *permission.search))
        for word, mask in permission.masks.items():
            column = self._coordinates.get(word)
            if word not in permission.items:
                self._mistakes.add(word.place, f"`{word}` is not among the `items` here, so there is nothing to mask")
            elif column is not None and MASKABLE[mask.kind] != column.kind:
                fitting = [f"`{kind}`" for kind, kinds in MASKABLE.items() if kinds == column.kind]
                instead = f"; what fits is {', '.join(fitting)}" if fitting else ", and neither can any other mask"
                self._mistakes.add(word.place, f"the mask `{mask.kind}` cannot be made of `{word}`{instead}")
        if permission.items:
            return
        if permission.duties is not None:
            self._mistakes.add(permission.id.place, "`duties` mean nothing where nothing is read; this permission has no `items`")
        if permission.consent is not None and not permission.consent.required:
            self._mistakes.add(
                permission.id.place,
                "an exemption from consent means nothing where nothing is read; this permission has no `items`",
            )

    def _reports(self, permission: Permission) -> None:
        """What is reported is no record, so all that can be asked is who reports, of whom and where, and for which case."""
        reports = "report" in permission.access
        for word in (*permission.items, *permission.search):
            column = self._coordinates.get(word)
            if column is not None and (column.kind == "report") != reports:
                why = "no report, so it is not reported" if reports else "a report, so its `access` is `report`"
                self._mistakes.add(word.place, f"`{word}` is {why}")
        if not reports:
            return
        if len(permission.access) > 1:
            self._mistakes.add(
                permission.id.place, "`report` stands alone in `access`; take the others into a permission of their own"
            )
        for key, given in (("search", permission.search), ("rows", permission.rows), ("mask", permission.masks)):
            if given:
                self._mistakes.add(permission.id.place, f"`{key}` means nothing where something is reported; leave it out")
        if permission.consent is not None:
            self._mistakes.add(permission.id.place, "`consent` means nothing where something is reported; leave it out")

    def _deferral(self, permission: Permission, approved_on: date | None) -> None:
        first = max((day for day in (approved_on, permission.valid.first) if day), default=date.min)
        until = permission.duties.defer if permission.duties else None
        if isinstance(until, date) and until < first:
            self._mistakes.add(
                permission.id.place, f"`defer` until {until} defers nothing: nothing is read under this permission before {first}"
            )

    def _prohibition(self, prohibition: Prohibition) -> None:
        self._conditions(prohibition.when)
        self._reachable(prohibition.when, prohibition.items)
        types = dict.fromkeys(condition.column.partition(".")[0] for condition in prohibition.when)
        if len(types) > 1:
            named = " and ".join(f"`{name}`" for name in types)
            self._mistakes.add(
                prohibition.when[0].column.place, f"`when` names columns of {named}; it can be about one record only"
            )
        for exempt in prohibition.exempt:
            self._parties(exempt.recipients, exempt.roles, exempt.purposes)

    def _conditions(self, conditions: Iterable[Condition]) -> None:
        for condition in conditions:
            self._coordinate([condition.column])
            column = self._coordinates.get(condition.column)
            if column is not None:
                self._condition(condition, column)

    def _reachable(self, conditions: Iterable[Condition], words: Iterable[Word]) -> None:
        """A condition is checked for the row itself, or for a record that there is one way to from the row's subject."""
        for condition, word in product(conditions, words):
            reaches = self._coordinates[word].reaches if word in self._coordinates else None
            record = condition.column.partition(".")[0]
            if reaches is not None and condition.column in self._coordinates and record not in reaches:
                self._mistakes.add(
                    condition.column.place,
                    f"`{condition.column}` cannot be checked for `{word}`: not one way leads from a row's subject to `{record}`",
                )

    def _personal(self, words: Iterable[Word]) -> None:
        for word in words:
            if word in self._coordinates and not self._coordinates[word].personal:
                self._mistakes.add(word.place, f"`{word}` is about a household, and only a resident can consent")

    def _condition(self, condition: Condition, column: Coordinate) -> None:
        named, place, values = f"`{condition.column}`", condition.column.place, condition.values
        if column.derived_from is not None:
            self._mistakes.add(
                place, f"{named} is computed, so no row can be told by it; name what it is computed from, `{column.derived_from}`"
            )
        elif column.kind in ("id", "link", "count", "report"):
            self._mistakes.add(place, f"{named} is no column, so no row can be told by it")
        elif isinstance(values, Since):
            if column.kind not in ("date", "int"):
                self._mistakes.add(place, f"{named} holds no days or years, so it is never recent")
        elif values == "jurisdiction":
            if column.kind != "text":
                self._mistakes.add(place, f"{named} holds no districts, so it is in no jurisdiction")
        else:
            holds = _VALUES.get(column.kind) or ", ".join(f"`{name}`" for name in column.names)
            for word in values:
                if value(word, column) is None:
                    self._mistakes.add(word.place, f"{named} never is `{word}`; it holds {holds}")

    def _twice(self, id: Word, seen: dict[str, Word]) -> None:
        if id in seen:
            first = seen[id].place
            self._mistakes.add(id.place, f"a second rule with the name `{id}`; the first stands at {first.file}:{first.line}")
        elif id:
            seen[id] = id

    def _parties(self, recipients: Iterable[Word], roles: Iterable[Word], purposes: Iterable[Word]) -> None:
        self._known("agency or group", recipients, self._recipients)
        self._known("role", roles, self._roles)
        self._known("purpose", purposes, self._set.purposes)

    def _known(self, kind: str, words: Iterable[Word], known: Collection[str] | None) -> None:
        for word in words:
            if word and known is not None and word not in known:
                self._mistakes.unknown(kind, word, known)

    def _coordinate(self, words: Iterable[Word]) -> None:
        if not self._past:
            self._known("coordinate", words, self._coordinates)

    def _held(self, words: Iterable[Word], holder: str) -> None:
        for word in words:
            column = self._coordinates.get(word)
            if column is None:
                self._coordinate([word])
            elif column.holder != holder and holder:
                self._mistakes.add(word.place, f"`{word}` is held by `{column.holder}`, so `{holder}` cannot rule on it")


def _versions(regulations: Iterable[Regulation], mistakes: Mistakes) -> None:
    """Versions of one regulation are one holder's, and are approved one after the other."""
    by_name: dict[str, list[Regulation]] = {}
    for regulation in regulations:
        if regulation.name and regulation.version and regulation.approved_on:
            by_name.setdefault(regulation.name, []).append(regulation)
    for versions in by_name.values():
        versions.sort(key=lambda each: (each.version, each.name.place))
        for before, after in pairwise(versions):
            _follows(before, after, mistakes)
        latest = versions[-1]
        if latest.superseded:
            mistakes.add(
                latest.name.place,
                f"no version supersedes version {latest.version} of `{latest.name}`; move this file one folder up",
            )


def _follows(before: Regulation, after: Regulation, mistakes: Mistakes) -> None:
    name, first = after.name, before.name.place
    assert before.approved_on, "only versions with a day of approval are compared"
    assert after.approved_on, "only versions with a day of approval are compared"
    if before.version == after.version:
        mistakes.add(
            name.place,
            f"a second version {after.version} of the regulation `{name}`; the first stands at {first.file}:{first.line}",
        )
    elif after.approved_on <= before.approved_on:
        mistakes.add(
            name.place,
            f"version {after.version} of `{name}` is approved on {after.approved_on}, and version {before.version} on"
            f" {before.approved_on}; a version is approved later than the one before it",
        )
    if before.holder != after.holder:
        mistakes.add(
            after.holder.place, f"the holder of `{name}` was `{before.holder}` before; another holder needs another name"
        )
