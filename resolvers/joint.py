"""Reports to several registers: all of them keep what was reported, or none does, whoever dies when.

    begin       functions run in a transaction of each register
    open        an attempt is noted in the gateway's own database
    prepare     each register promises to keep what it has, whatever happens to it
    ledger      the entry is on disk
    decide      DONE, in one row of the gateway's own database: from here on it is reported
    settle      each register commits what it has prepared

Before `decide` everything is undone, behind it everything is done. Who died in between left prepared transactions behind;
`recover` asks the row of each. What is decided is settled so. What is not decided for so long that nobody can be about to is
decided UNDONE, by the same row: whoever decides first, decides, so a gateway that was only slow is told that it is too late.

Prepared transactions hold what they hold until they are settled. They are named by the report's receipt and the attempt.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Literal

from sources.protocol import SourceError
from sources.reporter import Reporter

Outcome = Literal["DONE", "UNDONE"]

PATIENCE = 15.0
"""Seconds after which an attempt that is not decided is given up: more than all bounds between `prepare` and `decide`
together."""
PAUSE = 5.0
"""Seconds between two looks at what was left behind."""
_PREFIX = "madang"

log = logging.getLogger("madang")


class Joint:
    """The attempts of this gateway, and the recovery of all. `own` is the gateway's own database."""

    def __init__(self, reporters: Mapping[str, Reporter], own: Reporter) -> None:
        self._reporters, self._own = reporters, own

    async def open(self, receipt: str, reporter: bytes, registers: int) -> str:
        """Note a new attempt, and name it; raises `SourceError`."""
        attempt = f"{_PREFIX} {receipt} {secrets.token_hex(8)}"
        await self._own.call("joint_open", attempt, receipt, reporter, registers)
        return attempt

    async def decide(self, attempt: str, outcome: Outcome, entry: int | None = None) -> bool:
        """Whether this is the outcome: of two that are decided, the first counts. Raises `SourceError`: then it is not known."""
        found: bool = await self._own.call("joint_decide", attempt, outcome, entry)
        return found

    async def settle(self, attempt: str, registers: Sequence[str], *, done: bool) -> bool:
        """Whether all registers have it now; those that do not answer will, by `recover`."""
        answers = await asyncio.gather(
            *(self._reporters[name].settle(attempt, done=done) for name in registers), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, SourceError):
                raise answer
        return not any(answers)

    async def undo(self, attempt: str, registers: Sequence[str]) -> None:
        """Undo what was prepared, unless it cannot be decided: then it is decided when that can be."""
        if await self.decide(attempt, "UNDONE"):
            await self.settle(attempt, registers, done=False)

    async def state(self, receipt: str, reporter: bytes) -> Mapping[str, object] | None:
        """`{outcome, registers, entry}` of the last attempt of a report, DONE if there is such a one."""
        found: Mapping[str, object] | None = await self._own.call("joint_state", receipt, reporter)
        return found

    async def recover(self, receipt: str = "", patience: float = PATIENCE) -> None:
        """Settle what is decided, and decide what nobody will, in all registers that answer; of one report or of all."""
        for reporter in self._reporters.values():
            try:
                for name, age in await reporter.prepared(f"{_PREFIX} {receipt}"):
                    outcome = await self._outcome(name, give_up=age >= patience)
                    if outcome is not None:
                        await reporter.settle(name, done=outcome == "DONE")
            except SourceError as error:
                log.warning("what was reported and not settled cannot be looked after (%s)", error)

    async def _outcome(self, attempt: str, *, give_up: bool) -> Outcome | None:
        if give_up and await self.decide(attempt, "UNDONE"):
            return "UNDONE"
        found: Outcome | None = await self._own.call("joint_outcome", attempt)
        return found

    async def run(self) -> None:
        """Recover again and again, until cancelled."""
        while True:
            await self.recover()
            await asyncio.sleep(PAUSE)
