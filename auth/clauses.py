"""Reads the rules of a regulation and its tests: permissions, prohibitions, and each of their conditions.

A key that the format knows and nothing enforces yet is refused: a condition that is ignored would share more than the law does.
For the same reason a condition that is there but says nothing is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from auth.access import MASKS, Duties, Limit, Mask, MaskKind, Since, Span
from auth.document import Node, Word
from auth.rules import Condition, Consent, Exemption, Expectation, Period, Permission, Prohibition

_SUBJECTS = ("any", "self", "household", "child", "jurisdiction")
_AMOUNTS: Mapping[str, int] = {"band": 18, "threshold": 18, "first": 4, "last": 4}
"""The masks that take an amount, and how many digits it may have."""
_ARTICLE = re.compile(r"\S,? arts?\. ?[0-9]|\S ?제 ?[0-9]+ ?조")
_COORDINATE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*")
_YEARS = 999


def read_permission(node: Node) -> Permission:
    required = ("id", "recipients", "roles", "purpose", "basis", "subject", "case")
    optional = ("items", "search", "access", "valid", "consent", "rows", "mask", "limit", "duties")
    found = node.fields("a permission", required, optional)
    if found and "items" not in found and "search" not in found:
        node.wrong("a permission needs `items` or `search`")
    subject = found["subject"].choices("`subject`", _SUBJECTS) if "subject" in found else ()
    if "any" in subject and len(subject) > 1:
        found["subject"].wrong("`subject` says `any`, so the other words there mean nothing")
    access = found["access"].choices("`access`", ("lookup", "list"), ("events", "statistics")) if "access" in found else None
    case = found["case"].choice("`case`", ("none", "required", "verified")) if "case" in found else ""
    return Permission(
        id=named(node, found, "id", "a permission's id"),
        recipients=_words(found, "recipients"),
        roles=_words(found, "roles"),
        purposes=_words(found, "purpose"),
        items=coordinates(found, "items"),
        search=coordinates(found, "search"),
        access=access if access is not None else (Word("lookup", node.place),),
        basis=basis(found),
        subject=tuple(word for word in subject if word != "any"),
        case=str(case) or "verified",
        valid=_period(found),
        consent=_consent(found["consent"]) if "consent" in found else None,
        rows=_conditions(found, "rows"),
        masks=_masks(found["mask"]) if "mask" in found else {},
        limit=_limit(found["limit"]) if "limit" in found else None,
        duties=_duties(found["duties"]) if "duties" in found else None,
    )


def read_prohibition(node: Node) -> Prohibition:
    optional = ("recipients", "roles", "purpose", "valid", "when", "of", "except")
    found = node.fields("a prohibition", ("id", "items", "basis"), optional)
    if "of" in found and "when" not in found:
        found["of"].wrong("`of` says whom `when` is about; without `when` it means nothing")
    household = "of" in found and found["of"].choice("`of`", ("subject", "household")) == "household"
    return Prohibition(
        id=named(node, found, "id", "a prohibition's id"),
        recipients=_words(found, "recipients"),
        roles=_words(found, "roles"),
        purposes=_words(found, "purpose"),
        items=coordinates(found, "items"),
        basis=basis(found),
        valid=_period(found),
        when=tuple(replace(condition, household=household) for condition in _conditions(found, "when")),
        exempt=tuple(_exemption(each) for each in found["except"].items("`except`")) if "except" in found else (),
    )


def read_test(node: Node) -> Expectation:
    expected = ("permitted", "denied", "masked", "conditional")
    found = node.fields("a test", ("caller",), ("purpose", "case", "access", "use", "on", *expected))
    if found and not any(key in found for key in expected):
        node.wrong("a test needs `permitted`, `denied`, `masked` or `conditional`")
    caller = found["caller"].fields("a test's caller", ("agency", "role")) if "caller" in found else {}
    return Expectation(
        agency=named(node, caller, "agency", "an agency"),
        role=named(node, caller, "role", "a role"),
        purpose=found["purpose"].name("a test's purpose") if "purpose" in found else None,
        case=bool(found["case"].text("a test's case")) if "case" in found else False,
        access=str(found["access"].choice("`access`", ("lookup", "list"))) if "access" in found else "lookup",
        use=str(found["use"].choice("`use`", ("read", "search"))) if "use" in found else "read",
        on=found["on"].day("a test's day") if "on" in found else None,
        permitted=coordinates(found, "permitted"),
        denied=coordinates(found, "denied"),
        masked=coordinates(found, "masked"),
        conditional=coordinates(found, "conditional"),
    )


def _consent(node: Node) -> Consent | None:
    if not node.is_mapping:
        word = node.choice("`consent`, if it is no exemption,", ("none", "required"))
        return None if word == "none" else Consent()
    found = node.fields("an exemption from consent", ("exempt", "notice"), ("within",))
    if "notice" in found:
        found["notice"].choice("`notice`", ("later",))
    ground = found["exempt"].text("the ground of an exemption from consent") if "exempt" in found else Word("", node.place)
    return Consent(ground, _lasting(found["within"], "`within`") if "within" in found else None)


def _conditions(found: Mapping[str, Node], key: str) -> tuple[Condition, ...]:
    if key not in found:
        return ()
    entries = found[key].entries(f"`{key}`")
    if found[key].is_mapping and found[key].empty():
        found[key].wrong(f"`{key}` is empty; leave it out if nothing depends on the row")
    read = [_condition(column, node) for column, node in entries.items() if _is_coordinate(column, node)]
    return tuple(condition for condition in read if condition is not None)


def _condition(column: Word, node: Node) -> Condition | None:
    if not node.is_mapping:
        if node.is_list:
            node.wrong(f"`{column}` must be one value, or `{{in: [...]}}` for several")
            return None
        return Condition(column, node.words(f"`{column}`"))
    forms = node.fields(f"the condition on `{column}`", (), ("in", "last", "since"))
    if len(forms) != 1:
        node.wrong(f"the condition on `{column}` needs one of `in`, `last` and `since`")
        return None
    form, value = next(iter(forms.items()))
    match form:
        case "in":
            return Condition(column, _among(value))
        case "last":
            years = value.number("`last`")
            if years > _YEARS:
                value.wrong(f"`last` must be a number of years up to {_YEARS}, not `{years}`")
            return Condition(column, Since(Span(years * 12)))
        case "since":
            return Condition(column, Since(value.span("`since`") or Span()))
    return None


def _among(node: Node) -> tuple[Word, ...] | Literal["jurisdiction"]:
    if node.is_list:
        return node.words("`in`")
    node.choice("`in`, if it is no list,", ("jurisdiction",))
    return "jurisdiction"


def _masks(node: Node) -> Mapping[Word, Mask]:
    entries = node.entries("`mask`")
    if node.is_mapping and node.empty():
        node.wrong("`mask` is empty; leave it out if everything is shown whole")
    masks = {coordinate: _mask(coordinate, each) for coordinate, each in entries.items() if _is_coordinate(coordinate, each)}
    return {coordinate: mask for coordinate, mask in masks.items() if mask is not None}


def _mask(coordinate: Word, node: Node) -> Mask | None:
    what = f"the mask of `{coordinate}`"
    if not node.is_mapping:
        plain = tuple(kind for kind in MASKS if kind not in _AMOUNTS)
        word = node.choice(what, plain)
        return Mask(_kind(word)) if word else None
    found = node.fields(what, (), tuple(_AMOUNTS))
    if len(found) != 1:
        node.wrong(f"{what} must be one mask, such as `year` or `{{band: 1000000}}`")
        return None
    kind, amount = next(iter(found.items()))
    return Mask(_kind(kind), amount.amount(f"`{kind}`", _AMOUNTS[kind])) if kind in _AMOUNTS else None


def _kind(word: str) -> MaskKind:
    return next(kind for kind in MASKS if kind == word)


def _limit(node: Node) -> Limit:
    found = node.fields("`limit`", (), ("officer", "agency"))
    if node.is_mapping and node.empty():
        node.wrong("`limit` needs `officer` or `agency`")
    officer, agency = (found[key].number(f"`{key}`") if key in found else None for key in ("officer", "agency"))
    if officer and agency and officer > agency:
        node.wrong(
            f"an officer may have {officer} an hour here and all the agency {agency}, so the officer's limit means nothing"
        )
    return Limit(officer, agency)


def _duties(node: Node) -> Duties:
    found = node.fields("`duties`", (), ("retain", "store", "defer"))
    if node.is_mapping and node.empty():
        node.wrong("`duties` needs `retain`, `store` or `defer`")
    return Duties(
        retain=found["retain"].span("`retain`") if "retain" in found else None,
        store=found["store"].truth("`store`") if "store" in found else True,
        defer=_defer(found["defer"]) if "defer" in found else None,
    )


def _defer(node: Node) -> Span | date | None:
    what = "`defer`"
    return node.day(what) if node.text(what)[:1].isdigit() else _lasting(node, what)


def _lasting(node: Node, what: str) -> Span | None:
    """A length of time that is not over as soon as it begins."""
    span = node.span(what)
    if span == Span():
        node.wrong(f"{what} is over at once; leave it out, or give it a length of time like P5Y, P18M or P10D")
    return span


def _exemption(node: Node) -> Exemption:
    found = node.fields("an exception", (), ("recipients", "roles", "purpose"))
    if node.is_mapping and not found:
        node.wrong("an exception needs `recipients`, `roles` or `purpose`")
    return Exemption(*(_words(found, key) for key in ("recipients", "roles", "purpose")))


def named(node: Node, found: Mapping[str, Node], key: str, what: str) -> Word:
    """The name that stands under a key; empty where there is none."""
    return found[key].name(what) if key in found else Word("", node.place)


def coordinates(found: Mapping[str, Node], key: str) -> tuple[Word, ...]:
    """The coordinates that stand under a key, those left out that are none."""
    return tuple(word for word in _words(found, key) if _is_coordinate(word, found[key]))


def basis(found: Mapping[str, Node], key: str = "basis") -> str:
    """The law and its article."""
    if key not in found:
        return ""
    text = found[key].text(f"`{key}`")
    if text and not _ARTICLE.search(text):
        found[key].wrong(f"`{key}` must name a law and its article, as in `Some Act, art. 1`, not `{text}`")
    return text


def _is_coordinate(word: Word, node: Node) -> bool:
    if _COORDINATE.fullmatch(word):
        return True
    node.mistakes.add(word.place, f"`{word}` is not a coordinate; write one like `Type.field`")
    return False


def _words(found: Mapping[str, Node], key: str) -> tuple[Word, ...]:
    return found[key].words(f"`{key}`") if key in found else ()


def _period(found: Mapping[str, Node]) -> Period:
    if "valid" not in found:
        return Period()
    ends = found["valid"].fields("`valid`", (), ("from", "until"))
    if found["valid"].empty():
        found["valid"].wrong("`valid` needs `from` or `until`")
    first, last = (ends[key].day(f"`{key}`") if key in ends else None for key in ("from", "until"))
    if first and last and first > last:
        found["valid"].wrong(f"`valid` ends on {last}, before it begins on {first}")
    return Period(first, last)
