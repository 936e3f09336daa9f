"""What the planner's passes hand on: a plan in the making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auth.access import Constraint, Decision, Grant, Limit, Profile
from resolvers.plan import BoundRoot, Item, Mark, Refusal, Step
from resolvers.selection import Collected, Path
from resolvers.values import Constant
from schema.catalogue import Catalogue, RecordType
from schema.declare import Hop
from sources.protocol import Capabilities, Compare, Key

Ensured = frozenset[frozenset[Constraint]]
"""Alternatives of which at least one is known to hold for every row."""

Arguments = Sequence[Mapping[str, Any]]


@dataclass
class Draft:
    """A plan in the making."""

    collected: Collected
    catalogue: Catalogue
    capabilities: Mapping[str, Capabilities]
    profile: Profile
    arguments: Arguments
    """This request's; they decide the form alone (which filters, which order), and no value of them stays."""
    decisions: dict[int, Decision] = field(default_factory=dict)
    """By the identity of what is asked."""
    searches: dict[int, list[Decision]] = field(default_factory=dict)
    list_searches: dict[int, list[Decision]] = field(default_factory=dict)
    """On what child lists are filtered and sorted by, by the identity of what is asked."""
    steps: list[Step] = field(default_factory=list)
    roots: list[BoundRoot] = field(default_factory=list)
    withheld: list[Refusal] = field(default_factory=list)
    guarded: list[Refusal] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)
    marks: list[Mark] = field(default_factory=list)
    limited: dict[tuple[str, Limit], set[tuple[int, int]]] = field(default_factory=dict)
    questions: dict[tuple[str, Limit], set[Path]] = field(default_factory=dict)
    """By rule and bound: the paths of fields that answer a question of the caller's."""
    items: dict[Item, int] = field(default_factory=dict)
    """What can be disclosed, with its number."""
    guards: dict[str, None] = field(default_factory=dict)
    """Coordinates that are read only to decide, in the order in which they were met."""
    facts: dict[Any, Step] = field(default_factory=dict)
    """Steps that find facts, by whence their keys come and where they lead."""
    details: dict[Any, Step] = field(default_factory=dict)
    """Steps that ask for another row of a record once other registers were asked, by whence their keys come."""

    def step(self, source: str, table: str, record: RecordType | None, key: str | None) -> Step:
        """One more step."""
        step = Step(len(self.steps), source, table, record, key)
        self.steps.append(step)
        return step

    def item(self, coordinate: str, grants: tuple[Grant, ...]) -> int:
        """The number of what is disclosed by showing a coordinate under these grants."""
        return self.items.setdefault(Item(coordinate, grants), len(self.items))

    def nobody(self, source: str, table: str, key: str) -> Key:
        """A value of a key column that no row has."""
        return "" if self.catalogue.tables(source)[table][key] is str else -1

    def hop(self, hop: Hop, parent: Step, column: int) -> Step:
        """A step that turns the keys at a place of the parent's rows into others."""
        step = self.step(hop.source, hop.table, None, hop.key)
        step.parent, step.parent_column, step.has_children = parent.index, column, True
        parent.has_children = True
        for name, value in hop.where:
            step.where.append(Compare(name, "=", step.param(Constant(value))))
        return step
