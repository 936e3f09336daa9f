"""Reads the regulations: parties, purposes, and one file or more a holder, with every mistake in its place.

A directory holds `parties.yaml` (agencies, groups of agencies, roles), `purposes.yaml` (civil affairs), if it likes `items.yaml`
(what coordinates are called) and regulations, one a file; versions of them that others have superseded lie in `superseded` below
it. `read` only reads: whether names exist is the checker's to say (`auth/checker.py`), whether rules agree is `auth/lint.py`'s,
and what they amount to the table's (`auth/table.py`). What was read in spite of a mistake is kept, so that all mistakes come at
once; a set with a mistake is never put in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from auth.clauses import basis, coordinates, named, read_permission, read_prohibition, read_test
from auth.document import Mistakes, Node, Place, Word, read_document
from auth.rules import Agency, Group, Parties, Purpose, Regulation, RegulationSet, Title

PARTIES = "parties.yaml"
PURPOSES = "purposes.yaml"
ITEMS = "items.yaml"
SUPERSEDED = "superseded"

_DISTRICT = re.compile(r"[0-9]{5}")


def read(directory: Path) -> RegulationSet:
    """Read a directory of regulations, whatever its state."""
    mistakes = Mistakes()
    if not directory.is_dir():
        mistakes.add(Place(str(directory), 1, 1), "there is no such directory of regulations")
        return RegulationSet(None, None, (), mistakes)
    parties = read_document(directory / PARTIES, mistakes)
    purposes = read_document(directory / PURPOSES, mistakes)
    items = read_document(directory / ITEMS, mistakes) if (directory / ITEMS).exists() else None
    files = [path for path in _files(directory, mistakes) if path.name not in (PARTIES, PURPOSES, ITEMS)]
    superseded = list(_files(directory / SUPERSEDED, mistakes)) if (directory / SUPERSEDED).is_dir() else []
    found = [(read_document(path, mistakes), path in superseded) for path in (*files, *superseded)]
    return RegulationSet(
        _parties(parties) if parties else None,
        _purposes(purposes) if purposes else None,
        tuple(_regulation(document, superseded=is_old) for document, is_old in found if document is not None),
        mistakes,
        _items(items) if items else {},
    )


def _files(directory: Path, mistakes: Mistakes) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml":
            mistakes.add(Place(str(path), 1, 1), f"a regulation's file name ends in `.yaml`, not `{path.suffix}`")
        elif path.suffix == ".yaml":
            yield path


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
    return languages(found["title"], what)


def languages(node: Node, what: str) -> Title:
    """What something is called, `ko` and `en`; `what` is that in a sentence."""
    title = node.fields(f"the title of {what}", ("ko", "en"))
    return Title(*(title[language].text(f"the title of {what}") if language in title else "" for language in ("ko", "en")))


def _purposes(document: Node) -> dict[Word, Purpose]:
    found = document.fields("the purposes", ("purposes",))
    return {name: _purpose(name, node) for name, node in _named(found, "purposes", "a purpose's name")}


def _purpose(name: Word, node: Node) -> Purpose:
    what = f"the purpose `{name}`"
    found = node.fields(what, ("title", "basis", "description"))
    description = found["description"].text("a description") if "description" in found else ""
    return Purpose(_title(found, what), basis(found), description)


def _items(document: Node) -> dict[Word, Title]:
    found = document.fields("the items", ("items",))
    entries = found["items"].entries("`items`") if "items" in found else {}
    return {coordinate: languages(node, f"`{coordinate}`") for coordinate, node in entries.items()}


def _regulation(document: Node, *, superseded: bool) -> Regulation:
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
        name=named(document, found, "regulation", "a regulation's name"),
        holder=named(document, found, "holder", "a holder"),
        version=found["version"].number("a version") if "version" in found else 0,
        number=approval["number"].text("an approval's number") if "number" in approval else "",
        approved_on=approval["on"].day("an approval's day") if "on" in approval else None,
        hidden=coordinates(found, "hidden"),
        permissions=tuple(read_permission(node) for node in permissions),
        prohibitions=tuple(read_prohibition(node) for node in prohibitions),
        tests=tuple(read_test(node) for node in tests),
        superseded=superseded,
    )
