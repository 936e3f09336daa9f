"""One report in the making: one transaction in each of its registers, and the ledger between them and the end.

    begin     its key is taken: who comes with the same key meanwhile waits, and who comes later gets the first answer
    judge     whether one of the permissions holds for whom it names (`resolvers/named.py`)
    call      the registers' functions check their holders' rules, and change what is to be changed
    record    the ledger has it on disk: who reported, and all whom it concerns
    commit    or, where there are several registers, what `resolvers/joint.py` says

What is refused in between is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from auth.access import Grant
from resolvers.joint import Joint
from resolvers.named import Named, Path
from resolvers.reported import Identity
from schema.reporting import ReportRoot, ReportState
from sources.protocol import SourceError, SourceUnavailable
from sources.reporter import ReportConflict, Reporter, Transaction


@dataclass(frozen=True)
class Mistake:
    """What is wrong with one field of an input."""

    path: Path
    code: str
    message: str


class NotMade(Exception):
    """A report is not made; nothing has changed. `mistakes`: where the reporter can put it right."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__()
        self.mistakes = mistakes


class KeyReused(Exception):
    """The key is that of another report of the same reporter."""


class Unknown(Exception):
    """A register did not say whether it kept a report."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source


@dataclass
class Made:
    """A report that was made, now or before. What was `told` is about one resident, and all `subjects` are concerned."""

    state: ReportState
    entry: int | None
    told: Mapping[str, Any]
    about: str | None
    first: bool
    """It was made now."""


@dataclass
class Draft:
    """A report before it is made."""

    root: ReportRoot
    identity: Identity
    named: Named
    reporter: dict[str, Any]
    """Who reports, as the functions are told."""
    subjects: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    about: str | None = None

    @property
    def registers(self) -> list[str]:
        return [name for name, _ in self.root.declared.takes]


class Decides(Protocol):
    """What is asked before anything changes, and before it is kept."""

    async def judge(self, draft: Draft) -> Grant:
        """The permission that holds; raises whatever is to be answered where none does."""

    async def record(self, draft: Draft, grant: Grant) -> int:
        """The entry's number, once the ledger has it on disk; raises `LedgerUnavailable`."""


class Maker:
    """Makes reports in the registers that take them."""

    def __init__(self, reporters: Mapping[str, Reporter], joint: Joint) -> None:
        self._reporters, self._joint = reporters, joint

    async def make(self, draft: Draft, decides: Decides) -> Made:
        """Raises `NotMade`, `KeyReused`, `Unknown`, `SourceError`, and what `decides` raises."""
        try:
            return await self._attempt(draft, decides)
        except ReportConflict:
            if len(draft.registers) == 1:
                raise
        # Perhaps somebody died who had this key: what is decided of it is settled at once.
        await self._joint.recover(draft.identity.receipt)
        return await self._attempt(draft, decides)

    async def _attempt(self, draft: Draft, decides: Decides) -> Made:
        async with AsyncExitStack() as stack:
            before, transactions = await self._begin(draft, stack)
            if before is None:
                grant = await decides.judge(draft)
                await self._call(draft, transactions)
                if len(transactions) == 1:
                    return await self._alone(draft, transactions[0], decides, grant)
                attempt = await self._prepare(draft, transactions)
        # By now no connection is held: whoever holds one while waiting for another may wait for ever.
        if before is None:
            return await self._together(draft, attempt, decides, grant)
        if not before["same"]:
            # First as if the key were new: that it is not must tell nobody whether those who are named exist.
            await decides.judge(draft)
            raise KeyReused
        return await self._repeated(draft, before)

    async def _begin(self, draft: Draft, stack: AsyncExitStack) -> tuple[Mapping[str, Any] | None, list[Transaction]]:
        """What was answered before; or a transaction in each register, which have taken the key."""
        transactions, who = [], draft.identity
        for name in draft.registers:
            reporter = self._reporters.get(name)
            if reporter is None:
                raise SourceUnavailable(name)
            transaction = await stack.enter_async_context(reporter.transaction())
            before = await transaction.call("report_begin", who.key, who.body, who.reporter, who.receipt)
            if before is not None:
                return before, []
            transactions.append(transaction)
        return None, transactions

    async def _alone(self, draft: Draft, transaction: Transaction, decides: Decides, grant: Grant) -> Made:
        entry = await decides.record(draft, grant)
        await transaction.call("report_end", draft.identity.key, _answer(draft, entry))
        try:
            await transaction.commit()
        except SourceError as error:
            raise Unknown(draft.registers[0]) from error
        return Made(ReportState.DONE, entry, draft.told, draft.about, first=True)

    async def _call(self, draft: Draft, transactions: Sequence[Transaction]) -> None:
        """Call the functions one after the other; each is told what the ones before it told."""
        draft.subjects = [person.rrn for person in draft.named.people]
        draft.told, draft.about = {}, None
        for (_, function), transaction in zip(draft.root.declared.takes, transactions, strict=True):
            found = await transaction.call(function, draft.named.values, draft.reporter | {"told": draft.told})
            if wrong := found.get("errors"):
                raise NotMade([Mistake(tuple(each["path"]), each["code"], each["message"]) for each in wrong])
            draft.subjects += found["subjects"]
            draft.told |= found["told"]
            draft.about = draft.about or found.get("about")

    async def _prepare(self, draft: Draft, transactions: Sequence[Transaction]) -> str:
        """Have all registers promise to keep it; the attempt's name."""
        for transaction in transactions:
            await transaction.call("report_end", draft.identity.key, _answer(draft, None))
        attempt = await self._joint.open(draft.identity.receipt, draft.identity.reporter, len(transactions))
        try:
            for transaction in transactions:
                await transaction.prepare(attempt)
        except BaseException:
            await self._undo(draft, attempt)
            raise
        return attempt

    async def _undo(self, draft: Draft, attempt: str) -> None:
        with suppress(SourceError):  # What cannot be undone now is undone when nobody decides it.
            await self._joint.undo(attempt, draft.registers)

    async def _together(self, draft: Draft, attempt: str, decides: Decides, grant: Grant) -> Made:
        joint = self._joint
        try:
            entry = await decides.record(draft, grant)
        except BaseException:
            await self._undo(draft, attempt)
            raise
        state = ReportState.IN_PROGRESS
        try:
            if not await joint.decide(attempt, "DONE", entry):
                raise ReportConflict(draft.registers[0])
        except ReportConflict:
            await joint.settle(attempt, draft.registers, done=False)
            raise
        except SourceError:
            # Whether it is decided is not known here; whoever asks by the receipt will be told.
            return Made(state, entry, draft.told, draft.about, first=True)
        if await joint.settle(attempt, draft.registers, done=True):
            state = ReportState.DONE
        return Made(state, entry, draft.told, draft.about, first=True)

    async def _repeated(self, draft: Draft, before: Mapping[str, Any]) -> Made:
        answer, state = before["answer"], ReportState.DONE
        if len(draft.registers) > 1:
            known = await self._joint.state(draft.identity.receipt, draft.identity.reporter)
            answer = {**answer, "entry": known["entry"] if known else None}
            found = await self.state(draft.identity.receipt, draft.identity.reporter)
            state = found or ReportState.IN_PROGRESS
        return Made(state, answer["entry"], answer["told"], answer["about"], first=False)

    async def state(self, receipt: str, reporter: bytes) -> ReportState | None:
        """What became of a report of somebody's; none if they made none of this receipt. Raises `SourceError`."""
        known = await self._joint.state(receipt, reporter)
        if known is not None and known["outcome"] != "DONE":
            return ReportState.UNDONE if known["outcome"] == "UNDONE" else ReportState.IN_PROGRESS
        done = 0
        for each in self._reporters.values():
            done += bool(await each.call("report_is_done", receipt, reporter))
        if known is None:
            return ReportState.DONE if done else None
        return ReportState.DONE if done == known["registers"] else ReportState.IN_PROGRESS


def _answer(draft: Draft, entry: int | None) -> dict[str, Any]:
    return {"told": draft.told, "about": draft.about, "entry": entry}
