"""The ledger as a source, so that what was recorded is read like a register: under regulations, and recorded itself.

Its tables are made from entries and counts as they are asked for (`auth/reader.py`), and each is found by one key alone:

    access           by the resident (`subject`), or by `id`: one entry, as far as it is about one resident
    access_item      by `access_id`, `notice_id` or `holder_access_id`: what was shown
    notice           by the resident: what nobody asked consent for, so that the resident is told
    holder           by the agency
    use              by the holder: what was counted of its items, day by day
    holder_access    by the holder: entries that show some of its items
    statistic        all of it: what was counted, month by month

What a rule defers is in no table that is about residents until it may be known. What agencies, purposes and items are called is
what the regulations in force call them now.

An `id` holds all that is needed to find the row again: an entry's number and the resident's place in it, or the holder's.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from hashlib import sha256
from itertools import islice
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from auth.access import Span
from auth.authorizer import RegulationAuthorizer
from auth.entries import SUBJECT, Entry
from auth.reader import Count, Found, LedgerUnreadable, Reader
from auth.rules import Title
from resolvers.cache import Cache
from schema.catalogue import Catalogue
from sources.evaluate import Named, answer
from sources.protocol import All, Batch, Capabilities, Compare, Key, Row, Shape, SourceNonsense, SourceUnavailable

NAME = "ledger"
"""The name of the register."""
SMALL = 10
"""Statistics are in full multiples of this: fewer tell of somebody, and so does what a single one more changes."""

_PLACES = 20
"""Bits of an id for a resident's place in an entry, or for a holder."""

_MANY = 1000
"""Operations of a holder's that are looked at where nobody said how many."""
_EPOCH = dt.date(2020, 1, 1)

NOTICES = "Resident.notices"
"""Whoever was shown this was told."""

Form = Mapping[str, Any]
Granted = Mapping[str, Any]
"""One of a form's granted coordinates."""


class LedgerSource:
    """Reads the ledger. `law` gives the regulations in force and `today` the day where they are, in `zone`."""

    capabilities = Capabilities(joins=False, scan=True, json=False)

    def __init__(
        self,
        reader: Reader,
        catalogue: Catalogue,
        law: Callable[[], RegulationAuthorizer],
        today: Callable[[], dt.date],
        zone: ZoneInfo,
    ) -> None:
        self.name = NAME
        self.reader, self.law, self.today, self.zone = reader, law, today, zone
        self.holder_of = catalogue.coordinates()
        self.holders = sorted(set(self.holder_of.values()))
        self.entries: Cache[int, Entry] = Cache(500)
        """Read a moment ago: what was shown is asked for right after who looked."""

    async def fetch(self, batch: Batch) -> Sequence[Row]:
        table, key = batch.shape.table, batch.shape.key
        if key is None and table != "statistic":
            raise SourceNonsense(self.name)
        try:
            asked = _Asked(self, batch, await self.reader.forms())
            find = _FIND.get((table, key))
            if find is None:
                return []  # By other keys nothing is found.
            rows = [row for each in dict.fromkeys(batch.keys or ("",)) for row in await find(asked, each)]
        except LedgerUnreadable as error:
            raise SourceUnavailable(self.name) from error
        return answer(batch, rows)

    async def aclose(self) -> None:
        await self.reader.aclose()


class _Asked:
    """One fetch: what its batch asks of rows, and the making of them."""

    def __init__(self, source: LedgerSource, batch: Batch, forms: Mapping[int, Form]) -> None:
        self.source, self.batch, self.forms = source, batch, forms
        self.law, self.today = source.law(), source.today()

    # What the batch asks

    def bound(self, column: str, operator: str) -> Any:
        """What a column is compared with in every row; none if it is not."""
        where = self.batch.shape.where
        for each in where.conditions if isinstance(where, All) else (where,):
            if isinstance(each, Compare) and (each.operand, each.operator) == (column, operator):
                return self.batch.values[each.value.index]
        return None

    def since(self) -> int | None:
        text = self.bound("at", ">=")
        return None if text is None else int(dt.datetime.fromisoformat(text).timestamp() * 1000)

    def limit(self) -> int | None:
        """How many rows will do: as many as are asked for, where the newest come first."""
        shape = self.batch.shape
        newest = bool(shape.order) and shape.order[0].column == "number" and shape.order[0].descending
        return self.batch.values[shape.limit.index] if shape.limit is not None and newest else None

    def fits(self, row: Named) -> bool:
        """Whether a row is one of those that are asked for."""
        batch = self.batch
        return bool(answer(Batch(Shape(batch.shape.table, (), where=batch.shape.where), (), batch.values), [row]))

    # About residents

    async def access(self, subject: Key) -> list[Named]:
        return [self.access_row(each, subject) for each in await self.of_resident(subject, self.is_known)]

    def is_known(self, found: Found, subject: Key) -> bool:
        return bool(self.known(found.entry, found.granted)) and self.fits(self.access_row(found, subject))

    async def of_resident(self, subject: Key, keep: Callable[[Found, Key], bool]) -> list[Found]:
        found = await self.source.reader.of_resident(
            str(subject), before=self.bound("number", "<"), since=self.since(), limit=self.limit(),
            keep=lambda each: keep(each, subject),
        )  # fmt: skip
        for each in found:
            self.source.entries.put(each.number, each.entry)
        return found

    def known(self, entry: Entry, granted: int) -> list[Granted]:
        """What of an entry a resident may know by now."""
        day = self.day(entry)
        return [each for each in self.granted(entry, granted) if known_from(each, day) <= self.today]

    def access_row(self, found: Found, subject: Key) -> Named:
        entry = found.entry
        return self.who(entry) | {
            "id": found.number << _PLACES | found.place,
            "subject": subject,
            "number": found.number,
            "at": moment(entry.at),
            "case_number": entry.case,
            "by_citizen": entry.citizen,
        }

    async def notice(self, subject: Key) -> list[Named]:
        """What there is to be told, and when it was: whenever notices were first shown to a citizen after they could be."""
        everything = await self.source.reader.of_resident(str(subject), limit=None, keep=lambda _: True)
        told = sorted(self.day(each.entry) for each in everything if each.entry.citizen and self.tells(each))
        return [row for each in everything if (row := self.notice_row(each, subject, told)) is not None]

    def tells(self, found: Found) -> bool:
        return any(each["coordinate"] == NOTICES for each in self.granted(found.entry, found.granted))

    def notice_row(self, found: Found, subject: Key, told: Sequence[dt.date]) -> Named | None:
        day = self.day(found.entry)
        owed = [each for each in self.known(found.entry, found.granted) if notices(each)]
        if not owed:
            return None
        self.source.entries.put(found.number, found.entry)
        first = min(known_from(each, day) for each in owed)
        within = [span for each in owed for rule in notices(each) if (span := Span.of(rule["notice"]["within"] or ""))]
        told_on = next((each for each in told if each >= first), self.today)
        return self.who(found.entry) | {
            "id": found.number << _PLACES | found.place,
            "subject": subject,
            "number": found.number,
            "at": moment(found.entry.at),
            "ground": listed(rule["notice"]["ground"] for each in owed for rule in notices(each)),
            "due": min((span.after(first) for span in within), default=None),
            "told_on": told_on,
            "days": (told_on - first).days,
        }

    # Of holders

    async def holder(self, agency: Key) -> list[Named]:
        holders = self.source.holders
        return [{"agency": agency, "id": holders.index(str(agency))}] if agency in holders else []

    async def use(self, holder: Key) -> list[Named]:
        found: dict[tuple[Any, ...], list[int]] = {}
        for count in await self.source.reader.counts(since=self.bound("day", ">="), until=self.bound("day", "<=")):
            form, granted = self.forms[count.form], self.item(count)
            if granted is not None and self.source.holder_of.get(granted["coordinate"]) == holder:
                key = (count.day, form["agency"], form["purpose"], granted["coordinate"], granted["mask"])
                self.add(found, key, count)
        return [self.use_row(holder, *key, *sums) for key, sums in found.items()]

    def add(self, found: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], count: Count) -> None:
        sums = found.setdefault(key, [0, 0, 0])
        # Forms and items are numbered, so that rows are in the order of their days and each has a number of its own.
        number = (count.day - _EPOCH).days << 44 | count.form << 12 | count.item & 0xFFF
        sums[:] = max(sums[0], number), sums[1] + count.operations, sums[2] + count.residents

    def use_row(
        self, holder: Key, day: dt.date, agency: str, purpose: str, coordinate: str, mask: str | None, number: int,
        operations: int, residents: int,
    ) -> Named:  # fmt: skip
        return self.called(agency, None, purpose) | self.item_row(coordinate) | {
            "id": number, "number": number, "holder": holder, "day": day, "mask": mask, "operations": operations,
            "residents": residents,
        }  # fmt: skip

    async def holder_access(self, holder: Key) -> list[Named]:
        agency, purpose = self.bound("agency", "="), self.bound("purpose", "=")
        forms = {
            number: form
            for number, form in self.forms.items()
            if agency in (None, form["agency"]) and purpose in (None, form["purpose"]) and self.bits(form, holder)
        }
        before, since, limit = self.bound("number", "<"), self.since(), self.limit()
        rows = []
        for number, entry in await self.source.reader.newest(forms=forms, before=before, since=since, limit=limit or _MANY):
            self.source.entries.put(number, entry)
            rows.append(self.holder_row(holder, number, entry, self.bits(forms[entry.form], holder)))
        return rows

    def bits(self, form: Form, holder: Key) -> int:
        """A form's granted coordinates that are a holder's, as bits."""
        return sum(1 << k for k, each in enumerate(form["granted"]) if self.source.holder_of.get(each["coordinate"]) == holder)

    def holder_row(self, holder: Key, number: int, entry: Entry, bits: int) -> Named:
        return self.who(entry) | {
            "id": number << _PLACES | self.source.holders.index(str(holder)),
            "holder": holder,
            "number": number,
            "at": moment(entry.at),
            # A citizen's name there would tell a holder of a resident.
            "officer": None if entry.citizen else entry.officer,
            "case_number": entry.case,
            "residents": sum(len(residents) // SUBJECT for granted, residents in entry.disclosures.items() if granted & bits),
        }

    # Items

    async def access_item(self, id: Key) -> list[Named]:
        return [self.granted_row("access_id", id, each) for each in await self.of_place(id)]

    async def notice_item(self, id: Key) -> list[Named]:
        return [self.granted_row("notice_id", id, each) for each in await self.of_place(id) if notices(each)]

    async def of_place(self, id: Key) -> list[Granted]:
        """What a resident may know of an entry, the resident being told by the place in there."""
        entry = await self.entry(int(id) >> _PLACES)
        granted = next(islice(entry.subjects(), int(id) & ~(-1 << _PLACES), None), (0, b"")) if entry is not None else (0, b"")
        return self.known(entry, granted[0]) if entry is not None else []

    async def holder_item(self, id: Key) -> list[Named]:
        entry, place = await self.entry(int(id) >> _PLACES), int(id) & ~(-1 << _PLACES)
        if entry is None or place >= len(self.source.holders):
            return []
        shown = reduce(or_, entry.disclosures, 0) & self.bits(self.forms[entry.form], self.source.holders[place])
        return [self.granted_row("holder_access_id", id, each) for each in self.granted(entry, shown)]

    async def entry(self, number: int) -> Entry | None:
        return self.source.entries.get(number) or await self.source.reader.entry(number)

    def granted_row(self, column: str, id: Key, granted: Granted) -> Named:
        rules = granted["rules"]
        consents = {bool(rule.get("consent")) for rule in rules}
        ids: dict[str, Key | None] = dict.fromkeys(("access_id", "notice_id", "holder_access_id")) | {column: id}
        return self.item_row(granted["coordinate"]) | ids | {
            "id": 0,
            "mask": granted["mask"],
            "basis": listed(rule["basis"] for rule in rules),
            "rule": listed(rule["rule"] for rule in rules),
            "consent": consents.pop() if len(consents) == 1 else None,
            "ground": listed(rule["notice"]["ground"] for rule in notices(granted)) or None,
        }  # fmt: skip

    # Statistics

    async def statistic(self, _: Key) -> list[Named]:
        found: dict[tuple[Any, ...], list[int]] = {}
        for count in await self.source.reader.counts(by="month"):
            form, granted = self.forms[count.form], self.item(count)
            if granted is not None and granted["coordinate"] in self.source.holder_of:
                basis = listed(rule["basis"] for rule in granted["rules"])
                self.add(found, (count.day, form["purpose"], granted["coordinate"], granted["mask"], basis), count)
        # A row without counts would tell that there was something.
        return [self.statistic_row(*key, *sums[1:]) for key, sums in found.items() if sums[1] >= SMALL]

    def statistic_row(
        self, month: dt.date, purpose: str, coordinate: str, mask: str | None, basis: str, operations: int, residents: int
    ) -> Named:
        name = sha256(json.dumps([month.isoformat(), purpose, coordinate, mask, basis]).encode()).digest()
        return self.called(None, None, purpose) | self.item_row(coordinate) | {
            "id": int.from_bytes(name[:7]), "month": month, "mask": mask, "basis": basis, "operations": rounded(operations),
            "residents": rounded(residents),
        }  # fmt: skip

    def item(self, count: Count) -> Granted | None:
        """The granted coordinate that a count is of."""
        return self.forms[count.form]["granted"][count.item] if count.item >= 0 else None

    # Words

    def granted(self, entry: Entry, bits: int) -> list[Granted]:
        return [each for k, each in enumerate(self.forms[entry.form]["granted"]) if bits >> k & 1]

    def day(self, entry: Entry) -> dt.date:
        return dt.datetime.fromtimestamp(entry.at / 1000, self.source.zone).date()

    def who(self, entry: Entry) -> dict[str, Any]:
        form = self.forms[entry.form]
        return self.called(form["agency"], form["role"], form["purpose"])

    @cached_property
    def titles(self) -> Mapping[str, Mapping[str, Title]]:
        return {
            "agency": {str(name): each.title for name, each in self.law.parties.agencies.items()},
            "role": {str(name): title for name, title in self.law.parties.roles.items()},
            "purpose": {code: each.title for code, each in self.law.declared_purposes.items()},
        }

    def called(self, agency: str | None, role: str | None, purpose: str | None) -> dict[str, Any]:
        """Codes, and what they are called."""
        codes = {"agency": agency, "role": role, "purpose": purpose}
        return {name: said for what, code in codes.items() for name, said in named(what, code, self.titles[what].get(code or ""))}

    def item_row(self, coordinate: str) -> dict[str, Any]:
        title = self.law.titles.get(coordinate, Title(coordinate, coordinate))
        return {"coordinate": coordinate, "title_ko": title.ko, "title_en": title.en}


def named(what: str, code: str | None, title: Title | None) -> Iterator[tuple[str, str | None]]:
    """A code and its titles; what is not declared any more is called by its code."""
    yield what, code
    yield f"{what}_ko", title.ko if title else code
    yield f"{what}_en", title.en if title else code


def known_from(granted: Granted, day: dt.date) -> dt.date:
    """The day from which a resident may know of what was shown on a day: where several rules may have been the one, the last."""
    return max((deferred(rule["defer"], day) for rule in granted["rules"] if "defer" in rule), default=day)


def deferred(until: str, day: dt.date) -> dt.date:
    span = Span.of(until)
    return span.after(day) if span is not None else dt.date.fromisoformat(until) + dt.timedelta(days=1)


def notices(granted: Granted) -> list[Mapping[str, Any]]:
    """The rules by which the resident is to be told."""
    return [rule for rule in granted["rules"] if "notice" in rule]


def listed(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def moment(milliseconds: int) -> str:
    """A time as `DateTime` has it."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def rounded(count: int) -> int | None:
    return count // SMALL * SMALL or None


_FIND: Mapping[tuple[str, str | None], Callable[[_Asked, Key], Awaitable[list[Named]]]] = {
    ("access", "subject"): _Asked.access,
    ("access_item", "access_id"): _Asked.access_item,
    ("access_item", "notice_id"): _Asked.notice_item,
    ("access_item", "holder_access_id"): _Asked.holder_item,
    ("notice", "subject"): _Asked.notice,
    ("holder", "agency"): _Asked.holder,
    ("use", "holder"): _Asked.use,
    ("holder_access", "holder"): _Asked.holder_access,
    ("statistic", None): _Asked.statistic,
}
