"""Real ``lampway`` processes on a home of their own, and the OAI-PMH server they harvest."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from config.settings import Settings
from lampway.cli import app

LAMPWAY = [sys.executable, "-c", "from lampway.cli import main; main()"]


class Installation:
    """One home, the commands a person types, and the processes that run for long."""

    def __init__(self, folder: Path, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAMPWAY_")}
        self.environment = kept | {
            "LAMPWAY_HOME": str(folder / "home"), "LAMPWAY_FETCH_ALLOW": "127.0.0.1", "LAMPWAY_FETCH_PAUSE": "0",
            "LAMPWAY_SCHEDULE_JITTER": "0", **environment,
        }  # fmt: skip
        self.folder = folder
        self.running: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str, status: int = 0) -> str:
        """A command, to its end; its standard output. Only a worker that takes over signals is a process."""
        if arguments[0] == "worker" and "--once" in arguments:
            done = subprocess.run(
                [*LAMPWAY, *arguments],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == status, done.stdout + done.stderr
            return done.stdout
        told = CliRunner().invoke(app, list(arguments), env=self.environment)
        assert told.exit_code == status, told.output
        return str(told.stdout)

    def json(self, *arguments: str, status: int = 0) -> Any:
        """What a command tells programs."""
        return json.loads(self.run(*arguments, "--json", status=status))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A process that runs until it is ended; its standard error goes to a file, ``log`` reads it."""
        path = self.folder / f"log-{len(self.running)}"
        with path.open("w") as file:
            process = subprocess.Popen(
                [*LAMPWAY, *arguments], cwd=self.folder, env=self.environment, stdout=file, stderr=file, text=True
            )
        process.log = path  # type: ignore[attr-defined]
        self.running.append(process)
        return process

    def log(self, process: subprocess.Popen[str]) -> str:
        """What a process has said."""
        return str(process.log.read_text())  # type: ignore[attr-defined]

    def serve(self) -> tuple[subprocess.Popen[str], str]:
        """A server on a free port, once it answers; its process and address."""
        process = self.start("serve", "--port", "0")
        end = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", self.log(process))):
            assert process.poll() is None, self.log(process)
            assert time.monotonic() < end, self.log(process)
            time.sleep(0.05)
        return process, found[0]

    def close(self) -> None:
        """Kill what still runs."""
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def engine() -> str:
    """Which engine the installation has; tests that are about engines name them all."""
    return "embedded"


@pytest.fixture
def installed(tmp_path: Path) -> Callable[..., AbstractContextManager[Installation]]:
    """Makes an empty installation with one institution: ``with installed(LAMPWAY_ENGINE=...) as made``."""

    @contextmanager
    def make(name: str = "", **environment: str) -> Iterator[Installation]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made = Installation(folder, **environment)
        (folder / "places.csv").write_text("id,name,kind,lat,lon\nlib,City Library,library,51.5,-0.12\n")
        made.run("institutions", "import", str(folder / "places.csv"))
        try:
            yield made
        finally:
            made.close()

    return make


@pytest.fixture
def installation(
    tmp_path: Path,
    engine: str,
    engine_settings: Callable[..., Settings],
    installed: Callable[..., AbstractContextManager[Installation]],
) -> Iterator[Installation]:
    """An empty installation with one institution and the engine that the test names."""
    chosen = engine_settings(engine, tmp_path / "home")
    with installed(
        LAMPWAY_ENGINE=engine,
        LAMPWAY_ELASTICSEARCH_URL=" ".join(chosen.elasticsearch_url),
        LAMPWAY_ELASTICSEARCH_PREFIX=chosen.elasticsearch_prefix,
    ) as made:
        yield made


@pytest.fixture
def until() -> Callable[..., Any]:
    """Waits for something to be so: ``until(lambda: ..., seconds)``; returns what it gave."""

    def wait(asked: Callable[[], Any], seconds: float = 60) -> Any:
        end = time.monotonic() + seconds
        while not (value := asked()):
            assert time.monotonic() < end, f"not so after {seconds} s"
            time.sleep(0.1)
        return value

    return wait
