"""Pseudonyms are HMAC-SHA-256, whatever the key's length."""

from __future__ import annotations

import hmac

from hypothesis import example, given
from hypothesis import strategies as st

from sources.evaluate import hmac_blocks, pseudonym


def test_the_standards_own_example() -> None:
    # RFC 4231, test cases 1 and 6, the latter with a key longer than a block.
    assert pseudonym("Hi There", *hmac_blocks(b"\x0b" * 20)) == "b0344c61d8db38535ca8afceaf0bf12b"
    long = "Test Using Larger Than Block-Size Key - Hash Key First"
    assert pseudonym(long, *hmac_blocks(b"\xaa" * 131)) == "60e431591ee0b67f0d8a26aacbf5b77f"


@given(key=st.binary(max_size=200), text=st.text())
@example(key=bytes(64), text="")
@example(key=bytes(65), text="")
def test_as_the_standard_library_has_it(key: bytes, text: str) -> None:
    assert pseudonym(text, *hmac_blocks(key)) == hmac.digest(key, text.encode(), "sha256").hex()[:32]
