"""A real server over the sample nation, and others over parts of it, each on a port of its own."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from madang.embedded import Embedded
from madang.gateway import open_gateway, read_law
from madang.serving import Server
from madang.settings import Settings, load

ROOT = Path(__file__).parents[2]

Serve = Callable[[Settings, Embedded | None], AbstractContextManager[str]]


@contextmanager
def serving(settings: Settings, nation: Embedded | None) -> Iterator[str]:
    """A server in a thread of its own; gives its address."""
    gateway = open_gateway(settings, read_law(settings), nation)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(gateway, log_level="error")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            deadline = time.monotonic() + 10
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert server.started
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def serve() -> Serve:
    return serving


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample nation's settings, with a data directory of the tests' own."""
    shipped = load(ROOT / "madang.toml")
    assert shipped.demo is not None
    return dataclasses.replace(shipped, demo=dataclasses.replace(shipped.demo, directory=tmp_path_factory.mktemp("demo")))


@pytest.fixture(scope="session")
def served(nation: Embedded, settings: Settings) -> Iterator[str]:
    """The address of a server of the sample nation."""
    with serving(settings, nation) as address:
        yield address


@pytest.fixture(scope="session")
def tokens(served: str) -> dict[str, str]:
    """A token for each persona."""
    return {persona["name"]: persona["token"] for persona in httpx.get(f"{served}/personas").raise_for_status().json()}


@pytest.fixture
def officer(served: str, tokens: dict[str, str]) -> Iterator[httpx.Client]:
    """A passport officer's client, for passport renewal."""
    headers = {
        "Authorization": f"Bearer {tokens['passport-officer']}",
        "Madang-Purpose": "passport-renewal",
        "Accept": "application/graphql-response+json",
    }
    with httpx.Client(base_url=served, headers=headers, timeout=20) as client:
        yield client
