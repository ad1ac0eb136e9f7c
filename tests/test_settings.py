"""Settings that are wrong or mistyped are told by their names, whichever command reads them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.settings import SettingsError, load_settings, unknown_names
from lampway.cli import app


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but those of the test, and a working directory of its own."""
    for name in [name for name in os.environ if name.startswith("LAMPWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense", "mysql://me:secret@host/name", "postgresql://me:secret@host:port/name", "sqlite3:///x.db",
        "postgresql+nothing://me:secret@host/name", "/var/lampway.db", "sqlite:x", "postgres://me:secret@host/name",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["doctor", "serve", "harvest", "index", "search x", "sources list", "keys list"])
def test_a_wrong_database_is_wrong_use_of_every_command(
    url: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMPWAY_DATABASE_URL", url)
    done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 2
    assert "LAMPWAY_DATABASE_URL" in done.stderr
    assert "postgresql://user:password@host/name" in done.stderr
    assert "secret" not in done.output


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////folder/lampway.db", "sqlite:///lampway.db", "sqlite://", "postgresql://me@host/name",
        "postgresql+psycopg://me:p%40ss@[::1]:5432/name", "postgresql:///name?host=/run/postgresql", " ",
    ],
)  # fmt: skip
def test_addresses_of_databases(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPWAY_DATABASE_URL", url)
    assert load_settings().database_url == url.strip()


def test_a_secret_is_not_repeated_by_the_message() -> None:
    with pytest.raises(SettingsError) as told:
        load_settings(database_url="mysql://me:secret@host/name")
    assert "secret" not in str(told.value)


def test_mistyped_names_are_told_with_what_was_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert unknown_names() == []
    monkeypatch.setenv("LAMPWAY_RATELIMIT", "5")
    monkeypatch.setenv("lampway_home", str(tmp_path / "home"))
    monkeypatch.setenv("LAMPWAY_TEST_DATA", "x")
    monkeypatch.setenv("OTHER_HOME", "x")
    (tmp_path / ".env").write_text(
        "LAMPWAY_DATABASE=sqlite://\nLAMPWAY_XYZZY=1\nLAMPWAY_CONTACT=me@example.org\nOTHER=1\n"
    )
    told = unknown_names()
    assert [line.split()[0] for line in told] == ["LAMPWAY_RATELIMIT", "LAMPWAY_DATABASE", "LAMPWAY_XYZZY"]
    assert told[0].endswith("did you mean LAMPWAY_RATE_LIMIT?")
    assert told[1].endswith("did you mean LAMPWAY_DATABASE_URL?")
    assert "did you mean" not in told[2]
    doctor = CliRunner().invoke(app, ["doctor"])
    assert all(line in doctor.stdout for line in told)
    served = CliRunner().invoke(app, ["serve", "--host", "256.0.0.1"])
    assert all(f"warning: {line}" in served.stderr for line in told)
