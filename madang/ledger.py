"""`madang ledger …`: what an auditor checks, and what is proved to others, kept in mind and let go of.

Exit codes: 0, or 1 where something is wrong with the ledger, or 2 where nothing could be found out. The ledger is the one in the
gateway's own database; of a demo that is being served it is read beside the server, and of one that is not, its PostgreSQL runs
for as long as the command.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import asyncpg
import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from auth import audit, expiry, prove
from auth.blocks import Block, Keys, keys_of
from auth.ledger import PLACES
from auth.stored import block_at, last_number
from madang import LAYERS
from madang.command import command
from madang.database import gateway_database
from madang.gateway import ledger_key
from madang.settings import Settings, find, load

T = TypeVar("T")

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def ledger() -> None:
    """Verify the ledger, prove what is in it, and let go of what need no longer be kept."""


def _keys(context: click.Context, option: click.Parameter, value: tuple[Path, ...]) -> list[Ed25519PublicKey]:
    return [public_key(path) for path in value]


def public_key(path: Path) -> Ed25519PublicKey:
    """The key of a file; raises `click.BadParameter`."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise click.BadParameter(f"`{path}` is no Ed25519 public key in PEM; give what `madang ledger key` printed")
    return key


also = click.option(
    "--key", "others", type=_FILE, multiple=True, callback=_keys, help="A public key that signed blocks before, in PEM."
)  # fmt: skip


@ledger.command("verify")
@click.option("--from", "first", type=click.IntRange(1), default=1, help="The first block to check; by default block 1.")
@click.option("--to", "last", type=click.IntRange(1), help="The last block to check; by default the last that there is.")
@click.option("--head", "file_of_head", type=_FILE, help="What `madang ledger head` printed: the ledger must still have it.")
@also
@command
def verify_(
    file: Path | None, first: int, last: int | None, file_of_head: Path | None, others: list[Ed25519PublicKey]
) -> None:  # fmt: skip
    """Check every block and entry, and name the first place that is wrong."""
    if last is not None and first > last:
        raise click.BadParameter(f"`--from` is {first}, which is behind `--to`, {last}; give them the other way round")
    settings = load(find(file, LAYERS / "madang.toml"))
    keys = _known(settings, others)
    head = None if file_of_head is None else _head(file_of_head, keys)
    with gateway_database(settings) as dsn:
        end = _run(dsn, last_number)
        if first > max(end, 1) or (last or 0) > end:
            raise click.BadParameter(f"the ledger has {end:,} blocks; give numbers up to that by `--from` and `--to`")
        begun, length = time.perf_counter(), (last or end) - first + 1
        with click.progressbar(length=length, label="blocks", file=sys.stderr) as bar:
            report = asyncio.run(audit.verify(dsn, keys, first=first, last=last, head=head, progress=bar.update))
    click.echo(_summary(report, time.perf_counter() - begun))
    if report.finding is not None:
        click.echo(str(report.finding), err=True)
        sys.exit(1)


@ledger.command("prove")
@click.argument("number", type=click.IntRange(PLACES))
@also
@command
def prove_(file: Path | None, number: int, others: list[Ed25519PublicKey]) -> None:
    """Print a proof that the entry NUMBER is in the ledger, as JSON."""
    settings = load(find(file, LAYERS / "madang.toml"))
    keys = _known(settings, others)
    try:
        with gateway_database(settings) as dsn:
            _json(_run(dsn, lambda connection: prove.prove(connection, number, keys)))
    except prove.NotProved as error:
        click.echo(str(error), err=True)
        sys.exit(1 if error.is_wrong else 2)


@ledger.command()
@command
def head(file: Path | None) -> None:
    """Print the last block, as JSON: with it `verify --head` notices later if the ledger's end was cut off."""
    with gateway_database(load(find(file, LAYERS / "madang.toml"))) as dsn:
        block = _run(dsn, _last)
    if block is None:
        _cannot("the ledger has no block yet; ask again when something was disclosed")
    _json(prove.head(block))


@ledger.command()
@command
def key(file: Path | None) -> None:
    """Print the public key with which the blocks' signatures are checked, in PEM."""
    public = ledger_key(load(find(file, LAYERS / "madang.toml"))).public_key()
    click.echo(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), nl=False)


@ledger.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would be dropped.")
@command
def expire(file: Path | None, dry_run: bool) -> None:
    """Drop the entries of the months until whose end they had to be kept. The blocks stay."""
    with gateway_database(load(find(file, LAYERS / "madang.toml"))) as dsn:
        months = _run(dsn, expiry.over)
        for month in months:
            if not dry_run:
                _drop(dsn, month)
            click.echo(f"{'would drop' if dry_run else 'dropped'} {month}")
    if not months:
        click.echo("there is no month whose entries need no longer be kept")


def _drop(dsn: str, month: expiry.Month) -> None:
    try:
        _run(dsn, lambda connection: expiry.drop(connection, month))
    except asyncpg.LockNotAvailableError:
        _cannot(f"{month.first:%Y-%m} is being read, so it was not dropped; try again")


def _known(settings: Settings, others: list[Ed25519PublicKey]) -> Keys:
    return keys_of([ledger_key(settings).public_key(), *others])


def _head(file: Path, keys: Keys) -> Block:
    try:
        return prove.read_head(file.read_text("utf-8"), keys)
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"`{file}`: {error}") from None


async def _last(connection: asyncpg.Connection) -> Block | None:
    number = await last_number(connection)
    return await block_at(connection, number) if number else None


def _summary(report: audit.Report, seconds: float) -> str:
    told = f"{report.blocks:,} blocks with {report.entries:,} entries, {report.entries / seconds:,.0f} entries a second"
    if report.finding is not None:
        return f"{told}, are sound before the first place that is wrong"
    return f"{told}; the head is {report.head.number}, {report.head.name().hex()}" if report.head else f"{told}; there is no head"


def _run(dsn: str, ask: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with audit.connected(dsn) as connection:
            return await ask(connection)

    return asyncio.run(asked())


def _cannot(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)


def _json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
