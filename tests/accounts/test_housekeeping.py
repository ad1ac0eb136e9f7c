"""What is over is forgotten; a proof that is gone is told, waited for, and only then the harvest pauses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from lampway.cli import app
from lampway.housekeeping import UNPROVEN, Housekeeping, forget, give_up
from schemas.registration import Finding, NewInstitution, Proposal
from search_api.accounts import registering
from store import account_tables, accounts, audit, registrations, sources, trials

OLD = "2020-01-01T00:00:00+00:00"


class Elsewhere:
    """The outside world, where proofs come and go."""

    def __init__(self) -> None:
        self.code = "fits"
        self.asked = 0

    def prove(self, *_: object) -> Finding:
        self.asked += 1
        return Finding(code=self.code, where="x")


def live(context: Any) -> str:
    with context.database.begin() as connection:
        ada = accounts.add(connection, "ada@example.org")
        proposal = Proposal(
            location="https://h.example/oai", protocol="oai", format="oai_dc", new=NewInstitution(name="Hafen")
        )
        made = registrations.add(connection, ada.number, "probed", proposal)
        registrations.note_proof(connection, made.id, "dns", fits=True, detail="fits")
        registering.proven(connection, context.settings, made, "dns", "ada@example.org")
    return made.id


def state(context: Any, id_: str) -> tuple[str, bool, bool]:
    with context.database.connect() as connection:
        (proof,) = registrations.proofs_of(connection, id_)
        source = sources.get(connection, "hafen")
        return registrations.get(connection, id_).state, proof.fits, source.paused


def test_a_missing_proof_pauses_after_its_notice(context: Any) -> None:
    id_, elsewhere, start = live(context), Elsewhere(), datetime.now(UTC)
    now = start
    keeping = Housekeeping(context.database, context.settings, elsewhere, clock=lambda: now)  # type: ignore[arg-type]
    keeping.look()
    assert elsewhere.asked == 0
    now, elsewhere.code = start + timedelta(days=366), "missing"
    keeping.look()
    assert state(context, id_) == ("live", False, False)
    with context.database.begin() as connection:  # the clock of the store is the machine's
        noted = {"checked_at": now.isoformat()}
        connection.execute(update(account_tables.proofs).values(noted))
    now = start + timedelta(days=380)
    keeping.look()
    assert state(context, id_) == ("live", False, False)
    now = start + timedelta(days=397)
    keeping.look()
    assert state(context, id_) == ("paused", False, True)
    now, elsewhere.code = start + timedelta(days=399), "fits"
    keeping.look()
    assert state(context, id_) == ("paused", True, True)
    with context.database.connect() as connection:
        assert [line.actor for line in audit.read(connection) if line.detail.get("to") == "paused"] == ["lampway"]


def test_trials_and_their_files_are_forgotten(context: Any) -> None:
    uploads = context.settings.home / "uploads"
    uploads.mkdir()
    old, kept, outside = uploads / "a", uploads / "b", context.settings.home / "c"
    for path in (old, kept, outside):
        path.write_text("x")
    with context.database.begin() as connection:
        for path in (old, kept, outside):
            trials.add(connection, str(path))
        ada = accounts.add(connection, "ada@example.org")
        new = NewInstitution(name="Hafen")
        registrations.add(
            connection, ada.number, "probed", Proposal(location=str(kept), protocol="csv", format="csv", new=new)
        )
        connection.execute(update(account_tables.trials).values(created_at=OLD))
    forget(context.database, context.settings)
    assert (old.exists(), kept.exists(), outside.exists()) == (False, True, True)


def test_an_unproven_registration_frees_its_feed_in_the_end(context: Any) -> None:
    now = datetime.now(UTC)
    feed = Proposal(location="https://h.example/oai", protocol="oai", format="oai_dc", new=NewInstitution(name="Hafen"))
    with context.database.begin() as connection:
        squatter, owner = (accounts.add(connection, f"{who}@example.org").number for who in ("squatter", "owner"))
        first = registrations.add(connection, squatter, "probed", feed).id
    give_up(context.database, now + UNPROVEN - timedelta(days=1))
    with context.database.begin() as connection, pytest.raises(registrations.TakenError):
        registrations.add(connection, owner, "probed", feed)
    for _ in range(2):
        give_up(context.database, now + UNPROVEN + timedelta(days=1))
    with context.database.begin() as connection:
        assert registrations.get(connection, first).state == "withdrawn"
        assert len([line for line in audit.read(connection) if line.thing == f"registration:{first}"]) == 1
        registrations.add(connection, owner, "probed", feed)


def test_a_process_that_does_not_stay_keeps_house_once_a_day(context: Any) -> None:
    day = datetime(2030, 1, 1, tzinfo=UTC)
    for hours, forgotten in ((0, True), (23, False), (24, True)):
        with context.database.begin() as connection:
            trials.add(connection, "x")
            connection.execute(update(account_tables.trials).values(created_at=OLD))
        now = day + timedelta(hours=hours)
        Housekeeping(context.database, context.settings, Elsewhere(), clock=lambda now=now: now).catch_up()  # type: ignore[arg-type,misc]
        with context.database.begin() as connection:
            assert (trials.clean(connection) == []) is forgotten


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_the_commands(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPWAY_HOME", str(context.settings.home))
    monkeypatch.setenv("LAMPWAY_DATABASE_URL", context.settings.database)
    monkeypatch.setenv("LAMPWAY_PUBLIC_URL", "https://lampway.example")
    made = run("accounts", "add", "Boss@Example.org", "--operator")
    assert made.exit_code == 0
    assert made.stdout.startswith("https://lampway.example/link/")
    assert run("accounts", "add", "not a mail").exit_code == 2
    assert run("accounts", "add", "x@example.org", "--institution", "nowhere").exit_code == 2
    shown = json.loads(run("accounts", "list", "--json").stdout)
    assert [(row["email"], row["operator"], row["password"]) for row in shown] == [("boss@example.org", True, False)]
    assert run("accounts", "disable", "boss@example.org").exit_code == 0
    assert run("accounts", "link", "boss@example.org").exit_code == 1
    assert run("accounts", "enable", "boss@example.org").exit_code == 0
    assert "/link/" in run("accounts", "link", "boss@example.org").stdout
    with context.database.begin() as connection:
        boss = accounts.by_email(connection, "boss@example.org")
        new = Proposal(
            location="https://h.example/oai", protocol="oai", format="oai_dc", new=NewInstitution(name="三國")
        )
        id_ = registrations.add(connection, boss.number, "probed", new).id
    assert run("registrations", "approve", id_).exit_code == 1
    assert run("registrations", "vouch", id_, "--reason", "called them").exit_code == 0
    assert "vouched" in run("registrations", "list").stdout
    assert run("registrations", "list", "--state", "nonsense").exit_code == 2
    assert [row["id"] for row in json.loads(run("registrations", "list", "--json").stdout)] == [id_]
    assert run("registrations", "refuse", "nothing", "--reason", "x").exit_code == 2
    lines = json.loads(run("audit", "--json").stdout)
    assert {"account.add", "account.disable", "account.enable", "account.link", "registration.step"} <= {
        line["action"] for line in lines
    }
    assert run("audit", "--since", "yesterday").exit_code == 2


def test_the_doctor_looks_at_a_public_service(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPWAY_HOME", str(context.settings.home))
    monkeypatch.setenv("LAMPWAY_PUBLIC_URL", "http://lampway.example")
    monkeypatch.setenv("LAMPWAY_TRUSTED_PROXIES", "0.0.0.0/0")
    monkeypatch.setenv("LAMPWAY_FETCH_ALLOW", "127.0.0.1")
    found = run("doctor", "--public", "--json")
    verdicts = {row["name"]: row["verdict"] for row in json.loads(found.stdout)["findings"]}
    assert found.exit_code == 1
    assert verdicts["public https"] == verdicts["public proxies"] == verdicts["public fetching"] == "failed"
    assert verdicts["operators"] == "warning"
