"""One demo for all tests that look at it: built once, by the command, as a visitor would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

LAMPWAY = [sys.executable, "-c", "from lampway.cli import main; main()"]
Start = Callable[..., "subprocess.Popen[str]"]


class Demo(NamedTuple):
    """A finished ``lampway demo --no-serve``."""

    home: Path
    workplace: Path
    """The folder it was started in."""
    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def start() -> Start:
    """Starts ``lampway`` in a folder, without settings of the developer's own: ``start(folder, *arguments, **env)``."""

    def begin(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAMPWAY_")}
        return subprocess.Popen(
            [*LAMPWAY, *arguments],
            cwd=folder,
            env=kept | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture(scope="session")
def demo(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Built by a user whose own settings name a database, an engine and a home, which the demo must not touch."""
    workplace, home = tmp_path_factory.mktemp("workplace"), tmp_path_factory.mktemp("demo") / "home"
    running = start(
        workplace,
        *("demo", "--no-serve", "--home", str(home)),
        LAMPWAY_DATABASE_URL=f"sqlite:///{workplace}/own.db",
        LAMPWAY_ENGINE="elasticsearch",
        LAMPWAY_HOME=str(workplace / "own"),
    )
    out, err = running.communicate(timeout=200)
    return Demo(home, workplace, running.returncode, out, err)
