"""A printed extract as PDF, on A4, with its font in it.

The font, Nanum Gothic, covers the Korean of registers and Latin; a character that it lacks is shown as a box.
"""

from __future__ import annotations

import logging
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, VAlign, XPos, YPos
from fpdf.fonts import FontFace

from resolvers.extract import NONE, Extract, PrintedTable

FONT = Path(__file__).parent / "fonts" / "NanumGothic-Regular.ttf"

# What it says of characters that the font lacks, and of tables that it leaves out, is nothing to whoever runs the gateway.
for _name in ("fpdf", "fontTools"):
    logging.getLogger(_name).setLevel(logging.ERROR)

_LAST = "\0"
"""What the number of the last page is put in place of: no register holds it, as it may hold the `{nb}` of FPDF."""
_QR = 50.0
_PADDING = 3.6
_WORD = 50.0
"""A word that is longer is broken."""
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
        self.alias_nb_pages(_LAST)
        self.set_creation_date(extract.issued)
        self.add_font("nanum", "", FONT)
        self.set_margins(_MARGIN, 13)
        self.c_margin = 0
        self.set_auto_page_break(True, 28)
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
        self.ln(5)
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
        is_list = not (table.is_record and table.rows)
        style = FontFace(color=_INK, fill_color=_SOFT)
        with self.table(
            col_widths=_widths(self, table) if is_list else (36.0, 64.0), first_row_as_headings=is_list, headings_style=style,
            line_height=4.6, padding=(0.8, 1.6), text_align="LEFT", v_align=VAlign.M, borders_layout=TableBordersLayout.ALL,
        ) as drawn:  # fmt: skip
            if is_list:
                drawn.row([f"{title.ko}\n{title.en}" for title in table.headings])
                for texts in table.rows:
                    drawn.row(texts)
                if not table.rows:
                    drawn.row().cell(NONE, colspan=len(table.headings))
                return
            for title, text in zip(table.headings, table.rows[0], strict=True):
                row = drawn.row()
                row.cell(f"{title.ko}  {title.en}", style=style)
                row.cell(text)

    def small(self) -> None:
        self.ln(2.5)
        for mark, said in self.extract.notes:
            self.write_(7.5, f"{mark} {said}", color=_QUIET)
        for basis, items in self.extract.bases:
            self.write_(7.5, f"근거 {basis}: {items}", color=_QUIET)

    def end(self) -> None:
        """What is declared, by whom and when, beside the QR code: all on one page."""
        extract = self.extract
        self.ln(4)
        if self.will_page_break(_QR):
            self.add_page()
        top, width = self.get_y(), self.epw - _QR - 6
        self._qr(self.w - _MARGIN - _QR, top)
        self.set_y(top + 6)
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
        self.cell(20, 5, f"{self.page_no()} / {_LAST}", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        how = "에서 확인번호를 입력하거나 QR 코드를 찍어 진위를 확인할 수 있습니다. Type the code there, or scan the QR code."
        self.write_(7.5, f"{extract.verify} {how}", color=_QUIET)


def _widths(pages: FPDF, table: PrintedTable) -> tuple[float, ...]:
    """Each column's width in millimetres: what its texts take, or so much less in proportion that no word need be broken."""
    wanted, least = [], []
    for place, heading in enumerate(table.headings):
        texts = [heading.ko, heading.en, *(row[place] for row in table.rows)]
        wanted.append(max(map(pages.get_string_width, texts)) + _PADDING)
        words = (word for text in texts for word in text.split() or [""])
        least.append(min(max(map(pages.get_string_width, words)) + _PADDING, _WORD))
    room = pages.epw - sum(least)
    more = [max(full - few, 0.0) for full, few in zip(wanted, least, strict=True)]
    if sum(more) <= room:
        return tuple([max(full, few) * pages.epw / sum(map(max, wanted, least)) for full, few in zip(wanted, least, strict=True)])
    return tuple([few + extra * max(room, 0.0) / sum(more) for few, extra in zip(least, more, strict=True)])
