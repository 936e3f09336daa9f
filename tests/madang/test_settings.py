"""The settings file: what it means, and that all its mistakes come at once and say what was meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from madang.embedded import known_residents
from madang.gateway import open_gateway, read_law
from madang.settings import SettingsError, find, load

ROOT = Path(__file__).parents[2]
SECRET = "ab" * 32
KEY = Ed25519PrivateKey.generate()
REAL = """
[server]
timezone = "Asia/Seoul"
[regulations]
directory = "law"
[tokens]
issuer = "https://login.example"
audience = "madang"
keys = "keys.json"
[ids]
secret = "env:MADANG_TEST_SECRET"
[ledger]
key = "file:ledger.pem"
[registers.nts]
schema = "schema.nts"
source = { kind = "postgres", dsn = "file:dsn", reports = "file:reports", timeout = 1, connections = 8 }
[registers.mma]
schema = "schema.mma"
source = { kind = "http", url = "https://mma.example/api", api_key = "env:MADANG_TEST_KEY" }
[gateway]
dsn = "env:MADANG_TEST_GATEWAY"
connections = 2
"""


def written(directory: Path, content: str) -> Path:
    (directory / "law").mkdir(exist_ok=True)
    (directory / "dsn").write_text("postgresql://nts.example/nts\n")
    (directory / "reports").write_text("postgresql://reports@nts.example/nts\n")
    (directory / "ledger.pem").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path = directory / "madang.toml"
    path.write_text(content)
    return path


def mistakes(directory: Path, content: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(written(directory, content))
    assert str(caught.value).count(str(directory / "madang.toml")) == len(caught.value.mistakes)
    return caught.value.mistakes


def test_the_sample_nation_is_a_demo_of_sixteen_embedded_registers_and_the_ledger() -> None:
    settings = load(ROOT / "madang.toml")
    assert settings.demo is not None
    assert len(settings.registers) == 19
    assert [name for name, register in settings.registers.items() if register.source.kind == "ledger"] == ["ledger"]
    assert [name for name, register in settings.registers.items() if register.source.kind == "gateway"] == ["consents", "events"]
    assert settings.gateway.address is None
    assert all(register.source.address is None for register in settings.registers.values())
    assert settings.server.host == "127.0.0.1"
    assert settings.server.timezone.key == "Asia/Seoul"
    assert settings.demo.personas["citizen"].caller.rrn == known_residents()["citizen"]


def test_the_defaults_in_the_comments_of_the_sample_are_the_defaults(tmp_path: Path) -> None:
    shipped = (ROOT / "madang.toml").read_text()
    lines = [line for line in shipped.splitlines() if not line.startswith("# ") or " = " in line]
    uncommented = "\n".join(line.removeprefix("# ") for line in lines if not re.search("example.go.kr|env:|file:/", line))
    uncommented = (
        uncommented.replace("# [tokens]", "").replace("# [ids]", "").replace("# [gateway]", "").replace("# [ledger]", "")
    )
    for words in ('audience = "madang"', 'keys = "keys.json"'):
        uncommented = "\n".join(line for line in uncommented.splitlines() if not line.startswith(words))
    uncommented = uncommented.replace('"auth/regulations"', f'"{ROOT / "auth" / "regulations"}"')
    uncommented = uncommented.replace('"examples/korea', f'"{ROOT}/examples/korea')
    uncommented = uncommented.replace('"examples/citizen/dist"', f'"{ROOT / "examples" / "citizen" / "dist"}"')
    path = tmp_path / "madang.toml"
    path.write_text(uncommented)
    theirs, ours = load(path), load(ROOT / "madang.toml")
    assert uncommented.count("depth = 15") == 1
    assert (theirs.server, theirs.limits, theirs.registers) == (ours.server, ours.limits, ours.registers)
    assert (theirs.gateway, theirs.services) == (ours.gateway, ours.services)
    assert theirs.demo is not None
    assert theirs.demo == ours.demo


def test_a_nation_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADANG_TEST_SECRET", SECRET)
    monkeypatch.setenv("MADANG_TEST_KEY", "key of mma")
    monkeypatch.setenv("MADANG_TEST_GATEWAY", "postgresql://own.example/gateway")
    settings = load(written(tmp_path, REAL))
    assert settings.demo is None
    assert settings.ids_secret == bytes.fromhex(SECRET)
    assert settings.tokens is not None
    assert settings.tokens.keys == tmp_path / "keys.json"
    nts, mma = settings.registers["nts"].source, settings.registers["mma"].source
    assert (nts.kind, nts.address, nts.timeout, nts.connections) == ("postgres", "postgresql://nts.example/nts", 1.0, 8)
    assert (nts.reports, mma.reports) == ("postgresql://reports@nts.example/nts", None)
    assert (mma.kind, mma.address, mma.api_key) == ("http", "https://mma.example/api", "key of mma")
    assert settings.ledger_key is not None
    assert settings.ledger_key.public_key() == KEY.public_key()
    own = settings.gateway
    assert (own.kind, own.address, own.connections, own.timeout) == ("postgres", "postgresql://own.example/gateway", 2, 2.0)
    for secret in (SECRET, "postgresql", "key of mma"):
        assert secret not in repr(settings)


def test_keys_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    own = (ROOT / "madang.toml").read_text().partition("\n[demo]")[0]
    own = own.replace('"auth/regulations"', f'"{ROOT / "auth" / "regulations"}"').replace('"examples', f'"{ROOT}/examples')
    own = own.replace('kind = "postgres"', 'kind = "postgres", dsn = "postgresql://x/y"')
    own = own.replace('kind = "http"', 'kind = "http", url = "https://x.example", api_key = "k"')
    own += '\n[gateway]\ndsn = "postgresql://x/y"'
    own += f'\n[tokens]\nissuer = "i"\naudience = "a"\nkeys = "keys.json"\n[ids]\nsecret = "{SECRET}"\n'
    own += '[ledger]\nkey = "file:ledger.pem"\n'
    settings = load(written(tmp_path, own))
    assert settings.demo is None
    with pytest.raises(SettingsError, match="`tokens` names keys that cannot be used"):
        open_gateway(settings, read_law(settings), None)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
[server]
prot = 8000
port = 70000
deadline = "soon"
timezone = "Korea/Seoul"
origins = "https://portal.example"
[limits]
depth = true
page = 10
default_page = 20
[regulations]
directory = "laws"
[tokens]
issuer = "i"
[ids]
secret = "abcd"
[ledger]
key = "abcd"
[registers.nts]
schema = "schema.ntx"
source = { kind = "mysql", dsn = "x" }
[registers.mma]
schema = "schema.mma"
source = { kind = "http", url = "ftp://x", api_key = "env:MADANG_NOT_SET", conections = 1 }
[registers.mofa]
source = { kind = "postgres" }
[registers.gateway]
schema = "schema.nts"
source = { kind = "postgres", dsn = "x" }
[gateway]
connections = 0
[sevrer]
""",
    )
    expected = [
        "`server.port` is `70000`, but must be a whole number from 0 to 65535",
        "`server.deadline` is the text `soon`, but must be a number from 0.1 to 120.0",
        "`server.timezone` is `Korea/Seoul`, which is no time zone; write one as `Asia/Seoul`",
        "`server.origins` must be a list of texts",
        "`limits.depth` is true, but must be a whole number from 1 to 100",
        "`limits.default_page` is 20, more than `limits.page`, 10",
        f"`regulations.directory` names `{tmp_path / 'laws'}`, which is not a directory",
        "`registers.nts.schema` names the module `schema.ntx`, which is not there; it lies in schema/ or on PYTHONPATH",
        "`registers.nts.source.kind` is `mysql`, but must be one of `postgres`, `http`, `ledger`, `gateway`",
        "`registers.mma.source.api_key` names the environment variable `MADANG_NOT_SET`, which is not set",
        "`registers.mma.source.url` must begin with `https://` or `http://`",
        "`registers.mofa.schema` is missing; give a text",
        "`registers.mofa.source.dsn` is missing; only a demo has embedded registers",
        "`registers.gateway` has the name of the gateway's own database; give it another",
        "`gateway.dsn` is missing; only a demo has an embedded database for consents and counts",
        "`gateway.connections` is `0`, but must be a whole number from 1 to 100",
        "`tokens` needs one of `keys` (a file: PEM or a JWK set) and `jwks` (the address of a JWK set)",
        "`tokens.audience` is missing; give a text",
        "`ids.secret` must be 32 bytes or more in hexadecimal; `openssl rand -hex 32` makes one",
        "`ledger.key` must be an Ed25519 private key in PEM, without a password; `openssl genpkey -algorithm ed25519` makes one",
        "`sevrer` is no setting; did you mean `server`?",
        "`server.prot` is no setting; did you mean `port`?",
        "`registers.mma.source.conections` is no setting; remove it",
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        ("[server", "is not TOML: "),
        ("registers = 1\n[regulations]\ndirectory='law'\n[demo]", "`registers` is `1`, but must be a table"),
        ("[regulations]\ndirectory='law'\n[demo]\n[registers]", "`registers` is empty; name at least one register"),
        ("[demo]\n[ledger]\nkey='x'", "`ledger` is not for a demo, which makes its own; remove it or `demo`"),
        ("[demo]\n[ids]\nsecret='x'", "`ids` is not for a demo, which makes its own; remove it or `demo`"),
        ("[demo.personas.x]\nagency='a'\nrole='r'\nofficer='o'\ntitle='t'\nrrn='12'", "`demo.personas.x.rrn` must be 13 digits"),
        (
            "[server]\norigins=['https://portal.example']\n[demo]",
            "`server.origins` is not for a demo, which gives tokens to whoever asks; remove it or `demo`",
        ),
        ("[services]\ndirectory='none'\n[demo]", "`services.directory` names `"),
        ("[services]\ndocuments='aproved'\n[demo]", "`services.documents` is `aproved`, but must be one of `free`, `approved`"),
        (
            "[services.agencies]\nnts='approved'\n[demo]",
            "`services.directory` is missing; where only approved documents are taken, it names those that are",
        ),
        ("[services.agencies]\nnts=true\n[demo]", "`services.agencies.nts` is true, but must be a text"),
        ("[demo.apps]\ngraphql='x'", "`demo.apps.graphql` cannot be served there; give it another name"),
        ("[demo.personas.x]\nrole=1", "`demo.personas.x.role` is `1`, but must be a text"),
    ],
)
def test_a_mistake_says_what_was_meant(tmp_path: Path, content: str, mistake: str) -> None:
    assert any(found.startswith(mistake) for found in mistakes(tmp_path, content)), mistakes(tmp_path, content)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load(tmp_path / "nothing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load(tmp_path / "binary.toml")


def test_registers_are_those_that_their_files_declare(tmp_path: Path) -> None:
    content = """
[regulations]
directory = "law"
[demo]
[registers.tax]
schema = "schema.nts"
source = { kind = "postgres" }
"""
    with pytest.raises(SettingsError) as caught:
        read_law(load(written(tmp_path, content)))
    assert caught.value.mistakes == [
        "`registers.tax` names a register that its `schema` does not declare",
        "`registers.nts` is missing, though a file in `registers` declares it",
    ]


def test_files_of_registers_that_cannot_be_imported_are_told_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {
        "lacks": "import math\nfrom math import heritage\n",
        "unwritten": "X = 1\nclass Craft\n    pass\n",
        "nameless": "\n\nCRAFTS = Register('crafts')\n",
        "careless": "from schema.declare import Register, record\n\n@record(Register('a', 'b', 'c'))\nclass Craft:\n    pass\n",
        "through": "import helper_of_through\n",
        "helper_of_through": "import of_nobody\n",
        "packaged/__init__": "1 / 0\n",
        "packaged/crafts": "",
    }
    for name, content in broken.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    named = ("lacks", "unwritten", "nameless", "careless", "through", "packaged.crafts")
    registers = "".join(f'[registers.r{i}]\nschema = "{m}"\nsource = {{ kind = "postgres" }}\n' for i, m in enumerate(named))
    settings = load(written(tmp_path, f'[regulations]\ndirectory = "law"\n[demo]\n{registers}'))
    with pytest.raises(SettingsError) as caught:
        read_law(settings)
    expected = [
        ("lacks", "ImportError", "lacks.py:2"),
        ("unwritten", "SyntaxError", "unwritten.py:2"),
        ("nameless", "NameError", "nameless.py:3"),
        ("careless", "TypeError", "careless.py:3"),
        ("through", "ModuleNotFoundError", "helper_of_through.py:1"),
        ("packaged.crafts", "ZeroDivisionError", "packaged/__init__.py:1"),
    ]
    assert len(caught.value.mistakes) == len(expected)
    for i, (mistake, (module, kind, place)) in enumerate(zip(caught.value.mistakes, expected, strict=True)):
        said = f"`registers.r{i}.schema` names the module `{module}`, which cannot be imported: {kind} at {tmp_path}/{place}: "
        assert mistake.startswith(said), mistake
        assert "\n" not in mistake


def test_which_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(None, Path("/shipped")) == Path("/shipped")
    written(tmp_path, "")
    assert find(None, Path("/shipped")) == tmp_path / "madang.toml"
    assert find(Path("given"), Path("/shipped")) == Path("given")
