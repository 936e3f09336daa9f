"""Keys of many requests in one statement: DataLoader's idea, stretched over requests.

A DataLoader collects the keys that one request asks for in one turn of the event loop. Here the keys of all requests are
collected, for as long as the source is busy with the same question:

- At most `in_flight` batches of one (shape, values) are being fetched. While they are, whatever else is asked waits, and goes
  together in the next batch. So the busier a source, the larger its batches, and the fewer statements for each key; it finds the
  size that it can bear by itself. Nothing has to be tuned, and nobody waits for a timer.
- Nothing is delayed that need not be: while fewer are in flight, a load is fetched in the next turn of the loop. Two in flight
  keep the source busy while this process works on the rows of the other; more only make smaller batches.
- What is asked before that turn comes goes along, as in a DataLoader.

It is safe because all that could tell two callers apart is in the shape and its values: columns, masks and row conditions are
part of the statement, so equal (shape, values) may share one. Each waiter is given the rows of its own keys alone. Nothing is
cached: a batch takes no more keys once its fetch has begun, so no answer is older than its question.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sources.protocol import (
    Batch,
    Key,
    Row,
    Shape,
    Source,
    SourceError,
    SourceNonsense,
    SourceOverloaded,
    SourceTimeout,
    SourceUnavailable,
)

Found: TypeAlias = Mapping[Key | None, list[Row]]
Waiter: TypeAlias = asyncio.Future[Found]

LARGEST_BATCH = 2000
"""Keys in one merged batch. Loads are not split, so one load of more goes alone."""


class Coalescer:
    """Merges what is asked of one source.

    `in_flight` batches of one (shape, values) are fetched at a time; `queue` loads may be unanswered, of all shapes together;
    `timeout`, in seconds, covers waiting and fetching.
    """

    def __init__(self, source: Source, *, in_flight: int = 2, queue: int = 1000, timeout: float = 2.0) -> None:
        self.source = source
        self._in_flight = in_flight
        self._queue = queue
        self._timeout = timeout
        self._lanes: dict[tuple[Shape, Any], _Lane] = {}
        self._unanswered = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._closed = False

    def load(self, shape: Shape, keys: Sequence[Key], values: tuple[Any, ...]) -> Waiter:
        """The rows of the keys, or of the shape under the key None if it has no key column; to be read, not changed.

        The future raises `SourceError`. Its rows are lists shared with others who ask for the same key.
        """
        loop = asyncio.get_running_loop()
        waiter: Waiter = loop.create_future()
        if self._closed:
            return _failed(waiter, SourceUnavailable(self.source.name))
        if shape.key is not None and not keys:
            waiter.set_result({})
            return waiter
        if self._unanswered >= self._queue:
            return _failed(waiter, SourceOverloaded(self.source.name))
        name = (shape, _hashable(values))
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane(shape, values)
        lane.add(waiter, keys, loop.time() + self._timeout)
        self._unanswered += 1
        if len(lane.batches) > lane.starting and lane.workers < self._in_flight:
            lane.workers += 1
            lane.starting += 1
            worker = loop.create_task(self._work(name, lane))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return waiter

    async def aclose(self) -> None:
        """Fail what waits and what is being fetched, and close the source; later loads fail."""
        self._closed = True
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for lane in self._lanes.values():
            for batch in lane.batches:
                batch.fail(SourceUnavailable(self.source.name))
        self._lanes.clear()
        await self.source.aclose()

    async def _work(self, name: tuple[Shape, Any], lane: _Lane) -> None:
        """Fetch what waits in a lane, batch after batch, until nothing does."""
        lane.starting -= 1
        try:
            while lane.batches:
                batch = lane.batches.popleft()
                await self._answer(lane, batch)
                self._unanswered -= len(batch.waiters)
        finally:
            lane.workers -= 1
            if not lane.workers and not lane.batches:
                self._lanes.pop(name, None)

    async def _answer(self, lane: _Lane, batch: _Batch) -> None:
        if all(waiter.done() for waiter, _ in batch.waiters):
            return  # Everybody who asked has gone away.
        name = self.source.name
        try:
            async with asyncio.timeout_at(batch.deadline):
                rows = await self.source.fetch(Batch(lane.shape, batch.keys(), lane.values))
            batch.give(lane.shape, rows)
        except SourceError as error:
            batch.fail(error)
        except TimeoutError as error:
            batch.fail(SourceTimeout(name), error)
        except asyncio.CancelledError:
            batch.fail(SourceUnavailable(name))
            raise
        except Exception as error:  # Whatever a source does wrong costs its own fields alone.
            batch.fail(SourceNonsense(name), error)


class _Lane:
    """All that is asked with one (shape, values)."""

    __slots__ = ("batches", "shape", "starting", "values", "workers")

    def __init__(self, shape: Shape, values: tuple[Any, ...]) -> None:
        self.shape = shape
        self.values = values
        self.batches: deque[_Batch] = deque()
        self.workers = 0
        self.starting = 0
        """Workers that have not run yet: each takes one of the batches."""

    def add(self, waiter: Waiter, keys: Sequence[Key], deadline: float) -> None:
        """Join the last batch that waits, or begin one. Batches are in the order of their deadlines."""
        last = self.batches[-1] if self.batches else None
        if last is None or (self.shape.key is not None and last.size + len(keys) > LARGEST_BATCH):
            last = _Batch(deadline)
            self.batches.append(last)
        last.waiters.append((waiter, keys))
        last.size += len(keys)


class _Batch:
    """What goes together in one fetch. It is due when its first load is."""

    __slots__ = ("deadline", "size", "waiters")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.size = 0
        self.waiters: list[tuple[Waiter, Sequence[Key]]] = []

    def keys(self) -> Sequence[Key]:
        """The keys of all loads, each once."""
        if self.size == 1:
            return self.waiters[0][1]
        return list(dict.fromkeys(key for _, keys in self.waiters for key in keys))

    def give(self, shape: Shape, rows: Sequence[Row]) -> None:
        """Answer every waiter that is still there with the rows of its own keys."""
        found: dict[Key | None, list[Row]] = {}
        if shape.key is None:
            found[None] = list(rows)
        else:
            for row in rows:
                key = row[0]
                if key in found:
                    found[key].append(row)
                else:
                    found[key] = [row]
        alone = shape.key is None or len(self.waiters) == 1
        for waiter, keys in self.waiters:
            if not waiter.done():
                waiter.set_result(found if alone else {key: found[key] for key in keys if key in found})

    def fail(self, error: SourceError, cause: Exception | None = None) -> None:
        """Fail every waiter that is still there, each with an exception of its own: raising one adds to its traceback."""
        for waiter, _ in self.waiters:
            if not waiter.done():
                own = type(error)(error.source)
                own.__cause__ = cause or error
                _failed(waiter, own)


def _failed(waiter: Waiter, error: SourceError) -> Waiter:
    waiter.set_exception(error)
    waiter.exception()  # Marks it as seen: who has gone away need not look, and nothing is logged.
    return waiter


def _hashable(values: tuple[Any, ...]) -> Any:
    """The values as part of a dictionary's key: lists become tuples."""
    try:
        hash(values)
    except TypeError:
        return tuple(tuple(value) if isinstance(value, list) else value for value in values)
    return values
