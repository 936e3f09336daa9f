"""Attacks on whoever reads the regulations: a file that costs the gateway its memory or time, or says other than it seems to."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from auth.document import Mistakes, Node, read_document

LAUGHS = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))

BOMBS = {
    "billion laughs": f"l0: &l0 [ha, ha]\n{LAUGHS}regulation: *l11\n",
    "an alias of itself": "regulation: &a [*a]\n",
    "a merged mapping": "base: &b {holder: nts}\nregulation:\n  <<: *b\n",
    "a merge of many": "a: &a {x: y}\nregulation: {<<: [" + ", ".join(["*a"] * 5_000) + "]}\n",
    "an anchor alone": "regulation: &name nts-national-tax\n",
    "flow lists in flow lists": "regulation: " + "[" * 50_000 + "]" * 50_000,
    "flow mappings in flow mappings": "regulation: " + "{a: " * 20_000 + "1" + "}" * 20_000,
    "deep indentation": "".join(f"{' ' * n}a:\n" for n in range(1_200)),
    "lists of lists": "- " * 20_000 + "x",
    "a tag for an object": "regulation: !!python/object/apply:os.system ['true']\n",
    "a tag for a name": "regulation: !!python/name:os.system\n",
    "a binary": "regulation: !!binary aGVsbG8=\n",
    "a directive": "%TAG ! tag:yaml.org,2002:python/\n---\nregulation: !object:os.system x\n",
    "two documents": "regulation: a\n---\nregulation: b\n",
    "a key of a mapping": "? {regulation: a}\n: b\n",
    "a key of a list": "? [a, b]\n: c\n",
    "a backward text": "regulation: nts\u202e-xat\n",
    "an invisible letter": "regulation: nts\u200b-tax\n",
    "an escaped invisible letter": 'regulation: "nts\\u200b-tax"\n',
    "an escaped half": 'regulation: "nts\\ud800"\n',
    "an escape beyond Unicode": 'regulation: "\\U00200000"\n',
    "too long": "regulation: " + "x" * (1024 * 1024),
    "too many keys": "".join(f"k{n}: v\n" for n in range(200_000)),
    "a NUL": "regulation: a\0b\n",
}


def read(path: Path, text: str) -> tuple[Mistakes, Node | None]:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    mistakes = Mistakes()
    node = read_document(path, mistakes)
    for named in node.fields("a regulation", ("regulation",)).values() if node is not None else ():
        named.name("a regulation's name")
    return mistakes, node


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_a_mistake_and_costs_little(name: str, tmp_path: Path) -> None:
    """Found and said, in little time and memory, and no code of the file's is run."""
    path = tmp_path / "nts.yaml"
    tracemalloc.start()
    began = time.monotonic()
    try:
        mistakes, _ = read(path, BOMBS[name])
        took, most = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert mistakes.found, name
    assert took < 10, name
    assert most < 200 * 2**20, name
    for mistake in mistakes.found:
        assert str(path) in str(mistake)
        assert len(str(mistake)) < 2_000, "a mistake must not repeat a whole file"


def test_the_same_key_twice_is_not_the_last_one(tmp_path: Path) -> None:
    """A reader sees the first, a machine takes the last."""
    mistakes, _ = read(tmp_path / "a.yaml", "regulation: nts\nregulation: nts-other\n")
    assert [mistake.what for mistake in mistakes.found] == ["`regulation` stands twice in a regulation"]


def test_words_are_what_they_look_like(tmp_path: Path) -> None:
    """YAML's own ideas of yes, octal numbers and sexagesimals are nobody's here."""
    path = tmp_path / "a.yaml"
    path.write_text("a: yes\nb: 010\nc: 12:30:45\nd: 1_000\ne: 0x10\nf: .inf\n")
    node = read_document(path, Mistakes())
    assert node is not None
    assert {str(key): value.text("a value") for key, value in node.entries("it").items()} == {
        "a": "yes", "b": "010", "c": "12:30:45", "d": "1_000", "e": "0x10", "f": ".inf",
    }  # fmt: skip
