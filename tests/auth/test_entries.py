"""An entry's bytes and a form's spelling: what is written is read, and there is one way to write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth.entries import SUBJECT, Entry, Form, decode, digest_of, encode, form_of, number, packed, unpacked

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
RESIDENTS = st.integers(0, 5).flatmap(lambda count: st.binary(min_size=count * SUBJECT, max_size=count * SUBJECT))
ENTRIES = st.builds(
    Entry,
    form=st.integers(0, 1 << 40),
    at=st.integers(0, (1 << 48) - 1),
    officer=TEXT,
    case=st.none() | TEXT,
    request=st.binary(min_size=8, max_size=8),
    trace=st.none() | st.binary(min_size=16, max_size=16),
    citizen=st.booleans(),
    disclosures=st.dictionaries(st.integers(0, 1 << 300), RESIDENTS, max_size=4),
)


def entry(**changes: object) -> Entry:
    fields: dict[str, object] = {
        "form": 5, "at": 1_790_000_000_000, "officer": "mofa-0417", "case": None, "request": b"12345678", "trace": None,
        "citizen": False, "disclosures": {5: bytes(range(12))},
    }  # fmt: skip
    return Entry(**(fields | changes))  # type: ignore[arg-type]


def test_the_bytes_that_the_docstring_tells() -> None:
    """The format is what auditors rely on: it never changes by accident."""
    assert encode(entry()).hex() == "0501a0c4506c00003132333435363738096d6f66612d3034313701010501" + bytes(range(12)).hex()
    everything = entry(form=300, case="P-1", trace=bytes(16), citizen=True, disclosures={0x1FF: b"", 0: bytes(24)})
    assert (
        encode(everything).hex()
        == ("ac0201a0c4506c00073132333435363738" + "00" * 16 + "096d6f66612d3034313703502d31020201ff000002") + "00" * 24
    )


@given(ENTRIES)
def test_what_is_written_is_read(written: Entry) -> None:
    data = encode(written)
    assert decode(data) == written
    assert form_of(data) == written.form
    assert encode(decode(data)) == data


@given(ENTRIES)
def test_half_an_entry_is_none(written: Entry) -> None:
    data = encode(written)
    for end in range(len(data)):
        with pytest.raises(ValueError, match="these bytes"):
            decode(data[:end])
    with pytest.raises(ValueError, match="more than an entry"):
        decode(data + b"\0")


@given(ENTRIES, st.data())
def test_altered_bytes_are_another_entry_or_none(written: Entry, data: st.DataObject) -> None:
    before = encode(written)
    altered = bytearray(before)
    altered[data.draw(st.integers(0, len(before) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = decode(bytes(altered))
    except ValueError:
        return
    # What an entry does not say, an unused flag, is hashed as well.
    assert read != written or altered[len(number(written.form)) + 6] != before[len(number(written.form)) + 6]


@given(st.binary(max_size=200))
@example(b"\x80" * 100)
@example(b"\xff" * 100)
@example(bytes((1,)) + bytes(6) + b"\0" + bytes(8) + b"\x02\xff\xfe" + b"\0")
def test_any_bytes_are_an_entry_or_refused(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_block_of_entries(entries: list[bytes]) -> None:
    body = packed(entries)
    assert unpacked(body) == entries
    if entries:
        with pytest.raises(ValueError, match="these bytes are no block"):
            unpacked(body + b"\x05")


@given(st.integers(0, 1 << 70))
def test_numbers_have_one_spelling(value: int) -> None:
    body = number(value)
    assert len(body) == max(1, -(-value.bit_length() // 7))
    assert form_of(body) == value
    with pytest.raises(ValueError, match="longer than it is"):
        form_of(body[:-1] + bytes((body[-1] | 0x80, 0)))


def test_subjects_one_by_one() -> None:
    residents = [bytes((each,)) * SUBJECT for each in range(3)]
    many = entry(disclosures={1: residents[0] + residents[1], 3: residents[2], 4: b""})
    assert list(many.subjects()) == [(1, residents[0]), (1, residents[1]), (3, residents[2])]


# Forms

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)


@given(st.dictionaries(TEXT, VALUES, max_size=6), st.randoms())
def test_a_form_has_one_spelling(content: Mapping[str, object], random: object) -> None:
    full = {**content, "retain": 36}
    shuffled = dict(sorted(full.items(), key=lambda item: hash((item[0], str(random)))))
    assert Form.of(full) == Form.of(shuffled)
    assert json.loads(Form.of(full).text) == full


def test_a_form_as_it_is_written() -> None:
    form = Form.of({"retain": 7, "agency": "외교부", "asked": [["Resident.name", 1]]})
    assert form.text == '{"agency":"외교부","asked":[["Resident.name",1]],"retain":7}'
    assert form.digest == digest_of(form.text) == sha256(form.text.encode()).digest()
    assert form.retain == 7


def test_a_text_that_is_none_can_be_written_all_the_same() -> None:
    """Half a surrogate pair may stand in a token's JSON; PostgreSQL's text has no place for it."""
    form = Form.of({"retain": 0, "agency": "\ud800", "why": "\0"})
    assert form.text.encode() == b'{"agency":"?","retain":0,"why":"\\u0000"}'
    assert decode(encode(entry(officer="\ud800", case="\udfff"))) == entry(officer="?", case="?")
