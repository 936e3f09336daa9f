"""How the answers of some services are printed: `extract.yaml` in a service's folder, and its mistakes, each with its place.

    issuer: {ko: 행정정보공동이용센터, en: Information Sharing Centre}
    declares: {ko: 주민등록표의 기재사항과 다름없음을 증명합니다., en: This is what the register says.}
    tables:
      - title: {ko: 신청인, en: Applicant}
        record: me                      # one record: a line for each column
        columns: [name, rrn]
      - title: {ko: 가족, en: Family}
        rows:                           # a row for each record of a list; what it is called there, if it is called something
          - {of: me.parents, as: {ko: 부모, en: Parent}}
        columns: [name, birthDate]
    titles: {rrn: {ko: 주민번호, en: Number}}
    hyphens: {rrn: 6}                   # after how many characters a number is parted
    words: {FEMALE: {ko: 여, en: Female}}

Columns are called what `titles` says, or else what the regulations call their coordinates (`items.yaml`). They are the document's
own: a layout reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import get_args

from graphql import FieldNode, OperationDefinitionNode, SelectionSetNode, parse

from auth.authorizer import RegulationAuthorizer
from auth.document import Mistakes, Node, Word, read_document
from auth.regulations import languages
from auth.rules import Title
from resolvers.services import BrokenServices, Service
from schema.catalogue import Catalogue, ColumnField, Field, LinkField, LookupRoot, RecordType

FILE = "extract.yaml"


@dataclass(frozen=True)
class Rows:
    """Records that are printed: response names from the root, the links' coordinates on the way, and what they are called."""

    path: tuple[str, ...]
    links: tuple[str, ...]
    called: Title | None


@dataclass(frozen=True)
class Column:
    """What is printed of each record: response names from there, the coordinates on the way, and its title."""

    path: tuple[str, ...]
    coordinates: tuple[str, ...]
    title: Title
    hyphen: int | None
    is_enumeration: bool


@dataclass(frozen=True)
class Table:
    """`is_record`: it is about one record, and has a line for each column."""

    title: Title
    rows: tuple[Rows, ...]
    columns: tuple[Column, ...]
    is_record: bool


@dataclass(frozen=True)
class Layout:
    """How a service's answer is printed."""

    service: str
    title: Title
    article: str
    issuer: Title
    declares: Title
    tables: tuple[Table, ...]
    words: Mapping[str, Title]
    """What values of enumerations are called."""


def load_layouts(
    directory: Path, services: Iterable[Service], catalogue: Catalogue, law: RegulationAuthorizer
) -> Mapping[str, Layout]:
    """The layouts of those services that have one, by the services' codes; raises `BrokenServices` with every mistake."""
    mistakes = Mistakes()
    layouts = {}
    for service in services:
        if (path := directory / service.code / FILE).exists():
            document = read_document(path, mistakes)
            if document is not None:
                layouts[service.code] = _Reader(service, catalogue, law.titles, mistakes).layout(document)
    if mistakes.found:
        raise BrokenServices(mistakes.sorted())
    return layouts


class _Reader:
    def __init__(self, service: Service, catalogue: Catalogue, titles: Mapping[str, Title], mistakes: Mistakes) -> None:
        self._service, self._catalogue, self._titles, self._mistakes = service, catalogue, titles, mistakes
        self._asked = frozenset(_paths(service.document))
        self._hyphens: Mapping[str, int] = {}
        self._words: Mapping[str, Title] = {}
        self._called: Mapping[str, Title] = {}

    def layout(self, document: Node) -> Layout:
        found = document.fields("an extract", ("issuer", "declares", "tables"), ("titles", "hyphens", "words"))
        if "hyphens" in found:
            self._hyphens = {str(name): node.number(f"`{name}`") for name, node in found["hyphens"].entries("`hyphens`").items()}
        self._words, self._called = _titles(found, "words"), _titles(found, "titles")
        tables = found["tables"].items("`tables`") if "tables" in found else []
        return Layout(
            self._service.code,
            self._service.title,
            self._service.article,
            self._title(found, "issuer"),
            self._title(found, "declares"),
            tuple([self._table(node) for node in tables]),
            self._words,
        )

    def _title(self, found: Mapping[str, Node], key: str) -> Title:
        return languages(found[key], f"`{key}`") if key in found else Title("", "")

    def _table(self, node: Node) -> Table:
        found = node.fields("a table", ("title", "columns"), ("record", "rows"))
        if ("record" in found) == ("rows" in found):
            node.wrong("a table needs one of `record` and `rows`")
            return Table(Title("", ""), (), (), False)
        of = (
            [(found["record"].text("`record`"), None)]
            if "record" in found
            else list(map(self._of, found["rows"].items("`rows`")))
        )
        kinds: dict[str, RecordType] = {}
        rows = []
        for path, called in of:
            walked = self._walk(path)
            if walked is not None:
                record, links = walked
                kinds[record.name] = record
                rows.append(Rows(tuple(path.split(".")), tuple(link.coordinate for link in links), called))
        if len(kinds) > 1:
            node.wrong(f"the rows of a table are of one type, not of {' and '.join(f'`{name}`' for name in kinds)}")
        columns = found["columns"].words("`columns`") if "columns" in found else ()
        made = [self._column(word, kind, rows) for word in columns for kind in kinds.values()]
        return Table(self._title(found, "title"), tuple(rows), tuple(each for each in made if each), "record" in found)

    def _of(self, node: Node) -> tuple[Word, Title | None]:
        found = node.fields("a row", ("of",), ("as",))
        of = found["of"].text("`of`") if "of" in found else Word("", node.place)
        return of, languages(found["as"], "`as`") if "as" in found else None

    def _walk(self, path: Word) -> tuple[RecordType, list[Field]] | None:
        """The record type at a path of the document, and the links that lead there."""
        first, *rest = path.split(".")
        root = self._catalogue.roots.get(first)
        if not isinstance(root, LookupRoot) or tuple(path.split(".")) not in self._asked:
            self._mistakes.add(path.place, f"the document asks nothing under `{path}`")
            return None
        record, links = root.record, []
        for name in rest:
            link = record.fields[name]
            if not isinstance(link, LinkField):
                self._mistakes.add(path.place, f"`{path}` is no record")
                return None
            links.append(link)
            record = self._catalogue.records[link.target]
        return record, list(links)

    def _column(self, word: Word, record: RecordType, rows: Iterable[Rows]) -> Column | None:
        path = tuple(word.split("."))
        missing = next((each for each in rows if each.path + path not in self._asked), None)
        if missing is not None:
            self._mistakes.add(word.place, f"the document does not ask for `{'.'.join(missing.path)}.{word}`")
            return None
        coordinates = []
        for name in path:
            field = record.fields[name]
            coordinates.append(field.coordinate)
            if isinstance(field, LinkField):
                record = self._catalogue.records[field.target]
        values = _values(field)
        for value in values:
            if value not in self._words:
                self._mistakes.add(word.place, f"`words` does not say what `{value}` is called, which `{word}` may be")
        title = self._called.get(word) or self._titles.get(field.coordinate) or Title(field.name, field.name)
        return Column(path, tuple(coordinates), title, self._hyphens.get(field.name), bool(values))


def _titles(found: Mapping[str, Node], key: str) -> Mapping[str, Title]:
    entries = found[key].entries(f"`{key}`") if key in found else {}
    return {str(name): languages(node, f"`{name}`") for name, node in entries.items()}


def _values(field: Field) -> list[str]:
    """The values of an enumeration; none of another type."""
    kinds = get_args(field.annotation) if isinstance(field, ColumnField) else ()
    return [member.name for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum) for member in kind]


def _paths(document: str) -> Iterator[tuple[str, ...]]:
    """The paths of a document's fields, in response names that are the fields' own; fragments and aliases are not gone into."""
    waiting: list[tuple[tuple[str, ...], SelectionSetNode]] = [
        ((), each.selection_set) for each in parse(document).definitions if isinstance(each, OperationDefinitionNode)
    ]
    while waiting:
        above, selections = waiting.pop()
        for node in selections.selections:
            if isinstance(node, FieldNode) and node.alias is None:
                path = (*above, node.name.value)
                yield path
                if node.selection_set is not None:
                    waiting.append((path, node.selection_set))
