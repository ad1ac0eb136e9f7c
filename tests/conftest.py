"""Fixtures shared by all tests.

Strategy: the smallest real thing that serves. A store is a SQLite file in tmp_path, an engine a real index, a server a
real server on a free loopback port; doubles only for what cannot run here. Real catalogues come from the folder that
LAMPWAY_TEST_DATA names; without it those tests say that they were skipped, and why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings, load_settings
from store.database import Database, open_database


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own shell reaches a test."""
    for name in list(os.environ):
        if name.startswith("LAMPWAY_") and not name.startswith("LAMPWAY_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of the real catalogues."""
    folder = os.environ.get("LAMPWAY_TEST_DATA", "")
    if not folder:
        pytest.skip("LAMPWAY_TEST_DATA names no folder with the real catalogues")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"LAMPWAY_TEST_DATA={folder} is not a folder")
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home of their own; servers on loopback may be fetched."""
    return load_settings(home=tmp_path / "home", fetch_allow="127.0.0.1 localhost ::1", fetch_pause=0, _env_file=None)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An empty store."""
    opened = open_database(settings.database)
    yield opened
    opened.close()
