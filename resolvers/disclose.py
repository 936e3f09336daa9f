"""What an answer discloses of whom, for the ledger.

As the response is assembled by code made once for each plan (`resolvers/assemble.py`), so is this told: the code goes over the
rows that are shown, and notes for each resident which of the plan's items are, as bits. What nothing decides row by row is one
constant, so a thousand plain rows are one line each:

    for r in rows:
        m = 3
        if r[4]: m |= 4
        s = r[1]; out[s] = get(s, 0) | m

Rows about a resident of their own (a household's members, a parent, a child) count to that resident; all others to whom they are
linked from, and a household that is asked for itself to its members. What was asked for and granted counts also where there was
nothing to show: that there is none has been told. What a prohibition withheld that the caller may not know of counts where the
register itself left it out, because only the register knows; where the gateway did, it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auth.access import Caller, Grant, WithConsent
from auth.entries import Form
from auth.ledger import Record
from resolvers.assemble import Writer
from resolvers.authorize import access_of, searched, searched_below
from resolvers.bindroots import asks_count
from resolvers.execute import Results
from resolvers.inputs import Inputs
from resolvers.operation import RequestError
from resolvers.plan import Bound, BoundRoot, Choice, Gate, Item, Plan, Subjects
from resolvers.request import Request
from resolvers.selection import Reporting, Selection
from schema.catalogue import Catalogue, ListingRoot

Discloser = Callable[..., None]


def disclosed(plan: Plan, request: Request, inputs: Inputs, results: Results) -> Mapping[int, Sequence[str]]:
    """The plan's items that were disclosed, as bits, → the numbers of the residents of whom they were."""
    lost = frozenset(results.failures)
    found: dict[str, int] = {}
    counted = 0
    for root in plan.roots:
        which = next((i for i, step in enumerate(root.steps) if step not in lost and _is_asked(root, step, results)), None)
        if which is None:
            continue
        rows = results.groups[root.steps[which]].get(results.keys.get(root.steps[which]), ())
        if rows:
            if root.kind != "feed":
                rows = rows[: inputs.pages[root.arguments].first if root.kind == "listing" else 1]
            _discloser(plan, root, which, lost)(results.groups, inputs.arguments, rows, found)
        if root.count_step is not None and not lost & {root.count_step, *root.depends.get(root.count_step, ())}:
            counted |= 1 << (root.item or 0)
    if None in found:
        raise RequestError(
            "LEDGER_UNAVAILABLE", "a register does not say of whom one of its records is, so it cannot be recorded"
        )
    return {**({counted: ()} if counted else {}), **_grouped(found)}


def _is_asked(root: BoundRoot, step: int, results: Results) -> bool:
    """Whether a root field's step has been run: of `node` only the one is of the type that the id is of."""
    return root.kind in ("listing", "feed") or step in results.keys


def _grouped(found: Mapping[str, int]) -> dict[int, list[str]]:
    """The residents by what of them was disclosed; of whom nothing was, there is nothing to say."""
    kinds = set(found.values())
    if len(kinds) == 1:
        (granted,) = kinds
        return {granted: list(found)} if granted else {}
    grouped: dict[int, list[str]] = {granted: [] for granted in sorted(kinds) if granted}
    for number, granted in found.items():
        if granted:
            grouped[granted].append(number)
    return grouped


def _discloser(plan: Plan, root: BoundRoot, which: int, lost: frozenset[int]) -> Discloser:
    key = (root.name, which, lost)
    return plan.disclosers.get(key) or plan.disclosers.put(key, compile_disclosure(root, which, lost))


def compile_disclosure(root: BoundRoot, which: int, lost: frozenset[int]) -> Discloser:
    """The code that notes what rows of one root field disclose, given that some steps were lost.

    It takes `(g, a, rows, out)`: groups of rows by step, the operation's arguments, the root's rows, and where to note it.
    """
    noter = _Noter(lost)
    lines = noter.root(root, which)
    groups = [f"g{step} = g[{step}]" for step in sorted(noter.steps)]
    source = "\n    ".join(["def disclose(g, a, rows, out):", "get = out.get", *groups, *noter.functions, *lines])
    namespace: dict[str, Any] = {}
    exec(compile(source, f"<disclosed: {root.name}>", "exec"), namespace)
    return namespace["disclose"]  # type: ignore[no-any-return]


Noted = tuple[int, list[str]]
"""The bits that every row has, and the lines that add to them for some."""


class _Noter(Writer):
    """Writes statements. Records about a resident of their own get a function each: Python nests no more than twenty loops."""

    def __init__(self, lost: frozenset[int]) -> None:
        super().__init__(lost)
        self.functions: list[str] = []

    def root(self, root: BoundRoot, which: int) -> list[str]:
        step = root.steps[0 if root.kind == "listing" else which]
        if self.lost & {step, *root.depends.get(step, ())}:
            return []
        if (via := root.via.get(step)) is not None:
            found = self.rows(via, f"r[{via.place}]", self.name(), "r", "r")
            called = [] if via.step in self.lost else self.about(via.fields, root.subjects[which], found)
            return ["for r in rows:", *_deeper(called)] if called else []
        # A listing has as many selections as it has response names for a node, and one step for all of them.
        chosen = range(len(root.fields)) if root.kind == "listing" else [which]
        return [line for n in chosen for line in self.about(root.fields[n], root.subjects[n], "rows")]

    def about(self, fields: Sequence[Bound], subjects: Subjects | None, rows: str) -> list[str]:
        """Note rows that tell whom they are about."""
        if subjects is None:
            return []
        row, bits, name = self.name(), self.name(), self.name()
        mask, lines = self.fields(fields, row, row, bits)
        if not mask and subjects.item is not None:
            lines = [*lines, f"{bits} = {bits} or {_bit(subjects.item)}"]
        if subjects.step is None:
            noted = [f"s = {row}[{subjects.place}]", f"out[s] = get(s, 0) | {bits}"]
        else:
            self.steps.add(subjects.step)
            noted = [f"for s in g{subjects.step}.get({row}[{subjects.place}], ()):", f"    out[s[1]] = get(s[1], 0) | {bits}"]
        body = [f"for {row} in rows:", *_deeper([f"{bits} = {mask}", *lines, *noted])]
        self.functions += [f"def {name}(rows):", *_deeper(body)]
        return [f"{name}({rows})"]

    def fields(self, fields: Sequence[Bound], row: str, above: str, bits: str) -> Noted:
        mask, lines = 0, []
        for bound in fields:
            always, sometimes = self.bound(bound, row, above, bits)
            mask |= always
            lines += sometimes
        return mask, lines

    def bound(self, bound: Bound, row: str, above: str, bits: str) -> Noted:
        needed = bound.depends | ({bound.detail[0]} if bound.detail else set())
        if bound.kind in ("one", "many"):
            needed |= {bound.step}
        if bound.kind == "constant" or self.lost & needed:
            return 0, []
        teller = above if bound.above else row
        if not bound.choices:
            mask, lines = self.inner(bound, bound.place, row, teller, bits)
            return mask | _bit(bound.item), lines
        found = [(choice, self.inner(bound, choice.place, row, teller, bits)) for choice in bound.choices]
        (first, (mask, lines)), *others = found
        if not others and first.gate == first.silent == Gate() and not bound.bans and bound.detail is None:
            return mask | _bit(first.item), lines
        chain: list[str] = []
        for choice, (mask, lines) in found:
            holds = self.gate(choice.gate, row, teller) or "True"
            chain += [
                f"{'elif' if chain else 'if'} {holds}:",
                *_deeper(self.shown(bound, choice, row, teller, mask, bits, lines)),
            ]
        if bound.detail is None:
            return 0, chain
        step, at = bound.detail
        self.steps.add(step)
        return 0, [f"if g{step}.get({row}[{at}]):", *_deeper(chain)]

    def shown(self, bound: Bound, choice: Choice, row: str, teller: str, mask: int, bits: str, lines: list[str]) -> list[str]:
        """What is noted where a choice's gate holds: it is disclosed unless a prohibition holds."""
        noted = [f"{bits} |= {mask | _bit(choice.item)}", *lines]
        gates = (choice.silent, *(gate for gate, _ in bound.bans))
        holds = " and ".join(f"({text})" for gate in gates if (text := self.gate(gate, row, teller)))
        return [f"if {holds}:", *_deeper(noted)] if holds else noted

    def inner(self, bound: Bound, place: int, row: str, teller: str, bits: str) -> Noted:
        """What a link's rows disclose: of whom the link is, or of residents of their own."""
        at = f"{row}[{place}]"
        if bound.kind == "joined":
            if bound.subject is None:
                return self.fields(bound.fields, row, row, bits)
            called = self.about(bound.fields, Subjects(bound.subject), f"({row},)")
            return 0, [f"if {at} is not None:", *_deeper(called)]
        if bound.kind not in ("one", "many"):
            return 0, []
        name = self.name()
        rows = self.rows(bound, at, name, row, teller) + ("[:1]" if bound.kind == "one" else "")
        if bound.subject is not None:
            return 0, self.about(bound.fields, Subjects(bound.subject), rows)
        mask, lines = self.fields(bound.fields, name, row, bits)
        return mask, [f"for {name} in {rows}:", *_deeper(lines)] if lines else []


def _bit(item: int | None) -> int:
    return 0 if item is None else 1 << item


def _deeper(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


# What is recorded


@dataclass(frozen=True, slots=True)
class Trail:
    """By what a request can be found again: its own id, and the trace id of its caller's `traceparent`."""

    request: bytes
    trace: bytes | None = None


def record(
    plan: Plan, request: Request, trail: Trail, catalogue: Catalogue, disclosures: Mapping[int, Sequence[str]],
    refused: str | None = None,
) -> Record:  # fmt: skip
    """What the ledger is to have of a request that was answered, or else refused with a code."""
    caller, purpose = request.access.caller, request.access.purpose
    key = (caller.agency, caller.role, purpose, names_case(request), refused)
    form = plan.forms.get(key) or plan.forms.put(key, _form(plan, request, catalogue, refused))
    return Record(form, caller.officer, request.access.case, trail.request, trail.trace, caller.rrn is not None, disclosures)


def refusal(request: Request, trail: Trail, catalogue: Catalogue, refused: str) -> Record:
    """What the ledger is to have of a request that was refused before there was a plan."""
    nothing = Plan([], [], [], [], [], [], [], frozenset(), [], {})
    if refused == "PURPOSE_NOT_ALLOWED":
        # It is the caller's own text, which may be anything, a resident's number too.
        request = replace(request, access=replace(request.access, purpose=None))
    return record(nothing, request, trail, catalogue, {}, refused)


def turned_away(agency: str, refused: str, why: str, version: str, trail: Trail, caller: Caller | None) -> Record:
    """What the ledger is to have of a request that was not let in: of a token that was not accepted, the agency alone."""
    nothing: dict[str, Any] = {key: [] for key in ("asked", "granted", "searched", "guards")}
    known = {"agency": agency, "role": None, "purpose": None, "case": False, "operation": None}
    form = Form.of(known | nothing | {"regulations": version, "refused": refused, "why": why, "retain": 0})
    officer, citizen = (caller.officer, caller.rrn is not None) if caller is not None else ("", False)
    return Record(form, officer, None, trail.request, trail.trace, citizen)


def _form(plan: Plan, request: Request, catalogue: Catalogue, refused: str | None) -> Form:
    """What entries of the same operation under the same decisions have in common."""
    caller, searches = request.access.caller, (*plan.searches, *plan.list_searches)
    retained = [grant.duties.retain for item in plan.items for grant in item.grants if grant.duties and grant.duties.retain]
    return Form.of(
        {
            "agency": caller.agency,
            "role": caller.role,
            "purpose": request.access.purpose,
            "case": names_case(request),
            "operation": request.operation.hash,
            "regulations": request.version,
            "asked": asked(request, catalogue),
            "granted": [_granted(item) for item in plan.items],
            "searched": [{"coordinate": d.coordinate, "rules": rules_told(d.grants)} for d in searches if not d.denied],
            "guards": list(plan.guards),
            "refused": refused,
            # A span of days counts as the months that it lies in.
            "retain": max((span.months + -(-span.days // 28) for span in retained), default=0),
        }
    )


def _granted(item: Item) -> dict[str, Any]:
    """A coordinate that was granted in one way, under these rules or, for some rows, under one of them alone."""
    return {"coordinate": item.coordinate, "mask": str(item.mask) if item.mask else None, "rules": rules_told(item.grants)}


def rules_told(grants: Iterable[Grant]) -> list[dict[str, Any]]:
    """Rules as a form has them, each once."""
    return list({grant.rule: _rule(grant) for grant in grants}.values())


def _rule(grant: Grant) -> dict[str, Any]:
    """A rule with its article, and what of it tells what the resident is told."""
    told: dict[str, Any] = {"rule": str(grant.rule), "basis": grant.rule.basis}
    if any(isinstance(constraint, WithConsent) for constraint in grant.constraints):
        told["consent"] = True
    duties = grant.duties
    if duties is not None and duties.notice:
        told["notice"] = {"ground": duties.ground, "within": str(duties.within) if duties.within else None}
    if duties is not None and duties.defer is not None:
        told["defer"] = str(duties.defer)
    return told


def names_case(request: Request) -> bool:
    """Whether the request names a case, as the regulations take it."""
    return bool(request.access.case and request.access.case.strip())


def asked(request: Request, catalogue: Catalogue) -> list[list[Any]]:
    """The coordinates that were asked for, as the planner decides them: coordinate, access, use, and below which of them, or -1.

    With these alone an operation can be decided again, under other regulations: below what is denied nothing is. What is read
    stands below its link or, at the top of a root field, below what that is searched by; where that is several coordinates, they
    stand each below the one before. What a child list is sorted or filtered by stands below its link, and takes it if denied.
    """
    found: list[list[Any]] = []
    for report in request.collected.reports:
        found.append([report.declared.coordinate, "report", "read", -1])
        found += ([coordinate, "report", "read", -1] for coordinate in asked_to_be_told(report))
    for root in request.collected.roots:
        access, above = access_of(root), -1
        keys = searched(root, request.arguments)
        if root.declared is None:
            # Of `node` each type is searched for by itself.
            for key, selection in zip(keys, root.selections, strict=True):
                found.append([key, access, "search", -1])
                _below(selection, access, len(found) - 1, request, catalogue, found)
            continue
        for key in keys:
            found.append([key, access, "search", above])
            above = len(found) - 1
        if isinstance(root.declared, ListingRoot) and asks_count(root.connection):
            found.append([root.declared.count_coordinate, access, "read", above])
        for selection in root.selections:
            _below(selection, access, above, request, catalogue, found)
    return found


def asked_to_be_told(report: Reporting) -> list[str]:
    """The coordinates of what is asked of the answer to a report, beside what became of it."""
    tells = report.declared.tells
    return [tells[name].coordinate for name in dict.fromkeys(report.accepted.values()) if name in tells]


def _below(selection: Selection, access: str, above: int, request: Request, catalogue: Catalogue, found: list[list[Any]]) -> None:
    for each in selection.asked:
        if each.field is None:
            continue
        here = len(found)
        found.append([each.field.coordinate, access, "read", above])
        found += ([coordinate, access, "search", here] for coordinate in searched_below(each, catalogue, request.arguments))
        if each.selection is not None:
            _below(each.selection, access, here, request, catalogue, found)
