"""What the regulations are told of the graph: each coordinate's holder, and what its values are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from auth.rules import Coordinate, Kind
from resolvers.relations import related, tellers
from schema.catalogue import Catalogue, ColumnField, DerivedField, Field, IdField, LinkField, RecordType, column_type
from schema.declare import Arg

_KINDS: dict[str, Kind] = {"int": "int", "str": "text", "bool": "bool", "date": "date"}


def coordinates(catalogue: Catalogue) -> dict[str, Coordinate]:
    """Every coordinate that a regulation can share; a connection's count and reports are no record's fields."""
    reaches = related(catalogue)
    reported = {coordinate: report.holder for report in catalogue.reports.values() for coordinate in report.coordinates()}
    found = {name: Coordinate(holder, "report") for name, holder in reported.items()}
    for name, holder in catalogue.coordinates().items():
        if name in reported:
            continue
        counted = catalogue.records.get(name.partition(".")[0].removesuffix("Connection"))
        assert counted is not None, "what is no record's field and no report counts records"
        found[name] = Coordinate(holder, "count", reaches=reaches[counted.name])
    for record in catalogue.records.values():
        personal = all(t.subject is not None and t.subject.self is not None for t in tellers(catalogue, record))
        for item in record.fields.values():
            also = frozenset({item.target}) if isinstance(item, LinkField) else frozenset()
            said = _coordinate(record, item)
            found[item.coordinate] = replace(
                said, reaches=reaches[record.name] | also, personal=personal, fed=catalogue.is_fed(record)
            )
    return found


def _coordinate(record: RecordType, item: Field) -> Coordinate:
    match item:
        case IdField():
            return Coordinate(item.holder, "id")
        case LinkField():
            return Coordinate(item.holder, "link", target=item.target)
        case DerivedField():
            kind, names = _kind(item.annotation)
            probe = any(isinstance(each, Arg) for each in item.expression.args)
            return Coordinate(item.holder, kind, names, derived_from=_input(record, item), probe=probe)
        case _:
            return Coordinate(item.holder, *_kind(item.annotation))


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    found = column_type(annotation)
    return ("names", found) if isinstance(found, tuple) else (_KINDS[found.__name__], ())


def _input(record: RecordType, item: DerivedField) -> str:
    """The coordinate of the column that a field is computed from. A column that is no field has a name that nobody is granted."""
    column = item.expression.column
    fields = (each for each in record.fields.values() if isinstance(each, ColumnField))
    return next((each.coordinate for each in fields if each.column == column), f"{record.name}.{column}")
