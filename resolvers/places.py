"""Where a selection's rows are while a plan is being made, and what is known of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from auth.access import Constraint, Matches, OfSubject
from resolvers.draft import Ensured
from resolvers.plan import Step
from schema.catalogue import RecordType
from sources.protocol import Call, Operand


@dataclass
class Place:
    """Where a selection's rows are: a step, and within its rows a joined table's alias or the step's own table."""

    step: Step
    alias: str
    record: RecordType
    ensured: tuple[Ensured, ...]
    """What is known of every row here, because the search or the link saw to it."""
    above: Place | None = None
    """The place that this record is linked from, where that one tells the subject."""

    @property
    def teller(self) -> Place:
        """The place whose rows tell whom the rows here are about."""
        return self.above or self

    def operand(self, operand: Operand) -> Operand:
        if isinstance(operand, Call):
            inner = self.operand(operand.column)
            return replace(operand, column=inner)
        return self.qualify(operand)

    def qualify(self, column: str) -> str:
        return f"{self.alias}.{column}" if self.alias else column

    def ensures(self, alternatives: Iterable[frozenset[Constraint]], target: RecordType | None = None) -> bool:
        """Whether for every row here all of one of the alternatives is known to hold; `target` is what a link leads to."""
        above = () if self.above is None else beyond(self.above.ensured, self.record)
        known = (*self.ensured, *above)
        if target is not None and target.name not in (self.record.name, self.teller.record.name):
            known = beyond(known, target)
        return ensures(known, alternatives)


def ensures(known: Iterable[Ensured], alternatives: Iterable[frozenset[Constraint]]) -> bool:
    """Whether one of the alternatives holds, given what is known: of each of `known` one alternative does."""
    wanted = list(alternatives)
    return any(not w for w in wanted) or any(all(_one_follows(k, wanted) for k in each) for each in known)


def beyond(known: Iterable[Ensured], target: RecordType) -> tuple[Ensured, ...]:
    """What is known of a row, as far as it goes for rows of a record that are linked from it.

    That a column of that record matches means of the row that some linked one does, and of a linked one that it does itself.
    """
    return tuple(frozenset(frozenset(c for c in one if not _is_of(c, target)) for one in each) for each in known)


def _is_of(constraint: Constraint, record: RecordType) -> bool:
    return isinstance(constraint, Matches) and constraint.record == record.name


def _one_follows(known: frozenset[Constraint], wanted: Iterable[frozenset[Constraint]]) -> bool:
    return any(all(follows(known, constraint) for constraint in alternative) for alternative in wanted)


def follows(known: frozenset[Constraint], constraint: Constraint) -> bool:
    """Whether a constraint is among those that are known, or is about more subjects than one of them."""
    if constraint in known:
        return True
    kinds = [k.kinds for k in known if isinstance(k, OfSubject)]
    return isinstance(constraint, OfSubject) and any(k <= constraint.kinds for k in kinds)
