"""What every command of `madang` has: the settings file, and what keeps it from beginning told in full."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from auth.authorizer import BrokenRegulations
from madang.database import DatabaseError
from madang.embedded import EmbeddedError
from madang.settings import SettingsError
from resolvers.services import BrokenServices
from schema.catalogue import DeclarationError

P = ParamSpec("P")
R = TypeVar("R")


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Give a function the option `--settings`, as `file`, and have it end with 2 and all mistakes if it cannot begin."""

    @click.option("--settings", "file", type=click.Path(path_type=Path), help="By default madang.toml here, or the sample's.")
    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with _complaints():
            return function(*args, **kwargs)

    return wrapped


@contextmanager
def _complaints() -> Iterator[None]:
    try:
        yield
    except (SettingsError, DeclarationError, BrokenRegulations, BrokenServices, EmbeddedError, DatabaseError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
