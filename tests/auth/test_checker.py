"""Every mistake comes at once, in its place, saying what was meant; and a set with a mistake is not served."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from auth.authorizer import BrokenRegulations, RegulationAuthorizer
from auth.checker import check
from auth.regulations import read
from tests.auth.rulebook import NATION

HERE = Path(__file__).parent
TODAY = date(2026, 3, 10)
CASES = sorted(path.name for path in (HERE / "broken").iterdir())


def said(directory: Path) -> str:
    """What the checker says of a directory, with file names alone."""
    mistakes = check(read(directory), NATION, TODAY)
    return "".join(f"{mistake}\n".replace(f"{directory}/", "").replace(str(directory), ".") for mistake in mistakes)


@pytest.mark.parametrize("case", CASES)
def test_says_what_is_wrong_with(case: str, tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    shutil.copytree(HERE / "broken" / case, tmp_path, dirs_exist_ok=True)
    expected = (tmp_path / "expected.txt").read_text()
    assert expected, "a broken set has a mistake"
    assert said(tmp_path) == expected
    with pytest.raises(BrokenRegulations) as raised:
        RegulationAuthorizer.load(tmp_path, NATION, today=lambda: TODAY)
    assert str(raised.value).count("\n") + 1 == len(raised.value.mistakes) == expected.count("\n")


def test_finds_nothing_wrong_with_a_good_set() -> None:
    assert said(HERE / "good") == ""


def test_every_message_is_one_lower_case_sentence() -> None:
    for case in CASES:
        for line in (HERE / "broken" / case / "expected.txt").read_text().splitlines():
            what = line.split(": ", 1)[1]
            assert what[0].islower() or what[0] == "`", line
            assert not what.endswith("."), line


def test_a_missing_directory_is_a_mistake(tmp_path: Path) -> None:
    assert said(tmp_path / "nowhere") == ".:1:1: there is no such directory of regulations\n"


def test_missing_parties_and_purposes_are_mistakes(tmp_path: Path) -> None:
    shutil.copy(HERE / "good" / "tax.yaml", tmp_path)
    assert said(tmp_path) == (
        "parties.yaml:1:1: the file cannot be read: No such file or directory\n"
        "purposes.yaml:1:1: the file cannot be read: No such file or directory\n"
    )


def test_all_files_are_read_whatever_is_wrong_with_one(tmp_path: Path) -> None:
    for name in ("parties.yaml", "purposes.yaml", "interior.yaml", "tax.yaml"):
        (tmp_path / name).write_text("a: 1\na: 2\n")
    files = {mistake.place.file for mistake in check(read(tmp_path), NATION, TODAY)}
    assert {Path(file).name for file in files} == {"parties.yaml", "purposes.yaml", "interior.yaml", "tax.yaml"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "x.yaml:1:1: the file is empty\n"),
        (b"# only a comment\n", "x.yaml:1:1: the file is empty\n"),
        (b"a: \xff\n", "x.yaml:1:4: the file is not in UTF-8\n"),
        (b"a: 1\nbasis: caf\xc3\n", "x.yaml:2:11: the file is not in UTF-8\n"),
        ("a: 1\nb: pay\u202eyap\n".encode(), "x.yaml:2:7: the character U+202E cannot be seen; take it out\n"),
        ("a: \u3164\n".encode(), "x.yaml:1:4: the character U+3164 cannot be seen; take it out\n"),
        (b"a: \x07\n", "x.yaml:1:4: the character U+0007 cannot be seen; take it out\n"),
        (b'a: "\\UFFFFFFFF"\n', "x.yaml:1:1: an escaped character in this file does not exist\n"),
        (b"a:\n\t- b\n", "x.yaml:2:1: a tab stands here; indent with spaces\n"),
        (
            b"a: [1\n",
            "x.yaml:2:1: this is not YAML that can be read: while parsing a flow sequence, "
            "expected ',' or ']', but got '<stream end>'\n",
        ),
        (b"a: 1\n---\nb: 1\n", "x.yaml:2:1: a second document begins here; a file holds one\n"),
        (b"[" * 100_000, "x.yaml:1:17: this is not YAML that can be read: it nests deeper than 16 levels\n"),
        (b"a: " + b"b" * 1024 * 1024, "x.yaml:1:1: the file is longer than 1048576 bytes\n"),
    ],
    ids=lambda value: value[:24].decode("utf-8", "replace") if isinstance(value, bytes) else "",
)
def test_an_unreadable_file(content: bytes, expected: str, tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    (tmp_path / "x.yaml").write_bytes(content)
    assert said(tmp_path) == expected


def test_a_bomb_of_aliases_costs_nothing(tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    (tmp_path / "bomb.yaml").write_text(bomb)
    lines = said(tmp_path).splitlines()
    assert lines[0] == "bomb.yaml:1:1: a regulation needs `approval`"
    assert "bomb.yaml:2:10: the alias `*a0` is not allowed here; write out what it stands for" in lines


def test_a_file_with_a_byte_order_mark_and_windows_lines_is_fine(tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    tax = tmp_path / "tax.yaml"
    tax.write_bytes(b"\xef\xbb\xbf" + tax.read_bytes().replace(b"\n", b"\r\n"))
    assert said(tmp_path) == ""


def test_other_files_are_passed_over_but_not_misnamed_ones(tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    (tmp_path / "README.md").write_text("read me")
    (tmp_path / ".tax.yaml.swp").write_text("\0")
    (tmp_path / ".tax.yaml").write_text("\0")
    assert said(tmp_path) == ""
    (tmp_path / "more.yml").write_text("a: 1")
    (tmp_path / "MORE.YAML").write_text("a: 1")
    assert said(tmp_path) == (
        "MORE.YAML:1:1: a regulation's file name ends in `.yaml`, not `.YAML`\n"
        "more.yml:1:1: a regulation's file name ends in `.yaml`, not `.yml`\n"
    )


@pytest.mark.parametrize(("approved", "known"), [("2026-03-10", True), ("2026-03-11", False)])
def test_what_is_superseded_today_may_name_coordinates_that_are_no_more(approved: str, known: bool, tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    shutil.copytree(HERE / "history", tmp_path, dirs_exist_ok=True)
    tax = tmp_path / "tax.yaml"
    tax.write_text(tax.read_text().replace("2026-01-20", approved))
    assert ("unknown coordinate `Tax.note`" not in said(tmp_path)) is known
    assert (said(tmp_path) == "") is known


def test_a_superseded_version_keeps_passing_its_own_tests(tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    shutil.copytree(HERE / "history", tmp_path, dirs_exist_ok=True)
    old = tmp_path / "superseded" / "tax.yaml"
    old.write_text(old.read_text().replace("    denied: [Tax.year]\n", "    masked: [Tax.year]\n"))
    expected = "`Tax.year` should be masked on 2025-01-01, but it is denied, NO_PERMISSION"
    assert said(tmp_path) == f"superseded/tax.yaml:35:14: this test fails: {expected}\n"


def test_a_regulation_is_bounded_in_rules_and_a_nation_in_circumstances(tmp_path: Path) -> None:
    shutil.copytree(HERE / "good", tmp_path, dirs_exist_ok=True)
    rules = "".join(f"  - {{id: r{number}, items: [Tax.year], basis: 'Tax Act, art. 1'}}\n" for number in range(2001))
    head = "regulation: tax\nholder: tax\nversion: 2\napproval: {number: 1, on: 2026-01-20}\nprohibitions:\n"
    (tmp_path / "tax.yaml").write_text(head + rules)
    agencies = "".join(f"  a{number}: {{title: {{ko: 가, en: A}}}}\n" for number in range(600))
    roles = "".join(f"  r{number}: {{title: {{ko: 가, en: A}}}}\n" for number in range(600))
    (tmp_path / "parties.yaml").write_text(f"agencies:\n{agencies}roles:\n{roles}")
    lines = said(tmp_path).splitlines()
    assert "parties.yaml:2:3: agencies, roles and purposes make 1080000 circumstances, more than 1000000" in lines
    assert "tax.yaml:1:13: a regulation has at most 2000 rules, not 2001" in lines
