"""Every test of the store runs on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import Settings, load_settings


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with a home and a database of their own."""
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    return load_settings(home=tmp_path / "home", database_url=url, _env_file=None)
