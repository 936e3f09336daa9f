"""From settings to an engine over its sources, ready to be asked: everything that serves, put together in one place."""

from __future__ import annotations

import datetime as dt
import importlib
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

import strawberry
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth import consent
from auth.authorizer import RegulationAuthorizer
from auth.blocks import Signer
from auth.codes import Codes
from auth.following import Following
from auth.jws import Seal
from auth.keys import FixedKeys, JwksAddress, Keys, read_keys
from auth.ledger import Ledger
from auth.limits import SubjectUse
from auth.prove import Prover
from auth.pseudonyms import Pseudonyms
from auth.reader import Reader
from auth.tokens import Minter, Verifier
from madang import personas
from madang.coordinates import coordinates
from madang.embedded import Embedded
from madang.grants import grants
from madang.law import Watch
from madang.relay import Relay
from madang.settings import Settings, SettingsError, SourceSettings, TokenSettings
from resolvers.engine import Engine
from resolvers.evidence import Notary
from resolvers.layouts import Layout, load_layouts
from resolvers.ledger import LedgerSource
from resolvers.recipients import Recipients
from resolvers.services import Services
from schema.build import build
from schema.catalogue import Catalogue
from sources.coalescer import Coalescer
from sources.http import HttpSource
from sources.postgres import PostgresSource
from sources.protocol import Shape, Source, SourceError, Tables
from sources.reporter import Reporter


@dataclass(frozen=True)
class Law:
    """What there is to ask and who may, without any source."""

    catalogue: Catalogue
    authorizer: RegulationAuthorizer
    schema: strawberry.Schema
    services: Services
    layouts: Mapping[str, Layout]
    """How the answers of some services are printed."""


@dataclass(frozen=True)
class Gateway:
    """What serves. One for each process."""

    settings: Settings
    law: Watch
    services: Services
    engine: Engine
    verifier: Verifier
    minter: Minter | None
    """Of a demo."""
    dsn: str = field(repr=False)
    """The gateway's own database."""
    following: Following
    relay: Relay | None
    """What moves outboxes into the feed, if some register has one."""
    notary: Notary
    reader: Reader
    embedded: Embedded | None = field(default=None, repr=False)
    """The registers of a demo, while they run."""

    @property
    def authorizer(self) -> RegulationAuthorizer:
        """The regulations in force."""
        return self.law.authorizer

    async def readiness(self) -> dict[str, str]:
        """What each source says when it is asked for a record that does not exist: `ok`, or how it failed."""
        loads = {name: self.engine.sources[name].load(*probe) for name, probe in _probes(self.engine.catalogue).items()}
        found = {}
        for name, load in loads.items():
            try:
                await load
                found[name] = "ok"
            except SourceError as error:
                found[name] = error.kind
        return found

    async def aclose(self) -> None:
        await self.following.aclose()
        await self.engine.aclose()


def read_law(settings: Settings) -> Law:
    """Raises `SettingsError`, `schema.catalogue.DeclarationError`, `auth.authorizer.BrokenRegulations` and
    `resolvers.services.BrokenServices`, with every mistake.
    """
    catalogue = read_catalogue(settings)
    authorizer, schema = read_regulations(settings, catalogue), build(catalogue)
    services = read_services(settings, catalogue, schema, authorizer)
    directory = settings.services.directory
    layouts = load_layouts(directory, services, catalogue, authorizer) if directory is not None else {}
    return Law(catalogue, authorizer, schema, services, layouts)


def read_catalogue(settings: Settings) -> Catalogue:
    """Raises `SettingsError` and `schema.catalogue.DeclarationError`, with every mistake."""
    imported = (_broken(name, register.schema) for name, register in settings.registers.items())
    if broken := [mistake for mistake in imported if mistake]:
        raise SettingsError(settings.path, broken)
    catalogue = Catalogue.load(register.schema for register in settings.registers.values())
    declared, named = set(catalogue.registers), set(settings.registers)
    mistakes = [f"`registers.{name}` names a register that its `schema` does not declare" for name in sorted(named - declared)]
    mistakes += [f"`registers.{name}` is missing, though a file in `registers` declares it" for name in sorted(declared - named)]
    if mistakes:
        raise SettingsError(settings.path, mistakes)
    return catalogue


def read_regulations(settings: Settings, catalogue: Catalogue) -> RegulationAuthorizer:
    """Raises `auth.authorizer.BrokenRegulations`, with every mistake."""
    return RegulationAuthorizer.load(settings.regulations, coordinates(catalogue), today=_Today(settings))


def read_services(
    settings: Settings, catalogue: Catalogue, schema: strawberry.Schema, authorizer: RegulationAuthorizer
) -> Services:
    """Raises `SettingsError` and `resolvers.services.BrokenServices`, with every mistake."""
    chosen = settings.services
    if unknown := [agency for agency in chosen.agencies if not authorizer.knows(agency)]:
        what = "names an agency that the regulations do not declare; it must stand in their `parties.yaml`"
        raise SettingsError(settings.path, [f"`services.agencies.{agency}` {what}" for agency in unknown])
    if chosen.directory is None:
        return Services()
    return Services.load(chosen.directory, catalogue, schema._schema, authorizer, settings.limits)


def _broken(name: str, module: str) -> str | None:
    """What keeps a register's file from being imported, and where that stands."""
    try:
        importlib.import_module(module)
    except Exception as error:  # It is somebody's code, and may fail in any way.
        what = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
        wrong = f"{type(error).__name__}{_place(error)}: {what}"
        return f"`registers.{name}.schema` names the module `{module}`, which cannot be imported: {wrong}"
    return None


def _place(error: Exception) -> str:
    """The line of the innermost module that was being imported, whose own code or call it was that failed."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" at {error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)[::-1]
    file = next((frame.filename for frame in frames if frame.name == "<module>"), None)
    return next((f" at {file}:{frame.lineno}" for frame in frames if frame.filename == file), "")


def open_gateway(settings: Settings, law: Law, embedded: Embedded | None) -> Gateway:
    """The gateway of some settings; raises `SettingsError`. It connects to nothing before it is asked.

    `embedded` is None without a demo, and in a demo that does not run, where plans can be explained and nothing else.
    """
    catalogue, authorizer = law.catalogue, law.authorizer
    pseudonyms, today = Pseudonyms(ids_secret(settings)), _Today(settings)
    dsn = settings.gateway.address or (embedded.gateway_dsn if embedded is not None else "")
    reader = Reader(dsn, pseudonyms.subjects(), timeout=settings.gateway.timeout)
    ledger = LedgerSource(reader, catalogue, lambda: watch.authorizer, today, settings.server.timezone)
    sources = {
        name: Coalescer(
            ledger
            if register.source.kind == "ledger"
            else open_source(name, register.source, catalogue.tables(name), embedded, dsn),
            queue=register.source.queue,
            timeout=register.source.timeout,
        )
        for name, register in settings.registers.items()
    }
    sources[consent.SOURCE] = Coalescer(
        PostgresSource(
            consent.SOURCE, dsn, {consent.TABLE: consent.COLUMNS}, pool_size=settings.gateway.connections,
            timeout=settings.gateway.timeout,
        ),
        queue=settings.gateway.queue,
        timeout=settings.gateway.timeout,
    )  # fmt: skip
    minter = personas.minter(settings.demo) if settings.demo else None
    key, timeout = ledger_key(settings), settings.gateway.timeout
    notary = Notary(
        Prover(dsn, key.public_key(), timeout=timeout), Seal(key), Codes(pseudonyms.code_key()), settings.server.reached,
        settings.server.timezone, law.layouts,
    )  # fmt: skip
    engine = Engine(
        catalogue,
        law.schema,
        authorizer,
        sources,
        pseudonyms,
        limits=settings.limits,
        ledger=Ledger(dsn, Signer(key), pseudonyms.subjects(), timeout=settings.gateway.timeout),
        today=today,
        deadline=settings.server.deadline,
        use=SubjectUse(dsn, timeout=settings.gateway.timeout),
        services=law.services,
        notary=notary,
        reporters=_reporters(settings, catalogue, embedded, dsn),
    )
    watch = Watch(
        settings.regulations, lambda: _read_next(settings, catalogue, embedded, watch), authorizer, engine.adopt
    )  # fmt: skip
    following = Following(dsn, timeout=settings.gateway.timeout)
    relay = None
    outboxes = {name: dsn for name, dsn in _taking(settings, catalogue, embedded, dsn).items() if dsn}
    if catalogue.feed is not None and outboxes:
        recipients = Recipients(catalogue, sources)
        relay = Relay(dsn, outboxes, catalogue.feed, recipients, lambda: watch.authorizer, following.ring)
    return Gateway(
        settings, watch, law.services, engine, _verifier(settings, minter), minter, dsn, following, relay, notary, reader,
        embedded,
    )  # fmt: skip


def _read_next(settings: Settings, catalogue: Catalogue, embedded: Embedded | None, watch: Watch) -> RegulationAuthorizer:
    """The set that there is now. The demo's registers let the gateway read what it shares before it is in force.

    They go on to let it read what the set before shared, for requests under way: until the next change, or start.
    """
    found = read_regulations(settings, catalogue)
    if embedded is not None and embedded.grant is not None and found.content != watch.authorizer.content:
        embedded.grant(grants(settings, catalogue, (watch.authorizer, found)))
    return found


def open_source(name: str, settings: SourceSettings, tables: Tables, embedded: Embedded | None, gateway: str) -> Source:
    """A register's source, which connects when it is first asked. `gateway`: the gateway's own database."""
    if settings.kind == "http":
        url, api_key = settings.address, settings.api_key
        if url is None and embedded is not None:
            url, api_key = embedded.mma_url, embedded.mma_api_key
        return HttpSource(name, url or "", tables, api_key=api_key or "", timeout=settings.timeout)
    if settings.kind == "gateway":
        tables = {**tables, consent.TABLE: {**consent.COLUMNS, **tables.get(consent.TABLE, {})}}
        return PostgresSource(name, gateway, tables, pool_size=settings.connections, timeout=settings.timeout)
    dsn = settings.address
    if dsn is None and embedded is not None:
        dsn = embedded.dsns[name]
    return PostgresSource(name, dsn or "", tables, pool_size=settings.connections, timeout=settings.timeout)


def _reporters(settings: Settings, catalogue: Catalogue, embedded: Embedded | None, gateway: str) -> dict[str, Reporter]:
    """Of the registers that take reports, and of the gateway's own database. One without an address takes none here."""
    taking = _taking(settings, catalogue, embedded, gateway)
    found = {name: Reporter(name, dsn, size=settings.registers[name].source.connections) for name, dsn in taking.items()}
    return {consent.SOURCE: Reporter(consent.SOURCE, gateway)} | found


def _taking(settings: Settings, catalogue: Catalogue, embedded: Embedded | None, gateway: str) -> dict[str, str]:
    """The addresses of the registers that take reports, for the role that makes them; empty for one that is not reached here."""
    found = {}
    for name in sorted({name for report in catalogue.reports.values() for name, _ in report.declared.takes}):
        source = settings.registers[name].source
        dsn = gateway if source.kind == "gateway" else source.reports
        if dsn is None and source.address is None and embedded is not None:
            dsn = embedded.reports_dsns.get(name)
        found[name] = dsn or ""
    return found


def _verifier(settings: Settings, minter: Minter | None) -> Verifier:
    if minter is not None:
        return Verifier(personas.ISSUER, personas.AUDIENCE, minter.keys)
    tokens = settings.tokens
    assert tokens is not None, "settings without a demo have tokens"
    try:
        keys = _keys(tokens)
    except (OSError, ValueError) as error:
        raise SettingsError(settings.path, [f"`tokens` names keys that cannot be used: {error}"]) from error
    return Verifier(tokens.issuer, tokens.audience, keys)


def _keys(tokens: TokenSettings) -> Keys:
    if tokens.jwks is not None:
        return JwksAddress(tokens.jwks)
    assert tokens.keys is not None, "tokens have keys or an address of keys"
    return FixedKeys(read_keys(tokens.keys))


def ids_secret(settings: Settings) -> bytes:
    """The secret of ids, and of all that is made with it."""
    if settings.demo:
        return personas.ids_secret(settings.demo)
    assert settings.ids_secret is not None, "settings without a demo have a secret for ids"
    return settings.ids_secret


def ledger_key(settings: Settings) -> Ed25519PrivateKey:
    """The key with which the ledger's blocks are signed."""
    if settings.demo:
        return personas.ledger_key(settings.demo)
    assert settings.ledger_key is not None, "settings without a demo have a key for the ledger"
    return settings.ledger_key


class _Today:
    """The day in the settings' time zone. It is asked several times for each request, so it is worked out once a second."""

    def __init__(self, settings: Settings) -> None:
        self._zone = settings.server.timezone
        self._second = 0
        self._day = dt.date.min

    def __call__(self) -> dt.date:
        second = int(time.time())
        if second != self._second:
            self._second, self._day = second, dt.datetime.fromtimestamp(second, self._zone).date()
        return self._day


def _probes(catalogue: Catalogue) -> Mapping[str, tuple[Shape, list[str | int], tuple[()]]]:
    """For each source, a load that reads one row at most, and none where keys are what they should be."""
    probes: dict[str, tuple[Shape, list[str | int], tuple[()]]] = {}
    for record in catalogue.records.values():
        numeric = catalogue.tables(record.source)[record.table][record.key] is int
        probes.setdefault(record.source, (Shape(record.table, (), record.key), [0 if numeric else ""], ()))
    probes[consent.SOURCE] = (Shape(consent.TABLE, (), "rrn"), [""], ())
    return probes
