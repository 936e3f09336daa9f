"""A file of the regulations as marked YAML nodes, and the mistakes found in it, each with its place.

Only YAML's plain part is read: one document of mappings, lists and words, in UTF-8. Anchors, aliases, tags, tabs and invisible
characters are refused, so that a file says to a reader what it says to the machine. A mistake never stops the reading where
something readable is left: what is wrong is noted, and an empty word stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

from auth.access import Span

_BYTES = 1024 * 1024
_DEPTH = 16
_SUGGESTIONS = 100
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff"
    "\u115f\u1160\u3164\uffa0\ue000-\uf8ff\U000e0000-\U000e0fff]"
)
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_AMOUNT = re.compile(r"[1-9](_?[0-9]){0,17}")
_REFUSED = "refused"


class Place(NamedTuple):
    """Where something stands; line and column count from 1."""

    file: str
    line: int
    column: int


class Word(str):
    """Text of a file, and where it stands."""

    __slots__ = ("place",)
    place: Place

    def __new__(cls, text: str, place: Place) -> Word:
        word = super().__new__(cls, text)
        word.place = place
        return word


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What is wrong, and where; `str()` is `file:line:column: what`."""

    place: Place
    what: str

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}:{self.place.column}: {self.what}"


@dataclass(slots=True)
class Mistakes:
    """Collects mistakes."""

    found: list[Mistake] = field(default_factory=list)

    def add(self, place: Place, what: str) -> None:
        self.found.append(Mistake(place, what))

    def unknown(self, kind: str, word: Word, known: Collection[str], where: str = "") -> None:
        """Note a word that names nothing, and what was probably meant."""
        # Close matches are slow to find; a file with a hundred mistakes needs another kind of help.
        close = get_close_matches(word, sorted(known), n=1) if len(self.found) < _SUGGESTIONS and len(word) < 100 else []
        meant = f"; did you mean `{close[0]}`?" if close else ""
        self.add(word.place, f"unknown {kind} `{word}`{where}{meant}")

    def sorted(self) -> tuple[Mistake, ...]:
        return tuple(sorted(set(self.found)))


class _Composer(yaml.SafeLoader):
    """PyYAML's own, without what lets one part of a file stand for another, or nest without bound."""

    def __init__(self, text: str, file: str, mistakes: Mistakes) -> None:
        super().__init__(text)
        self._file = file
        self.mistakes = mistakes
        self._level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        assert isinstance(mark, yaml.Mark), "PyYAML's own scanner marks every event"
        place = _place(self._file, mark)
        if isinstance(event, yaml.AliasEvent):
            self.mistakes.add(place, f"the alias `*{event.anchor}` is not allowed here; write out what it stands for")
            self.get_event()  # type: ignore[no-untyped-call]
            return yaml.ScalarNode(_REFUSED, "", mark)
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self.mistakes.add(place, f"the anchor `&{event.anchor}` is not allowed here; take it out")
            event.anchor = None
        if isinstance(event, yaml.ScalarEvent) and (character := _INVISIBLE.search(event.value)):
            self.mistakes.add(place, _invisible(character[0]))
            event.value = _INVISIBLE.sub("", event.value)
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            self.mistakes.add(place, f"the tag `{event.tag}` is not allowed here; take it out")
            event.tag = None
        if self._level == _DEPTH:
            raise yaml.MarkedYAMLError(problem=f"it nests deeper than {_DEPTH} levels", problem_mark=mark)
        self._level += 1
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


def read_document(path: Path, mistakes: Mistakes) -> Node | None:
    """The document of a file, or none when nothing of it can be read."""
    file = str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        mistakes.add(Place(file, 1, 1), f"the file cannot be read: {error.strerror}")
        return None
    if len(content) > _BYTES:
        mistakes.add(Place(file, 1, 1), f"the file is longer than {_BYTES} bytes")
        return None
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        at = error.start
        mistakes.add(Place(file, content.count(b"\n", 0, at) + 1, at - content.rfind(b"\n", 0, at)), "the file is not in UTF-8")
        return None
    if hidden := _INVISIBLE.search(text):
        at = hidden.start()
        mistakes.add(Place(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)), _invisible(hidden[0]))
        return None
    node, found = _compose(file, text)
    mistakes.found += found
    return None if node is None else Node(file, node, mistakes)


@lru_cache(maxsize=1024)
def _compose(file: str, text: str) -> tuple[yaml.Node | None, list[Mistake]]:
    """A document's root, and what is wrong with its form. It is kept: when the law is read again few of its files are others."""
    mistakes, node = Mistakes(), None
    try:
        node = _Composer(text, file, mistakes).get_single_node()
        if node is None:
            mistakes.add(Place(file, 1, 1), "the file is empty")
    except yaml.MarkedYAMLError as error:
        mistakes.add(_place(file, error.problem_mark), _yaml_problem(error))
    except (ValueError, OverflowError):
        # PyYAML takes a character beyond Unicode, escaped in quotes, as far as Python's `chr`.
        mistakes.add(Place(file, 1, 1), "an escaped character in this file does not exist")
    return node, mistakes.found


class Node:
    """A node of a file, asked for what is expected of it; what is otherwise is noted as a mistake."""

    __slots__ = ("_file", "_node", "mistakes", "place")

    def __init__(self, file: str, node: yaml.Node, mistakes: Mistakes) -> None:
        self._file = file
        self._node = node
        self.mistakes = mistakes
        self.place = _place(file, node.start_mark)

    def wrong(self, what: str) -> None:
        if self._node.tag != _REFUSED:
            self.mistakes.add(self.place, what)

    def empty(self) -> bool:
        """Whether it says nothing: no value, `none`, an empty list or mapping."""
        if isinstance(self._node, yaml.ScalarNode):
            return self._node.style is None and self._node.value in ("", "~", "null", "none")
        return not self._node.value

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    def entries(self, what: str) -> dict[Word, Node]:
        """A mapping's entries by key, in their order."""
        if not isinstance(self._node, yaml.MappingNode):
            self.wrong(f"{what} must be a mapping, `key: value`")
            return {}
        entries: dict[Word, Node] = {}
        for key_node, value_node in self._node.value:
            key = Node(self._file, key_node, self.mistakes)._scalar("a key")
            if key in entries:
                self.mistakes.add(key.place, f"`{key}` stands twice in {what}")
            elif key:
                entries[key] = Node(self._file, value_node, self.mistakes)
        return entries

    def fields(
        self, what: str, required: tuple[str, ...], optional: tuple[str, ...] = (), later: tuple[str, ...] = ()
    ) -> Mapping[str, Node]:
        """A mapping's entries by the keys that the format knows; those of `later` are refused unless they say nothing."""
        entries = self.entries(what)
        if not self.is_mapping:
            return {}
        for key, value in entries.items():
            if key in later and not value.empty():
                self.mistakes.add(key.place, f"`{key}` is not enforced yet, so it is not accepted in {what}")
            elif key not in (*required, *optional, *later):
                self.mistakes.unknown("key", key, (*required, *optional), f" in {what}")
        for key_name in required:
            if key_name not in entries:
                self.mistakes.add(self.place, f"{what} needs `{key_name}`")
        return {str(key): value for key, value in entries.items()}

    def items(self, what: str) -> list[Node]:
        """A list's items, at least one."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.wrong(f"{what} must be a list")
            return []
        if not self._node.value:
            self.wrong(f"{what} is an empty list")
        return [Node(self._file, node, self.mistakes) for node in self._node.value]

    def words(self, what: str) -> tuple[Word, ...]:
        """A word or a list of words, none of them twice."""
        nodes = self.items(what) if isinstance(self._node, yaml.SequenceNode) else [self]
        words: dict[Word, None] = {}
        for word in (node._scalar(what) for node in nodes):
            if word in words:
                self.mistakes.add(word.place, f"`{word}` stands twice in {what}")
            elif word:
                words[word] = None
        return tuple(words)

    def choices(self, what: str, known: tuple[str, ...], later: tuple[str, ...] = ()) -> tuple[Word, ...]:
        """Words out of `known`; those of `later` are refused."""
        words = self.words(what)
        for word in words:
            if word in later:
                self.mistakes.add(word.place, f"{what} `{word}` is not enforced yet")
            elif word not in known:
                self.mistakes.add(word.place, f"{what} must be {_or(known)}, not `{word}`")
        return tuple(word for word in words if word in known)

    def choice(self, what: str, known: tuple[str, ...], later: tuple[str, ...] = ()) -> Word:
        """One word out of `known`."""
        if isinstance(self._node, yaml.SequenceNode):
            self.wrong(f"{what} must be one word")
            return Word("", self.place)
        return next(iter(self.choices(what, known, later)), Word("", self.place))

    def text(self, what: str) -> Word:
        """Text on one line, however it is broken in the file."""
        word = self._scalar(what)
        return Word(" ".join(word.split()), word.place)

    def name(self, what: str) -> Word:
        """A name: lower-case letters and digits, joined by hyphens."""
        return self.named(self._scalar(what), what)

    def named(self, word: Word, what: str) -> Word:
        """The word, noted if it is not a name."""
        if word and not _NAME.fullmatch(word):
            self.mistakes.add(word.place, f"{what} `{word}` must be lower-case letters and digits, joined by hyphens")
        return word

    def number(self, what: str) -> int:
        """A whole number from 1."""
        word = self._scalar(what)
        if word and not _NUMBER.fullmatch(word):
            self.wrong(f"{what} must be a whole number from 1, not `{word}`")
            return 0
        return int(word or 0)

    def amount(self, what: str, digits: int = 18) -> int:
        """A whole number from 1, in which underscores may part the digits."""
        word = self._scalar(what)
        if word and not (_AMOUNT.fullmatch(word) and len(word.replace("_", "")) <= digits):
            self.wrong(f"{what} must be a whole number from 1 with up to {digits} digits, not `{word}`")
            return 0
        return int(word or 0)

    def span(self, what: str) -> Span | None:
        """A length of time, as ISO 8601 writes it in years, months and days."""
        word = self._scalar(what)
        found = Span.of(word)
        if word and found is None:
            self.wrong(f"{what} must be a length of time like P5Y, P18M or P10D, not `{word}`")
        return found

    def truth(self, what: str) -> bool:
        """`true` or `false`."""
        return self.choice(what, ("true", "false")) == "true"

    def day(self, what: str) -> date | None:
        """A date, year-month-day."""
        word = self._scalar(what)
        try:
            if _DAY.fullmatch(word):
                return date.fromisoformat(word)
        except ValueError:
            self.wrong(f"{what} `{word}` is not a day of the calendar")
            return None
        if word:
            self.wrong(f"{what} must be a date like 2026-03-02, not `{word}`")
        return None

    def _scalar(self, what: str) -> Word:
        if not isinstance(self._node, yaml.ScalarNode):
            self.wrong(f"{what} must be a word, not a {'list' if isinstance(self._node, yaml.SequenceNode) else 'mapping'}")
            return Word("", self.place)
        if not self._node.value.strip() or (self._node.style is None and self._node.value in ("~", "null")):
            self.wrong(f"{what} is empty")
            return Word("", self.place)
        return Word(self._node.value, self.place)


def _place(file: str, mark: yaml.Mark | None) -> Place:
    assert isinstance(mark, yaml.Mark), "PyYAML marks every node of a text"
    return Place(file, mark.line + 1, mark.column + 1)


def _invisible(character: str) -> str:
    return f"the character U+{ord(character):04X} cannot be seen; take it out"


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    problem = ", ".join(part for part in (error.context, error.problem) if part)
    if r"'\t'" in problem:
        return "a tab stands here; indent with spaces"
    if "found another document" in problem:
        return "a second document begins here; a file holds one"
    return f"this is not YAML that can be read: {problem}"


def _or(words: tuple[str, ...]) -> str:
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
