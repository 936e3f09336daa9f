"""The form of the words that say what a caller asks for: they go into a header, a log or a file as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from resolvers.operation import Refusals


class Form(NamedTuple):
    """What a word must look like, for the machine and in words that finish "must be"."""

    pattern: re.Pattern[str]
    means: str

    def fits(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None


PURPOSE = Form(
    re.compile(r"[a-z0-9][a-z0-9-]{0,63}"),
    "at most 64 lower-case ASCII letters, digits and hyphens, beginning with a letter or digit",
)
REFUSALS: Mapping[bytes, Refusals] = {b"errors": "ERRORS", b"null": "NULL", b"reject": "REJECT"}
"""What the header `Madang-Refusals` may say: how what is withheld is to be answered."""

CASE = Form(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}"),
    "at most 64 ASCII letters, digits and any of `._/:-`, beginning with a letter or digit",
)
