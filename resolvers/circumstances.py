"""What is found out of the caller and the case before a plan is run, where its constraints need it.

    household    the household of the caller's own resident
    children     the minors of whom the caller is the legal guardian, by the family register
    case         the resident whom the request's case is about, if the case is verified
    case_household   that resident's household, where it is not asked for in the statement that compares with it

A case is verified if the register of petitions has it under its number, as one of the caller's agency and for the purpose of the
request, opened today or before and not closed. Who asks cannot tell which of these failed: there simply is no such case.

All are asked side by side. What a register does not answer is noted as lost; whatever depends on it is then withheld as lost, and
nothing else is.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auth.access import AccessRequest
from resolvers.relations import people
from resolvers.values import Environment, lost_need
from schema.catalogue import Catalogue
from sources.coalescer import Coalescer, Found
from sources.evaluate import years_since
from sources.protocol import All, Compare, Key, Param, Row, Shape, SourceError


@dataclass(frozen=True)
class Question:
    """One batch, always the same: what is asked of which source by which key."""

    source: str
    shape: Shape
    values: tuple[Any, ...] = ()


class Circumstances:
    """Finds them out, over the sources."""

    def __init__(self, catalogue: Catalogue, sources: Mapping[str, Coalescer]) -> None:
        self._sources, self._catalogue = sources, catalogue
        self._household = household_question(catalogue)
        self._case, self._children, self._births = _questions(catalogue)

    def questions(self, need: str) -> list[Question]:
        """What is asked for a need, one after the other."""
        asked: dict[str, list[Question | None]] = {
            "household": [self._household], "children": [self._children, self._births], "case": [self._case],
            "case_household": [self._case, self._household],
        }  # fmt: skip
        return [question for question in asked[need] if question is not None]

    async def find(
        self, needs: frozenset[str], access: AccessRequest, environment: Environment, failures: dict[int, Exception]
    ) -> None:
        """Complete an environment; notes in `failures` what cannot be found out."""
        found = {
            "household": self._of_caller, "children": self._of_children, "case": self._of_case,
            "case_household": self._of_case_household,
        }  # fmt: skip
        wanted = sorted(needs)
        answers = await asyncio.gather(*(found[need](access, environment) for need in wanted), return_exceptions=True)
        for need, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, SourceError):
                failures[lost_need(need)] = answer
            elif isinstance(answer, BaseException):
                raise answer

    async def _of_caller(self, access: AccessRequest, environment: Environment) -> None:
        environment.household = await self._household_of(access.caller.rrn)

    async def _of_children(self, access: AccessRequest, environment: Environment) -> None:
        guardianship = self._catalogue.guardianship
        if access.caller.rrn is None or guardianship is None or self._children is None or self._births is None:
            return
        numbers = [row[1] for row in await self._rows(self._children, access.caller.rrn) if row[1] is not None]
        births = await self._load(self._births, sorted(set(numbers)))
        born = [(number, row[1]) for number, rows in births.items() for row in rows if row[1] is not None]
        minor = (number for number, day in born if years_since(day, environment.today) < guardianship.majority)
        environment.children = tuple(sorted(map(str, minor)))

    async def _of_case(self, access: AccessRequest, environment: Environment) -> None:
        environment.case_subject = await self.case_subject(access, environment.today)

    async def _of_case_household(self, access: AccessRequest, environment: Environment) -> None:
        environment.case_household = await self._household_of(await self.case_subject(access, environment.today))

    async def case_subject(self, access: AccessRequest, today: dt.date) -> str | None:
        """The number of the resident whom the request's case is about, if it is verified; raises `SourceError`."""
        if access.case is None or self._case is None:
            return None
        rows = await self._rows(self._case, access.case)
        return rows[0][3] if rows and _verified(rows[0], access, today) else None

    async def _household_of(self, rrn: str | None) -> int | None:
        rows = await self._rows(self._household, rrn) if rrn is not None else []
        return rows[0][1] if rows else None

    async def _rows(self, question: Question, key: str) -> list[Row]:
        return (await self._load(question, [key])).get(key, [])

    async def _load(self, question: Question, keys: Sequence[Key]) -> Found:
        return await self._sources[question.source].load(question.shape, keys, question.values)


def _verified(row: Row, access: AccessRequest, today: dt.date) -> bool:
    _, agency, service, subject, opened, closed = row
    if subject is None or opened is None or agency != access.caller.agency or service != access.purpose:
        return False
    return bool(opened <= today and (closed is None or closed > today))


def household_question(catalogue: Catalogue) -> Question:
    """How to find a resident's household."""
    record = people(catalogue)[0]
    assert record.subject is not None
    assert record.subject.household is not None
    return Question(record.source, Shape(record.table, (record.subject.household,), record.subject.self))


def _questions(catalogue: Catalogue) -> tuple[Question | None, Question | None, Question | None]:
    """How to find a case, a guardian's children, and a child's day of birth."""
    cases, guardianship = catalogue.cases, catalogue.guardianship
    case = children = births = None
    if cases is not None:
        record = catalogue.records[cases.record.__name__]
        columns = (cases.agency, cases.service, cases.resident, cases.opened, cases.closed)
        case = Question(record.source, Shape(record.table, columns, cases.number))
    if guardianship is not None:
        hop, child = guardianship.through, catalogue.records[guardianship.child.__name__]
        where = All(tuple(Compare(name, "=", Param(i)) for i, (name, _) in enumerate(hop.where)))
        values = tuple(value for _, value in hop.where)
        children = Question(hop.source, Shape(hop.table, (hop.value,), hop.key, where=where), values)
        assert child.subject is not None
        births = Question(child.source, Shape(child.table, (guardianship.birth_date,), child.subject.self))
    return case, children, births
