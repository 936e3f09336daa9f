"""Reads the regulations: parties, purposes, and one file or more a holder, with every mistake in its place.

A directory holds `parties.yaml` (agencies, groups of agencies, roles), `purposes.yaml` (civil affairs) and regulations, one a
file. `read` only reads: whether names exist and rules agree is the checker's to say (`auth/checker.py`), and what they amount to
the table's (`auth/table.py`). What was read in spite of a mistake is kept, so that all mistakes come at once; a set with a
mistake is never put in force.

A key that the format knows and nothing enforces yet is refused: a condition that is ignored would share more than the law does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from auth.document import Mistakes, Node, Place, Word, read_document
from auth.rules import (
    Agency,
    Expectation,
    Group,
    Parties,
    Period,
    Permission,
    Prohibition,
    Purpose,
    Regulation,
    RegulationSet,
    Title,
)

PARTIES = "parties.yaml"
PURPOSES = "purposes.yaml"

_SUBJECTS = ("any", "self", "household", "jurisdiction")
_LATER = ("consent", "rows", "mask", "duties", "limit")
_ARTICLE = re.compile(r"\S,? arts?\. ?[0-9]|\S ?제 ?[0-9]+ ?조")
_COORDINATE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*")
_DISTRICT = re.compile(r"[0-9]{5}")


def read(directory: Path) -> RegulationSet:
    """Read a directory of regulations, whatever its state."""
    mistakes = Mistakes()
    if not directory.is_dir():
        mistakes.add(Place(str(directory), 1, 1), "there is no such directory of regulations")
        return RegulationSet(None, None, (), mistakes)
    parties = read_document(directory / PARTIES, mistakes)
    purposes = read_document(directory / PURPOSES, mistakes)
    regulations = []
    for path in sorted(directory.iterdir()):
        if path.name.startswith(".") or path.name in (PARTIES, PURPOSES):
            continue
        if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml":
            mistakes.add(Place(str(path), 1, 1), f"a regulation's file name ends in `.yaml`, not `{path.suffix}`")
        elif path.suffix == ".yaml" and (document := read_document(path, mistakes)) is not None:
            regulations.append(_regulation(document))
    return RegulationSet(
        _parties(parties) if parties else None,
        _purposes(purposes) if purposes else None,
        tuple(regulations),
        mistakes,
    )


def _parties(document: Node) -> Parties:
    found = document.fields("the parties", ("agencies", "roles"), ("groups",))
    agencies = {name: _agency(name, node) for name, node in _named(found, "agencies", "an agency's name")}
    groups = {name: _group(name, node) for name, node in _named(found, "groups", "a group's name")}
    for name in groups:
        if name in agencies:
            document.mistakes.add(name.place, f"`{name}` is an agency already; a group needs another name")
    roles = {
        name: _title(node.fields(f"the role `{name}`", ("title",)), f"the role `{name}`")
        for name, node in _named(found, "roles", "a role's name")
    }
    return Parties(agencies, groups, roles)


def _named(found: Mapping[str, Node], key: str, what: str) -> list[tuple[Word, Node]]:
    if key not in found:
        return []
    return [(found[key].named(name, what), node) for name, node in found[key].entries(f"`{key}`").items()]


def _agency(name: Word, node: Node) -> Agency:
    what = f"the agency `{name}`"
    found = node.fields(what, ("title",), ("jurisdiction",))
    jurisdiction = found["jurisdiction"].text("a jurisdiction") if "jurisdiction" in found else None
    if jurisdiction and not _DISTRICT.fullmatch(jurisdiction):
        found["jurisdiction"].wrong(f"a jurisdiction must be the five digits of a district, not `{jurisdiction}`")
    return Agency(_title(found, what), jurisdiction)


def _group(name: Word, node: Node) -> Group:
    what = f"the group `{name}`"
    found = node.fields(what, ("title", "agencies"))
    return Group(_title(found, what), found["agencies"].words(f"`agencies` of {what}") if "agencies" in found else ())


def _title(found: Mapping[str, Node], what: str) -> Title:
    if "title" not in found:
        return Title("", "")
    title = found["title"].fields(f"the title of {what}", ("ko", "en"))
    return Title(*(title[language].text(f"the title of {what}") if language in title else "" for language in ("ko", "en")))


def _purposes(document: Node) -> dict[Word, Purpose]:
    found = document.fields("the purposes", ("purposes",))
    return {name: _purpose(name, node) for name, node in _named(found, "purposes", "a purpose's name")}


def _purpose(name: Word, node: Node) -> Purpose:
    what = f"the purpose `{name}`"
    found = node.fields(what, ("title", "basis", "description"))
    description = found["description"].text("a description") if "description" in found else ""
    return Purpose(_title(found, what), _basis(found), description)


def _regulation(document: Node) -> Regulation:
    required = ("regulation", "holder", "version", "approval")
    rules = ("permissions", "prohibitions", "hidden")
    found = document.fields("a regulation", required, (*rules, "tests"))
    if not any(key in found for key in rules):
        document.wrong("a regulation needs `permissions`, `prohibitions` or `hidden`")
    approval = found["approval"].fields("an approval", ("number", "on")) if "approval" in found else {}
    permissions = found["permissions"].items("`permissions`") if "permissions" in found else []
    prohibitions = found["prohibitions"].items("`prohibitions`") if "prohibitions" in found else []
    tests = found["tests"].items("`tests`") if "tests" in found else []
    return Regulation(
        name=_name(document, found, "regulation", "a regulation's name"),
        holder=_name(document, found, "holder", "a holder"),
        version=found["version"].number("a version") if "version" in found else 0,
        number=approval["number"].text("an approval's number") if "number" in approval else "",
        approved_on=approval["on"].day("an approval's day") if "on" in approval else None,
        hidden=_coordinates(found, "hidden"),
        permissions=tuple(_permission(node) for node in permissions),
        prohibitions=tuple(_prohibition(node) for node in prohibitions),
        tests=tuple(_test(node) for node in tests),
    )


def _permission(node: Node) -> Permission:
    required = ("id", "recipients", "roles", "purpose", "basis", "subject", "case")
    found = node.fields("a permission", required, ("items", "search", "access", "valid"), _LATER)
    if found and "items" not in found and "search" not in found:
        node.wrong("a permission needs `items` or `search`")
    subject = found["subject"].choices("`subject`", _SUBJECTS, ("child",)) if "subject" in found else ()
    if "any" in subject and len(subject) > 1:
        found["subject"].wrong("`subject` says `any`, so the other words there mean nothing")
    access = found["access"].choices("`access`", ("lookup", "list"), ("events", "statistics")) if "access" in found else None
    case = found["case"].choice("`case`", ("none", "required"), ("verified",)) if "case" in found else "required"
    return Permission(
        id=_name(node, found, "id", "a permission's id"),
        recipients=_words(found, "recipients"),
        roles=_words(found, "roles"),
        purposes=_words(found, "purpose"),
        items=_coordinates(found, "items"),
        search=_coordinates(found, "search"),
        access=access if access is not None else (Word("lookup", node.place),),
        basis=_basis(found),
        subject=tuple(word for word in subject if word != "any"),
        case=case != "none",
        valid=_period(found),
    )


def _prohibition(node: Node) -> Prohibition:
    found = node.fields("a prohibition", ("id", "items", "basis"), ("recipients", "roles", "purpose", "valid"), ("when",))
    return Prohibition(
        id=_name(node, found, "id", "a prohibition's id"),
        recipients=_words(found, "recipients"),
        roles=_words(found, "roles"),
        purposes=_words(found, "purpose"),
        items=_coordinates(found, "items"),
        basis=_basis(found),
        valid=_period(found),
    )


def _test(node: Node) -> Expectation:
    optional = ("purpose", "case", "access", "use", "on", "permitted", "denied")
    found = node.fields("a test", ("caller",), optional)
    if found and "permitted" not in found and "denied" not in found:
        node.wrong("a test needs `permitted` or `denied`")
    caller = found["caller"].fields("a test's caller", ("agency", "role")) if "caller" in found else {}
    return Expectation(
        agency=_name(node, caller, "agency", "an agency"),
        role=_name(node, caller, "role", "a role"),
        purpose=found["purpose"].name("a test's purpose") if "purpose" in found else None,
        case=bool(found["case"].text("a test's case")) if "case" in found else False,
        access=str(found["access"].choice("`access`", ("lookup", "list"))) if "access" in found else "lookup",
        use=str(found["use"].choice("`use`", ("read", "search"))) if "use" in found else "read",
        on=found["on"].day("a test's day") if "on" in found else None,
        permitted=_coordinates(found, "permitted"),
        denied=_coordinates(found, "denied"),
    )


def _name(node: Node, found: Mapping[str, Node], key: str, what: str) -> Word:
    return found[key].name(what) if key in found else Word("", node.place)


def _words(found: Mapping[str, Node], key: str) -> tuple[Word, ...]:
    return found[key].words(f"`{key}`") if key in found else ()


def _coordinates(found: Mapping[str, Node], key: str) -> tuple[Word, ...]:
    words = _words(found, key)
    for word in words:
        if not _COORDINATE.fullmatch(word):
            found[key].mistakes.add(word.place, f"`{word}` is not a coordinate; write one like `Type.field`")
    return tuple(word for word in words if _COORDINATE.fullmatch(word))


def _basis(found: Mapping[str, Node]) -> str:
    if "basis" not in found:
        return ""
    basis = found["basis"].text("`basis`")
    if basis and not _ARTICLE.search(basis):
        found["basis"].wrong(f"`basis` must name a law and its article, as in `Some Act, art. 1`, not `{basis}`")
    return basis


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
