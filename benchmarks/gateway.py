"""Madang as it is run in earnest: the command `madang serve` with a settings file that names addresses, keys and no demo.

The registers are the sample nation's. In force are all of the sample's regulations, and beside them those in `regulations/`.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth.access import AccessRequest
from auth.tokens import Minter
from benchmarks.servers import ROOT, Server, free_port, post, running
from benchmarks.workloads import WORKLOADS, Workload
from madang import settings
from madang.embedded import Embedded

ISSUER, AUDIENCE = "benchmark", "madang"
HOURS = 12
REGULATIONS = Path(__file__).with_name("regulations")


def prepare(directory: Path, nation: Embedded) -> tuple[Path, Minter]:
    """Write settings, key and regulations into a directory; the settings' path, and what signs tokens for them."""
    sample = settings.load(ROOT / "madang.toml")
    key = Ed25519PrivateKey.generate()
    public = directory / "tokens.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private = directory / "ledger.pem"
    private.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    law = directory / "regulations"
    for source in (sample.regulations, REGULATIONS):
        shutil.copytree(source, law, dirs_exist_ok=True)
    lines = [
        "[server]", f"timezone = {_text(sample.server.timezone.key)}",
        "[regulations]", f"directory = {_text(law.name)}",
        "[tokens]", f"issuer = {_text(ISSUER)}", f"audience = {_text(AUDIENCE)}", f"keys = {_text(public.name)}",
        "[ids]", f"secret = {_text(secrets.token_hex(32))}",
        "[ledger]", f"key = {_text(f'file:{private.name}')}",
        "[gateway]", f"dsn = {_text(nation.gateway_dsn)}",
    ]  # fmt: skip
    for name, register in sample.registers.items():
        lines += [f"[registers.{name}]", f"schema = {_text(register.schema)}", "[registers." + name + ".source]"]
        if register.source.kind == "http":
            lines += ['kind = "http"', f"url = {_text(nation.mma_url)}", f"api_key = {_text(nation.mma_api_key)}"]
        elif register.source.kind in ("ledger", "gateway"):
            lines += [f'kind = "{register.source.kind}"']
        else:
            lines += ['kind = "postgres"', f"dsn = {_text(nation.dsns[name])}"]
    path = directory / "madang.toml"
    path.write_text("\n".join([*lines, ""]))
    return path, Minter(ISSUER, AUDIENCE, key=key)


def _text(value: str | None) -> str:
    return json.dumps(value or "")  # JSON's strings are TOML's, for what is in these


def headers(access: AccessRequest, minter: Minter) -> dict[str, str]:
    """What an access request comes with, but for its case."""
    assert access.purpose is not None
    token = minter.mint(access.caller, lifetime=HOURS * 3600)
    return {"Authorization": f"Bearer {token}", "Madang-Purpose": access.purpose}


@contextlib.contextmanager
def madang(file: Path, minter: Minter) -> Iterator[Server]:
    port = free_port()
    with _serving("madang", ["-m", "madang", "serve", "--settings", str(file), "--port", str(port)], port, minter) as server:
        yield server


@contextlib.contextmanager
def unrecorded(file: Path, minter: Minter) -> Iterator[Server]:
    port = free_port()
    with _serving("unrecorded", ["-m", "benchmarks.unrecorded", str(file), str(port)], port, minter) as server:
        yield server


@contextlib.contextmanager
def _serving(name: str, command: list[str], port: int, minter: Minter) -> Iterator[Server]:
    known = {workload.name: headers(workload.access, minter) for workload in WORKLOADS}

    def request(workload: Workload, key: str) -> bytes:
        case = workload.case(key)
        return post(workload.graphql(key), known[workload.name] | ({"Madang-Case": case} if case else {}))

    with running(command, port, "/healthz") as pid:
        yield Server(name, pid, f"http://127.0.0.1:{port}", request)
