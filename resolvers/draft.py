"""What the planner's passes hand on: a plan in the making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auth.access import Decision, Profile, SubjectKind
from resolvers.plan import BoundRoot, Refusal, Step
from resolvers.selection import Collected
from schema.catalogue import Catalogue
from sources.protocol import Capabilities

Residual = frozenset[SubjectKind]
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
    steps: list[Step] = field(default_factory=list)
    roots: list[BoundRoot] = field(default_factory=list)
    withheld: list[Refusal] = field(default_factory=list)
    guarded: list[Refusal] = field(default_factory=list)
    needs_household: bool = False
