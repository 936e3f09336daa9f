"""Ids and cursors: the same for one agency, useless to another, and nothing forged, altered or moved opens."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.access import Caller
from auth.pseudonyms import _CALLERS, InvalidCursor, InvalidId, Pseudonyms, SealedValue

MASTER = bytes(range(32))
PSEUDONYMS = Pseudonyms(MASTER)
CALLER = Caller("passports", "clerk", "officer-1")
OURS = PSEUDONYMS.for_caller(CALLER)
TYPES = ("Household", "Resident")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(TYPES))
def test_an_id_gives_its_key_back(key: int, type_name: str) -> None:
    text = OURS.encode(type_name, key)
    assert OURS.decode(text, TYPES) == (type_name, key)
    assert len(text) == 32
    assert set(text) <= set(ALPHABET)


def test_an_id_is_the_same_every_time_for_an_agency_whoever_asks() -> None:
    again = Pseudonyms(MASTER).for_caller(Caller("passports", "another-role", "officer-2", jurisdiction="11110"))
    assert again.encode("Resident", 7) == OURS.encode("Resident", 7)


def test_ids_do_not_change_between_releases() -> None:
    # Agencies keep ids; a change of the derivation would orphan all of them.
    assert OURS.encode("Resident", 1) == "2B3ZoIva2u59zLwNtZbKpjxfQ5E5hSK-"


def strangers() -> list[Caller]:
    return [
        Caller("tax", "clerk", "officer-1"),
        Caller("passport", "clerk", "officer-1"),
        Caller("passports", "citizen", "x", rrn="9" * 13),
        Caller("passports", "clerk", "x", rrn=""),
        Caller('passports", null', "clerk", "x"),
    ]


@pytest.mark.parametrize("stranger", strangers(), ids=str)
def test_an_id_is_useless_to_others(stranger: Caller) -> None:
    theirs = PSEUDONYMS.for_caller(stranger)
    text = OURS.encode("Resident", 7)
    assert theirs.encode("Resident", 7) != text
    with pytest.raises(InvalidId):
        theirs.decode(text, TYPES)


def test_two_citizens_of_one_portal_have_ids_of_their_own() -> None:
    one, other = (PSEUDONYMS.for_caller(Caller("portal", "citizen", "x", rrn=digit * 13)) for digit in "12")
    with pytest.raises(InvalidId):
        other.decode(one.encode("Resident", 7), TYPES)


def test_another_master_secret_gives_other_ids() -> None:
    with pytest.raises(InvalidId):
        Pseudonyms(os.urandom(32)).for_caller(CALLER).decode(OURS.encode("Resident", 7), TYPES)


def test_an_id_of_one_type_is_none_of_another() -> None:
    text = OURS.encode("Resident", 7)
    assert OURS.encode("Household", 7) != text
    for types in [("Household",), ("resident",), ("ResidentX",), ("Residen",), ()]:
        with pytest.raises(InvalidId):
            OURS.decode(text, types)


def test_every_altered_character_is_found() -> None:
    text = OURS.encode("Resident", 7)
    for index, character in enumerate(text):
        for other in (ALPHABET[(ALPHABET.index(character) + step) % 64] for step in (1, 2, 4, 8, 16, 32)):
            with pytest.raises(InvalidId):
                OURS.decode(text[:index] + other + text[index + 1 :], TYPES)


def malformed(text: str) -> list[str]:
    standard = text.replace("-", "+").replace("_", "/")
    return [
        "",
        text[:-1],
        text + "A",
        text + "=",
        text[:-4],
        text[4:],
        text + text,
        f" {text[1:]}",
        f"{text[:-1]}\n",
        f"{text[:-1]}=",
        f"{text[:-2]}==",
        "=" * 32,
        "\x00" * 32,
        "가" * 32,
        text[:-1] + "\uff21",
        text.swapcase(),
        "7",
        "Resident:7",
        urlsafe_b64encode(b"Resident:000000000000007").decode(),
        urlsafe_b64encode(bytes(24)).decode(),
        *([standard] if standard != text else []),
    ]


@pytest.mark.parametrize("text", malformed(OURS.encode("Resident", 2)))
def test_a_malformed_id_is_a_clear_error(text: str) -> None:
    with pytest.raises(InvalidId) as raised:
        OURS.decode(text, TYPES)
    assert str(raised.value) == "the id is not valid for you: it is malformed, forged, or was given to someone else"


def test_the_standard_alphabet_is_not_accepted() -> None:
    texts = (OURS.encode("Resident", key) for key in range(1000))
    text = next(text for text in texts if "-" in text and "_" in text)
    for swapped in (text.replace("-", "+"), text.replace("_", "/")):
        with pytest.raises(InvalidId):
            OURS.decode(swapped, TYPES)


@given(st.text(max_size=64) | st.text(ALPHABET, min_size=32, max_size=32))
def test_random_text_is_no_id_and_no_cursor(text: str) -> None:
    with pytest.raises(InvalidId):
        OURS.decode(text, TYPES)
    with pytest.raises(InvalidCursor):
        OURS.open("context", text)


values = st.tuples() | st.lists(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8")) | st.dates(), max_size=5
).map(tuple)


@given(values, st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_cursor_gives_its_values_back(sealed: tuple[SealedValue, ...], context: str) -> None:
    opened = OURS.open(context, OURS.seal(context, sealed))
    assert opened == sealed
    assert [type(value) for value in opened] == [type(value) for value in sealed]


def test_a_cursor_opens_only_where_it_was_sealed() -> None:
    cursor = OURS.seal("residents by name in 11110", ("김", 7))
    for context in ("residents by name in 11140", "residents by birth in 11110", "", "residents by name in 11110 "):
        with pytest.raises(InvalidCursor):
            OURS.open(context, cursor)
    for stranger in strangers():
        with pytest.raises(InvalidCursor):
            PSEUDONYMS.for_caller(stranger).open("residents by name in 11110", cursor)


def test_ids_and_cursors_are_never_taken_for_each_other() -> None:
    with pytest.raises(InvalidCursor):
        OURS.open("Resident", OURS.encode("Resident", 7))
    short = OURS.seal("Resident", ())
    assert len(urlsafe_b64decode(short + "=" * (-len(short) % 4))) == 32
    with pytest.raises(InvalidId):
        OURS.decode(short, TYPES)


def test_an_altered_or_cut_cursor_does_not_open() -> None:
    cursor = OURS.seal("context", ("abc", date(2026, 3, 2), 7))
    for index, character in enumerate(cursor):
        other = ALPHABET[(ALPHABET.index(character) + 1) % 64]
        with pytest.raises(InvalidCursor):
            OURS.open("context", cursor[:index] + other + cursor[index + 1 :])
    for text in (cursor[:-1], cursor[:-4], cursor + "AAAA", cursor + "=", cursor + "\n", "", "A" * 5000):
        with pytest.raises(InvalidCursor) as raised:
            OURS.open("context", text)
    assert str(raised.value) == "the cursor is not valid here: it is malformed, forged, or from another list or another caller"


def test_the_length_of_a_cursor_tells_little() -> None:
    assert len({len(OURS.seal("context", ("x" * size, 1))) for size in range(1, 8)}) == 1


def test_nothing_of_the_key_or_the_values_stands_in_the_clear() -> None:
    cursor = OURS.seal("context", ("8001011234567",))
    assert b"8001011234567" not in urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    ids = [urlsafe_b64decode(OURS.encode("Resident", key)) for key in range(256)]
    assert len({text[:16] for text in ids}) == len({text[16:] for text in ids}) == 256


@pytest.mark.parametrize("size", [0, 1, 31])
def test_a_short_master_secret_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"has {size} bytes; it needs at least 32"):
        Pseudonyms(b"x" * size)


def test_pseudonyms_are_kept_and_their_number_is_bounded() -> None:
    pseudonyms = Pseudonyms(MASTER)
    first = pseudonyms.for_caller(CALLER)
    assert pseudonyms.for_caller(Caller("passports", "other", "other")) is first
    for number in range(_CALLERS + 10):
        pseudonyms.for_caller(Caller("portal", "citizen", "x", rrn=f"{number:013}"))
        if number % 1000 == 0:
            assert pseudonyms.for_caller(CALLER) is first
    assert len(pseudonyms._known) == _CALLERS
    assert pseudonyms.for_caller(CALLER) is first
