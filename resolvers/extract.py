"""An answer as it is printed: all texts and their order, for the page (`extract_html.py`) and the PDF (`extract_pdf.py`) alike.

What is printed is taken from a bundle of evidence and nothing else. A value that was withheld, or lost with its register, is a
dash with a mark, and below it is told what the mark means; one that there is not is a dash alone, and so is what the law wants to
look like that.

A paper can be checked in two ways. Its QR code has the printed facts themselves, signed (`auth/jws.py`), behind the `#` of an
address: whoever scans it can tell with the gateway's public key that what is printed was issued, and no server learns of it. If
the facts are too many for a code that a telephone reads, there is their SHA-256 in their place. And its verification code
(`auth/codes.py`) can be typed, where nothing but paper is at hand.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import segno

from auth.jws import Seal
from auth.rules import Title
from resolvers.layouts import Column, Layout, Rows, Table

KIND = "madang extract 1"
ABSENT = "—"
NONE = "해당 없음 None"
"""What stands in place of rows if there are none."""
LONGEST = 1528
"""Characters of an address that fit into a QR code of version 28 (ISO/IEC 18004, table 7, level L): 129 modules a side, each 0.39
millimetres on 50, which a telephone reads."""
_MARKS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class PrintedTable:
    """`headings`, each in two languages; `rows` of as many texts. If `is_record`, there is one row."""

    title: Title
    headings: tuple[Title, ...]
    rows: tuple[tuple[str, ...], ...]
    is_record: bool


@dataclass(frozen=True)
class Extract:
    """A printed extract. `bases`: an article and what stands on the paper under it; `notes`: a mark and what it means."""

    title: Title
    article: str
    issuer: Title
    declares: Title
    tables: tuple[PrintedTable, ...]
    bases: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    entry: int
    issued: dt.datetime
    code: str
    address: str
    """Where the signed facts are shown; for the QR code."""
    verify: str
    """Where a code is typed."""

    @cached_property
    def qr(self) -> segno.QRCode:
        return segno.make_qr(self.address, error="l", boost_error=False)


def printed(layout: Layout, payload: Mapping[str, Any], code: str, seal: Seal, address: str, zone: dt.tzinfo) -> Extract:
    """A bundle's answer as a layout has it. `address`: the gateway's own."""
    printer = _Printer(layout, payload["response"])
    tables = tuple([printer.table(table) for table in layout.tables])
    issued = dt.datetime.fromisoformat(payload["at"]).astimezone(zone)
    verify = f"{address}/verify"
    facts = {
        "kind": KIND,
        "service": layout.service,
        "title": layout.title.ko,
        "entry": payload["entry"],
        "issued": issued.isoformat(timespec="seconds"),
        "code": code,
        "tables": [_facts(table) for table in tables],
    }
    return Extract(
        layout.title, layout.article, layout.issuer, layout.declares, tables, tuple(_bases(layout, payload["granted"])),
        tuple(printer.notes.values()), payload["entry"], issued, code, _address(verify, facts, seal), verify,
    )  # fmt: skip


def digest(facts: Mapping[str, Any]) -> str:
    """The name of printed facts that are too many for a QR code."""
    return sha256(_text(facts["tables"]).encode()).hexdigest()


def _address(verify: str, facts: Mapping[str, Any], seal: Seal) -> str:
    whole = f"{verify}#{seal.facts(_text(facts))}"
    if len(whole) <= LONGEST:
        return whole
    short = {name: value for name, value in facts.items() if name != "tables"} | {"sha256": digest(facts)}
    return f"{verify}#{seal.facts(_text(short))}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _facts(table: PrintedTable) -> list[Any]:
    """A table as the page shows it to whoever scans the code: title, headings, rows. A record has a row for each line."""
    headings = [heading.ko for heading in table.headings]
    if table.is_record:
        return [table.title.ko, [], [[heading, text] for row in table.rows for heading, text in zip(headings, row, strict=True)]]
    return [table.title.ko, headings, [list(row) for row in table.rows]]


def _bases(layout: Layout, granted: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Under which articles what is printed was granted. Of several, any may have been the one."""
    titles: dict[str, str] = {}
    for table in layout.tables:
        for column in table.columns:
            titles.setdefault(column.coordinates[-1], column.title.ko)
    found: dict[str, dict[str, None]] = {}
    for each in granted:
        if each["coordinate"] in titles:
            basis = "; ".join(dict.fromkeys(rule["basis"] for rule in each["rules"]))
            found.setdefault(basis, {})[titles[each["coordinate"]]] = None
    for basis, items in found.items():
        yield basis, ", ".join(items)


class _Printer:
    """Prints tables of one answer, and remembers what is to be said of what is missing."""

    def __init__(self, layout: Layout, response: Mapping[str, Any]) -> None:
        self._layout, self._data = layout, response["data"]
        self._missing: dict[str, str] = {}
        for error in response.get("errors", ()):
            told = error["extensions"]
            for pattern in told.get("patterns") or [told.get("pattern") or ".".join(map(str, error["path"]))]:
                self._missing.setdefault(pattern.replace("[]", ""), error["message"].replace("`", ""))
        self.notes: dict[str, tuple[str, str]] = {}
        """By what is said."""

    def table(self, table: Table) -> PrintedTable:
        called = any(rows.called for rows in table.rows)
        headings = tuple([column.title for column in table.columns])
        rows: list[tuple[str, ...]] = []
        for of in table.rows:
            before = (_both(of.called),) if of.called else ()
            records = list(_records(self._data, of.path))
            rows += [before + self._row(of, table.columns, record) for record in records]
            if not records and (mark := self._mark(of.path)):
                rows.append((*before, f"{ABSENT} {mark}", *[""] * (len(table.columns) - 1)))
        if called:
            headings = (Title("구분", "Relation"), *headings)
        return PrintedTable(table.title, headings, tuple(rows), table.is_record)

    def _row(self, rows: Rows, columns: Iterable[Column], record: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple([self._cell(rows, column, record) for column in columns])

    def _cell(self, rows: Rows, column: Column, record: Mapping[str, Any]) -> str:
        value: Any = record
        for name in column.path:
            value = value[name] if value is not None else None
        if value is None:
            return f"{ABSENT} {self._mark(rows.path + column.path)}".rstrip()
        text = str(value)
        if column.is_enumeration:
            return _both(self._layout.words[text])
        return f"{text[: column.hyphen]}-{text[column.hyphen :]}" if column.hyphen else text

    def _mark(self, path: tuple[str, ...]) -> str:
        """The mark of what was withheld or lost there or above; nothing if nothing was."""
        for end in range(len(path), 0, -1):
            said = self._missing.get(".".join(path[:end]))
            if said is not None:
                if said not in self.notes:
                    self.notes[said] = (f"{_MARKS[len(self.notes) % len(_MARKS)]})", said)
                return self.notes[said][0]
        return ""


def _records(data: Any, path: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """The records at a path, in order; lists on the way are gone through."""
    if isinstance(data, list):
        for each in data:
            yield from _records(each, path)
    elif data is not None and path:
        yield from _records(data[path[0]], path[1:])
    elif data is not None:
        yield data


def _both(title: Title | None) -> str:
    return f"{title.ko} {title.en}" if title else ""
