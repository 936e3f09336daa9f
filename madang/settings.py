"""The settings file: TOML, read once, with every mistake at once.

`madang.toml` of the sample nation reads as an example and says what each key means. Paths are relative to the settings file,
but for the demo's data directory, which is relative to where the command runs. No secret need stand in it: `env:NAME` stands
for the environment variable's value and `file:PATH` for a file's content, in `ids.secret`, in `ledger.key`, in `gateway.dsn` and
in each source's address and `api_key`.

A file with a section `[demo]` is a demo: sources without an address are the embedded sample's, tokens are minted for the
personas, and nothing but loopback is listened on.
"""

from __future__ import annotations

import importlib.util
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from auth.access import Caller
from madang.sections import Section
from resolvers.operation import Limits

SECRET_BYTES = 32
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]/_~-]+")
MEGABYTE = 1_000_000
GATEWAY = "gateway"
"""The source of the gateway's own database, beside the registers'."""
RESERVED = frozenset({"assets", "graphql", "healthz", "personas", "readyz"})
"""Paths of the server at which no app can be."""


class SettingsError(Exception):
    """A settings file that cannot be used; one line a mistake."""

    def __init__(self, path: Path, mistakes: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Server:
    """Where to listen, and what holds for every request. `deadline` in seconds; `body` in bytes.

    `address`: where people reach it, if it is somewhere else than it listens.
    """

    host: str
    port: int
    address: str | None
    deadline: float
    timezone: ZoneInfo
    origins: tuple[str, ...]
    body: int

    @property
    def reached(self) -> str:
        """Where people reach it: what is printed on extracts."""
        return self.address or f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


Kind = Literal["postgres", "http", "ledger", "gateway"]
"""`gateway`: tables of the gateway's own database."""


@dataclass(frozen=True)
class SourceSettings:
    """One source. `address` is a DSN or a URL, none for an embedded one; `timeout` in seconds, `queue` in batches."""

    kind: Kind
    address: str | None = field(repr=False)
    api_key: str | None = field(repr=False)
    connections: int
    timeout: float
    queue: int
    reports: str | None = field(default=None, repr=False)
    """The address for the role that may report to it; none for one that takes no reports, or an embedded one."""


@dataclass(frozen=True)
class RegisterSettings:
    """One register: the module that declares it, and its source."""

    schema: str
    source: SourceSettings


@dataclass(frozen=True)
class TokenSettings:
    """Whose tokens are accepted, for which audience, and where the public keys are: a file or an address."""

    issuer: str
    audience: str
    keys: Path | None
    jwks: str | None


Documents = Literal["free", "approved"]


@dataclass(frozen=True)
class ServiceSettings:
    """Where the services are, if there are any, and which documents are taken: any, or approved ones alone.

    `agencies` has those for whom it is otherwise than for all others.
    """

    directory: Path | None = None
    documents: Documents = "free"
    agencies: Mapping[str, Documents] = field(default_factory=dict)

    def approved_only(self, agency: str) -> bool:
        return self.agencies.get(agency, self.documents) == "approved"


@dataclass(frozen=True)
class Persona:
    """One of the people that a demo mints tokens for."""

    name: str
    title: str
    caller: Caller
    explain: bool


@dataclass(frozen=True)
class Demo:
    """The embedded sample: where its data lies, and who asks. `apps`: folders that are served beside the page, by name; in one
    that is not there, nothing is found."""

    directory: Path
    personas: Mapping[str, Persona]
    apps: Mapping[str, Path]


@dataclass(frozen=True)
class Settings:
    """All that a server is told. `ids_secret`, `ledger_key` and `tokens` are given unless it is a demo, which makes its own."""

    path: Path
    server: Server
    limits: Limits
    regulations: Path
    registers: Mapping[str, RegisterSettings]
    services: ServiceSettings
    gateway: SourceSettings
    """The gateway's own database."""
    tokens: TokenSettings | None
    ids_secret: bytes | None = field(repr=False)
    ledger_key: Ed25519PrivateKey | None = field(repr=False)
    """With which the ledger's blocks are signed."""
    demo: Demo | None


def load(path: Path) -> Settings:
    """Read a settings file; raises `SettingsError` with all its mistakes."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(path, [f"cannot be read: {error.strerror or error}"]) from None
    except UnicodeDecodeError:
        raise SettingsError(path, ["is not UTF-8 text"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [f"is not TOML: {error}"]) from None
    mistakes: list[str] = []
    top = Section("", values, path.parent, mistakes)
    demo = _demo(top.section("demo")) if "demo" in top else None
    server, limits = top.section("server"), top.section("limits")
    settings = Settings(
        path=path,
        server=_server(server, limits),
        limits=_limits(limits),
        regulations=_regulations(top.section("regulations")),
        registers=_registers(top.section("registers"), demo is not None),
        services=_services(top.section("services")),
        gateway=_gateway(top.section("gateway"), demo is not None),
        tokens=_tokens(top.section("tokens")) if demo is None or "tokens" in top else None,
        ids_secret=_ids(top.section("ids")) if demo is None or "ids" in top else None,
        ledger_key=_ledger(top.section("ledger")) if demo is None or "ledger" in top else None,
        demo=demo,
    )
    if demo is not None:
        superfluous = (key for key in ("tokens", "ids", "ledger") if key in top)
        mistakes += [f"`{key}` is not for a demo, which makes its own; remove it or `demo`" for key in superfluous]
        if settings.server.origins:
            mistakes.append("`server.origins` is not for a demo, which gives tokens to whoever asks; remove it or `demo`")
    top.done()
    if mistakes:
        raise SettingsError(path, mistakes)
    return settings


def _server(section: Section, limits: Section) -> Server:
    address = section.text("address").rstrip("/") if "address" in section else None
    if address and not _ADDRESS.fullmatch(address):
        section.mistake("address", "must be where people reach the server, such as `https://share.example.go.kr`")
    return Server(
        host=section.text("host", "127.0.0.1"),
        port=section.integer("port", 8000, 0, 65535),
        address=address,
        deadline=section.number("deadline", 5.0, 0.1, 120.0),
        timezone=section.timezone("timezone", "UTC"),
        origins=section.texts("origins"),
        body=limits.integer("body", 256 * 1024, 1024, 16 * MEGABYTE),
    )


def _limits(section: Section) -> Limits:
    default = Limits()
    limits = Limits(
        depth=section.integer("depth", default.depth, 1, 100),
        fields=section.integer("fields", default.fields, 1, 100_000),
        aliases=section.integer("aliases", default.aliases, 0, 100_000),
        tokens=section.integer("tokens", default.tokens, 10, 1_000_000),
        page=section.integer("page", default.page, 1, 100_000),
        default_page=section.integer("default_page", default.default_page, 1, 100_000),
    )
    if limits.default_page > limits.page:
        section.mistake("default_page", f"is {limits.default_page}, more than `limits.page`, {limits.page}")
    return limits


def _regulations(section: Section) -> Path:
    directory = section.path("directory")
    if str(directory) and not directory.is_dir():
        section.mistake("directory", f"names `{directory}`, which is not a directory")
    return directory


def _registers(section: Section, demo: bool) -> Mapping[str, RegisterSettings]:
    registers = {}
    for name in section.names():
        register = section.section(name)
        module = register.text("schema")
        if module and not _is_module(module):
            register.mistake("schema", f"names the module `{module}`, which is not there; it lies in schema/ or on PYTHONPATH")
        registers[name] = RegisterSettings(module, _source(register.section("source"), demo))
    if GATEWAY in registers:
        section.mistake(GATEWAY, "has the name of the gateway's own database; give it another")
    if not registers:
        section.mistake("", "is empty; name at least one register")
    return registers


def _services(section: Section) -> ServiceSettings:
    directory = section.path("directory") if "directory" in section else None
    if directory is not None and not directory.is_dir():
        section.mistake("directory", f"names `{directory}`, which is not a directory")
    agencies = section.section("agencies")
    found = ServiceSettings(
        directory, _documents(section, "documents"), {name: _documents(agencies, name) for name in agencies.names()}
    )
    if directory is None and "approved" in (found.documents, *found.agencies.values()):
        section.mistake("directory", "is missing; where only approved documents are taken, it names those that are")
    return found


def _documents(section: Section, key: str) -> Documents:
    return "approved" if key in section and section.choice(key, ("free", "approved")) == "approved" else "free"


def _gateway(section: Section, demo: bool) -> SourceSettings:
    if "dsn" not in section and not demo:
        section.mistake("dsn", "is missing; only a demo has an embedded database for consents and counts")
    return _reached(section, "postgres", section.secret("dsn") if "dsn" in section else None, None)


def _source(section: Section, demo: bool) -> SourceSettings:
    kind = section.choice("kind", get_args(Kind))
    if kind in ("ledger", "gateway"):
        return _reached(section, "ledger" if kind == "ledger" else "gateway", None, None)
    key = "url" if kind == "http" else "dsn"
    address = section.secret(key) if key in section else None
    if address is None and not demo:
        section.mistake(key, "is missing; only a demo has embedded registers")
    api_key = section.secret("api_key") if kind == "http" and address is not None else None
    if address is not None and kind == "http" and not address.startswith(("http://", "https://")):
        section.mistake(key, "must begin with `https://` or `http://`")
    reports = section.secret("reports") if "reports" in section and kind == "postgres" else None
    return replace(_reached(section, "http" if kind == "http" else "postgres", address, api_key), reports=reports)


def _reached(section: Section, kind: Kind, address: str | None, api_key: str | None) -> SourceSettings:
    return SourceSettings(
        kind=kind,
        address=address,
        api_key=api_key,
        connections=section.integer("connections", 4, 1, 100) if kind in ("postgres", "gateway") else 4,
        timeout=section.number("timeout", 2.0, 0.05, 60.0),
        queue=section.integer("queue", 1000, 1, 100_000),
    )


def _tokens(section: Section) -> TokenSettings:
    keys = section.path("keys") if "keys" in section else None
    jwks = section.text("jwks") if "jwks" in section else None
    if (keys is None) == (jwks is None):
        section.mistake("", "needs one of `keys` (a file: PEM or a JWK set) and `jwks` (the address of a JWK set)")
    return TokenSettings(section.text("issuer"), section.text("audience"), keys, jwks)


def _ids(section: Section) -> bytes:
    text = section.secret("secret")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if text and len(secret) < SECRET_BYTES:
        how = f"`openssl rand -hex {SECRET_BYTES}` makes one"
        section.mistake("secret", f"must be {SECRET_BYTES} bytes or more in hexadecimal; {how}")
    return secret


def _ledger(section: Section) -> Ed25519PrivateKey | None:
    text = section.secret("key")
    try:
        key = load_pem_private_key(text.encode(), None) if text else None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if text and not isinstance(key, Ed25519PrivateKey):
        how = "`openssl genpkey -algorithm ed25519` makes one"
        section.mistake("key", f"must be an Ed25519 private key in PEM, without a password; {how}")
    return key if isinstance(key, Ed25519PrivateKey) else None


def _demo(section: Section) -> Demo:
    personas = section.section("personas")
    found = {name: _persona(name, personas.section(name)) for name in personas.names()}
    apps = section.section("apps")
    return Demo(Path(section.text("directory", ".madang")).absolute(), found, {name: _app(name, apps) for name in apps.names()})


def _app(name: str, section: Section) -> Path:
    if not re.fullmatch("[a-z][a-z0-9-]*", name) or name in RESERVED:
        section.mistake(name, "cannot be served there; give it another name, of small letters, digits and hyphens")
    return section.path(name)


def _persona(name: str, section: Section) -> Persona:
    caller = Caller(
        agency=section.text("agency"),
        role=section.text("role"),
        officer=section.text("officer"),
        jurisdiction=section.digits("jurisdiction", 5),
        rrn=section.digits("rrn", 13),
    )
    return Persona(name, section.text("title"), caller, section.flag("explain", False))


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError as error:
        return not f"{name}.".startswith(f"{error.name}.")
    except ValueError:
        return False
    except Exception:
        return True  # A package around it is broken; who imports it says how.


def find(given: Path | None, shipped: Path) -> Path:
    """The settings file that was named, else `madang.toml` where the command runs, else the sample nation's."""
    if given is not None:
        return given
    here = Path(os.getcwd()) / "madang.toml"
    return here if here.is_file() else shipped
