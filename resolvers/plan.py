"""A plan: how one operation is answered for every caller whose decisions are the same.

A plan holds no value of a variable and nothing of a caller: it says where they go. It is made once (`resolvers/planner.py`),
run many times (`resolvers/execute.py`), assembled by code made for it (`resolvers/assemble.py`), and it can be printed.

    Step      one batch of one table: the shape, the values its parameters stand for, and whence its keys come
    Guard     what must be true of a row: booleans in it, and facts that other registers have of it
    Bound     how one response name is filled from a step's rows
    Refusal   a coordinate that is withheld, with its decision and the response path at which that shows
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from auth.access import Decision, Grant, Limit, Mask
from resolvers.cache import Cache
from resolvers.selection import Path
from resolvers.values import Argument, MaskKey, Value
from schema.catalogue import RecordType
from sources.protocol import All, Column, Condition, Join, Key, Nothing, Order, Param, Shape


@dataclass(frozen=True)
class Fact:
    """Whether a step has, for the key at `place` of a row, a row of its own whose boolean at `column` is true."""

    place: int
    step: int
    column: int


@dataclass(frozen=True)
class Guard:
    """What must be true of a row: of one alternative every boolean (by its place in the row) and fact, and no fact of `none`."""

    any: tuple[tuple[int | Fact, ...], ...]
    none: tuple[Fact, ...] = ()

    def facts(self) -> frozenset[int]:
        """The steps whose facts it needs."""
        found = (*self.none, *(atom for clause in self.any for atom in clause))
        return frozenset(atom.step for atom in found if isinstance(atom, Fact))


@dataclass
class Step:
    """One batch. `key` is None for a listing or a count; `record` is None for a hop."""

    index: int
    source: str
    table: str
    record: RecordType | None
    key: str | None
    level: int = 0
    parent: int | None = None
    parent_column: int = 0
    """Where in the parent's rows the keys stand."""
    lookup: int | None = None
    """The root step whose key is this step's key: its own index, or a root's whose rows it need not wait for."""
    columns: list[Column] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    where: list[Condition] = field(default_factory=list)
    order: list[Order] = field(default_factory=list)
    limit: Value | None = None
    bounded: Argument | None = None
    """A limit that has to be within bounds, whether it is the step's or that of the link whose rows these are."""
    values: list[Value] = field(default_factory=list)
    hops: tuple[int, ...] = ()
    """Steps that lead from the parent's column to this step's keys; the rows are then grouped by the first one's keys."""
    merge: tuple[tuple[int, bool], ...] = ()
    """With hops: how the rows that several keys lead to are put in order, (place in the row, descending)."""
    conditional: dict[int, Guard] = field(default_factory=dict)
    """Columns (by place in the row) that may be asked only for keys whose parent row meets the guard."""
    admits: Guard | None = None
    """Which of the parent's rows have their keys asked at all."""
    detail: bool = False
    """It asks for more of rows that are there: keys that may have none of its columns are left out."""
    nobody: Key | None = None
    """A key that no row has. By it the step is asked where guards and prohibitions leave nothing to ask: silence would tell."""
    has_children: bool = False
    idle: bool = False
    """Nothing of its rows is asked, so it is not run."""
    shape: Shape = field(init=False)

    @property
    def finds_fact(self) -> bool:
        """Whether its rows only say, behind hops, what a guard asks."""
        return self.record is None and bool(self.hops)

    def place(self, column: Column) -> int:
        """Where the column stands in this step's rows; added when new."""
        if column == self.key:
            return 0
        offset = int(self.key is not None)
        for i, existing in enumerate(self.columns):
            # A column that only some keys may have cannot serve a use that is under no such condition.
            if existing == column and i + offset not in self.conditional:
                return i + offset
        return self.add(column)

    def add(self, column: Column) -> int:
        self.columns.append(column)
        return len(self.columns) - 1 + (self.key is not None)

    def param(self, value: Value) -> Param:
        if value not in self.values:
            self.values.append(value)
        return Param(self.values.index(value))

    def seal(self) -> None:
        """Fix the shape, once all columns are in."""
        where = self.where[0] if len(self.where) == 1 else All(tuple(self.where)) if self.where else None
        limit = self.param(self.limit) if self.limit is not None and not self.hops else None
        joins, order = tuple(self.joins), tuple(self.order)
        self.shape = Shape(self.table, tuple(self.columns), self.key, joins, where, order, limit)

    def without(self, places: frozenset[int]) -> Shape:
        """The shape for keys that may not have the columns at these places."""
        offset = int(self.key is not None)
        columns = tuple(Nothing() if i + offset in places else c for i, c in enumerate(self.shape.columns))
        return Shape(self.table, columns, self.key, self.shape.joins, self.shape.where, self.shape.order, self.shape.limit)


@dataclass(frozen=True)
class Refusal:
    """A coordinate withheld at a response path: always, or for the rows that do not meet the decision's residual."""

    path: Path
    decision: Decision
    only: int | None = None
    """Under `node`, the root step of the type that this is about."""
    searched: bool = False
    """What was refused is to search or to sort by it."""


@dataclass(frozen=True)
class Gate:
    """What must be true for a value to be shown: a guard on the teller's row, and a boolean in the row itself."""

    guard: Guard | None = None
    own: int | None = None


@dataclass(frozen=True)
class Choice:
    """One way to fill a value: from `place`, where the gate holds. `silent`: where that fails it looks as if it were absent."""

    place: int
    gate: Gate = Gate()
    silent: Gate = Gate()
    mark: int | None = None
    """Number of the plan's mark, where something is to be said of its having been chosen."""
    item: int | None = None
    """Number of the plan's item that is disclosed where it is chosen."""


@dataclass
class Bound:
    """How one response name is filled.

    - `constant`: with `value`.
    - `column`, `id`: from the row's place that the first choice names whose gate is open.
    - `joined`: a record in the same row, there when `place` is not null.
    - `one`, `many`: rows of `step` whose key stands at `place`.

    The teller's row, which guards are about, is the row that this record is linked from if `above`, else the row itself.
    """

    name: str
    path: Path
    kind: Literal["constant", "column", "id", "joined", "one", "many"]
    place: int = 0
    value: Any = None
    step: int = 0
    record: str = ""
    fields: list[Bound] = field(default_factory=list)
    choices: tuple[Choice, ...] = ()
    """Of a link at most one, which tells when its rows may be shown."""
    refusal: int | None = None
    """By which the value is withheld where no choice's gate holds."""
    bans: tuple[tuple[Gate, int], ...] = ()
    """Prohibitions that the caller may know of: where a gate fails, the value is withheld by this refusal."""
    above: bool = False
    detail: tuple[int, int] | None = None
    """The values stand in another row of the same record: of this step, whose key stands at this place."""
    filters: tuple[tuple[Gate, int | None], ...] = ()
    """Of a link: a row is shown if of one of these the gate holds, and the boolean at the place of the row."""
    limit: Value | None = None
    """Of a link with filters: how many rows."""
    depends: frozenset[int] = frozenset()
    """The steps (and needs) on whose answers it depends whether the value may be shown."""
    item: int | None = None
    """Number of the plan's item that is disclosed, of a value that has no choices."""
    subject: int | None = None
    """Of a record: where in its row stands the number of the resident whom it is about; else it is about whom its link is."""


@dataclass(frozen=True)
class Subjects:
    """Whom a root field's row is about: the resident whose number stands at `place`, or those whom `step` finds by it.

    `item`: number of the plan's item that is disclosed of a row of which nothing else is: that there is such a record.
    """

    place: int
    step: int | None = None
    item: int | None = None


@dataclass
class BoundRoot:
    """One root field. `steps` has one for a lookup, a listing or the feed, one a type for `node`, none when it is refused."""

    name: str
    kind: Literal["refused", "lookup", "node", "listing", "feed"]
    arguments: int
    steps: list[int] = field(default_factory=list)
    fields: list[list[Bound]] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    connection: list[tuple[str, Any]] = field(default_factory=list)
    count_step: int | None = None
    cursor: tuple[int, ...] = ()
    """Places of the order's values in a listing's or the feed's rows."""
    json: bool = False
    """The listing's rows come as JSON text at place 0."""
    narrowed: dict[int, Decision] = field(default_factory=dict)
    """By step: the search was allowed only for some subjects, and when it finds nothing, that is said."""
    via: dict[int, Bound] = field(default_factory=dict)
    """By step: the record is shown from another row of it, which was asked for once other registers had been."""
    depends: dict[int, frozenset[int]] = field(default_factory=dict)
    """By step: what narrows it, where that has to be found out first."""
    subjects: list[Subjects | None] = field(default_factory=list)
    """Whom the rows are about, for each of `fields` of which something is disclosed."""
    item: int | None = None
    """Number of the plan's item that is disclosed by counting."""


@dataclass(frozen=True)
class Mark:
    """Something to say of a way in which a coordinate is granted, if it is shown so: that it is masked, that duties come with it.

    `always`: to all rows, otherwise to those of whose choices it is the mark.
    """

    path: Path
    decision: Decision
    """With the grants of that way alone."""
    always: bool
    only: int | None = None
    """Under `node`, the root step of the type that this is about."""

    @property
    def mask(self) -> Mask | None:
        return self.decision.grants[0].mask


@dataclass(frozen=True)
class Item:
    """A coordinate that is disclosed in one way: whole or masked, under alternative grants."""

    coordinate: str
    grants: tuple[Grant, ...]

    @property
    def mask(self) -> Mask | None:
        return self.grants[0].mask


@dataclass
class Plan:
    """See the module. What is in `withheld` shows whatever the rows; what is in `guarded` waits for a guard that is false."""

    roots: list[BoundRoot]
    steps: list[Step]
    levels: list[list[Step]]
    withheld: list[Refusal]
    guarded: list[Refusal]
    decisions: list[Decision]
    """On the coordinates that were asked for."""
    searches: list[Decision]
    """On the coordinates that were searched by."""
    needs: frozenset[str]
    """Of `NEEDS`."""
    marks: list[Mark]
    limited: dict[tuple[str, Limit], frozenset[tuple[int, int]]]
    """By rule and bound: where in the steps' rows stand the subjects that count."""
    questions: dict[tuple[str, Limit], int] = field(default_factory=dict)
    """By rule and bound: how many questions of the caller's are asked about each subject, where it is more than one."""
    items: tuple[Item, ...] = ()
    """What can be disclosed; of each resident some of it is (`resolvers/disclose.py`)."""
    list_searches: tuple[Decision, ...] = ()
    """On the coordinates that child lists were searched by."""
    guards: tuple[str, ...] = ()
    """Coordinates that are read only to decide."""
    rehearsed: Plan | None = None
    """The plan of what decides (`resolvers/rehearsal.py`), made when first needed."""
    assemblers: Cache[tuple[str, int, frozenset[int]], Callable[..., Any]] = field(default_factory=lambda: Cache(32))
    """Made when first needed: by root field, number of the type, and the steps that were lost."""
    disclosers: Cache[tuple[str, int, frozenset[int]], Callable[..., None]] = field(default_factory=lambda: Cache(32))
    """Made in the same way."""
    forms: Cache[Any, Any] = field(default_factory=lambda: Cache(8))
    """What entries of the ledger have in common, by what of the request they depend on."""

    @cached_property
    def makes_pseudonyms(self) -> bool:
        return any(isinstance(value, MaskKey) for step in self.steps for value in step.values)

    def losses(self) -> Iterator[tuple[int, Path]]:
        """Where in the response the loss of a step or a need shows."""
        for root in self.roots:
            for step in root.steps:
                yield from ((each, (root.name,)) for each in (step, *sorted(root.depends.get(step, ()))))
            if root.count_step is not None:
                counted = (root.count_step, *sorted(root.depends.get(root.count_step, ())))
                names = [name for name, part in root.connection if part == "totalCount"]
                yield from ((each, (root.name, name)) for name in names for each in counted)
            for bound in _all_bound([*root.fields, list(root.via.values())]):
                if bound.kind in ("one", "many"):
                    yield bound.step, bound.path
                if bound.detail is not None:
                    yield bound.detail[0], bound.path
                yield from ((step, bound.path) for step in sorted(bound.depends))


def _all_bound(fields: Sequence[Sequence[Bound]]) -> Iterator[Bound]:
    for some in fields:
        for bound in some:
            yield bound
            yield from _all_bound([bound.fields])
