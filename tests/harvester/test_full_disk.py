"""The disk is full in the middle of a harvest: a clear message, nothing lost, and the next run goes on.

A real small file system where this process may mount one, else a limit on the size of files, which SQLite meets at the
same place.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import Source
from store import sources
from store.database import open_database

LAMPWAY = [sys.executable, "-c", "from lampway.commands import harvest as h; import typer; a = typer.Typer();"
           "h.register(a); a()"]  # fmt: skip
SMALL = 3 << 20
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _command(home: Path, limit: int = 0) -> Run:
    def run(*arguments: str, free: bool) -> subprocess.CompletedProcess[str]:
        def limited() -> None:
            if limit and not free:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        environment = {**os.environ, "LAMPWAY_HOME": str(home), "LAMPWAY_FETCH_ALLOW": "127.0.0.1"}
        return subprocess.run(
            [*LAMPWAY, *arguments], env=environment, capture_output=True, text=True, timeout=100, preexec_fn=limited
        )

    return run


def _mounted(folder: Path) -> bool:
    mount = shutil.which("mount")
    return bool(mount) and not subprocess.run(
        [mount or "", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode  # fmt: skip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, Run, Callable[[], None]]]:
    """A home with 3 MB of room, the command on it, and what makes more room."""
    home = tmp_path / "home"
    home.mkdir()
    if not _mounted(home):
        yield home, _command(home, SMALL), lambda: None
        return
    try:
        yield (
            home, _command(home),
            lambda: subprocess.run(["mount", "-o", "remount,size=100m", str(home)], check=True) and None,
        )  # fmt: skip
    finally:
        subprocess.run(["umount", str(home)], check=True)


@pytest.mark.parametrize("kind", ["oai", "csv"])
def test_a_full_disk_is_told_and_loses_nothing(
    oai: Any, serve: Any, small_disk: Any, tmp_path: Path, kind: str
) -> None:
    home, command, make_room = small_disk
    dice = random.Random(3)
    titles = {f"{n}": dice.randbytes(6000).hex() for n in range(600)}
    if kind == "oai":
        location = serve([oai.item(int(n), title) for n, title in titles.items()], page=50).url
    else:
        location = str(tmp_path / "table.csv")
        Path(location).write_text("id,title\n" + "".join(f"{n},{title}\n" for n, title in titles.items()))
    database = open_database(f"sqlite:///{home / 'lampway.db'}")
    with database.begin() as connection:
        sources.add(
            connection, Source(id="s", protocol=kind, location=location, format={"oai": "oai_dc"}.get(kind, kind))
        )
    database.close()
    full = command("harvest", "s", free=False)
    assert full.returncode == 1, full.stdout + full.stderr
    assert "disk" in full.stderr
    assert "Traceback" not in full.stderr
    make_room()
    done = command("harvest", "s", free=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is complete: 600 received (600 new" in done.stdout
    database = open_database(f"sqlite:///{home / 'lampway.db'}")
    with database.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
