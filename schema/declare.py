"""How a register's file says what there is to ask.

A register's file declares record types as plain annotated classes: every attribute is a column, a link or a derived field, and
the string under it becomes its description in the graph. `schema/nts.py` reads as an example. Nothing here says where a
register lives or who may see it.

    @record(NTS, table="tax_certificate")
    class TaxCertificate:
        '''A year's certified income and tax of one resident.'''

        year: int | None = column()
        '''Tax year.'''

    @extends(Resident, NTS)
    class TaxOfResident:
        tax_certificates: list[TaxCertificate] | None = link("rrn", "rrn", order="-year")
        '''Certificates of all years, newest first.'''

A field's coordinate belongs to the holder of the register whose file declares it: `Resident.taxCertificates` is the tax
service's to share, though `Resident` is not its record.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Register:
    """A ministry's system of record: the source's name in the settings, and the holder that keeps it."""

    name: str
    holder: str
    title: str


@dataclass(frozen=True)
class Subject:
    """The columns by which a record's row tells whom it is about. A record without them is about the one it is linked from."""

    self: str | None = None
    """The resident's number, compared with the caller's. A record without it, a household, is its members' own."""
    household: str | None = None
    """The household's key."""
    jurisdiction: str | None = None
    """The five-digit code of the district."""


@dataclass(frozen=True)
class Arg:
    """A field argument as an input of a derived field."""

    name: str


@dataclass(frozen=True)
class Today:
    """The day of the request in the nation's time zone, as an input of a derived field."""


@dataclass(frozen=True)
class Expression:
    """A function that every source knows (`sources.protocol.Call`), over one column."""

    function: str
    column: str
    args: tuple[Arg | Today | int, ...] = ()


@dataclass(frozen=True)
class Hop:
    """A table that turns one key into another: rows where `key` is the key give `value`. It may live in another register."""

    source: str
    table: str
    key: str
    value: str
    where: tuple[tuple[str, str | bool], ...] = ()
    """Columns that must equal a constant of the schema."""
    unique: bool = False
    """No value stands in two rows, so that the table can be joined from the value's side."""


@dataclass(frozen=True)
class Caller:
    """An attribute of the caller (from the signed token) as a key."""

    attribute: str


@dataclass(frozen=True)
class Lookup:
    """A root field that finds one record: by exactly one of its arguments, or by an attribute of the caller.

    A key is the name of one of the record's fields: the argument has that name, and the search touches that coordinate.
    With `Caller("rrn")` there is no argument, the field `rrn` is compared, and the search touches the record's id.
    """

    name: str
    record: type
    keys: tuple[str | Caller, ...]
    description: str


@dataclass(frozen=True)
class Listing:
    """A root field that lists records as a Relay connection, with the filter input whose fields are declared by `compares`."""

    name: str
    record: type
    filter: type
    description: str


@dataclass(frozen=True)
class Feed:
    """A root field that tells what has happened: a list in the order of a number, and a subscription that goes on from there.

    One register's file may declare one. `number` and `kind` name fields of the record: the field's arguments `after` and `kinds`
    ask by them. Its rows are in the gateway's own database, one for each whom an event was told (`auth/feed.py`), and whoever
    asks is shown the caller's own.
    """

    name: str
    record: type
    number: str
    kind: str
    description: str


@dataclass(frozen=True)
class CaseRegister:
    """The record that tells whether a case is real, and its columns. One register's file may export one, as `CASES`.

    A case is open from the day in `opened` until the day before the one in `closed`, which is null until then. `service` is the
    code of the purpose that it is for, `resident` the number of whom it is about.
    """

    record: type
    number: str
    agency: str
    service: str
    resident: str
    opened: str
    closed: str


@dataclass(frozen=True)
class Guardianship:
    """Who is in whose care. One register's file may export one, as `GUARDIANSHIP`.

    `through` leads from a guardian's number to the numbers of the children in that guardian's care. They are records of `child`,
    whose column `birth_date` tells whether they are still minors: they are below `majority` years of age.
    """

    through: Hop
    child: type
    birth_date: str
    majority: int


@dataclass(frozen=True)
class Report:
    """A mutation: what is reported to registers, which change by it. A file that has some exports them, as `REPORTS`.

    It belongs to the holder of `register`. `takes` are the registers that take it, each with the function of its database, in
    the order in which these run; if they are several, all of them keep it or none does. `input` is a class of annotated
    attributes, like the classes that these name, and residents are named in it by classes that `names` decorates.
    """

    name: str
    register: Register
    input: type
    takes: tuple[tuple[str, str], ...]
    description: str
    tells: type | None = None
    """What the functions tell whoever reports: a class of annotated attributes, each a coordinate of its own."""
    district: tuple[str, ...] = ()
    """Paths of attributes (`to.district_code`) that hold the code of the district that it is about, or name a resident of it; any
    of them is enough."""
    consents: bool = False
    """It is a consent: `agency`, `purpose` and `items` of the input are held against what the regulations share under one."""


@dataclass(frozen=True)
class ColumnSpec:
    name: str | None = None
    sortable: bool = False


@dataclass(frozen=True)
class LinkSpec:
    start: str
    end: str
    through: tuple[Hop, ...] = ()
    order: str | None = None
    filter: type | None = None
    paged: bool = False


@dataclass(frozen=True)
class DerivedSpec:
    expression: Expression


@dataclass(frozen=True)
class IdSpec:
    column: str


@dataclass(frozen=True)
class FilterSpec:
    operand: str
    operator: str


@dataclass
class Declared:
    """What a decorated class says, before the catalogue resolves it."""

    register: Register
    cls: type
    table: str = ""
    key: str = ""
    subject: Subject | None = None
    node: bool = False
    extends: type | None = None
    descriptions: dict[str, str] = field(default_factory=dict)


def record(
    register: Register, *, table: str, key: str = "id", subject: Subject | None = None, node: bool = False
) -> Callable[[T], T]:
    """Declare a record type: rows of `table`, told apart by the column `key`; `node` gives it a global id."""

    def decorate(cls: T) -> T:
        _attach(cls, Declared(register, cls, table=table, key=key, subject=subject, node=node))
        return cls

    return decorate


def extends(target: type, register: Register) -> Callable[[T], T]:
    """Declare links that this register adds to another register's record type."""

    def decorate(cls: T) -> T:
        _attach(cls, Declared(register, cls, extends=target))
        return cls

    return decorate


def names(target: type) -> Callable[[T], T]:
    """Declare an input class that names a record by exactly one of its attributes: its id, or a column of the same name."""

    def decorate(cls: T) -> T:
        cls.__names__ = target  # type: ignore[attr-defined]
        return cls

    return decorate


def column(name: str | None = None, *, sortable: bool = False) -> Any:
    """A column, by default of the attribute's own name; `sortable` columns are never null and may order a list."""
    return ColumnSpec(name, sortable)


def identifier(column: str) -> Any:
    """The pairwise global id, made from an internal key column that is never shown."""
    return IdSpec(column)


def link(
    start: str, end: str, *, through: tuple[Hop, ...] = (), order: str | None = None, filter: type | None = None,
    paged: bool = False,
) -> Any:  # fmt: skip
    """The join to another record: this row's column `start`, the hops between, the other's column `end`.

    A list is ordered by `order` (a column, `-column` for descending) and then by the record's key. The fields that the class
    `filter` declares by `compares` are arguments of the list: each that is given is a search by the coordinate it compares.

    A list that is `paged` takes `first`, a page's size with the bound and the default of a listing's, in place of `limit` and
    `orderBy`. Its declared order is part of what the link says, so it holds whether or not that column may be read.
    """
    return LinkSpec(start, end, through, order, filter, paged)


def derived(expression: Expression) -> Callable[[F], F]:
    """A field computed from a column; the decorated method's parameters are the field's arguments, its docstring describes it."""

    def decorate(function: F) -> F:
        function.__derived__ = DerivedSpec(expression)  # type: ignore[attr-defined]
        return function

    return decorate


def compares(operand: str, operator: str) -> Any:
    """A filter's field: the record's field (by attribute name) it is compared with."""
    return FilterSpec(operand, operator)


def _attach(cls: type, declared: Declared) -> None:
    declared.descriptions = attribute_docs(cls)
    cls.__declared__ = declared  # type: ignore[attr-defined]


def attribute_docs(cls: type) -> dict[str, str]:
    """The strings that stand under a class's attributes, by attribute name."""
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            docs[statement.target.id] = inspect.cleandoc(following.value.value)
    return docs
