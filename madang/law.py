"""Changing the law while serving: the regulations' directory is watched, and a good set is put in force without a restart.

Every process watches for itself. A few times a second the files' names, sizes and times are looked at; what has changed is read
once it has stayed the same for one more look, so that a file that is being written is not taken for what it will be. Reading and
checking is done beside the event loop. A set with a mistake is refused loudly, and the last good one stays in force; one that
says the same as before (a comment was changed) changes nothing.

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

Fingerprint = frozenset[tuple[str, int, int, int]]


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
        self.since = dt.datetime.now(dt.UTC)
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
            except Exception:
                log.exception("the regulations could not be looked at; those in force stay so")

    async def look(self) -> None:
        """Look once, and put in force what has changed and come to rest."""
        now = await asyncio.to_thread(fingerprint, self._directory)
        at_rest, self._seen = now == self._seen, now
        if not at_rest or now == self._read_of:
            return
        try:
            found = await asyncio.to_thread(self._read)
        except BrokenRegulations as error:
            self._refuse(tuple(map(str, error.mistakes)))
        else:
            if await asyncio.to_thread(fingerprint, self._directory) != now:
                return  # It was changed again meanwhile; the next look reads what there is then.
            self._put_in_force(found)
        self._read_of = now

    def _refuse(self, mistakes: tuple[str, ...]) -> None:
        self.refused = Refused(dt.datetime.now(dt.UTC), mistakes)
        told = "\n".join(mistakes)
        log.error(
            "changed regulations are refused, %s stays in force; mistakes: %d\n%s", self.authorizer.version, len(mistakes), told
        )

    def _put_in_force(self, found: RegulationAuthorizer) -> None:
        self.refused = None
        if found.version == self.authorizer.version:
            return
        before = self.authorizer.version
        self._adopt(found)
        self.authorizer, self.since = found, dt.datetime.now(dt.UTC)
        log.warning("regulations %s are in force in place of %s", found.version, before)
        # The set is here to stay, so the collector need not look at it again and again.
        gc.freeze()

    def state(self) -> dict[str, Any]:
        """What is in force, since when here, and whether something else was refused. Places are told by file names alone."""
        refused = self.refused and {
            "at": self.refused.at.isoformat(timespec="seconds"),
            "mistakes": len(self.refused.mistakes),
            "first": self.refused.mistakes[0].replace(f"{self._directory}/", ""),
        }
        return {
            "version": self.authorizer.version, "since": self.since.isoformat(timespec="seconds"), "refused": refused or None,
        }  # fmt: skip


def fingerprint(directory: Path) -> Fingerprint:
    """The regulations' files as far as the file system tells: a file that is written to, or put in another's place, differs."""
    found = set()
    for path in (*directory.glob("*"), *directory.glob("superseded/*")):
        try:
            status = path.stat()
        except OSError:
            continue  # It has just gone, which the next look sees.
        found.add((str(path), status.st_size, status.st_mtime_ns, status.st_ino))
    return frozenset(found)
