"""Extracts as they are printed: texts, the page, the PDF, and what makes them ugly or dangerous."""

from __future__ import annotations

import datetime as dt
import html
import json
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fontTools.ttLib import TTFont

from auth.codes import Codes
from auth.jws import Seal, read_facts
from madang.gateway import Law, read_law
from madang.settings import load
from resolvers.extract import ABSENT, NONE, Extract, digest, printed
from resolvers.extract_html import as_html
from resolvers.extract_pdf import FONT, as_pdf
from resolvers.layouts import load_layouts
from resolvers.services import BrokenServices

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "examples" / "korea" / "services"
SEAL = Seal(Ed25519PrivateKey.from_private_bytes(bytes(32)))
SEOUL = dt.timezone(dt.timedelta(hours=9))
ADDRESS = "서울특별시 종로구 사직로8길 60-12, 101동 1203호 (내수동, 경희궁의아침)"
NAMES = [
    "김민준", "<b>이서연</b>&\"'",
    "황보가나다라마바사아자차카타파하가나다라마바사", "Maximilian Alexander von Habsburg-Lothringen",
    "박순자", "최영", "뷁쀍", "O'Brien", "조은별", "윤슬", "장미", "임꺽정",
]  # fmt: skip
RELATIONS = ["HEAD", "SPOUSE", "CHILD", "PARENT", "SIBLING", "GRANDCHILD", "OTHER"]


@pytest.fixture(scope="module")
def law() -> Law:
    return read_law(load(ROOT / "madang.toml"))


def household(size: int, names: list[str] = NAMES) -> dict[str, Any]:
    members = [
        {
            "relationToHead": RELATIONS[place % 7],
            "name": names[place % len(names)],
            "sex": "MALE" if place % 2 else "FEMALE",
            "birthDate": None if place == 2 else f"19{10 + place}-03-14",
            "movedInOn": "2019-05-01",
        }
        for place in range(size)
    ]
    me = {"name": "HEAD", "rrn": "8103149970008", "sex": "MALE", "birthDate": "1981-03-14", "address": ADDRESS, "movedInOn": None}
    data = {"me": me | {"household": {"size": size, "head": {"name": names[0]}, "members": members}}}
    told = {"code": "WITHHELD", "coordinate": "Resident.birthDate", "pattern": "me.household.members[].birthDate"}
    error = {
        "message": "`Resident.birthDate` is withheld: a prohibition is in force",
        "path": ["me", "household", "members", 2, "birthDate"],
        "extensions": told,
    }
    return {"data": data, "errors": [error] if size > 2 else []}


def extract(law: Law, response: dict[str, Any], service: str = "resident-extract", seal: Seal = SEAL) -> Extract:
    rules = [{"rule": "mois/own", "basis": "Resident Registration Act, art. 29(2)"}]
    payload = {
        "response": response,
        "granted": [{"coordinate": "Resident.name", "mask": None, "rules": rules}],
        "entry": 7171,
        "at": "2026-11-30T15:12:33.123+00:00",
    }
    code = Codes(bytes(32)).of(7171, bytes(8), service)
    return printed(law.layouts[service], payload, code, seal, "https://share.example.go.kr", SEOUL)


def pages(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


def flat(text: str) -> str:
    return "".join(text.split())


def test_an_extract_says_what_was_answered(law: Law) -> None:
    found = extract(law, household(4))
    applicant, members = found.tables
    assert applicant.rows[0] == ("HEAD", "810314-9970008", "남 Male", "1981-03-14", ADDRESS, ABSENT, "김민준", "4")
    assert [row[0] for row in members.rows] == ["세대주 Head", "배우자 Spouse", "자녀 Child", "부모 Parent"]
    assert members.rows[2][3] == f"{ABSENT} a)", "withheld is not absent"
    assert found.notes == (("a)", "Resident.birthDate is withheld: a prohibition is in force"),)
    assert found.bases == (("Resident Registration Act, art. 29(2)", "성명"),)
    assert found.issued.date() == dt.date(2026, 12, 1), "the day is Seoul's"


def test_what_was_lost_or_withheld_above_is_not_printed_as_if_there_were_none(law: Law) -> None:
    service = "family-relation-certificate"
    me = dict.fromkeys(("name", "rrn", "sex", "birthDate", "birth"))
    nobody = {"data": {"me": me | {"parents": [], "spouse": None, "children": []}}, "errors": []}
    assert extract(law, nobody, service).tables[1].rows == ()
    told = {"code": "SOURCE_UNAVAILABLE", "holder": "scourt", "patterns": ["me.parents", "me.birth"]}
    error = {"message": "the register of `scourt` does not answer; ask again later", "path": ["me", "birth"], "extensions": told}
    lost = extract(law, {"data": {"me": me | {"parents": None, "spouse": None, "children": []}}, "errors": [error]}, service)
    assert lost.tables[1].rows == (("부모 Parent", f"{ABSENT} a)", "", ""),)
    assert lost.tables[0].rows[0][-1] == f"{ABSENT} a)", "what is below the lost record"
    assert lost.notes == (("a)", "the register of scourt does not answer; ask again later"),)
    for text in (as_html(extract(law, nobody, service)), *pages(as_pdf(extract(law, nobody, service)))):
        assert flat(NONE) in flat(text)


@pytest.mark.parametrize("size", [1, 12, 40])
def test_all_of_it_is_on_paper_and_the_code_can_be_scanned(law: Law, size: int) -> None:
    found = extract(law, household(size))
    pdf = as_pdf(found)
    texts = pages(pdf)
    assert len(texts) == (1 if size <= 12 else 2)
    whole = flat("".join(texts))
    page = as_html(found)
    for text in (*(text for table in found.tables for row in table.rows for text in row), found.code, "7171", found.issuer.ko):
        assert flat(text) in whole
        assert html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
    for number, text in enumerate(texts, 1):
        assert flat(f"{number} / {len(texts)}") in flat(text)
        assert found.code in text
    picture = pypdfium2.PdfDocument(pdf)[len(texts) - 1].render(scale=4).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == found.address
    facts = json.loads(read_facts(code.text.partition("#")[2], SEAL.public))
    if size <= 12:
        assert facts["tables"][1][2] == [list(row) for row in found.tables[1].rows]
    else:
        tables = [[table.title.ko, *_facts_of(table)] for table in found.tables]
        assert (facts["sha256"], "tables" in facts) == (digest({"tables": tables}), False)


def _facts_of(table: Any) -> list[Any]:
    titles = [heading.ko for heading in table.headings]
    if table.is_record:
        return [[], [list(line) for line in zip(titles, table.rows[0], strict=True)]]
    return [titles, [list(row) for row in table.rows]]


def test_nothing_of_a_register_is_markup_in_the_page(law: Law) -> None:
    nasty = ["<script>alert(1)</script>", "{{ 7*7 }}", "</td></table>", "<img src=x onerror=alert(1)>", '" onload="x']
    page = as_html(extract(law, household(5, nasty)))
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("</table>") == 2
    assert "{{ 7*7 }}" in page, "it is text"
    assert "http" not in page.replace("https://share.example.go.kr/verify", "").replace("http://www.w3.org/2000/svg", "")


def test_no_korean_is_missing_from_the_font() -> None:
    """Every syllable that there is, jamo, Latin, and what stands in the templates; what the font lacks would be a box."""
    with TTFont(FONT, lazy=True) as font:
        known = font.getBestCmap()
    syllables = (chr(code) for code in range(0xAC00, 0xD7A4))
    letters = (chr(code) for code in range(0x20, 0x7F) if chr(code) != "`")
    assert [each for each in (*syllables, *letters, *"ㄱㅎㅏㅣ—·‘’“”") if ord(each) not in known] == []
    assert FONT.stat().st_size < 3_000_000


def test_every_mistake_of_a_layout_is_told_in_its_place(law: Law, tmp_path: Path) -> None:
    folder = tmp_path / "resident-extract"
    folder.mkdir()
    text = (SERVICES / "resident-extract" / "extract.yaml").read_text()
    for before, after in (
        ("record: me\n", "record: me.spouse\n"), ("{of: me.household.members}", "{of: me.household.size}"),
        ("rrn: 6", "rrn: six"), ("issuer:", "isuer:"),
    ):  # fmt: skip
        assert before in text
        text = text.replace(before, after)
    (folder / "extract.yaml").write_text(text)
    with pytest.raises(BrokenServices) as broken:
        load_layouts(tmp_path, law.services, law.catalogue, law.authorizer)
    told = str(broken.value)
    for each in (
        "`me.spouse`",
        "`me.household.size` is no record",
        "`rrn` must be a whole number",
        "unknown key `isuer`",
        "needs `issuer`",
    ):
        assert each in told
    text = (SERVICES / "resident-extract" / "extract.yaml").read_text()
    (folder / "extract.yaml").write_text(text.replace("address, ", "addres, ").replace("  MALE: {ko: 남, en: Male}\n", ""))
    with pytest.raises(BrokenServices) as broken:
        load_layouts(tmp_path, law.services, law.catalogue, law.authorizer)
    assert "the document does not ask for `me.addres`" in str(broken.value)
    assert "`words` does not say what `MALE` is called, which `sex` may be" in str(broken.value)
