"""What comes with a grant, in a sentence and as data."""

from __future__ import annotations

from datetime import date

import pytest

from auth.access import Duties, Grant, Rule, Span
from auth.described import grant_as_data, grant_in_words

RULE = Rule("tax", "shares", "Tax Act, art. 1")
NOTHING = {"retain": None, "store": True, "notice": False, "ground": None, "within": None, "defer": None}


@pytest.mark.parametrize(
    ("duties", "words", "data"),
    [
        (Duties(retain=Span(60)), "to be kept for P5Y at most", {"retain": "P5Y"}),
        (Duties(store=False), "not to be stored", {"store": False}),
        (Duties(notice=True, ground="Act, art. 2"), "the resident is told later, because no consent was asked (Act, art. 2)",
         {"notice": True, "ground": "Act, art. 2"}),
        (Duties(notice=True, ground="Act, art. 2", within=Span(days=10)),
         "the resident is told later, within P10D, because no consent was asked (Act, art. 2)",
         {"notice": True, "ground": "Act, art. 2", "within": "P10D"}),
        (Duties(defer=Span(6)), "that it was read is shown to the resident only P6M after", {"defer": "P6M"}),
        (Duties(defer=date(2027, 6, 30)), "that it was read is shown to the resident only after 2027-06-30",
         {"defer": "2027-06-30"}),
    ],
)  # fmt: skip
def test_each_duty_is_said(duties: Duties, words: str, data: dict[str, object]) -> None:
    grant = Grant(RULE, duties=duties)
    assert grant_in_words(grant) == f"permitted for anyone, by tax/shares (Tax Act, art. 1); {words}"
    assert grant_as_data(grant)["duties"] == NOTHING | data
