"""Rows of passports (mofa) and border crossings (moj)."""

from __future__ import annotations

from random import Random

from examples.korea.calendar import ISO, TODAY, by_age, day
from examples.korea.civil import PLACES_A_PERSON, Lines
from examples.korea.names import romanized
from examples.korea.people import Person

_HAS_PASSPORT = by_age((1, 0.1), (19, 0.38), (30, 0.72), (60, 0.68), (75, 0.4), (200, 0.12))
_PORTS = ("인천공항",) * 12 + ("김해공항",) * 3 + ("김포공항", "김포공항", "제주공항", "대구공항", "부산항", "인천항")
_NEW_NUMBERS = day(2021, 12, 21)
"""The day on which the second letter came into passport numbers."""
_PASSPORTS = 4
_TRIPS = 8


def passports_and_crossings(people: list[Person], passports: Lines, crossings: Lines, rng: Random) -> None:
    """A present or latest passport and often the ones before it, and the journeys made on each."""
    random = rng.random
    for p in people:
        away = p.status == "EMIGRATED"
        if not (random() < _HAS_PASSPORT[p.age] or away or "passport" in p.sure):
            continue
        end = p.death if p.death is not None else TODAY
        latest = end - int(random() * (14 if end < TODAY else 10.6) * 365)
        if "old passport" in p.sure:
            latest = TODAY - 2 * 365
        issued = max(latest, p.birth + 40)
        if issued >= end:
            continue
        p.passport = True
        kind = "ORDINARY" if random() < 0.995 else "OFFICIAL" if random() < 0.9 else "DIPLOMATIC"
        following = end
        for turn in range(3):
            years = 10 if issued - p.birth > 18 * 365 else 5
            expires = issued + years * 365 + years // 4
            status = _status(p, turn, expires, random())
            place = p.id * _PASSPORTS + turn
            number = _number(place, issued)
            spelt = romanized(p.surname, p.given)
            passports.append(f"{place}\t{p.rrn}\t{number}\t{kind}\t{ISO[issued]}\t{ISO[expires]}\t{spelt}\t{status}")
            _journeys(p, place, number, issued, min(expires, following), crossings, rng, away and turn == 0)
            following = issued
            # The one before ended about when this one was issued, or was lost earlier.
            before = issued - (5 if issued - p.birth < 23 * 365 else 10) * 365 + int(random() * 200) - 60
            more = turn == 0 if "old passport" in p.sure else random() < 0.5
            if before < p.birth + 40 or not more:
                break
            issued = before


def _status(p: Person, turn: int, expires: int, fate: float) -> str:
    if turn == 0:
        if "lost passport" in p.sure:
            return "LOST"
        if p.status == "DECEASED":
            return "RETURNED"
        return "EXPIRED" if expires <= TODAY else "LOST" if fate < 0.02 and not p.sure else "VALID"
    if "old passport" in p.sure:
        return "EXPIRED"
    return "LOST" if fate < 0.05 else "RETURNED" if expires > TODAY or fate < 0.1 else "EXPIRED"


def _number(place: int, issued: int) -> str:
    # Multiplying by a number without a factor of ten permutes the eight-digit numbers, so none is given twice.
    digits = f"{place * 38_710_117 % 100_000_000:08d}"
    if issued < _NEW_NUMBERS:
        return f"M{digits}"
    return f"M{digits[:3]}{'ABCDEFGHJK'[int(digits[3])]}{digits[4:]}"


def _journeys(p: Person, place: int, number: str, first: int, last: int, lines: Lines, rng: Random, emigrates: bool) -> None:
    """Out and back again, one journey after the other; who emigrates does not come back from the last."""
    random = rng.random
    sure = "travel" in p.sure
    leaves = first + 10 + int(random() * 500)
    row = place * PLACES_A_PERSON
    for _ in range(_TRIPS):
        back = leaves + 3 + int(random() * random() * 30)
        if back >= last or not (random() < 0.55 or sure):
            break
        port = _PORTS[int(random() * len(_PORTS))]
        lines.append(f"{row}\t{number}\tEXIT\t{ISO[leaves]}\t{port}")
        lines.append(f"{row + 1}\t{number}\tENTRY\t{ISO[back]}\t{port}")
        row += 2
        leaves = back + 60 + int(random() * 900)
    if emigrates:
        lines.append(f"{row}\t{number}\tEXIT\t{ISO[min(leaves, last)]}\t{_PORTS[0]}")
