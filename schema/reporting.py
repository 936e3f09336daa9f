"""Reports as the catalogue has them, and the types that all of them share.

A report is answered with what became of it, a union: `Reported`, in a type of the report's own with what the registers tell, or
`NotReported`, with what is wrong with it, each mistake with the path of an input field, so that a form can show it there.
"""

from __future__ import annotations

import datetime as dt
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

import strawberry

from schema.declare import Report, attribute_docs
from schema.naming import camel, strip_none
from schema.scalars import BigInt, DateTime
from schema.sharing import described


@strawberry.enum(description="What became of a report.")
class ReportState(Enum):
    IN_PROGRESS = strawberry.enum_value("IN_PROGRESS", description="It will come to be in all of its registers, or in none.")
    DONE = strawberry.enum_value("DONE", description="All of its registers have it.")
    UNDONE = strawberry.enum_value("UNDONE", description="None of its registers has it: report again, with the same key.")


@strawberry.interface(description="A report that was accepted.")
class Reported:
    receipt: strawberry.ID = strawberry.field(description="By which its reporter asks what became of it.")
    state: ReportState = strawberry.field(description="What has become of it by now.")
    entry: BigInt | None = strawberry.field(description="The number of the entry of the ledger that tells of it.")


@strawberry.type(description="What is wrong with one field of a report.")
class FieldError:
    path: list[str] = strawberry.field(description="Names and places in lists that lead to it, from the input on.")
    code: str = strawberry.field(description="What is wrong; it stays the same whatever the words.")
    message: str = strawberry.field(description="The same in words, for people.")


@strawberry.type(description="A report that was not accepted; nothing has changed by it.")
class NotReported:
    errors: list[FieldError] = strawberry.field(description="All that is wrong with it.")


Receipt = Annotated[strawberry.ID, strawberry.argument(description="As you were given it.")]


@described
class ReportQuery:
    """The root field that joins `Query` where a register takes reports."""

    def report(self, receipt: Receipt) -> ReportState | None:
        """What became of a report of yours; null if you made none with this receipt."""
        raise AssertionError("answered by `resolvers/reports.py`")


@dataclass(frozen=True)
class InputField:
    """One field of an input. `kind`: a scalar, an enumeration, an `Input` or a record that is named."""

    attribute: str
    name: str
    description: str
    kind: Any
    many: bool
    optional: bool


@dataclass(frozen=True)
class Input:
    """An input object. `names`: it names a record of the type of this name, by exactly one of its fields."""

    cls: type
    description: str
    fields: tuple[InputField, ...]
    names: str | None = None


@dataclass(frozen=True)
class Told:
    """Something that the registers tell whoever reports: null where it is not shared with them."""

    attribute: str
    name: str
    coordinate: str
    description: str
    annotation: Any


@dataclass(frozen=True)
class ReportRoot:
    """A report, resolved."""

    declared: Report
    input: Input
    tells: Mapping[str, Told]
    """By GraphQL name."""

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def coordinate(self) -> str:
        return f"Mutation.{self.name}"

    @property
    def holder(self) -> str:
        return self.declared.register.holder

    @property
    def reported(self) -> str:
        """The type of the answer where it was accepted."""
        return f"{upper(self.name)}Reported"

    def coordinates(self) -> Iterator[str]:
        yield self.coordinate
        yield from (each.coordinate for each in self.tells.values())


def upper(name: str) -> str:
    return name[0].upper() + name[1:]


def resolve(declared: Report) -> ReportRoot:
    """A report with its input."""
    tells = {}
    if declared.tells is not None:
        docs = attribute_docs(declared.tells)
        for attribute, annotation in typing.get_type_hints(declared.tells).items():
            name = camel(attribute)
            coordinate = f"{upper(declared.name)}Reported.{name}"
            tells[name] = Told(attribute, name, coordinate, docs.get(attribute, ""), annotation)
    return ReportRoot(declared, _input(declared.input), tells)


def _input(cls: type) -> Input:
    docs, fields = attribute_docs(cls), []
    for attribute, annotation in typing.get_type_hints(cls).items():
        inner = strip_none(annotation)
        many = typing.get_origin(inner) is list
        kind = typing.get_args(inner)[0] if many else inner
        known = kind in _SCALARS or issubclass(kind, Enum)
        optional = types.NoneType in typing.get_args(annotation)
        found = kind if known else _input(kind)
        fields.append(InputField(attribute, camel(attribute), docs.get(attribute, ""), found, many, optional))
    target: type | None = getattr(cls, "__names__", None)
    return Input(cls, inspect.getdoc(cls) or "", tuple(fields), target.__name__ if target is not None else None)


_SCALARS = (str, int, bool, dt.date, BigInt, DateTime)
