"""A population in memory, as its registers' rows tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from examples.korea.load import DDL
from examples.korea.nation import make, parts

GATEWAY = Path(__file__).parents[2] / "auth" / "gateway.sql"
Row = dict[str, str]
"""Column → text; an absent value is `\\N`."""


def columns() -> dict[str, list[str]]:
    """`register.table` → columns, by the DDL; the gateway's own database counts as a register."""
    found = {}
    for path in [*DDL.glob("*.sql"), GATEWAY]:
        for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", path.read_text(encoding="utf-8"), re.DOTALL):
            found[f"{path.stem}.{table}"] = [name for name in re.findall(r"^    (\w+) ", body, re.MULTILINE) if name != "CHECK"]
    return found


@dataclass
class Population:
    """The rows of all registers."""

    tables: dict[str, list[Row]]

    def __getitem__(self, table: str) -> list[Row]:
        return self.tables[table]

    @cached_property
    def by_rrn(self) -> dict[str, Row]:
        return {row["rrn"]: row for row in self["mois.resident"]}

    @cached_property
    def by_id(self) -> dict[str, Row]:
        return {row["id"]: row for row in self["mois.resident"]}

    @cached_property
    def households(self) -> dict[str, list[Row]]:
        """Household → members."""
        found: dict[str, list[Row]] = {}
        for row in self["mois.resident"]:
            if row["household_id"] != "\\N":
                found.setdefault(row["household_id"], []).append(row)
        return found

    @cached_property
    def relations(self) -> set[tuple[str, str, str]]:
        return {(row["rrn"], row["relation"], row["relative_rrn"]) for row in self["scourt.family_relation"]}

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """Resident number → the parents that the birth names; none without a birth."""
        return {rrn: [] for rrn in self.by_rrn} | {
            row["rrn"]: [parent for parent in (row["father_rrn"], row["mother_rrn"]) if parent != "\\N"]
            for row in self["scourt.birth"]
        }


def population_of(residents: int, seed: int) -> Population:
    names = columns()
    tables: dict[str, list[Row]] = {table: [] for table in names}
    for part in parts(residents, seed):
        for register, made in make(part).items():
            for table, lines in made.items():
                full = f"{register}.{table}"
                tables[full] += [dict(zip(names[full], line.split("\t"), strict=True)) for line in lines]
    return Population(tables)
