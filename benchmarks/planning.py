"""How long an operation that was never seen before takes from its text to a plan that can run.

Nothing of it may be remembered, so each time it is made unseen: its fields are given other aliases and another order, as in the
documents of clients that nobody knows. What is timed is all of the engine's work before the first fetch, and the making of the
assembling functions, which the engine does on the plan's first answer.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from graphql import DocumentNode, FieldNode, NameNode, SelectionSetNode, Visitor, parse, print_ast, visit

from auth.access import AccessRequest
from resolvers.assemble import compile_root
from resolvers.engine import Engine

DOCUMENT = Path(__file__).with_name("queries") / "planning.graphql"

TIMES = 200

ALIASES = 3
"""Aliases in each operation: enough to make it unseen, and few as in most documents."""


@dataclass(frozen=True)
class Planning:
    """Medians in milliseconds: by stage, and of the whole."""

    fields: int
    times: int
    stages: Mapping[str, float]
    total: float


def measure(engine: Engine, access: AccessRequest, *, times: int = TIMES, seed: int = 1) -> Planning:
    """Plan so many unseen operations."""
    random, template = Random(seed), parse(DOCUMENT.read_text())
    documents = [unseen(template, random) for _ in range(times)]
    assert len(set(documents)) == times
    taken = [_plan(engine, document, access) for document in documents]
    read, plan, compiled = (statistics.median(column) for column in zip(*taken, strict=True))
    stages = {"parse, validate, collect": read, "authorize, bind, merge": plan, "make the assembling functions": compiled}
    return Planning(count(template), times, stages, statistics.median(map(sum, taken)))


def _plan(engine: Engine, document: str, access: AccessRequest) -> tuple[float, float, float]:
    gc.collect()  # What others left behind is not planning's to sweep.
    begun = time.perf_counter()
    request = engine.read(document, {"rrn": "0000000000000"}, None, access)
    read = time.perf_counter()
    plan = engine.plan(request)
    planned = time.perf_counter()
    for root in plan.roots:
        compile_root(plan, root, 0, frozenset())
    made = time.perf_counter()
    return (read - begun) * 1000, (planned - read) * 1000, (made - planned) * 1000


def unseen(template: DocumentNode, random: Random) -> str:
    """The operation with its fields in another order and some under other names."""
    chosen = frozenset(random.sample(range(count(template)), ALIASES))
    return print_ast(visit(template, _Varied(random, chosen)))


def count(document: DocumentNode) -> int:
    """The number of fields selected."""
    counter = _Counter()
    visit(document, counter)
    return counter.fields


class _Counter(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.fields = 0

    def enter_field(self, *_: object) -> None:
        self.fields += 1


class _Varied(Visitor):
    def __init__(self, random: Random, chosen: frozenset[int]) -> None:
        super().__init__()
        self.random, self.chosen, self.seen = random, chosen, 0

    def enter_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode:
        return SelectionSetNode(selections=tuple(self.random.sample(node.selections, len(node.selections))))

    def leave_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        self.seen += 1
        if self.seen - 1 not in self.chosen:
            return None
        alias = NameNode(value=f"x{self.random.getrandbits(32):x}")
        return FieldNode(
            name=node.name, alias=alias, arguments=node.arguments, directives=node.directives, selection_set=node.selection_set
        )
