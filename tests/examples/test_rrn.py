"""Resident numbers have the real shape and were never issued to anyone."""

from __future__ import annotations

from datetime import date

import pytest

from examples.korea.calendar import OLDEST, REFERENCE_DAY, day
from examples.korea.rrn import SHARES, Numbers, NumbersSpent, check_digit
from tests.examples.population import Population


def test_check_digit_is_the_real_one() -> None:
    # 9·2 + 1·5 + 1·7 + 1·8 + 2·9 + 3·2 + 4·3 + 5·4 + 6·5 = 124, 124 mod 11 = 3, 11 - 3 = 8
    assert check_digit("900101123456") == 8
    assert check_digit("000000000000") == 1


def test_every_number_lies_where_none_was_issued(population: Population) -> None:
    for row in population["mois.resident"]:
        rrn = row["rrn"]
        assert len(rrn) == 13
        assert rrn.isdigit()
        assert rrn[6] in "90", "digits for people born in the 1800s"
        assert rrn[7:9] in ("97", "98"), "no region had these"
        assert int(rrn[12]) != check_digit(rrn[:12])


def test_birth_and_sex_stay_readable(population: Population) -> None:
    for row in population["mois.resident"]:
        rrn = row["rrn"]
        century = {"97": "19", "98": "20"}[rrn[7:9]]
        assert row["birth_date"] == f"{century}{rrn[:2]}-{rrn[2:4]}-{rrn[4:6]}"
        assert row["sex"] == {"9": "MALE", "0": "FEMALE"}[rrn[6]]


def test_nobody_is_born_in_the_1800s_or_the_future(population: Population) -> None:
    births = sorted(row["birth_date"] for row in population["mois.resident"])
    assert births[0] > REFERENCE_DAY.replace(year=REFERENCE_DAY.year - OLDEST - 1).isoformat() > "1900"
    assert births[-1] <= REFERENCE_DAY.isoformat()
    assert all(date.fromisoformat(birth) for birth in births)


def test_numbers_are_unique(population: Population) -> None:
    rrns = [row["rrn"] for row in population["mois.resident"]]
    assert len(set(rrns)) == len(rrns) == 20_000


def test_shares_never_meet_and_are_spent_before_they_repeat() -> None:
    birth = day(2020, 2, 29)
    issued = []
    for share in range(SHARES):
        numbers = Numbers(share)
        issued += [numbers.issue(birth, True) for _ in range(share, 9_000, SHARES)]
        with pytest.raises(NumbersSpent, match="2020-02-29"):
            numbers.issue(birth, True)
    assert len(set(issued)) == len(issued) == 9_000
    assert all(int(rrn[12]) != check_digit(rrn[:12]) for rrn in issued)


def test_a_share_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=f"`{SHARES}`"):
        Numbers(SHARES)
