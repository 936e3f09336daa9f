"""The values that a plan leaves open, and what one request brings to fill them.

Each has `get`, which takes it from the request's environment, and is written in words where a plan is printed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from auth.access import Caller, Span


@dataclass
class Environment:
    """What one request brings to a plan."""

    arguments: Sequence[Mapping[str, Any]]
    caller: Caller
    today: dt.date
    pages: Mapping[int, Page]
    """By the index of a listing's arguments."""
    purpose: str | None
    mask_keys: tuple[str, str] | None = None
    """What pseudonyms for this agency and purpose are made with (`sources.evaluate.hmac_blocks`), where the plan has some."""
    household: int | None = None
    """The household of the caller's own resident, where a constraint needs it; so are the others."""
    children: tuple[str, ...] = ()
    """The numbers of the minors in the caller's care."""
    case_subject: str | None = None
    case_household: int | None = None
    """Whom the verified case is about; none if there is no such case."""


@dataclass(frozen=True)
class Page:
    """A listing's page: its size, and the order's values at its cursor."""

    first: int
    after: tuple[Any, ...]
    context: str
    """What a cursor is bound to: the root field, the filter and the order."""


@dataclass(frozen=True)
class Constant:
    value: Any

    def get(self, environment: Environment) -> Any:
        return self.value

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class Argument:
    """The value of an argument, or of one field of an input object."""

    index: int
    name: str
    key: str | None = None

    def get(self, environment: Environment) -> Any:
        value = environment.arguments[self.index].get(self.name)
        return value[self.key] if self.key is not None and value is not None else value

    def __str__(self) -> str:
        return f"argument {self.name}.{self.key}" if self.key else f"argument {self.name}"


NEEDS = ("household", "children", "case", "case_household")
"""What is found out before a plan is run, where it needs it. In failures they stand as steps of their own, before all others."""


def lost_need(need: str) -> int:
    """The number under which a need's failure is noted, as if it were a step's."""
    return -1 - NEEDS.index(need)


@dataclass(frozen=True)
class OfRequest:
    """What is known of the caller or the case."""

    attribute: Literal["rrn", "jurisdiction", "agency", "role", "household", "children", "case_subject", "case_household"]

    def get(self, environment: Environment) -> Any:
        own = self.attribute in ("rrn", "jurisdiction", "agency", "role")
        return getattr(environment.caller if own else environment, self.attribute)

    @property
    def need(self) -> str | None:
        """What has to be found out first."""
        return {"case_subject": "case"}.get(self.attribute, self.attribute if self.attribute in NEEDS else None)

    def __str__(self) -> str:
        of, _, what = self.attribute.partition("_")
        return f"the case's {what}" if of == "case" else f"the caller's {self.attribute}"


@dataclass(frozen=True)
class Follower:
    """The number of a citizen who follows the feed; of an agency it is empty."""

    def get(self, environment: Environment) -> Any:
        return environment.caller.rrn or ""

    def __str__(self) -> str:
        return "the caller's rrn, if it has one"


@dataclass(frozen=True)
class OfPurpose:
    def get(self, environment: Environment) -> Any:
        return environment.purpose

    def __str__(self) -> str:
        return "the purpose"


@dataclass(frozen=True)
class Before:
    """The day that lies so long before today, or its year."""

    span: Span
    year: bool

    def get(self, environment: Environment) -> Any:
        day = self.span.before(environment.today)
        return day.year if self.year else day

    def __str__(self) -> str:
        return f"{'the year of ' if self.year else ''}{self.span} before today"


@dataclass(frozen=True)
class MaskKey:
    """One of the two blocks of a pseudonym's key."""

    which: Literal[0, 1]

    def get(self, environment: Environment) -> Any:
        assert environment.mask_keys is not None, "a plan that makes pseudonyms says so"
        return environment.mask_keys[self.which]

    def __str__(self) -> str:
        return "the purpose's key"


@dataclass(frozen=True)
class CurrentDay:
    def get(self, environment: Environment) -> Any:
        return environment.today

    def __str__(self) -> str:
        return "today"


@dataclass(frozen=True)
class PageSize:
    """One more than the page, to know whether there is a next one."""

    index: int

    def get(self, environment: Environment) -> Any:
        return environment.pages[self.index].first + 1

    def __str__(self) -> str:
        return "the page's size + 1"


@dataclass(frozen=True)
class CursorValue:
    index: int
    position: int

    def get(self, environment: Environment) -> Any:
        return environment.pages[self.index].after[self.position]

    def __str__(self) -> str:
        return f"the cursor's value {self.position + 1}"


Value = Constant | Argument | OfRequest | Follower | OfPurpose | Before | MaskKey | CurrentDay | PageSize | CursorValue
