"""The command `madang`.

What cannot begin (wrong settings, broken regulations, a port or directory in use) is said in full on standard error, and ends
with exit code 2. A query that cannot be planned ends with 1.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import click
from graphql import print_schema

from auth.access import AccessRequest
from madang import LAYERS, embedded, personas
from madang.app import is_loopback
from madang.command import command
from madang.evidence import evidence
from madang.figures import demo
from madang.gateway import Gateway, Law, open_gateway, read_law
from madang.grants import grants
from madang.ledger import ledger
from madang.regulations import regulations
from madang.services import services, ungranted
from madang.serving import Server
from madang.settings import Demo, Persona, Settings, SettingsError, find, load
from madang.words import CASE, PURPOSE, Form
from resolvers.explain import render
from resolvers.operation import RequestError

RESIDENTS = click.IntRange(embedded.FEWEST, embedded.MOST)
"""The populations that the sample nation can have."""


def _fail(message: str, code: int = 2) -> Any:
    click.echo(message, err=True)
    sys.exit(code)


def _fitting(form: Form, context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not form.fits(value):
        raise click.BadParameter(f"it must be {form.means}", context, option)
    return value


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="madang")
def main() -> None:
    """One GraphQL graph over a nation's registers, answered under the ministries' sharing regulations."""


main.add_command(regulations)
main.add_command(ledger)
main.add_command(evidence)
main.add_command(services)
services.add_command(demo)


@main.command()
@click.option("--host", help="Where to listen, instead of the settings' host; a demo listens on loopback alone.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of the settings' port; 0 for a free one.")
@click.option("--residents", type=RESIDENTS, help="In a demo: how many residents; by default those that are there.")
@command
def serve(file: Path | None, host: str | None, port: int | None, residents: int | None) -> None:
    """Serve the graph, and in a demo its registers with it."""
    settings = load(find(file, LAYERS / "madang.toml"))
    law = read_law(settings)
    host = host or settings.server.host
    if settings.demo is not None and not is_loopback(host):
        _fail(f"a demo gives tokens to whoever asks, so it listens on loopback alone, not on `{host}`; remove the section `demo`")
    if settings.demo is None and residents is not None:
        _fail("only a demo has residents to make; leave out `--residents`")
    port = settings.server.port if port is None else port
    with _listen(host, port) as listening, _registers(settings, law, residents) as registers:
        server = dataclasses.replace(settings.server, host=host, port=listening.getsockname()[1])
        gateway = open_gateway(dataclasses.replace(settings, server=server), law, registers)
        for lacking in ungranted(gateway):
            click.echo(f"warning: {lacking}", err=True)
        click.echo(_welcome(gateway, registers, listening))
        _run(gateway, listening)


@main.command()
@click.option("--residents", type=RESIDENTS, default=embedded.RESIDENTS, show_default=True, help="How many.")
@click.option("--seed", type=int, default=embedded.SEED, show_default=True, help="The same seed makes the same nation.")
@command
def seed(file: Path | None, residents: int, seed: int) -> None:
    """Make the sample nation and fill its registers, in place of those that are there."""
    demo = _demo(load(find(file, LAYERS / "madang.toml")))
    with embedded.start(demo.directory / "registers", residents, seed) as nation:
        click.echo(f"{len(nation.dsns)} registers with {nation.residents:,} residents are in `{nation.directory}`")


@main.command()
@click.option("--persona", "name", required=True, help="Whose token: see `madang personas`.")
@click.option("--seconds", type=click.IntRange(1, 30 * 86_400), default=3600, show_default=True, help="How long it is good for.")
@command
def token(file: Path | None, name: str, seconds: int) -> None:
    """Print a token for a persona of the demo."""
    demo = _demo(load(find(file, LAYERS / "madang.toml")))
    persona = _persona(demo, name)
    click.echo(personas.minter(demo).mint(persona.caller, explain=persona.explain, lifetime=seconds))


@main.command("personas")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@command
def list_personas(file: Path | None, as_json: bool) -> None:
    """List the people whom the demo gives tokens, and the purposes for which they may ask."""
    settings = load(find(file, LAYERS / "madang.toml"))
    authorizer = read_law(settings).authorizer
    told = [personas.about(persona, authorizer) for persona in _demo(settings).personas.values()]
    for persona in told:
        persona["purposes"] = [purpose["code"] for purpose in persona["purposes"]]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for persona in told:
        click.echo(f"{persona['name']:<18} {persona['title']}")
        click.echo(f"{'':<18} for {', '.join(persona['purposes']) or 'no purpose'}")
        if persona["rrn"]:
            click.echo(f"{'':<18} resident number {persona['rrn']}")


@main.command()
@click.argument("query", type=click.File(encoding="utf-8"))
@click.option("--persona", "name", required=True, help="Who asks: see `madang personas`.")
@click.option("--purpose", required=True, callback=partial(_fitting, PURPOSE), help="What for.")
@click.option("--case", callback=partial(_fitting, CASE), help="The case that it is for.")
@click.option("--variables", default="{}", help="The operation's variables, as JSON.")
@click.option("--operation", help="Which operation, of several in the document.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@command
def explain(
    file: Path | None, query: Any, name: str, purpose: str, case: str | None, variables: str, operation: str | None, as_json: bool
) -> None:
    """Print how the document QUERY would be answered: statements, decisions, what is withheld and why. Nothing is read.

    It is the planner that serves which answers, under the regulations in force. QUERY may be - for standard input.
    """
    settings = load(find(file, LAYERS / "madang.toml"))
    access = AccessRequest(_persona(_demo(settings), name).caller, purpose, case)
    law = read_law(settings)
    if purpose not in (allowed := law.authorizer.purposes(access.caller)):
        _fail(f"`{purpose}` is no purpose of `{name}`; there are {', '.join(f'`{known}`' for known in allowed) or 'none'}", 1)
    gateway = open_gateway(settings, law, None)
    try:
        plan = gateway.engine.explain(query.read(), _object(variables), operation, access)
    except RequestError as error:
        _fail("\n".join(str(each) for each in error.errors), 1)
    click.echo(json.dumps(plan, ensure_ascii=False, indent=2) if as_json else render(plan))
    asyncio.run(gateway.aclose())


@main.command("schema")
@click.option("--persona", "name", required=True, help="Who looks: see `madang personas`.")
@command
def print_graph(file: Path | None, name: str) -> None:
    """Print the graph as a persona of the demo sees it, for what makes types of it. Nothing is read."""
    settings = load(find(file, LAYERS / "madang.toml"))
    caller = _persona(_demo(settings), name).caller
    gateway = open_gateway(settings, read_law(settings), None)
    click.echo(print_schema(gateway.engine.shown_to(caller)))
    asyncio.run(gateway.aclose())


def _demo(settings: Settings) -> Demo:
    if settings.demo is None:
        raise SettingsError(settings.path, ["there is no section `demo`, and only a demo has residents and personas"])
    return settings.demo


def _persona(demo: Demo, name: str) -> Persona:
    if name not in demo.personas:
        _fail(f"there is no persona `{name}`; there are {', '.join(f'`{known}`' for known in demo.personas)}")
    return demo.personas[name]


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) else _fail("`--variables` must be a JSON object", 1)


def _registers(settings: Settings, law: Law, residents: int | None) -> Any:
    """A demo's registers, which let the gateway read what the regulations share and nothing else."""
    if settings.demo is None:
        return nullcontext()
    shared = grants(settings, law.catalogue, [law.authorizer])
    return embedded.start(settings.demo.directory / "registers", residents, grants=shared)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything slow is begun."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048)
    except OSError as error:
        return _fail(f"cannot listen on `{host}`, port {port}: {error.strerror or error}; name another by `--host` and `--port`")  # type: ignore[no-any-return]


def _run(gateway: Gateway, listening: socket.socket) -> None:
    """Serve until told to stop, and then until requests under way are answered."""
    try:
        Server(gateway).run(sockets=[listening])
    except KeyboardInterrupt:
        return  # Ctrl-C is how a demo is meant to end.


def _welcome(gateway: Gateway, registers: embedded.Embedded | None, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    count = len(gateway.settings.registers)
    if registers is None:
        return f"Madang serves {count} registers at {address}/graphql"
    demo = gateway.settings.demo
    assert demo is not None, "only a demo embeds registers"
    lines = [f"Madang serves {count} registers with {registers.residents:,} residents: {address}", ""]
    lines += [f"    {address}/{name}/" for name, directory in demo.apps.items() if directory.is_dir()]
    lines += [f"    {persona.name:<18} {persona.title}" for persona in demo.personas.values()]
    me = next((persona for persona in demo.personas.values() if persona.caller.rrn), None)
    purposes = gateway.authorizer.purposes(me.caller) if me else ()
    if me and purposes:
        lines += [
            "",
            f"    curl {address}/graphql -H 'Content-Type: application/json' -H 'Madang-Purpose: {purposes[0]}' \\",
            f'      -H "Authorization: Bearer $({sys.argv[0]} token --persona {me.name})" \\',
            """      -d '{"query": "{ me { name age household { size } } }"}'""",
        ]
    return "\n".join([*lines, ""])
