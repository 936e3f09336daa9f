"""Changing the law while serving: the regulations' directory is watched, and a good set is put in force without a restart.

Every process watches for itself. A few times a second the files' names, sizes and times are looked at; what has changed is read
once it has stayed the same for one more look, so that a file that is being written is not taken for what it will be. Reading and
checking is done beside the event loop. A set with a mistake is refused loudly, and the last good one stays in force; one that
says the same as before (a comment was changed) changes nothing. A version that is approved for a day to come is taken up at once
and comes into force on that day by itself.

Putting a set in force is one assignment: a request is answered wholly under the set that was in force when it came.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auth.authorizer import BrokenRegulations, RegulationAuthorizer

log = logging.getLogger("madang")

SECONDS = 0.3
"""Between two looks. A change is in force two looks and one reading after it was made."""

PAUSE = 5.0
"""Before the next look when one failed for a reason that is not in the files."""

Fingerprint = frozenset[tuple[str, int, int, int, int]]


@dataclass(frozen=True)
class Refused:
    """A set that was not put in force, and when it was found."""

    at: dt.datetime
    mistakes: tuple[str, ...]


class Watch:
    """Watches a directory of regulations. `read` reads the set there is, `adopt` puts one in force."""

    def __init__(
        self, directory: Path, read: Callable[[], RegulationAuthorizer], in_force: RegulationAuthorizer,
        adopt: Callable[[RegulationAuthorizer], None],
    ) -> None:  # fmt: skip
        self._directory, self._read, self._adopt = directory, read, adopt
        self.authorizer = in_force
        self._version, self._since = in_force.version, dt.datetime.now(dt.UTC)
        self.refused: Refused | None = None
        # Whatever is there is read once more: it may have changed since `in_force` was read.
        self._read_of: Fingerprint | None = None
        self._seen = fingerprint(directory)

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await asyncio.sleep(SECONDS)
            try:
                await self.look()
            except Exception as error:
                log.exception("the regulations could not be looked at; those in force stay so")
                self._read_of = None
                self.refused = Refused(
                    dt.datetime.now(dt.UTC), (f"the regulations could not be looked at: {type(error).__name__}",)
                )
                await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Look once, and put in force what has changed and come to rest."""
        now = await asyncio.to_thread(fingerprint, self._directory)
        at_rest, self._seen = now == self._seen, now
        if at_rest and now != self._read_of:
            found = await asyncio.to_thread(self._try)
            if await asyncio.to_thread(fingerprint, self._directory) != now:
                return  # It was changed again meanwhile; the next look reads what there is then.
            self._take(found)
            self._read_of = now
        if self.authorizer.version != self._version:
            log.warning("regulations %s are in force in place of %s", self.authorizer.version, self._version)
            self._version, self._since = self.authorizer.version, dt.datetime.now(dt.UTC)

    def _try(self) -> RegulationAuthorizer | BrokenRegulations:
        try:
            return self._read()
        except BrokenRegulations as error:
            return error

    def _take(self, found: RegulationAuthorizer | BrokenRegulations) -> None:
        if isinstance(found, BrokenRegulations):
            mistakes = tuple(map(str, found.mistakes))
            self.refused = Refused(dt.datetime.now(dt.UTC), mistakes)
            log.error("changed regulations are refused, %s stays in force; mistakes: %d\n%s", self._version, len(mistakes), found)
            return
        self.refused = None
        if found.content == self.authorizer.content:
            return
        self._adopt(found)
        self.authorizer = found
        # The plans under the set before are in cycles, which would stay for good if they were frozen with the set.
        gc.collect()
        gc.freeze()

    def state(self) -> dict[str, Any]:
        """What is in force, since when here, and whether something else was refused. Places are told by file names alone."""
        refused = self.refused and {
            "at": self.refused.at.isoformat(timespec="seconds"),
            "mistakes": len(self.refused.mistakes),
            "first": self.refused.mistakes[0].replace(f"{self._directory}/", "").replace(str(self._directory), "regulations"),
        }
        return {
            "version": self._version, "since": self._since.isoformat(timespec="seconds"), "refused": refused or None,
        }  # fmt: skip


def fingerprint(directory: Path) -> Fingerprint:
    """The regulations' files as far as the file system tells: one that is written, replaced or made readable differs."""
    found = set()
    for path in (*directory.glob("[!.]*"), *directory.glob("superseded/[!.]*")):
        try:
            status = path.stat()
        except OSError:
            continue  # It has just gone, which the next look sees.
        found.add((str(path), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return frozenset(found)
