"""Links with filters and pages: what is made of them, and which cannot be."""

from __future__ import annotations

import pytest

from schema.catalogue import Catalogue, DeclarationError, LinkField
from schema.declare import Register, Subject, column, compares, link, record

PLAIN = Register("plain", holder="plain", title="Plain")


@record(PLAIN, table="thing", subject=Subject(self="rrn"))
class Thing:
    """A thing. Holder: Plain."""

    name: str | None = column()
    """Its name."""
    things: list[Thing] | None = link("rrn", "rrn")
    """Others."""


class Named:
    name: str | None = compares("name", "=")
    """Of this name."""


class OfNoField:
    name: str | None = compares("nothing", "=")


class OfALink:
    name: str | None = compares("things", "=")


class CalledFirst:
    first: str | None = compares("name", "=")


def test_a_links_filters_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thing, "things", link("rrn", "rrn", order="-name", filter=Named, paged=True))
    things = Catalogue.load([__name__]).records["Thing"].fields["things"]
    assert isinstance(things, LinkField)
    assert things.paged
    (found,) = things.filters.values()
    assert (found.name, found.target.coordinate, found.operator, found.description) == (
        "name",
        "Thing.name",
        "=",
        "Of this name.",
    )


@pytest.mark.parametrize(
    ("attribute", "said", "why"),
    [
        ("things", link("rrn", "rrn", filter=OfNoField), "`OfNoField` compares `nothing`, which is no column and no derived"),
        ("things", link("rrn", "rrn", filter=OfALink), "`OfALink` compares `things`, which is no column and no derived field"),
        ("things", link("rrn", "rrn", filter=CalledFirst), "Thing.things has a filter `first`, which is how a list is cut"),
        ("thing", link("rrn", "rrn", filter=Named), "Thing.thing is no list, so it has nothing to filter and no pages"),
        ("thing", link("rrn", "rrn", paged=True), "Thing.thing is no list, so it has nothing to filter and no pages"),
    ],
)
def test_filters_and_pages_that_cannot_be(attribute: str, said: object, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thing, attribute, said, raising=False)
    monkeypatch.setitem(Thing.__annotations__, "thing", "Thing | None")
    with pytest.raises(DeclarationError, match=why):
        Catalogue.load([__name__])
