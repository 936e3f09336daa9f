"""Tables of a TOML file, read key by key; mistakes gather in one list instead of ending the reading.

Each reading method gives a value of the promised type whatever the file holds. `done` complains about keys that nobody read.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Section:
    """One table by its dotted name; absent tables read as empty ones."""

    def __init__(self, name: str, values: Mapping[str, Any], base: Path, mistakes: list[str]) -> None:
        self._name = name
        self._values = values
        self._base = base
        self._mistakes = mistakes
        self._sections: dict[str, Section] = {}
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def mistake(self, key: str, what: str) -> None:
        """Complain about a key, or with an empty key about the table."""
        self._mistakes.append(f"`{'.'.join(filter(None, (self._name, key)))}` {what}")

    def done(self) -> None:
        """Complain about every key, here and below, that was not read."""
        for key in self._values:
            if key not in self._read:
                close = difflib.get_close_matches(key, self._read, 1)
                self.mistake(key, f"is no setting; did you mean `{close[0]}`?" if close else "is no setting; remove it")
        for section in self._sections.values():
            section.done()

    def section(self, key: str) -> Section:
        """The table under a key; the same object each time."""
        if key not in self._sections:
            value = self._get(key, {})
            if not isinstance(value, dict):
                self.mistake(key, f"is {_kind(value)}, but must be a table")
                value = {}
            self._sections[key] = Section(".".join(filter(None, (self._name, key))), value, self._base, self._mistakes)
        return self._sections[key]

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if value is None:
            self.mistake(key, "is missing; give a text")
        elif not isinstance(value, str) or not value.strip():
            self.mistake(key, f"is {_kind(value)}, but must be a text")
        else:
            return value
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.mistake(key, "must be a list of texts")
        return ()

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.text(key)
        if value and value not in choices:
            self.mistake(key, f"is `{value}`, but must be one of {', '.join(f'`{c}`' for c in choices)}")
        return value

    def digits(self, key: str, length: int) -> str | None:
        """A text of so many digits, or none if the key is absent."""
        if key not in self:
            return None
        value = self.text(key)
        if value and not re.fullmatch(f"[0-9]{{{length}}}", value):
            self.mistake(key, f"must be {length} digits, in quotation marks")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._get(key, default)
        if not isinstance(value, bool):
            self.mistake(key, f"is {_kind(value)}, but must be true or false")
            return default
        return value

    def integer(self, key: str, default: int, least: int, most: int) -> int:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.mistake(key, f"is {_kind(value)}, but must be a whole number from {least} to {most}")
            return default
        return value

    def number(self, key: str, default: float, least: float, most: float) -> float:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.mistake(key, f"is {_kind(value)}, but must be a number from {least} to {most}")
            return default
        return float(value)

    def path(self, key: str) -> Path:
        """A path relative to the settings file."""
        return self._base / self.text(key)

    def timezone(self, key: str, default: str) -> ZoneInfo:
        name = self.text(key, default)
        try:
            return ZoneInfo(name or default)
        except (ZoneInfoNotFoundError, ValueError):
            self.mistake(key, f"is `{name}`, which is no time zone; write one as `Asia/Seoul`")
            return ZoneInfo(default)

    def secret(self, key: str) -> str:
        """A text, or what `env:NAME` or `file:PATH` stands for."""
        value = self.text(key)
        scheme, _, rest = value.partition(":")
        if scheme == "env":
            found = os.environ.get(rest, "").strip()
            if not found:
                self.mistake(key, f"names the environment variable `{rest}`, which is not set")
            return found
        if scheme == "file":
            try:
                return (self._base / rest).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError):
                self.mistake(key, f"names the file `{rest}`, which cannot be read")
                return ""
        return value

    def _get(self, key: str, default: object) -> Any:
        self._read.add(key)
        return self._values.get(key, default)


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text `{value}`" if value.strip() else "an empty text"
        case int() | float():
            return f"`{value}`"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "something else"
