"""What the regulations are told of the graph: each coordinate's holder, and what its values are."""

from __future__ import annotations

from typing import Any

from auth.rules import Coordinate, Kind
from schema.catalogue import Catalogue, ColumnField, DerivedField, Field, IdField, LinkField, RecordType, column_type
from schema.declare import Arg

_KINDS: dict[str, Kind] = {"int": "int", "str": "text", "bool": "bool", "date": "date"}


def coordinates(catalogue: Catalogue) -> dict[str, Coordinate]:
    """Every coordinate that a regulation can share; a connection's count is the only one that is no record's field."""
    found = {coordinate: Coordinate(holder, "count") for coordinate, holder in catalogue.coordinates().items()}
    for record in catalogue.records.values():
        found.update((item.coordinate, _coordinate(record, item)) for item in record.fields.values())
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
