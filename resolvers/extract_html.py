"""A printed extract as a page of its own: it loads nothing, runs nothing, and prints on A4."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from resolvers.extract import NONE, Extract

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def as_html(extract: Extract) -> str:
    """The page. Whatever a register holds is text in it."""
    # The drawing is made of the code's squares alone, so there is nothing to escape.
    qr = Markup(extract.qr.svg_inline(border=2, svgclass=None, lineclass=None, omitsize=True, title="QR"))
    return _TEMPLATES.get_template("extract.html").render(extract=extract, nothing=NONE, qr=qr)
