"""Open cases and consents of the residents whom a workload asks for, written into the sample's own registers.

The sample has petitions and consents of its own, as many as a nation has. A workload that must find each of its residents with an
open case and their consent needs more, under agencies and purposes that the sample's petitioners do not use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import asyncpg
import yaml

from benchmarks.workloads import Workload

FIRST_ID = 900_000_000_000
"""Beyond all of the sample's ids."""
SINCE, UNTIL = date(2026, 1, 1), date(2099, 12, 31)


async def write(
    petitions: str, gateway: str, workloads: Iterable[Workload], keys: Mapping[str, list[str]], law: Iterable[str]
) -> None:
    """Give every key of the workloads that have cases one, and consents to all that the regulations of `law` (YAML) want one for.

    `petitions` and `gateway` are DSNs of the owners. What was written for an earlier run is replaced.
    """
    items = [item for regulation in law for item in consented(regulation)]
    wanted = [workload for workload in workloads if workload.cases]
    cases = [
        (FIRST_ID + number, workload.case(key), workload.access.caller.agency, workload.access.purpose, key, SINCE, None)
        for workload in wanted
        for number, key in enumerate(keys[workload.name])
    ]
    consents = [
        (FIRST_ID + number, key, workload.access.caller.agency, workload.access.purpose, item, SINCE, UNTIL, False)
        for workload in wanted
        for number, (key, item) in enumerate((key, item) for key in keys[workload.name] for item in items)
    ]
    await _replace(petitions, "petition", cases)
    await _replace(gateway, "consent", consents)


def consented(law: str) -> Sequence[str]:
    """The items that a regulation shares with consent."""
    permissions = yaml.safe_load(law)["permissions"]
    return [item for permission in permissions if permission.get("consent") == "required" for item in permission["items"]]


async def _replace(dsn: str, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"DELETE FROM {table} WHERE id >= {FIRST_ID}")
            await connection.copy_records_to_table(table, records=rows)
        await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()
