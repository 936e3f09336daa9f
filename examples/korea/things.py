"""Rows of vehicles, buildings, military service, disability and driving licences."""

from __future__ import annotations

from random import Random

from examples.korea.calendar import ISO, REFERENCE_DAY, TODAY, by_age
from examples.korea.civil import NULL, Lines
from examples.korea.people import Person

_MODELS = ("산들", "너울", "한라", "가온길", "새벽", "바람결", "들녘 1톤", "누비", "마실", "번개 EV", "물빛 EV", "큰산")
_PLATES = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
_VIN = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_DWELLINGS = ("아파트",) * 11 + ("다세대주택",) * 3 + ("단독주택",) * 4
_OTHERS = ("아파트", "아파트", "근린생활시설", "창고")
_CLASSES = ("CLASS2_ORDINARY",) * 9 + ("CLASS1_ORDINARY",) * 9 + ("CLASS1_LARGE", "CLASS2_SMALL")
_HAS_LICENCE = by_age((18, 0.0), (20, 0.3), (30, 0.7), (65, 0.86), (75, 0.58), (85, 0.22), (200, 0.02))
_DISABLED = by_age((30, 0.016), (50, 0.03), (65, 0.07), (200, 0.17))
_DISABILITIES = ("지체", "지체", "지체", "지체", "청각", "청각", "시각", "뇌병변", "신장", "정신", "지적", "자폐성")
"""The last two are registered in childhood."""
_RANKS = ("이병", "일병", "상병", "병장")


def vehicles(people: list[Person], lines: Lines, rng: Random) -> None:
    random = rng.random
    for p in people:
        for turn in range(p.cars):
            place = p.id * 2 + turn
            # Multiplying by a number prime to 10,000 times 32 letters times 900 permutes the plates, so none is given twice.
            plate, digits = divmod(place * 38_710_117 % (900 * 32 * 10_000), 10_000)
            front, letter = divmod(plate, 32)
            rest, serial = place, ""
            while rest:
                rest, digit = divmod(rest, len(_VIN))
                serial = _VIN[digit] + serial
            year = REFERENCE_DAY.year - int(random() * random() * 18)
            liens = int(random() * 3) + 1 if random() < 0.08 else 0
            model = _MODELS[int(random() * len(_MODELS))]
            shown = f"{100 + front}{_PLATES[letter]}{digits:04d}"
            base = p.address if p.sure or random() >= 0.01 else ""
            lines.append(f"{place}\t{p.rrn}\t{shown}\tKMX{serial:0>14}\t{model}\t{year}\t{base or NULL}\t{liens}")


def buildings(people: list[Person], lines: Lines, rng: Random) -> None:
    """Land numbers (pnu): the neighbourhood's ten digits, 1 for ordinary land, main and sub number of the plot."""
    random = rng.random
    for p in people:
        for turn in range(p.homes):
            dong = p.dong if turn == 0 else p.district.dongs[int(random() * len(p.district.dongs))]
            uses = _DWELLINGS if turn == 0 else _OTHERS
            use = uses[int(random() * len(uses))]
            area = 33 + int(random() * random() * 130)
            approved = TODAY - 200 - int(random() * 45 * 365)
            price = area * int(rng.lognormvariate(14.9, 0.55)) // 100_000 * 100_000
            pnu = f"{dong.code}1{1 + int(random() * 1200):04d}{int(random() * random() * 90):04d}"
            lines.append(f"{p.id * 2 + turn}\t{p.rrn}\t{pnu}\t{use}\t{area}\t{ISO[approved]}\t{price}")


def military_service(people: list[Person], lines: Lines, rng: Random) -> None:
    """Every man from the year in which he turns 19, in whatever way he serves or does not."""
    random = rng.random
    for p in people:
        if p.female or p.age < 19:
            continue
        fate = random()
        enlisted = p.birth + int((19.5 + random() * 3.5) * 365.25)
        active = fate < 0.84 or "military" in p.sure
        served = 548 if p.age < 30 else 640 if p.age < 40 else 780 if p.age < 60 else 940
        end = p.death if p.death is not None else TODAY
        if (p.age < 29 and enlisted > end) or (fate > 0.8 and p.age < 26):
            lines.append(f"{p.rrn}\tDEFERRED\t\\N\t\\N\t\\N")
        elif enlisted + served > end and p.age >= 29:
            lines.append(f"{p.rrn}\tEXEMPT\t\\N\t\\N\t\\N")
        elif active:
            left = enlisted + served
            rank = _RANKS[3] if left <= end else _RANKS[min((end - enlisted) // 140, 3)]
            lines.append(f"{p.rrn}\tACTIVE\t{ISO[enlisted]}\t{ISO[left] if left <= end else NULL}\t{rank}")
        elif fate < 0.94:
            left = enlisted + 30 if fate < 0.88 else enlisted + 640
            kind = "RESERVE" if fate < 0.88 else "SUPPLEMENTARY"
            lines.append(f"{p.rrn}\t{kind}\t{ISO[enlisted]}\t{ISO[left] if left <= end else NULL}\t\\N")
        else:
            lines.append(f"{p.rrn}\tEXEMPT\t\\N\t\\N\t\\N")


def disabilities(people: list[Person], lines: Lines, rng: Random) -> None:
    random = rng.random
    for p in people:
        if p.household is None or not (random() < _DISABLED[p.age] or "disability" in p.sure):
            continue
        severe = random() < 0.37
        registered = TODAY - 20 - int(random() * min(TODAY - p.birth - 20, 20 * 365)) if TODAY - p.birth > 60 else TODAY
        reassess = ISO[TODAY + int(random() * 3 * 365) + 1] if random() < 0.3 else NULL
        kind = _DISABILITIES[int(random() * (len(_DISABILITIES) - (2 if p.age >= 40 else 0)))]
        lines.append(f"{p.rrn}\t{'SEVERE' if severe else 'MILD'}\t{kind}\t{ISO[registered]}\t{reassess}")


def driving_licences(people: list[Person], lines: Lines, rng: Random) -> None:
    """Licences of ten years (five from 65 on, three from 75), renewed or not."""
    random = rng.random
    for p in people:
        likely = _HAS_LICENCE[p.age] * (0.82 if p.female else 1.0)
        if p.household is None or p.age < 18 or not (random() < likely or p.cars or "licence" in p.sure):
            continue
        p.licence = True
        issued = p.birth + int(18.2 * 365.25) + int(random() ** 1.5 * min(p.age - 18, 30) * 365)
        issued = min(issued, TODAY - 10)
        term = (3 if p.age >= 75 else 5 if p.age >= 65 else 10) * 365
        left = TODAY - issued
        renew = issued + (left // term + 1) * term
        fate = 1.0 if p.sure else random()
        status = "REVOKED" if fate < 0.012 else "SUSPENDED" if fate < 0.025 else "VALID"
        if 0.025 <= fate < 0.05 and left > term:
            renew, status = renew - term, "EXPIRED"
        # Region, year of issue, serial and check: the serial is the person's own, so no number is given twice.
        serial = f"{p.id * 38_710_117 % 100_000_000:08d}"
        number = f"{11 + int(p.district.code[:2]) % 17}-{ISO[issued][2:4]}-{serial[:6]}-{serial[6:]}"
        kind = _CLASSES[int(random() * len(_CLASSES))]
        lines.append(f"{p.rrn}\t{number}\t{kind}\t{ISO[issued]}\t{ISO[renew]}\t{status}")
