"""/metrics tells how store and engine stand, so that an operator is woken before users notice."""

from __future__ import annotations

import re
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from schemas.catalogue import Quarantined
from schemas.registration import Proposal
from search_api import gauges
from search_api.accounts import mail
from search_api.app import create_app
from store import accounts, leases, quarantine, records, registrations, sources
from store.sources import SourceState

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def scrape(federation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads /metrics: name -> value, or {source: value}."""
    monkeypatch.setattr(gauges, "_GOOD_FOR_S", 0)
    client = TestClient(create_app(federation.context))

    def read() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for family in text_string_to_metric_families(client.get("/metrics").text):
            for sample in family.samples:
                if "source" in sample.labels:
                    found.setdefault(sample.name, {})[sample.labels["source"]] = sample.value
                else:
                    found[sample.name] = sample.value
        return found

    return read


def test_a_healthy_town(federation: Any, scrape: Any) -> None:
    now = scrape()
    with federation.context.database.connect() as connection:
        ids = {source.id for source in sources.all_sources(connection)}
    assert now["lampway_engine_up"] == now["lampway_store_up"] == 1
    assert now["lampway_engine_works"] > 0
    assert now["lampway_records_unmerged"] == now["lampway_works_unindexed"] == now["lampway_workers"] == 0
    assert now["lampway_generation_promoted_timestamp_seconds"] > datetime(2026, 1, 1).timestamp()
    assert set(now["lampway_source_failed"]) == ids
    assert set(now["lampway_source_last_complete_timestamp_seconds"].values()) == {0}


def test_what_goes_wrong_shows(federation: Any, scrape: Any) -> None:
    database = federation.context.database
    with database.connect() as connection:
        name = sources.all_sources(connection)[0].id
        number = sources.number_of(connection, name)
    with database.begin() as connection:
        state = SourceState(last_complete_at="2026-11-20T00:00:00+00:00", waits_on_run=7)
        sources.set_state(connection, name, state)
        quarantine.add(connection, number, 1, [Quarantined(source=name, record="x", reason="no XML", payload=b"<")])
        records.mark_pending(connection, [1, 2, 3])
    with leases.held(database, "worker x"):
        now = scrape()
    assert now["lampway_records_unmerged"] == 3
    assert now["lampway_workers"] == 1
    assert now["lampway_source_waiting"][name] == 1
    assert now["lampway_source_quarantined_records"][name] == 1
    moment = datetime.fromisoformat("2026-11-20T00:00:00+00:00")
    assert now["lampway_source_last_complete_timestamp_seconds"][name] == moment.timestamp()


def test_registrations_that_wait_and_mails_that_fail_show(
    federation: Any, scrape: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scrape()
    assert (before["lampway_registrations_waiting"], before["lampway_mails_total"]) == (0, 0)
    with federation.context.database.begin() as connection:
        number = accounts.add(connection, "ada@library.example").number
        for place in ("a", "b"):
            proposal = Proposal(protocol="oai", location=f"https://{place}.example/oai", format="oai_dc")
            registrations.add(connection, number, "proven" if place == "a" else "live", proposal)
    assert scrape()["lampway_registrations_waiting"] == 1
    monkeypatch.setattr(mail, "_TRIES", 1)
    settings = federation.context.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    monkeypatch.setattr(federation.context, "settings", settings)
    app = create_app(federation.context)
    app.state.mail.send("ada@library.example", "en", "login", link="x", minutes="15")
    app.state.mail.close()
    assert 'lampway_mails_total{outcome="failed"} 1.0' in TestClient(app).get("/metrics").text


def test_without_the_store_the_rest_is_still_told(federation: Any, scrape: Any) -> None:
    federation.context.database.close()
    file = federation.settings.home / "lampway.db"
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    now = scrape()
    assert now["lampway_store_up"] == 0
    assert now["lampway_engine_up"] == 1
    assert "lampway_records_unmerged" not in now


def test_every_alarm_is_about_something_that_is_measured(scrape: Any, federation: Any) -> None:
    rules = yaml.safe_load((ROOT / "config" / "prometheus-alerts.yaml").read_text("utf-8"))
    alarms = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in alarms}) == len(alarms) >= 8
    text = TestClient(create_app(federation.context)).get("/metrics").text
    known = {family.name for family in text_string_to_metric_families(text)}
    for rule in alarms:
        names = set(re.findall(r"\blampway_\w+", rule["expr"]))
        bases = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in names}
        assert names or rule["expr"].startswith("up{")
        assert bases <= known, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["mend"]


def test_the_process_tells_what_it_takes_and_which_version_it_is(federation: Any) -> None:
    text = TestClient(create_app(federation.context)).get("/metrics").text
    found = {sample.name: sample for family in text_string_to_metric_families(text) for sample in family.samples}
    assert found["process_resident_memory_bytes"].value > 1e7
    assert found["process_open_fds"].value > 3
    assert found["lampway_info"].labels == {"version": version("lampway")}
