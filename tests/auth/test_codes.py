"""Verification codes: read however they are typed, and good for one extract alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auth.codes import Code, Codes, read_code

CODES = Codes(bytes(range(32)))
ENTRIES, REQUESTS = st.integers(1024, 2**63 - 1), st.binary(min_size=8, max_size=8)


@given(ENTRIES, REQUESTS)
def test_a_code_is_read_as_it_was_made_and_as_people_type_it(entry: int, request: bytes) -> None:
    text = CODES.of(entry, request, "extract")
    assert set(text) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
    code = read_code(text)
    assert code is not None
    assert code.entry == entry
    assert CODES.holds(code, request, "extract")
    for typed in (
        text.lower(),
        text.replace("-", ""),
        text.replace("-", " "),
        text.replace("0", "O").replace("1", "l"),
        f" {text} ",
    ):
        assert read_code(typed) == code


@given(ENTRIES, REQUESTS, st.integers(0, 64))
def test_a_check_is_of_65_bits_and_each_of_them_counts(entry: int, request: bytes, bit: int) -> None:
    code = read_code(CODES.of(entry, request, "extract"))
    assert code is not None
    assert code.check < 1 << 65
    assert not CODES.holds(Code(entry, code.check ^ 1 << bit), request, "extract")


@given(ENTRIES, REQUESTS)
def test_a_code_is_of_one_entry_one_request_one_service_and_one_key(entry: int, request: bytes) -> None:
    code = read_code(CODES.of(entry, request, "extract"))
    assert code is not None
    assert not CODES.holds(code, bytes(each ^ 1 for each in request), "extract")
    assert not CODES.holds(code, request, "another")
    assert not CODES.holds(Code(entry - 1, code.check), request, "extract")
    assert not Codes(bytes(32)).holds(code, request, "extract")


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_code_or_none(text: str) -> None:
    code = read_code(text)
    assert code is None or (0 <= code.entry < 1 << 63 and 0 <= code.check < 1 << 65)


def test_what_can_be_no_code() -> None:
    for text in ("", "0", "U" * 20, "0000-0000-0000-0000-000", "Z" * 26, "0" * 65, "0000-0000-0000-0000-000U"):
        assert read_code(text) is None
