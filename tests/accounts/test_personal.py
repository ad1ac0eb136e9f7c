"""A person gets a copy of all that is kept of them, and can be taken out of every table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import LargeBinary, insert, select
from typer.testing import CliRunner

from lampway.cli import app
from schemas.account import Act
from schemas.decisions import Decision, RecordRef
from schemas.registration import Proposal
from store import account_tables, accounts, audit, decisions, links, registrations, tables

ADA, OTHER = "ada@example.org", "granada@example.org"


def run(*words: str, status: int = 0) -> Any:
    told = CliRunner().invoke(app, list(words), input="n\n")
    assert told.exit_code == status, told.output
    return told


def mentions(context: Any) -> list[str]:
    """Every table and column in which the address stands."""
    found = []
    with context.database.connect() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for column in table.columns:
                    value = row._mapping[column]
                    text = value.decode("utf-8", "replace") if isinstance(column.type, LargeBinary) and value else value
                    if ADA in str(text).lower().replace(OTHER, ""):
                        found.append(f"{table.name}.{column.name}")
    return sorted(set(found))


@pytest.fixture
def settled(context: Any, person: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody who has left traces wherever a person can."""
    monkeypatch.setenv("LAMPWAY_HOME", str(context.settings.home))
    monkeypatch.setenv("LAMPWAY_DATABASE_URL", context.settings.database)
    ada, other = person(ADA, north="editor"), person(OTHER, north="editor", operator=True)
    assert ada.post("/account/name", data={"name": "Ada Lovelace", "lang": "en"}).status_code == 303
    assert ada.post("/api/institutions/north/keys", json={"scopes": ["sources:read"]}).status_code == 200
    assert other.post("/account/name", data={"name": "Ada Lovelace", "lang": "en"}).status_code == 303
    with context.database.begin() as connection:
        number = accounts.by_email(connection, ADA).number
        key = {
            "id": b"k",
            "account": number,
            "public_key": b"p",
            "label": "phone",
            "created_at": "2026-01-01T00:00:00+00:00",
        }
        connection.execute(insert(account_tables.passkeys).values(**key))
        links.make(connection, "login", ADA)
        links.make(connection, "invite", "eve@example.org", by=ADA, institution="north", role="member")
        links.make(connection, "invite", "sue@example.org", by=OTHER, institution="north", role="member")
        proposal = Proposal(location="https://n.example/oai", protocol="oai", format="oai_dc", institution="north")
        registrations.add(connection, number, "probed", proposal)
        for who in (ADA, OTHER):
            refs = [RecordRef(source="s", record=name) for name in "ab"]
            made = decisions.add(
                connection, Decision(kind="join", level="work", records=refs, author="Ada Lovelace", reason="same")
            )
            line = Act(actor=who, action="merges.decide", thing="work:w", detail={"decision": str(made.id)})
            audit.write(connection, line)
        audit.write(connection, Act(actor="lampway", action="x", thing="y", detail={"people": f"{OTHER}, {ADA}."}))
    return ada


def test_a_copy_of_everything(context: Any, settled: Any) -> None:
    kept = json.loads(run("accounts", "export", "Ada@Example.org").stdout)
    assert (kept["email"], kept["name"], kept["roles"], kept["password"]) == (
        ADA, "Ada Lovelace", {"north": "editor"}, True,
    )  # fmt: skip
    assert {part: len(kept[part]) for part in ("passkeys", "logins", "links", "registrations")} == {
        "passkeys": 1, "logins": 1, "links": 2, "registrations": 1,
    }  # fmt: skip
    assert {"account.name", "key.add", "merges.decide", "x"} <= {line["action"] for line in kept["audit"]}
    assert ADA in str(kept["audit"])
    assert "@" not in str(kept).replace(ADA, "")  # of nobody else
    page = settled.get("/account/data")
    assert (page.headers["cache-control"], page.json()["audit"]) == ("no-store", kept["audit"])
    assert "/account/data" in settled.get("/account").text
    run("accounts", "export", "nobody@example.org", status=2)


def test_nothing_of_a_person_stays(context: Any, settled: Any, visitor: Any) -> None:
    assert {"accounts.email", "audit.actor", "audit.detail", "links.detail", "links.email"} <= set(mentions(context))
    with context.database.connect() as connection:
        before = {
            table: len(connection.execute(select(table)).all()) for table in (account_tables.audit, tables.decisions)
        }
    run("accounts", "erase", ADA, status=2)
    assert settled.get("/account").status_code == 200
    told = run("accounts", "erase", ADA, "--yes")
    assert "erased-" in told.stdout
    assert mentions(context) == []
    assert settled.get("/account").status_code == 303
    with context.database.begin() as connection:
        after = {table: len(connection.execute(select(table)).all()) for table in before}
        assert after == {table: count + (table is account_tables.audit) for table, count in before.items()}
        assert len(registrations.in_state(connection, "probed")) == 1
        assert [one.author[:6] for one in decisions.active(connection)] == ["erased", "Ada Lo"]
        assert [link.detail["by"] for _, link in links.about(connection, OTHER)] == [OTHER]
        again = accounts.add(connection, ADA)
        assert (accounts.roles_of(connection, again.number), again.password) == ({}, "")
    assert {row["email"] for row in json.loads(run("accounts", "list", "--json").stdout)} == {ADA, OTHER}
