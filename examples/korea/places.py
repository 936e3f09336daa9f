"""Where people live: districts and their neighbourhoods, by the real tables in `data/`.

Populations follow the registered electors of each neighbourhood (dong). Ages follow the district's population of 2010 by sex
and five-year age. Districts that changed since take the ages of the district they came from (`PREDECESSORS`); one that is in
neither table would take its province's.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

DATA = Path(__file__).parent / "data"
AGE_GROUPS = 18
"""Five-year groups from 0-4 up to 85 and older."""

PREDECESSORS = {
    "28177": "23030",  # Incheon Michuhol-gu: Nam-gu until 2018
    "36110": "34320",  # Sejong: Yeongi-gun, South Chungcheong, until 2012
    "41670": "31320",  # Yeoju-si: Yeoju-gun until 2013
    "43112": "33012",  # Cheongju Seowon-gu, 2014: out of Heungdeok-gu
    "43114": "33310",  # Cheongju Cheongwon-gu, 2014: the county of Cheongwon
    "43745": "33390",  # Jeungpyeong-gun: a branch office in the census
    "44270": "34400",  # Dangjin-si: Dangjin-gun until 2012
    "46170": "36040",  # Naju-si: listed with its old name
    "26380": "21100",  # Busan Saha-gu: listed with its branch office
}
"""District code → the code that the census table of 2010 has for it, where the names differ."""

_PROVINCES = {
    "11": "11", "26": "21", "27": "22", "28": "23", "29": "24", "30": "25", "31": "26", "36": "34",
    "41": "31", "42": "32", "43": "33", "44": "34", "45": "35", "46": "36", "47": "37", "48": "38", "50": "39",
}  # fmt: skip
"""Province by administrative code → by statistical code."""


@dataclass(frozen=True, slots=True)
class Dong:
    """A neighbourhood. `name` is the whole name, `road` the stem of its streets' names, `electors` its weight."""

    name: str
    code: str
    road: str
    electors: int


@dataclass(frozen=True, slots=True)
class District:
    """A city, county or borough by its five-digit code. `ages` are people by age group, males' groups before females'."""

    code: str
    province: str
    name: str
    dongs: tuple[Dong, ...]
    dong_bounds: tuple[int, ...]
    ages: tuple[int, ...]

    @property
    def electors(self) -> int:
        return self.dong_bounds[-1]


@cache
def districts() -> tuple[District, ...]:
    """All districts, by code."""
    electors = _electors()
    found: dict[str, tuple[str, str, list[Dong]]] = {}
    for row in _rows("admdong_codes_20220309.tsv"):
        _, _, dongs = found.setdefault(row["sgg"], (row["sidonm"], row["sggnm"], []))
        weight = electors[row["ELEC_CD"], row["ELEC_EMD"]]
        dongs.append(Dong(row["adm_nm"], row["adm_cd2"], _road(row["emd_nm"]), weight))
    census = _census()
    return tuple(
        District(code, province, name, tuple(dongs), tuple(accumulate(dong.electors for dong in dongs)), census.ages(code, name))
        for code, (province, name, dongs) in sorted(found.items())
    )


@cache
def household_sizes() -> tuple[tuple[int, int], ...]:
    """Members → households. Those of six and more are dealt to six, seven and eight."""
    with (DATA / "household_size_202312.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["members"]: int(row["households"]) for row in csv.DictReader(file)}
    rest = rows.pop("6+")
    large = {6: rest * 7 // 10, 7: rest * 2 // 10}
    large[8] = rest - sum(large.values())
    return (*((int(members), households) for members, households in rows.items()), *large.items())


def apportion(total: int, weights: list[int]) -> list[int]:
    """`total` dealt in proportion to the weights, by largest remainders; the first of equal remainders wins."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda index: (-(total * weights[index] % whole), index))
    for index in remainders[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _electors() -> dict[tuple[str, str], int]:
    """Electors by code and name: the codes 112521 and 411402 stand for two dongs each, whose names tell them apart."""
    electors = {(row["ELEC_CD"], row["ELEC_EMD"]): int(row["POPU_ALL"]) for row in _rows("vote_emd_20220309.tsv")}
    return electors


def _road(dong: str) -> str:
    return re.sub(r"[0-9.,·]*(동|읍|면|가)?$", "", re.sub(r"[0-9.,·]+가?동$", "", dong)) or dong


@dataclass(frozen=True)
class _Census:
    """The table of 2010: code → people by age group, and the codes by province and name."""

    by_code: dict[str, tuple[int, ...]]
    by_name: dict[tuple[str, str], str]

    def ages(self, code: str, name: str) -> tuple[int, ...]:
        province = _PROVINCES[code[:2]]
        # A borough of a city is listed as `city borough` or as `borough`; here it is one word, `cityborough`.
        short = re.sub(r"^.+시(?=.+구$)", "", name)
        known = PREDECESSORS.get(code) or self.by_name.get((province, name)) or self.by_name.get((province, short))
        return self.by_code[known or province]


def _census() -> _Census:
    by_code: dict[str, list[tuple[int, int]]] = {}
    by_name: dict[tuple[str, str], str] = {}
    with (DATA / "census2010_municipality_sex_age.csv").open(encoding="utf-8", newline="") as file:
        for row in list(csv.reader(file))[3:]:
            code, age = row[0].strip("'"), row[2].strip("'")
            by_name.setdefault((code[:2], row[1].replace(" ", "")), code)
            # 05, 10 ... 90 are the five-year groups; the others are sums, a mean and a median.
            if age.isdigit() and 0 < int(age) <= 90:
                by_code.setdefault(code, []).append((int(row[6]), int(row[7])))
    ages = {code: (*(males for males, _ in groups), *(females for _, females in groups)) for code, groups in by_code.items()}
    return _Census(ages, by_name)
