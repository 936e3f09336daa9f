"""Two gateways that write the same things in different orders, and one whose database is another than it was."""

from __future__ import annotations

import asyncio

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.blocks import Signer
from auth.entries import Form, form_of, unpacked
from auth.ledger import Ledger, Record
from auth.pseudonyms import Pseudonyms
from tests.auth.ledgers import fresh, owner

SIGNER, SUBJECTS = Signer(Ed25519PrivateKey.generate()), Pseudonyms(bytes(32)).subjects()
FORMS = sorted((Form.of({"retain": 0, "number": number}) for number in range(3)), key=lambda form: form.digest)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'madang' AND wait_event_type = 'Lock'"
ENDED = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'madang'"


def record(form: Form) -> Record:
    return Record(form, "officer", None, bytes(8))


async def test_forms_that_are_new_to_two_gateways(gateway_dsn: str) -> None:
    """Of three forms one begins with the first and the other with the last; both are held up at the second."""
    third, watcher = await asyncpg.connect(gateway_dsn), await asyncpg.connect(gateway_dsn)
    one, other = (Ledger(gateway_dsn, SIGNER, SUBJECTS, timeout=20) for _ in range(2))
    held = third.transaction()
    await held.start()
    await third.execute("INSERT INTO ledger_form (digest, content) VALUES ($1, $2)", FORMS[1].digest, FORMS[1].text)
    written = [one.append(record(form)) for form in FORMS] + [other.append(record(form)) for form in reversed(FORMS)]
    for _ in range(1000):
        if await watcher.fetchval(WAITING) == 2:
            break
        await asyncio.sleep(0.01)
    await held.rollback()
    found = await asyncio.gather(*written, return_exceptions=True)
    for each in (one, other):
        await each.aclose()
    for connection in (third, watcher):
        await connection.close()
    assert len(set(found)) == 6
    assert all(isinstance(number, int) for number in found)


async def test_forms_that_the_database_no_longer_has(gateway_dsn: str) -> None:
    """A standby takes over to which the last entries had not come, and its next form has the number of one that was lost."""
    await fresh(gateway_dsn)
    one, other = (Ledger(gateway_dsn, SIGNER, SUBJECTS, timeout=20) for _ in range(2))
    await one.append(record(FORMS[0]))
    superuser = await asyncpg.connect(owner(gateway_dsn))
    assert await superuser.fetch(ENDED)
    await fresh(gateway_dsn)
    await asyncio.sleep(0.1)
    await other.append(record(FORMS[1]))
    await one.append(record(FORMS[0]))
    digests = dict(await superuser.fetch("SELECT id, digest FROM ledger_form"))
    bodies = await superuser.fetch("SELECT body FROM ledger_entries ORDER BY number")
    forms = [digests[form_of(data)] for row in bodies for data in unpacked(row["body"])]
    for each in (one, other):
        await each.aclose()
    await superuser.close()
    assert forms == [FORMS[1].digest, FORMS[0].digest]
