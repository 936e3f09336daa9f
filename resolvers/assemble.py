"""From rows to the response, by code made once for each plan.

For each root field one function is generated, whose body is one expression: a dict display for a record, a comprehension for a
list. There is no call per field, no check per row of what the plan has decided, and no cost for errors that do not happen. For
a resident with a household in the same row and passports from another step it reads, in essence:

    {"name": r[1], "household": None if r[2] is None else {"size": r[3]}, "passports": [{"number": p[1]} for p in g1.get(r[4],
    ())]}

Values come from places in rows and names are those that GraphQL's grammar admits, written with `repr`; no value of a request is
in the code. Where a guard is false or a source has failed the expression leaves a hole, and only then is the data walked
(`fill`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import orjson

from resolvers.plan import Bound, BoundRoot, Choice, Fact, Gate, Plan
from resolvers.selection import EVERY, Path
from resolvers.values import Argument, Constant

WITHHELD: Any = object()
"""Stands in assembled data where a row's subject is not the caller's, until `fill` puts null there."""

LOST: Any = object()
"""Stands where a source's rows are lost or an argument could not be used."""

Assembler = Callable[..., Any]

Where = tuple[str | int, ...]
"""A path in a response: names, and places in lists."""


def compile_root(plan: Plan, root: BoundRoot, which: int, lost: frozenset[int]) -> Assembler:
    """The assembling function of one root field (for `node`, of its type number `which`), given that some steps were lost.

    A lookup's takes `(g, a, key, encode, deny, lose, mark)`: groups of rows by step, the operation's arguments, the key,
    `encode(type name, key) -> global id`, and what to call where a gate fails (with the refusal's number), where rows were lost
    (with the step's), and with what has a mark (and the mark's number). A listing's takes
    `(g, a, rows, more, after, total, cursor, encode, deny, lose, mark)`, the feed's `(g, a, rows, encode, deny, lose, mark)`.
    """
    writer = Writer(lost)
    if root.kind == "listing":
        body = writer.connection(root)
        head = "g, a, rows, more, after, total, cursor, encode, deny, lose, mark"
    elif root.kind == "feed":
        body = writer.feed(root)
        head = "g, a, rows, encode, deny, lose, mark"
    else:
        body = writer.lookup(root, which)
        head = "g, a, key, encode, deny, lose, mark"
    groups = "".join(f"    g{step} = g[{step}]\n" for step in sorted(writer.steps))
    source = f"def assemble({head}):\n{groups}    return {body}\n"
    namespace: dict[str, Any] = {"Fragment": orjson.Fragment}
    exec(compile(source, f"<plan: {root.name}>", "exec"), namespace)
    return namespace["assemble"]  # type: ignore[no-any-return]


class Writer:
    """Writes expressions, and notes which groups they use. `row` is the row itself, `above` the one it is linked from."""

    def __init__(self, lost: frozenset[int]) -> None:
        self.lost = lost
        self.steps: set[int] = set()
        self._names = count()

    def lookup(self, root: BoundRoot, which: int) -> str:
        step = root.steps[which]
        if gone := self.lost & {step, *root.depends.get(step, ())}:
            return f"lose({min(gone)})"
        via = root.via.get(step)
        record = self.field(via, "r[0]", "") if via is not None else self.record(root.fields[which], "r[0]", "")
        return f"(None if not (r := g[{step}].get(key)) else {record})"

    def record(self, fields: Sequence[Bound], row: str, above: str) -> str:
        return "{" + ", ".join(f"{bound.name!r}: {self.field(bound, row, above)}" for bound in fields) + "}"

    def field(self, bound: Bound, row: str, above: str) -> str:
        gone = self.lost & (bound.depends | ({bound.detail[0]} if bound.detail else set()))
        if gone:
            return f"lose({min(gone)})"
        if not bound.choices:
            return self.value(bound, bound.place, row, above if bound.above else row)
        teller = above if bound.above else row
        text = "None" if bound.refusal is None else f"deny({bound.refusal})"
        for choice in reversed(bound.choices):
            shown = self.choice(bound, choice, row, teller)
            text = shown if not (holds := self.gate(choice.gate, row, teller)) else f"({shown} if {holds} else {text})"
        return text

    def choice(self, bound: Bound, choice: Choice, row: str, teller: str) -> str:
        """What is shown where a choice's gate holds: the value, unless a prohibition holds."""
        shown = self.value(bound, choice.place, row, teller)
        if bound.detail is not None:
            step, at = bound.detail
            self.steps.add(step)
            name = self.name()
            shown = f"(None if not ({name} := g{step}.get({row}[{at}])) else {self.value(bound, choice.place, f'{name}[0]', '')})"
        # What is prohibited looks as what is absent does: lost where that would be, and named as masked where that would be.
        lost = bound.kind in ("one", "many") and bound.step in self.lost
        if (silent := self.gate(choice.silent, row, teller)) and not lost:
            shown = f"({shown} if {silent} else {'[]' if bound.kind == 'many' else 'None'})"
        if choice.mark is not None:
            shown = f"mark({choice.mark}, {shown})"
        for gate, refusal in reversed(bound.bans):
            shown = f"({shown} if {self.gate(gate, row, teller)} else deny({refusal}))"
        return shown

    def gate(self, gate: Gate, row: str, teller: str) -> str:
        """A gate as an expression; empty if it always holds."""
        parts = [] if gate.own is None else [f"{row}[{gate.own}]"]
        if gate.guard is not None:
            clauses = [" and ".join(self.atom(atom, teller) for atom in clause) or "True" for clause in gate.guard.any]
            parts.append(f"({' or '.join(clauses) or 'False'})")
            parts += [f"not {self.atom(fact, teller)}" for fact in gate.guard.none]
        return " and ".join(parts)

    def atom(self, atom: int | Fact, teller: str) -> str:
        if not isinstance(atom, Fact):
            return f"{teller}[{atom}]"
        self.steps.add(atom.step)
        name = self.name()
        return f"any([{name}[{atom.column}] for {name} in g{atom.step}.get({teller}[{atom.place}], ())])"

    def value(self, bound: Bound, place: int, row: str, teller: str) -> str:
        at = f"{row}[{place}]"
        match bound.kind:
            case "constant":
                return repr(bound.value)
            case "column":
                return at
            case "id":
                return f"(None if {at} is None else encode({bound.record!r}, {at}))"
            case "joined":
                return f"(None if {at} is None else {self.record(bound.fields, row, row)})"
            case _:
                return self.linked(bound, at, row, teller)

    def linked(self, bound: Bound, at: str, row: str, teller: str) -> str:
        if bound.step in self.lost:
            return f"lose({bound.step})"
        name = self.name()
        found = self.rows(bound, at, name, row, teller)
        if bound.kind == "many":
            return f"[{self.record(bound.fields, name, row)} for {name} in {found}]"
        return f"(None if not ({name} := {found}) else {self.record(bound.fields, f'{name}[0]', row)})"

    def rows(self, bound: Bound, at: str, name: str, row: str, teller: str) -> str:
        """The rows of a link that are shown; `name` is what each is called while it is looked at."""
        self.steps.add(bound.step)
        found = f"g{bound.step}.get({at}, ())"
        if not bound.filters:
            return found
        kept = " or ".join(self.kept(gate, held, name, row, teller) for gate, held in bound.filters)
        return f"[{name} for {name} in {found} if {kept}]{self.slice(bound)}"

    def kept(self, gate: Gate, held: int | None, name: str, row: str, teller: str) -> str:
        """Whether a linked row is shown: one alternative's gate holds, and what it asks of the row."""
        parts = [self.gate(gate, row, teller), *([] if held is None else [f"{name}[{held}]"])]
        return f"({' and '.join(filter(None, parts)) or 'True'})"

    def slice(self, bound: Bound) -> str:
        if bound.limit is None:
            return ""
        assert isinstance(bound.limit, Argument), "a child list's size is an argument"
        return f"[:a[{bound.limit.index}][{bound.limit.name!r}]]"

    def name(self) -> str:
        return f"x{next(self._names)}"

    def connection(self, root: BoundRoot) -> str:
        if gone := self.lost & {root.steps[0], *root.depends.get(root.steps[0], ())}:
            return f"lose({min(gone)})"
        return "{" + ", ".join(f"{name!r}: {self.part(root, part)}" for name, part in root.connection) + "}"

    def feed(self, root: BoundRoot) -> str:
        if gone := self.lost & {root.steps[0], *root.depends.get(root.steps[0], ())}:
            return f"lose({min(gone)})"
        return f"[{self.record(root.fields[0], 'x', '')} for x in rows]"

    def part(self, root: BoundRoot, part: Any) -> str:
        if isinstance(part, Constant):
            return repr(part.value)
        if part == "totalCount":
            counts = frozenset() if root.count_step is None else {root.count_step, *root.depends.get(root.count_step, ())}
            return f"lose({min(gone)})" if (gone := self.lost & counts) else "total"
        if isinstance(part, dict):
            return "{" + ", ".join(f"{name!r}: {self.page_info(root, what)}" for name, what in part.items()) + "}"
        if root.json:
            # The rows are JSON already: between constant texts, joined without being parsed.
            texts = [(f'"{name}":'.encode(), what) for name, what in part]
            pieces = " + b',' + ".join(f"{text!r} + {self.json_part(root, what)}" for text, what in texts) or "b''"
            return f"Fragment(b'[' + b','.join([b'{{' + {pieces} + b'}}' for x in rows]) + b']')"
        inner = ", ".join(f"{name!r}: {self.edge_part(root, what)}" for name, what in part)
        return f"[{{{inner}}} for x in rows]"

    def edge_part(self, root: BoundRoot, what: Any) -> str:
        if isinstance(what, Constant):
            return repr(what.value)
        return self.cursor(root, "x") if what == "cursor" else self.record(root.fields[what], "x", "")

    def json_part(self, root: BoundRoot, what: Any) -> str:
        if isinstance(what, Constant):
            return repr(f'"{what.value}"'.encode())
        return f"b'\"' + {self.cursor(root, 'x')}.encode() + b'\"'" if what == "cursor" else "x[0]"

    def page_info(self, root: BoundRoot, what: Any) -> str:
        match what:
            case Constant(value):
                return repr(value)
            case "hasNextPage":
                return "more"
            case "hasPreviousPage":
                return "after"
            case _:
                row = "rows[0]" if what == "startCursor" else "rows[-1]"
                return f"({self.cursor(root, row)} if rows else None)"

    def cursor(self, root: BoundRoot, row: str) -> str:
        return f"cursor(({', '.join(f'{row}[{place}]' for place in root.cursor)},))"


def fill(data: Any, path: Path, hole: Any) -> Where | None:
    """Replace one kind of holes at a path pattern by null; the concrete path of the first one, if there is one."""
    first = None
    for holder, key, where in _walk(data, path, ()):
        if holder[key] is hole:
            holder[key] = None
            first = first or where
    return first


def reached(data: Any, path: Path) -> Where | None:
    """The first concrete path that fits a pattern and whose parent is there."""
    return next((where for _, _, where in _walk(data, path, ())), None)


def _walk(data: Any, path: Path, where: Where) -> Iterator[tuple[Any, Any, Where]]:
    name, rest = path[0], path[1:]
    if isinstance(data, orjson.Fragment) or data is None or data is WITHHELD or data is LOST:
        return
    if name == EVERY:
        for index, item in enumerate(data):
            yield from _walk(item, rest, (*where, index))
    elif name in data:  # A `node` of another type has other names.
        if rest:
            yield from _walk(data[name], rest, (*where, name))
        else:
            yield data, name, (*where, name)
