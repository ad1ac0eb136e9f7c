"""Why records are together, and decisions about it, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from config.load import load_yaml
from indexer.update import update
from lampway.merging import StoreMerges
from search_api.app import create_app
from search_api.messages import LANGUAGES, catalogue
from store import api_keys, audit, works
from store.leases import held

UNKNOWN = {"source": "city-oai", "record": "nothing"}


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    app = create_app(federation.context, merging=StoreMerges(federation.context.database))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def writer(federation: Any) -> dict[str, str]:
    with federation.context.database.begin() as connection:
        key = api_keys.create(connection, "city", scope="merges:write", label="cataloguing")
    return {"Authorization": f"Bearer {key}"}


def pride(client: TestClient) -> dict[str, Any]:
    """The explanation of a work of two libraries."""
    hit = client.get("/api/search", params={"q": "pride and prejudice"}).json()["hits"][0]
    answer = client.get(f"/api/works/{hit['id']}/merge")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def ref(record: dict[str, Any]) -> dict[str, str]:
    return {"source": record["source"], "record": record["record"]}


def test_a_work_tells_why_its_records_are_together(client: TestClient) -> None:
    found = pride(client)
    assert found["total"] == len(found["records"]) == 2
    assert {record["source"] for record in found["records"]} == {"city-oai", "uni-marc"}
    [link] = found["links"]
    assert (link["one"], link["other"], link["level"]) == (0, 1, "edition")
    assert link["verdict"] in ("same", "unsure")
    assert {reason["name"] for reason in link["reasons"]} >= {"creator-same"}
    assert all(reason["words"] for reason in link["reasons"])
    assert link["words"]
    told = {one["field"]: one for one in found["provenance"]}
    assert told["title"]["value"] == found["title"] == "Pride and prejudice"
    assert len(told["title"]["records"]) == 2
    assert found["decisions"] == found["apart"] == found["warnings"] == []
    assert "holdings" not in found["records"][0]["description"]
    chinese = client.get(f"/api/works/{found['work']}/merge", params={"lang": "zh", "colour": "red"}).json()
    assert chinese["links"][0]["words"] != link["words"]
    assert any("colour" in warning for warning in chinese["warnings"])
    assert client.get("/api/works/nothing/merge").status_code == 404


def test_a_split_parts_them_at_once_and_undoing_it_redirects(
    client: TestClient, writer: dict[str, str], federation: Any
) -> None:
    before = pride(client)
    one, other = (ref(record) for record in before["records"])
    body = {"kind": "split", "level": "work", "records": [other], "reason": "the film"}
    made = client.post("/api/merges", json=body, headers=writer)
    assert made.status_code == 200, made.text
    decided = made.json()
    assert decided["applied"]
    assert len(decided["works"]) == 2
    assert decided["decision"]["others"] == [one]
    assert decided["decision"]["author"] == "city (cataloguing)"
    left = client.get(f"/api/works/{before['work']}").json()
    assert left["holdings_count"] in (1, 2)
    [gone] = set(decided["works"]) - {before["work"]}
    apart = client.get(f"/api/works/{gone}/merge").json()
    assert [record["work"] for record in apart["records"]] == [gone]
    assert apart["decisions"][0]["reason"] == "the film"
    undone = client.delete(f"/api/merges/{decided['decision']['id']}", headers=writer)
    assert undone.status_code == 200, undone.text
    assert undone.json()["decision"]["revoked_by"] == "city (cataloguing)"
    assert undone.json()["works"] == [before["work"]]
    for suffix in ("", "/merge", "/holdings"):
        moved = client.get(f"/api/works/{gone}{suffix}")
        assert moved.status_code == 308
        assert moved.headers["location"].endswith(f"/api/works/{before['work']}{suffix}")
    history = client.get("/api/merges").json()["decisions"]
    assert [one["kind"] for one in history] == ["split"]
    assert history[0]["revoked_at"]
    with federation.context.database.connect() as connection:
        lines = [(line.action, line.actor[:4], line.thing) for line in audit.read(connection, limit=2)]
    thing = f"decision:{decided['decision']['id']}"
    assert lines == [("merges.undo", "key:", thing), ("merges.decide", "key:", thing)]
    again = client.delete(f"/api/merges/{decided['decision']['id']}", headers=writer)
    assert again.status_code == 422
    assert "undone" in again.json()["detail"]


def test_joined_works_are_one_hit_after_the_next_index_run(
    client: TestClient, writer: dict[str, str], federation: Any
) -> None:
    emma = client.get("/api/search", params={"q": "emma"}).json()["hits"][0]["id"]
    records = client.get(f"/api/works/{emma}/merge").json()["records"]
    found = pride(client)
    body = {"kind": "join", "level": "work", "records": [ref(records[0]), ref(found["records"][0])]}
    with held(federation.context.database, "index"):  # somebody is indexing: it is noted and counts later
        waiting = client.post("/api/merges", json=body, headers=writer).json()
    assert not waiting["applied"]
    assert len(waiting["works"]) == 2
    context = federation.context
    update(context.database, context.engine, context.settings)
    context.refresh()
    hits = client.get("/api/search", params={"q": "emma"}).json()["hits"]
    assert hits[0]["id"] in (emma, found["work"])
    one = client.get(f"/api/works/{hits[0]['id']}/merge").json()
    assert {link["how"] for link in one["links"]} >= {"decision"}
    assert len({record["edition"] for record in one["records"]}) > 1
    # each copy once
    with context.database.connect() as connection:
        work = works.get(connection, hits[0]["id"])
    assert hits[0]["holdings_count"] == client.get(f"/api/works/{work.id}").json()["holdings_count"]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"kind": "join", "records": [UNKNOWN] * 2}, 422, "two different"),
        ({"kind": "join", "records": [UNKNOWN, {"source": "b", "record": "2"}]}, 422, "no record city-oai/nothing"),
        ({"kind": "marry", "records": []}, 422, "join, split, never"),
        ({"kind": "split", "records": []}, 422, "leave"),
        ([], 422, "object"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_told(
    client: TestClient, writer: dict[str, str], body: Any, status: int, word: str
) -> None:
    answer = client.post("/api/merges", json=body, headers=writer)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]


def test_deciding_needs_a_key_with_the_scope(client: TestClient, federation: Any) -> None:
    assert client.post("/api/merges", json={}).status_code == 401
    with federation.context.database.begin() as connection:
        other = {"Authorization": f"Bearer {api_keys.create(connection, 'city')}"}
    for answer in (client.post("/api/merges", json={}, headers=other), client.delete("/api/merges/1", headers=other)):
        assert answer.status_code == 403
        assert "merges:write" in answer.json()["detail"]


def test_without_merging_the_addresses_say_so(federation: Any) -> None:
    with TestClient(create_app(federation.context)) as client:
        assert client.get("/api/works/x/merge").status_code == 404


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_piece_of_evidence_has_words(lang: str) -> None:
    for name in load_yaml("merging.yaml")["points"]:
        assert f"merging.reason_{name}" in catalogue(lang)
