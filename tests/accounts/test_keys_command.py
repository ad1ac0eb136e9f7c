"""``lampway keys``: keys that end, keys that follow one another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from lampway.cli import app
from store import api_keys, audit


@pytest.fixture
def lampway(context: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LAMPWAY_HOME", str(context.settings.home))
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: str, status: int = 0) -> Any:
        result = CliRunner().invoke(app, ["keys", *words])
        assert result.exit_code == status, result.output
        return result

    return run


def test_a_key_ends_and_is_replaced(lampway: Any, context: Any) -> None:
    key = lampway("add", "north", "--expires", "30", "--scope", "sources:manage").stdout.split()[0]
    id_ = key.split("_")[1]
    lampway("add", "north", "--expires", "-1", status=2)
    new = lampway("replace", id_, "--days", "3").stdout.split()[0]
    assert "already" in lampway("replace", id_, status=1).output
    known = {one["id"]: one for one in json.loads(lampway("list", "--json").stdout)}
    assert known[new.split("_")[1]]["replaces"] == id_
    assert known[id_]["expires_at"] < known[new.split("_")[1]]["expires_at"]
    assert "ends" in lampway("list").stdout
    lampway("revoke", id_)
    lampway("replace", id_, status=1)
    with context.database.connect() as connection:
        assert api_keys.find(connection, key) is None
        assert api_keys.find(connection, new)
        assert [line.action for line in audit.read(connection)] == ["key.revoke", "key.replace", "key.add"]
