"""``lampway doctor`` and ``lampway keys``, as an operator uses them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from lampway.commands import doctor, keys
from schemas.catalogue import Source
from schemas.institution import Institution
from store import accounts, institutions, secrets, sources
from store.database import open_database

app = typer.Typer()
doctor.register(app)
keys.register(app)


def run(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setenv("LAMPWAY_HOME", str(home))
    return CliRunner().invoke(app, arguments)


def findings(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, dict[str, str]]]:
    done = run(home, monkeypatch, "doctor", "--json")
    report = json.loads(done.stdout)
    assert report["ok"] is (done.exit_code == 0)
    return done.exit_code, {finding["name"]: finding for finding in report["findings"]}


def test_a_healthy_federation(federation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found = findings(federation.settings.home, monkeypatch)
    assert code == 0
    assert found["database"]["verdict"] == found["engine"]["verdict"] == found["index"]["verdict"] == "ok"
    assert found["institutions"]["message"] == "6"
    assert found["hours"]["message"] == "5 of 6 have hours"
    assert "never fetched to the end" in found["source city-oai"]["message"]
    assert "25 records" in found["source city-oai"]["message"]


def test_a_new_home_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found = findings(tmp_path, monkeypatch)
    assert code == 1
    assert found["engine"]["verdict"] == "failed"
    assert found["engine"]["mend"] == "lampway index"
    assert found["institutions"]["mend"].startswith("lampway institutions import")
    text = run(tmp_path, monkeypatch, "doctor").stdout
    assert "FAIL  engine" in text
    assert "      lampway index" in text


def test_a_lost_index_is_noticed(federation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    federation.close()
    shutil.rmtree(federation.settings.index_home)
    code, found = findings(federation.settings.home, monkeypatch)
    assert code == 1
    assert found["engine"]["verdict"] == "failed"


def test_hours_and_places_that_are_wrong(federation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with federation.context.database.begin() as connection:
        broken = Institution(id="x", name="X", timezone="Europe/London", opening_hours="whenever")
        institutions.upsert(connection, [broken])
    code, found = findings(federation.settings.home, monkeypatch)
    assert code == 0
    assert found["hours"]["verdict"] == found["institutions"]["verdict"] == "warning"
    assert "x" in found["hours"]["mend"]
    assert "1 without a position" in found["institutions"]["message"]


def test_a_database_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lampway.db").write_bytes(b"this is not a database, and long enough to be read as one" * 50)
    code, found = findings(tmp_path, monkeypatch)
    assert code == 1
    assert found["database"]["verdict"] == "failed"
    assert "lampway.db" in found["database"]["message"]


def test_a_key_that_is_not_the_one_things_were_sealed_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "key" not in findings(tmp_path, monkeypatch)[1], "nothing is sealed"
    database = open_database(f"sqlite:///{tmp_path / 'lampway.db'}")
    with database.begin() as connection:
        account = accounts.add(connection, "somebody@library.example")
        accounts.set_totp(connection, account.number, secrets.seal(tmp_path, "code"))
        source = Source(id="repo", protocol="oai", location="https://x.example/oai", format="oai_dc", institution="")
        source.auth, source.sealed = "basic:me", secrets.seal(tmp_path, "password")
        sources.add(connection, source)
    database.close()
    assert findings(tmp_path, monkeypatch)[1]["key"]["verdict"] == "ok"
    (tmp_path / secrets.KEY_FILE).unlink()
    secrets.seal(tmp_path, "another machine's")
    code, found = findings(tmp_path, monkeypatch)
    assert (code, found["key"]["verdict"]) == (1, "failed")
    assert (
        f"does not open the login of source repo, the second factor of account {account.number}"
        in (found["key"]["message"])
    )
    assert "back-up" in found["key"]["mend"]


def test_dangerous_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPWAY_TRUSTED_PROXIES", "0.0.0.0/0")
    monkeypatch.setenv("LAMPWAY_RATE_LIMIT", "0")
    _, found = findings(tmp_path, monkeypatch)
    for name in ("LAMPWAY_TRUSTED_PROXIES", "LAMPWAY_RATE_LIMIT", "LAMPWAY_PUBLIC_URL"):
        assert name in found["settings"]["message"]


def test_the_life_of_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'lampway.db'}")
    with database.begin() as connection:
        institutions.upsert(connection, [Institution(id="city", name="City")])
    database.close()
    made = run(tmp_path, monkeypatch, "keys", "add", "city", "--label", "ILS")
    key = made.stdout.splitlines()[0]
    assert key.startswith("lw_")
    listed = run(tmp_path, monkeypatch, "keys", "list")
    assert "ILS" in listed.stdout
    assert key not in listed.stdout
    id_ = key.split("_")[1]
    assert run(tmp_path, monkeypatch, "keys", "revoke", id_).exit_code == 0
    assert run(tmp_path, monkeypatch, "keys", "revoke", id_).exit_code == 1
    assert json.loads(run(tmp_path, monkeypatch, "keys", "list", "city", "--json").stdout)[0]["revoked_at"]
    assert run(tmp_path, monkeypatch, "keys", "add", "nowhere").exit_code == 2
    for asked, kept in (
        ([], "availability:write"),
        (["--scope", "institution:write"], "institution:write"),
        (["--scope", "institution:write", "--scope", "availability:write"], "institution:write availability:write"),
    ):
        assert run(tmp_path, monkeypatch, "keys", "add", "city", *asked).exit_code == 0
        listed = json.loads(run(tmp_path, monkeypatch, "keys", "list", "city", "--json").stdout)
        assert kept in {row["scope"] for row in listed}
    wrong = run(tmp_path, monkeypatch, "keys", "add", "city", "--scope", "everything")
    assert wrong.exit_code == 2
    assert "institution:write" in wrong.stderr
