"""`madang evidence …`: whether evidence holds, and whether a printed extract's code is genuine.

A file is checked with it and the gateway's public key alone: no settings, no database, no network. A code is looked up in the
ledger, so it takes the gateway's settings. Exit codes: 0, or 1 where something does not hold, or 2 where nothing was checked.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auth.codes import Codes
from auth.evidence import NotEvidence, check
from auth.jws import thumbprint
from auth.pseudonyms import Pseudonyms
from auth.reader import LedgerUnreadable, Reader
from madang import LAYERS
from madang.command import command
from madang.database import gateway_database
from madang.gateway import ids_secret, read_law
from madang.ledger import public_key
from madang.settings import find, load
from madang.verification import Genuine, recognized
from resolvers.operation import hash_of

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def evidence() -> None:
    """Check evidence that an officer kept, and codes of printed extracts."""


@evidence.command()
@click.argument("bundle", type=_FILE, required=False)
@click.option("--key", type=_FILE, help="The gateway's public key, as `madang ledger key` printed it.")
@click.option("--code", help="A printed extract's verification code, to look up in the ledger.")
@command
def verify(file: Path | None, bundle: Path | None, key: Path | None, code: str | None) -> None:
    """Check a file of evidence, BUNDLE, with the gateway's public key, or look up the code of a printed extract."""
    if (bundle is None) == (code is None):
        raise click.UsageError("give a file of evidence with `--key`, or a code by `--code`")
    if code is not None:
        _say_of_code(_looked_up(file, code))
        return
    if key is None or bundle is None:
        raise click.UsageError("give the gateway's public key by `--key`: `madang ledger key` prints it")
    trusted = public_key(key)
    try:
        payload = check(_text(bundle), trusted, hash_of)
    except NotEvidence as error:
        click.echo(f"the evidence does not hold: {error}", err=True)
        sys.exit(1)
    click.echo("\n".join(_told(payload, trusted)))


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        raise NotEvidence("the file is no evidence, or is not byte by byte as it was saved") from None


def _told(payload: Mapping[str, Any], key: Ed25519PublicKey) -> Iterator[str]:
    """What holds, and what was decided."""
    block, service, caller, response = payload["ledger"]["block"], payload["service"], payload["caller"], payload["response"]
    yield f"the signature holds: this is byte by byte what the gateway with the key {thumbprint(key)} signed"
    yield f"the ledger has it: entry {payload['entry']} is in block {block['number']}, which that key signed"
    yield "the entry is about this: the same operation, request, caller, purpose, case, law, items and number of residents"
    yield ""
    words = {
        "service": f"{service['title']['ko']}, {service['title']['en']} ({service['code']})",
        "document": f"sha256:{payload['document']['sha256']}",
        "when": payload["at"],
        "agency": caller["agency"],
        "role": caller["role"],
        "officer": "a citizen" if caller["in_person"] else caller["officer"],
        "purpose": payload["purpose"],
        "case": payload["case"],
        "request": payload["request"],
        "law": payload["regulations"],
        "residents": str(payload["residents"]),
    }
    yield from (f"{name + ':':<12}{value}" for name, value in words.items() if value)
    yield "granted:"
    for each in payload["granted"]:
        rules = "; ".join(f"{rule['basis']} ({rule['rule']})" for rule in each["rules"])
        yield f"    {each['coordinate']}{', masked (' + each['mask'] + ')' if each['mask'] else ''}: {rules}"
    if response.get("errors"):
        yield "not shown:"
        yield from (f"    {error['message']}" for error in response["errors"])
    if payload["omitted"]:
        yield f"shown, and not kept here, because it may not be stored: {', '.join(payload['omitted'])}"
    yield "answer:"
    yield from (f"    {line}" for line in json.dumps(response["data"], ensure_ascii=False, indent=2).splitlines())


def _looked_up(file: Path | None, code: str) -> Genuine | None:
    settings = load(find(file, LAYERS / "madang.toml"))
    law, pseudonyms = read_law(settings), Pseudonyms(ids_secret(settings))

    async def look(dsn: str) -> Genuine | None:
        reader = Reader(dsn, pseudonyms.subjects(), timeout=settings.gateway.timeout)
        try:
            return await recognized(code, reader, Codes(pseudonyms.code_key()), law.layouts, settings.server.timezone)
        finally:
            await reader.aclose()

    with gateway_database(settings) as dsn:
        try:
            return asyncio.run(look(dsn))
        except LedgerUnreadable as error:
            click.echo(f"the code cannot be looked up: {error}", err=True)
            sys.exit(2)


def _say_of_code(found: Genuine | None) -> None:
    if found is None:
        click.echo("the code is not genuine: no extract that the ledger still has bears it", err=True)
        sys.exit(1)
    title = found.layout.title
    click.echo(f"the code is genuine: {title.ko}, {title.en}, issued on {found.issued:%Y-%m-%d}")
