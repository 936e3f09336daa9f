"""`python -m examples.korea.load`: makes the nation and fills its sixteen databases, and the gateway's with consents.

The databases exist and are empty; the gateway's own has its tables. Their owners' DSNs come as one line of JSON on standard
input, `{"mois": "postgresql://…"}`, which then stays open: when it ends before the loading does, the loading is given up.

Two processes make parts while this one copies them, in order, into every register at once. A register is one transaction:
tables, rows, then indexes. So its rows are frozen and written once, without write-ahead log (`wal_level = minimal`), and a
register that is there is whole.
"""

from __future__ import annotations

import asyncio
import io
import json
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, repeat
from pathlib import Path

import asyncpg
import click

from examples.korea import lifeline
from examples.korea.nation import RESIDENTS, SEED, Part, make, parts

DDL = Path(__file__).parent / "ddl"
REPORTS = Path(__file__).parent / "reports"
"""The functions of the registers that take reports."""
KEPT = Path(__file__).parents[2] / "sources" / "reports.sql"
"""What such a register keeps of reports."""
GATEWAY = "gateway"
_AFTER = "-- After the rows.\n"
_WORKERS = 2
_WAITING = 2
"""Parts that wait for a register that is slower than the others."""

Chunk = dict[str, bytes]
"""Table → rows in PostgreSQL's text COPY format."""


def registers() -> tuple[str, ...]:
    """The registers by name."""
    return tuple(sorted(path.stem for path in DDL.glob("*.sql")))


def databases() -> tuple[str, ...]:
    """All that is filled, by name: the registers and the gateway's own database."""
    return (*registers(), GATEWAY)


def pack(part: Part) -> dict[str, Chunk]:
    """The rows of a part, as bytes."""
    return {
        register: {table: "".join(chain.from_iterable(zip(lines, repeat("\n")))).encode() for table, lines in tables.items()}
        for register, tables in make(part).items()
    }


Queues = Mapping[str, asyncio.Queue[Chunk | None]]
"""Register → what is to be copied into it; None at the end."""


async def load(
    dsns: Mapping[str, str], residents: int, seed: int, loaded: Callable[[int], None], finished: Callable[[], None]
) -> None:
    """Fills the databases; calls `loaded` with the residents of each part and `finished` for each database."""
    queues: Queues = {name: asyncio.Queue(_WAITING) for name in databases()}
    indexing = asyncio.Semaphore(_WORKERS)
    async with asyncio.TaskGroup() as tasks:
        for register, queue in queues.items():
            tasks.create_task(_fill(register, dsns[register], queue, indexing, finished))
        await _make_parts(residents, seed, queues, loaded)
        for queue in queues.values():
            await queue.put(None)


async def _make_parts(residents: int, seed: int, queues: Queues, loaded: Callable[[int], None]) -> None:
    # Spawned, not forked: threads and connections of this process are none of the workers' business.
    with ProcessPoolExecutor(_WORKERS, multiprocessing.get_context("spawn")) as pool:
        waiting = deque(parts(residents, seed))
        running: deque[tuple[Part, Future[dict[str, Chunk]]]] = deque()
        while waiting or running:
            while waiting and len(running) <= _WORKERS:
                part = waiting.popleft()
                running.append((part, pool.submit(pack, part)))
            part, future = running.popleft()
            chunks = await asyncio.wrap_future(future)
            for register, queue in queues.items():
                await queue.put(chunks[register])
            loaded(part.residents)


async def _fill(
    register: str, dsn: str, queue: asyncio.Queue[Chunk | None], indexing: asyncio.Semaphore, finished: Callable[[], None]
) -> None:
    # The gateway's tables are there: they are no part of the sample.
    ddl = "" if register == GATEWAY else (DDL / f"{register}.sql").read_text(encoding="utf-8")
    tables, _, indexes = ddl.partition(_AFTER)
    filled: set[str] = set()
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            if ddl:
                await connection.execute(tables)
            while (chunk := await queue.get()) is not None:
                filled.update(chunk)
                for table, rows in chunk.items():
                    await connection.copy_to_table(table, source=io.BytesIO(rows), format="text", freeze=bool(ddl))
            if ddl:
                async with indexing:
                    await connection.execute(indexes)
                if (functions := REPORTS / f"{register}.sql").exists():
                    await connection.execute(KEPT.read_text(encoding="utf-8") + functions.read_text(encoding="utf-8"))
            else:
                await connection.execute("SELECT setval(pg_get_serial_sequence('consent', 'id'), max(id)) FROM consent")
        async with indexing:
            await connection.execute(f"ANALYZE {', '.join(sorted(filled))}")
        finished()
    finally:
        await connection.close()


def _give_up() -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


@click.command()
@click.option("--residents", type=int, default=RESIDENTS, show_default=True, help="How many, the dead and the emigrated too.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="The same seed gives the same nation.")
def main(residents: int, seed: int) -> None:
    """Make the sample nation and fill its databases and the gateway's; their DSNs are one line of JSON on standard input."""
    dsns = json.loads(sys.stdin.buffer.readline())
    lifeline.watch(_give_up)
    with (
        click.progressbar(length=residents, label=f"{residents:,} residents", file=sys.stderr, width=30) as people,
        click.progressbar(length=len(databases()), label="indexes and statistics", file=sys.stderr, width=30) as indexes,
    ):
        asyncio.run(load(dsns, residents, seed, people.update, lambda: indexes.update(1)))


if __name__ == "__main__":
    main()
