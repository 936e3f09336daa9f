"""Two gateways that write the same things in different orders do not wait for each other."""

from __future__ import annotations

import asyncio

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.blocks import Signer
from auth.entries import Form
from auth.ledger import Ledger, Record
from auth.pseudonyms import Pseudonyms

SIGNER, SUBJECTS = Signer(Ed25519PrivateKey.generate()), Pseudonyms(bytes(32)).subjects()
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'madang' AND wait_event_type = 'Lock'"


async def test_forms_that_are_new_to_two_gateways(gateway_dsn: str) -> None:
    """Of three forms one begins with the first and the other with the last; both are held up at the second."""
    forms = sorted((Form.of({"retain": 0, "number": number}) for number in range(3)), key=lambda form: form.digest)
    third, watcher = await asyncpg.connect(gateway_dsn), await asyncpg.connect(gateway_dsn)
    one, other = (Ledger(gateway_dsn, SIGNER, SUBJECTS, timeout=20) for _ in range(2))
    held = third.transaction()
    await held.start()
    await third.execute("INSERT INTO ledger_form (digest, content) VALUES ($1, $2)", forms[1].digest, forms[1].text)
    written = [one.append(Record(form, "one", None, bytes(8))) for form in forms]
    written += [other.append(Record(form, "other", None, bytes(8))) for form in reversed(forms)]
    async with asyncio.timeout(20):
        while await watcher.fetchval(WAITING) < 2:
            await asyncio.sleep(0.01)
    await held.rollback()
    found = await asyncio.gather(*written, return_exceptions=True)
    for each in (one, other):
        await each.aclose()
    for connection in (third, watcher):
        await connection.close()
    assert len(set(found)) == 6
    assert all(isinstance(number, int) for number in found)
