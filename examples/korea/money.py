"""Rows of national and local tax (nts, localtax), health insurance (nhis), pension (nps) and employment insurance (moel)."""

from __future__ import annotations

from random import Random

from examples.korea.calendar import ISO, REFERENCE_DAY, TODAY
from examples.korea.civil import NULL, Lines
from examples.korea.lives import WORKPLACES
from examples.korea.people import Household, Person

_LAST_YEAR = REFERENCE_DAY.year - 1
_TRADES = ("음식점", "소매업", "도매업", "미용업", "숙박업", "건설업", "운수업", "제조업", "학원", "농업")
_BRACKETS = ((50_000_000, 0.24, 5_760_000), (14_000_000, 0.15, 1_260_000), (0, 0.06, 0))


def income_tax(income: int) -> int:
    """Won a year by the brackets of the Income Tax Act, art. 55, after a deduction of 35 per cent."""
    base = income * 65 // 100
    return next(int(base * rate) - less for floor, rate, less in _BRACKETS if base >= floor) // 10 * 10


def tax_certificates(people: list[Person], lines: Lines, rng: Random) -> None:
    """The last three full years of those who earn."""
    random = rng.random
    for p in people:
        if not p.income:
            continue
        income = p.income
        for turn in range(3):
            year = _LAST_YEAR - turn
            if p.age - turn <= 19:
                break
            tax = income_tax(income)
            owed = int(tax * random()) // 10 * 10 if random() < 0.03 else 0
            lines.append(f"{p.id * 4 + turn}\t{p.rrn}\t{year}\t{income}\t{tax - owed}\t{owed}")
            income = int(income * (0.93 + random() * 0.07)) // 1000 * 1000


def businesses(people: list[Person], lines: Lines, rng: Random) -> None:
    """One's own business, and those that were closed."""
    random = rng.random
    for p in people:
        if p.age < 20:
            continue
        closed = random() < 0.04 or "closed business" in p.sure
        states = (["CLOSED"] if closed else []) + (["ACTIVE"] if p.work == "BUSINESS" else [])
        for place, status in enumerate(states, p.id * 2):
            opened = TODAY - 100 - int(random() * min(p.age - 19, 20) * 365)
            ended = NULL
            if status == "CLOSED":
                last = p.death if p.death is not None else TODAY
                opened = min(opened, last - 60)
                ended = ISO[opened + 30 + int(random() * (last - opened - 30))]
            elif random() < 0.04:
                status = "SUSPENDED"
            number = f"{place * 3_871_011_719 % 10**10:010d}"
            trade = _TRADES[int(random() * len(_TRADES))]
            shown = f"{number[:3]}-{number[3:5]}-{number[5:]}"
            lines.append(f"{place}\t{p.rrn}\t{shown}\t{trade}\t{ISO[opened]}\t{ended}\t{status}")


def local_taxes(people: list[Person], lines: Lines, rng: Random) -> None:
    """Resident tax of heads, property and automobile tax of owners, and the tenth of the income tax, last year and this."""
    random = rng.random
    for p in people:
        if p.household is None:
            continue
        due = []
        if p.relation == "HEAD":
            due += [("RESIDENT", _LAST_YEAR + 1, 11_000), ("RESIDENT", _LAST_YEAR, 11_000)]
        if p.homes:
            due.append(("PROPERTY", _LAST_YEAR + 1, (90_000 + int(random() ** 2 * 1_500_000)) * p.homes))
        if p.cars:
            due.append(("AUTOMOBILE", _LAST_YEAR + 1, (100_000 + int(random() * 420_000)) * p.cars))
        if p.income:
            due.append(("INCOME", _LAST_YEAR, income_tax(p.income) // 10))
        for place, (item, year, amount) in enumerate(due, p.id * 8):
            amount = amount // 10 * 10
            owed = amount if random() < 0.025 else 0
            lines.append(f"{place}\t{p.rrn}\t{item}\t{year}\t{amount}\t{owed}")


def health_insurance(homes: list[Household], crosswalk: Lines, members: Lines, rng: Random) -> None:
    """Employees are insured by their work and their household depends on the best earner; the others pay by region."""
    random = rng.random
    for home in homes:
        people = home.members
        medical_aid = home.poor == "BENEFIT"
        earner = max((p for p in people if p.work == "EMPLOYED"), key=lambda p: p.income, default=None)
        dependants = sum(1 for p in people if not p.income) if earner else 0
        for p in people:
            number = f"{10 + p.id * 27_182_819 % 90}{p.id * 7_919_777_773 % 10**9:09d}"
            workplace, premium, count = NULL, 0, 0
            first = max(p.birth, TODAY - int(random() * 20 * 365))
            if medical_aid:
                kind = "MEDICAL_AID"
            elif p.work == "EMPLOYED":
                kind, workplace, premium = "EMPLOYEE", p.workplace, p.income * 3545 // 12_000_000 * 10
                count = dependants if p is earner else 0
            elif earner and not p.income:
                kind = "DEPENDANT"
            else:
                kind = "REGIONAL"
                premium = (19_780 + p.income * 5 // 1_200 + p.homes * 41_000) // 10 * 10 if p is people[0] else 0
            crosswalk.append(f"{p.rrn}\t{number}")
            members.append(f"{number}\t{kind}\t{workplace}\t{ISO[first]}\t{premium}\t{count}")


def pensions(people: list[Person], lines: Lines, rng: Random) -> None:
    random = rng.random
    for p in people:
        if p.household is None or p.age < 18:
            continue
        most = max(1, min(p.age, 60) - 20) * 12
        if p.age >= 63:
            if random() < 0.62:
                months = 120 + int(random() * min(most - 120, 300))
                income = 900_000 + int(random() * random() * 3_000_000) // 1000 * 1000
                benefit = income * months // 960 // 10 * 10 + 60_000
                lines.append(f"{p.rrn}\tBENEFICIARY\t{months}\t{income}\t{benefit}")
            continue
        if p.age >= 60 or not (p.work or random() < 0.22):
            continue
        kind = "WORKPLACE" if p.work == "EMPLOYED" else "REGIONAL" if p.work or random() < 0.8 else "VOLUNTARY"
        income = min(max(p.income // 12, 400_000), 6_370_000) // 1000 * 1000
        months = int(most * (0.35 + 0.6 * random()))
        lines.append(f"{p.rrn}\t{kind}\t{months}\t{income}\t\\N")


def employments(people: list[Person], lines: Lines, rng: Random) -> None:
    """The present job and up to two before it, none of which overlap."""
    random = rng.random
    for p in people:
        if p.household is None or p.age < 20 or (p.work != "EMPLOYED" and (p.age > 75 or random() < 0.55)):
            continue
        place, end, grown = p.id * 4, NULL, p.birth + 19 * 365
        started = TODAY - 20 - int(random() ** 1.5 * min(p.age - 19, 25) * 365)
        workplace, hours = p.workplace, p.hours
        if p.work != "EMPLOYED":
            left = TODAY - 30 - int(random() * min(p.age - 19, 15) * 365)
            started, end = left - 90 - int(random() * 4 * 365), ISO[left]
            workplace, hours = WORKPLACES[int(random() * len(WORKPLACES))], 40
        for turn in range(3):
            if started < grown:
                break
            lines.append(f"{place + turn}\t{p.rrn}\t{workplace}\t{ISO[started]}\t{end}\t{hours}")
            if random() < 0.45:
                break
            left = started - 1 - int(random() * random() * 500)
            started, end = left - 60 - int(random() * 6 * 365), ISO[left]
            workplace = WORKPLACES[int(random() * len(WORKPLACES))]
            hours = 40 if random() < 0.85 else 20
