"""A printed extract as PDF, on A4, with its font in it.

The font, Nanum Gothic, covers the Korean of registers and Latin; a character that it lacks is shown as a box.
"""

from __future__ import annotations

import logging
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, VAlign, XPos, YPos
from fpdf.fonts import FontFace

from auth.rules import Title
from resolvers.extract import NONE, Extract, PrintedTable

FONT = Path(__file__).parent / "fonts" / "NanumGothic-Regular.ttf"

# What it says of characters that the font lacks, and of tables that it leaves out, is nothing to whoever runs the gateway.
for _name in ("fpdf", "fontTools"):
    logging.getLogger(_name).setLevel(logging.ERROR)

_QR = 45.0
_MARGIN = 16.0
_QUIET, _INK, _SOFT = (90, 90, 90), (17, 17, 17), (240, 242, 245)


def as_pdf(extract: Extract) -> bytes:
    """The pages of an extract."""
    pages = _Pages(extract)
    pages.add_page()
    pages.head()
    for table in extract.tables:
        pages.draw(table)
    pages.small()
    pages.end()
    return bytes(pages.output())


class _Pages(FPDF):
    def __init__(self, extract: Extract) -> None:
        super().__init__(format="A4")
        self.extract = extract
        self.set_title(f"{extract.title.ko} {extract.title.en}")
        self.set_lang("ko")
        self.set_creation_date(extract.issued)
        self.add_font("nanum", "", FONT)
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(True, 30)
        self.set_draw_color(170)

    def write_(self, size: float, text: str, *, align: str = "L", color: tuple[int, int, int] = _INK, width: float = 0) -> None:
        """Lines of text, and what comes next below them."""
        self.set_font("nanum", size=size)
        self.set_text_color(*color)
        self.multi_cell(width, size * 0.5, text, align=align, new_x=XPos.LEFT, new_y=YPos.NEXT)

    def head(self) -> None:
        extract = self.extract
        self.set_font("nanum", size=8.5)
        self.set_text_color(*_QUIET)
        self.cell(self.epw / 2, 5, f"원장 번호 Issued under ledger entry {extract.entry}")
        issued = f"발급일시 Issued {extract.issued:%Y-%m-%d %H:%M}"
        self.cell(self.epw / 2, 5, issued, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(8)
        self.write_(24, extract.title.ko, align="C")
        self.ln(1)
        self.write_(10.5, f"{extract.title.en} · {extract.article}", align="C", color=_QUIET)
        self.ln(5)

    def draw(self, table: PrintedTable) -> None:
        self.ln(3)
        if self.will_page_break(30):
            self.add_page()
        self.write_(11, f"{table.title.ko}  {table.title.en}")
        self.ln(1)
        self.set_font("nanum", size=9)
        self.set_text_color(*_INK)
        heading = FontFace(color=_INK, fill_color=_SOFT)
        if table.is_record and table.rows:
            rows = [(_both(title), text) for title, text in zip(table.headings, table.rows[0], strict=True)]
            widths = (36.0, 64.0)
        else:
            rows = [*table.rows] or [(NONE, *[""] * (len(table.headings) - 1))]
            widths = _widths(table)
        with self.table(
            col_widths=widths, first_row_as_headings=not (table.is_record and table.rows), headings_style=heading, line_height=4.6,
            padding=(1.1, 1.6), text_align="LEFT", v_align=VAlign.M, borders_layout=TableBordersLayout.ALL,
        ) as drawn:  # fmt: skip
            if not (table.is_record and table.rows):
                drawn.row([f"{title.ko}\n{title.en}" for title in table.headings])
            for texts in rows:
                row = drawn.row()
                for place, text in enumerate(texts):
                    row.cell(text, style=heading if table.is_record and table.rows and not place else None)

    def small(self) -> None:
        self.ln(2.5)
        for mark, said in self.extract.notes:
            self.write_(7.5, f"{mark} {said}", color=_QUIET)
        for basis, items in self.extract.bases:
            self.write_(7.5, f"근거 {basis}: {items}", color=_QUIET)

    def end(self) -> None:
        """What is declared, by whom and when, beside the QR code: all on one page."""
        extract = self.extract
        self.ln(6)
        if self.will_page_break(_QR):
            self.add_page()
        top, width = self.get_y(), self.epw - _QR - 6
        self._qr(self.w - _MARGIN - _QR, top)
        self.set_y(top + 4)
        for size, text, color, below in (
            (10.5, extract.declares.ko, _INK, 0.5),
            (8.5, extract.declares.en, _QUIET, 5.0),
            (12, f"{extract.issued.year}년 {extract.issued.month}월 {extract.issued.day}일", _INK, 4.0),
            (15, extract.issuer.ko, _INK, 0.5),
            (9.5, extract.issuer.en, _QUIET, 0.0),
        ):
            self.write_(size, text, align="C", color=color, width=width)
            self.ln(below)

    def _qr(self, left: float, top: float) -> None:
        """The code's squares, as long as they are side by side, as one rectangle each."""
        matrix = self.extract.qr.matrix
        side = _QR / len(matrix)
        self.set_fill_color(0)
        for row, modules in enumerate(matrix):
            column = 0
            while column < len(modules):
                length = 0
                while column + length < len(modules) and modules[column + length]:
                    length += 1
                if length:
                    self.rect(left + column * side, top + row * side, length * side, side, style="F")
                column += length or 1

    def footer(self) -> None:
        extract = self.extract
        self.set_y(-25)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(2)
        self.set_font("nanum", size=10)
        self.set_text_color(*_INK)
        self.cell(self.epw - 20, 5, f"확인번호 Verification code  {extract.code}")
        self.set_font("nanum", size=8.5)
        self.cell(20, 5, f"{self.page_no()} / {{nb}}", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        how = f"{extract.verify} 에서 확인번호를 입력하거나 QR 코드를 찍어 진위를 확인할 수 있습니다. Type the code there, or scan the QR code."
        self.write_(7.5, how, color=_QUIET)


def _both(title: Title) -> str:
    return f"{title.ko}  {title.en}"


def _widths(table: PrintedTable) -> tuple[float, ...]:
    """Widths in proportion to what stands in the columns, none very narrow and none very wide."""
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(table.headings)
    longest = [max([_length(heading.ko), _length(heading.en) * 0.8, *map(_length, texts)]) for heading, texts in zip(table.headings, columns, strict=True)]
    return tuple([min(max(each, 7.0), 26.0) for each in longest])


def _length(text: str) -> float:
    """How wide a text is, in Latin letters: a Korean one is as wide as two."""
    return sum(2.0 if ord(character) > 0x10FF else 1.0 for character in text)
