"""PUT /api/institutions/{id}/availability and the file feed: who may, what is taken, and how soon it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lampway.commands import availability as command
from search_api.app import create_app
from search_api.availability.items import MOST_ITEMS
from search_api.context import open_context
from store import api_keys

ADDRESS = "/api/institutions/{}/availability"


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def key(federation: Any) -> str:
    with federation.context.database.begin() as connection:
        return api_keys.create(connection, "city")


def put(client: TestClient, key: str, items: Any, institution: str = "city") -> Any:
    body = items if isinstance(items, bytes) else json.dumps(items).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return client.put(ADDRESS.format(institution), content=body, headers=headers)


def holding(client: TestClient, record: str, key: str) -> dict[str, Any]:
    """How a copy is shown now."""
    hits = client.get("/api/search", params={"q": "", "limit": 100}).json()["hits"]
    for hit in hits:
        for shown in client.get(f"/api/works/{hit['id']}/holdings").json()["holdings"]:
            if shown["record"] == record and shown["key"] == key:
                return shown  # type: ignore[no-any-return]
    raise AssertionError(f"no copy {key} of {record}")


def state(client: TestClient, record: str, key: str, service: str = "loan") -> tuple[str, str]:
    found = next(s for s in holding(client, record, key)["services"] if s["service"] == service)
    return found["state"], found.get("how", "catalogue")


def test_a_pushed_state_shows_at_once(client: TestClient, key: str) -> None:
    assert state(client, "oai:city:1", "c-1") == ("available", "catalogue")
    item = {"record": "oai:city:1", "holding": "c-1", "state": "expected", "due": "2026-12-24"}
    report = put(client, key, [item]).json()
    assert report["results"] == ["stored"]
    assert report["received"] == report["stored"] == 1
    assert state(client, "oai:city:1", "c-1") == ("expected", "pushed")
    best = holding(client, "oai:city:1", "c-1")["best"]
    assert (best["state"], best["due"], best["checked_at"]) == ("expected", "2026-12-24", "2026-11-23T10:00:00Z")
    hit = client.get("/api/search?q=pride+and+prejudice&service=loan&institution=city").json()["hits"][0]
    assert hit["best"]["state"] == "expected"
    assert put(client, key, {"items": [item]}).json()["results"] == ["unchanged"]


def test_the_search_order_follows_a_push(client: TestClient, key: str) -> None:
    asked = {"q": "harbour stories", "institution": "city", "available": "true", "limit": "100"}
    before = client.get("/api/search", params=asked).json()["total"]
    put(client, key, [{"record": "oai:city:10", "state": "unavailable"}])
    assert client.get("/api/search", params=asked).json()["total"] == before - 1


def test_a_number_that_no_machine_holds_is_one_bad_item(client: TestClient, key: str) -> None:
    body = b'[{"record": "oai:city:2", "state": "limited"}, {"isbn": 1e999, "state": "available"}]'
    answer = client.put("/api/institutions/city/availability", content=body, headers={"Authorization": f"Bearer {key}"})
    report = answer.json()
    assert (answer.status_code, report["results"]) == (200, ["stored", "failed"])
    assert "out of range" in report["errors"][0]["detail"]


def test_a_partial_batch_says_what_failed(client: TestClient, key: str) -> None:
    items: list[Any] = [
        {"record": "oai:city:2", "state": "limited"},
        {"record": "oai:city:nothing", "state": "available"},
        {"isbn": "9780141439519", "state": "available"},
        {"record": "oai:city:2", "state": "gone"},
        {"record": "oai:city:2", "state": "available", "servcie": "loan"},
        {"record": "oai:city:1", "state": "available"},
        {"record": "oai:city:1", "branch": "HB", "state": "available"},
        {"record": "u1", "state": "available"},
        "text",
        {"record": "oai:city:2", "state": "available", "checked_at": "2026-11-23T10:20:00Z"},
        {"record": "oai:city:2", "state": "available", "checked_at": "2026-11-23T10:00:00"},
        {"record": "oai:city:2", "state": "available", "due": "soon"},
        {"record": "oai:city:2", "isbn": "9780141439587", "state": "available"},
        {"state": "available"},
        {"record": "oai:city:2", "holding": "h-999", "state": "available"},
    ]
    answer = put(client, key, items)
    assert answer.status_code == 200
    report = answer.json()
    good = [index for index, result in enumerate(report["results"]) if result == "stored"]
    assert good == [0, 6]
    assert report["received"] == 15 == report["stored"] + report["failed"]
    told = {error["index"]: error["detail"] for error in report["errors"]}
    assert set(told) == set(range(15)) - {0, 6}
    for index, words in {1: "no record", 2: "valid ISBN", 3: "one of available", 4: "servcie", 5: "branches"}.items():
        assert words in told[index]
    for index, words in {7: "nothing of 'city'", 9: "future", 10: "time zone", 11: "date", 12: "either"}.items():
        assert words in told[index]
    assert report["errors"][0]["pointer"] == "/1"


def test_a_batch_of_only_bad_items_is_refused(client: TestClient, key: str) -> None:
    answer = put(client, key, [{"record": "x", "state": "available"}, {}])
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/0", "/1"]


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"7", b'{"item": []}', b'{"items": 7}', b"\xff", b"[" * 5000])
def test_what_is_no_batch(client: TestClient, key: str, body: bytes) -> None:
    answer = put(client, key, body)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_an_empty_batch_is_fine(client: TestClient, key: str) -> None:
    assert put(client, key, []).json()["received"] == 0


def test_too_many_items(client: TestClient, key: str) -> None:
    answer = put(client, key, [{"record": "x", "state": "available"}] * (MOST_ITEMS + 1))
    assert answer.status_code == 422
    assert "10,000" in answer.json()["detail"]


def test_a_full_batch(client: TestClient, key: str) -> None:
    items = [{"record": f"oai:city:{10 + n % 20}", "state": "available"} for n in range(MOST_ITEMS)]
    report = put(client, key, items).json()
    assert report["received"] == MOST_ITEMS
    assert report["stored"] == 20
    assert report["unchanged"] == MOST_ITEMS - 20


def test_older_news_changes_nothing(client: TestClient, key: str) -> None:
    item = {"record": "oai:city:2", "state": "expected"}
    assert put(client, key, [item | {"checked_at": "2026-11-23T09:59:00Z"}]).json()["stored"] == 1
    late = item | {"state": "available", "checked_at": "2026-11-23T10:58:00+01:00"}
    assert put(client, key, [late]).json()["results"] == ["older"]
    assert state(client, "oai:city:2", "h-2") == ("expected", "pushed")


def test_by_isbn_at_the_own_institution_only(client: TestClient, key: str) -> None:
    report = put(client, key, [{"isbn": "0-14-143951-3", "branch": "harbour", "state": "available"}]).json()
    assert report["results"] == ["stored"], report
    assert state(client, "oai:city:1", "h-1") == ("available", "pushed")
    assert state(client, "u1", "u-1") == ("unavailable", "catalogue")


def test_who_may_write(client: TestClient, key: str, federation: Any) -> None:
    item = [{"record": "oai:city:2", "state": "available"}]
    for header in ({}, {"Authorization": "Basic abc"}, {"Authorization": f"Bearer {key}x"}, {"Authorization": key}):
        answer = client.put(ADDRESS.format("city"), json=item, headers=header)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert key not in answer.text
    assert put(client, key, item, "university").status_code == 403
    assert put(client, key, item, "unheard-of").status_code == 403
    assert put(client, key, item, "harbour").json()["stored"] == 1
    with federation.context.database.begin() as connection:
        branch_key = api_keys.create(connection, "harbour")
        api_keys.revoke(connection, api_keys.find(connection, key).id)  # type: ignore[union-attr]
    assert put(client, branch_key, item, "city").status_code == 403
    assert put(client, key, item).status_code == 401


def test_a_key_remembers_its_use(client: TestClient, key: str, federation: Any) -> None:
    put(client, key, [])
    with federation.context.database.connect() as connection:
        assert api_keys.all_keys(connection)[0].last_used_at


def test_other_processes_see_it_within_a_second(client: TestClient, key: str, federation: Any) -> None:
    other = open_context(federation.settings, clock=lambda: federation.now)
    with TestClient(create_app(other)) as elsewhere:
        assert state(elsewhere, "oai:city:2", "h-2")[0] == "available"
        put(client, key, [{"record": "oai:city:2", "state": "unavailable"}])
        other.refresh()  # what the poll does four times a second
        assert state(elsewhere, "oai:city:2", "h-2") == ("unavailable", "pushed")
        asked = "/api/search?q=emma&service=loan&institution=city"
        assert elsewhere.get(asked).json()["hits"][0]["best"]["state"] == "unavailable"
    other.close()


def test_a_pushed_state_grows_old(client: TestClient, key: str, federation: Any) -> None:
    put(client, key, [{"record": "oai:city:2", "state": "available"}])
    federation.now += timedelta(days=40)
    best = holding(client, "oai:city:2", "h-2")["best"]
    assert best["state"] == "unknown"
    assert "ago" in best["reason"]


simple = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
json_values = st.recursive(simple, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
fields = st.sampled_from(("record", "source", "isbn", "holding", "branch", "service", "state", "due", "checked_at"))


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(st.dictionaries(fields, json_values, max_size=5) | json_values, max_size=5))
def test_no_batch_breaks_it(client: TestClient, key: str, items: list[Any]) -> None:
    answer = put(client, key, items)
    assert answer.status_code in (200, 422)


def run(federation: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setenv("LAMPWAY_HOME", str(federation.settings.home))
    return CliRunner().invoke(command.app, ["import", *arguments, "--json"])


def test_a_file_of_states(federation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "shelf.csv"
    table.write_text(
        "\ufeffRecord,holding,state,service,due,checked_at\n"
        "oai:city:1,c-1,expected,loan,2026-12-05,2026-11-23T09:00:00Z\n"
        "oai:city:2,,available,,,\n"
        "oai:city:99,,available,,,\n"
        "oai:city:2,,perhaps,,,\n",
        "utf-8",
    )
    done = run(federation, monkeypatch, str(table), "--institution", "city")
    assert done.exit_code == 3, done.output
    report = json.loads(done.stdout)
    assert (report["received"], report["stored"], report["failed"]) == (4, 2, 2)
    assert [error["index"] for error in report["errors"]] == [2, 3]
    with TestClient(create_app(federation.context)) as client:
        federation.context.refresh()
        assert state(client, "oai:city:1", "c-1") == ("expected", "file")

    lines = tmp_path / "shelf.jsonl"
    lines.write_text('{"isbn": "9780141439587", "state": "limited"}\n\n', "utf-8")
    done = run(federation, monkeypatch, str(lines), "--institution", "city")
    assert (done.exit_code, json.loads(done.stdout)["stored"]) == (0, 1)


@pytest.mark.parametrize(
    ("name", "content", "institution", "words"),
    [
        ("a.jsonl", b"{", "city", "cannot be read"),
        ("a.csv", b"record,state\n\xff\xfe,available\n", "city", "cannot be read"),
        ("a.csv", b"record,state\n", "nowhere", "no institution 'nowhere'"),
    ],
)
def test_files_that_cannot_be_used(
    federation: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    institution: str,
    words: str,
) -> None:
    (tmp_path / name).write_bytes(content)
    done = run(federation, monkeypatch, str(tmp_path / name), "--institution", institution)
    assert done.exit_code == 2
    assert words in done.output
