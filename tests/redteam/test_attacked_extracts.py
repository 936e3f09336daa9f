"""What registers hold, printed: texts that a PDF's maker would take for its own words, or that turn a line around."""

from __future__ import annotations

import datetime as dt

import pypdfium2
import pytest

from auth.rules import Title
from resolvers.extract import Extract, PrintedTable
from resolvers.extract_pdf import as_pdf

NASTY = ["{nb}", "**bold** __line__", "(a) Tj ET Q", "\\) \\( <</URI (x)>>", "[x](http://example.org)"]


def extract(texts: list[str]) -> Extract:
    title = Title("증명서", "Certificate")
    rows = tuple([(text,) for text in texts])
    return Extract(
        title, "art. 1", title, title, (PrintedTable(title, (title,), rows, False),), (), (), 7,
        dt.datetime(2026, 11, 30, tzinfo=dt.UTC), "0000-0000", "http://127.0.0.1/verify#x", "http://127.0.0.1/verify",
    )  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_a_text_is_printed_as_it_is(text: str) -> None:
    made = as_pdf(extract([text]))
    page = pypdfium2.PdfDocument(made)[0].get_textpage().get_text_range()
    assert text in page.replace("\r\n", " ")
    assert b"/URI" not in made
    assert b"/JavaScript" not in made
    assert "1 / 1" in page, "how many pages there are is still said"
