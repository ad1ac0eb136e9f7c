"""A real PostgreSQL for tests: a server of our own on a free port of loopback, or the one that is named.

Its initdb refuses root, so for root it runs as the user ``postgres``. Databases are copies of a migrated template.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from store.database import open_database

_HASTY = """
fsync = off
full_page_writes = off
"""
_CONFIGURATION = """
max_connections = 60
listen_addresses = '127.0.0.1'
log_min_messages = fatal
"""


class NotHereError(Exception):
    """PostgreSQL cannot run on this machine; the message says why."""


class Server:
    """One server. ``url`` is that of a user who may make databases."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self._template = ""

    def database(self) -> str:
        """URL of a new database, up to date and empty."""
        if not self._template:
            self._template = self.create()
            open_database(self.address(self._template)).close()
        return self.address(self.create(f"TEMPLATE {self._template}"))

    def create(self, options: str = "") -> str:
        """Name of a new database."""
        name = f"lampway_test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} {options}")
        return name

    def address(self, name: str, **changes: object) -> str:
        """URL of a database."""
        return self.url.set(database=name, **changes).render_as_string(hide_password=False)  # type: ignore[arg-type]

    def run(self, *statements: str, database: str = "") -> None:
        """Run statements as the owner of the server, outside of transactions."""
        url = self.url.set(database=database or self.url.database)
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def drop(self, url: str) -> None:
        """Remove a database, whoever uses it."""
        self.run(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def stop(self) -> None:
        """Leave nothing behind."""
        if self._template:
            self.drop(self.address(self._template))


class OwnServer(Server):
    """A server in a folder of its own, in which text is sorted by language, not by code points.

    ``hasty``: nothing is forced to the disk, which no test needs.
    """

    def __init__(self, *, hasty: bool = True) -> None:
        self._bin = binaries()
        self._user = user()
        self.home = Path(tempfile.mkdtemp(prefix="lampway-postgresql-"))
        if self._user:
            shutil.chown(self.home, *self._user)
        (self.home / "password").write_text("secret")
        (self.home / "password").chmod(0o644)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        super().__init__(f"postgresql://lampway:secret@127.0.0.1:{port}/postgres")
        self._call(
            "initdb", "--no-sync", "--username=lampway", f"--pwfile={self.home}/password", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US",
            f"--pgdata={self.home}/data",
        )  # fmt: skip
        with (self.home / "data" / "postgresql.conf").open("a") as file:
            file.write(
                f"{_CONFIGURATION}{_HASTY if hasty else ''}port = {port}\nunix_socket_directories = '{self.home}'\n"
            )
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers. It dies with this process, however that ends."""
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.home / "data"],
                **self._as_owner(),
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
            )
        for _ in range(600):
            with suppress(psycopg.OperationalError):
                self.run("SELECT 1")
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise NotHereError(f"postgres does not start: {(self.home / 'log').read_text()}")

    def halt(self) -> None:
        """End it at once, as a crash would."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=60)

    def stop(self) -> None:
        """End it and remove its folder."""
        self.halt()
        shutil.rmtree(self.home)

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments],
            **self._as_owner(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise NotHereError(f"{program} failed: {done.stdout}")

    def _as_owner(self) -> dict[str, Any]:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        common = {"cwd": self.home, "stdin": subprocess.DEVNULL, "env": environment}
        return common | ({"user": self._user[0], "group": self._user[1], "extra_groups": []} if self._user else {})


def _die_with_parent() -> None:
    """Linux: SIGQUIT when the process that started it is gone, be it killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def binaries() -> Path:
    """Folder of the server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    if not initdb:
        raise NotHereError("no initdb in /usr/lib/postgresql/*/bin or on the PATH: apt-get install postgresql")
    return Path(initdb).resolve().parent


def user() -> tuple[int, int] | None:
    """As whom the server must run; None = as we do."""
    if os.getuid():
        return None
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        raise NotHereError("its initdb refuses root, and there is no user postgres to run it") from None
    return entry.pw_uid, entry.pw_gid


def open_server() -> Server:
    """The server that LAMPWAY_TEST_DATABASE_URL names, else one of our own."""
    given = os.environ.get("LAMPWAY_TEST_DATABASE_URL", "")
    return Server(given) if given else OwnServer()
