"""A database that is locked or away is told as what it is: 503, when to come back, in words on pages."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy.pool import QueuePool

from search_api import context as watching
from search_api.app import create_app
from store import api_keys, sqlite

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), raise_server_exceptions=False) as client:
        yield client


def told(answer: Any) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    body = answer.json()
    assert body["type"].endswith("/api/problems/store-unavailable")
    assert int(answer.headers["retry-after"]) == body["retry_after"] > 0
    assert "lampway.db" not in answer.text, "what is inside stays inside"


@contextmanager
def taken_away(federation: Any) -> Iterator[None]:
    """The file is gone, and what stands at its place is no database."""
    database, file = federation.context.database, federation.settings.home / "lampway.db"
    database.engine.dispose()
    kept = file.rename(file.with_suffix(".kept"))
    for left in file.parent.glob("lampway.db-*"):
        left.unlink()
    file.mkdir()
    yield
    database.engine.dispose()
    file.rmdir()
    kept.rename(file)


@pytest.fixture
def away(federation: Any) -> Iterator[None]:
    with taken_away(federation):
        yield


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("address", ["search?q=pride", "works/x", "institutions", "nearby?isbn=9780141439518"])
def test_the_api_says_when_to_come_back(client: TestClient, address: str) -> None:
    told(client.get(f"/api/{address}"))


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(("lang", "words"), [("en", "The database is busy or not reachable"), ("zh", "数据库繁忙")])
@pytest.mark.parametrize("address", ["/", "/search?q=pride", "/works/x", "/institutions", "/institutions/city"])
def test_pages_say_so_in_words(client: TestClient, address: str, lang: str, words: str) -> None:
    page = client.get(address, headers=BROWSER | {"Accept-Language": lang})
    assert page.status_code == 503
    assert int(page.headers["retry-after"]) > 0
    assert words in page.text


@pytest.mark.usefixtures("away")
def test_health_says_what_is_away(client: TestClient) -> None:
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert (answer.json()["ok"], answer.json()["message"]) == (False, "the database does not answer now")


def test_writes_that_find_it_locked(federation: Any, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    database = federation.context.database
    with database.begin() as connection:
        key = api_keys.create(connection, "city", scope=api_keys.INSTITUTION_WRITE)
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0)
    database.engine.dispose()  # new connections wait no longer than that
    other = sqlite3.connect(federation.settings.home / "lampway.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        headers = {"Authorization": f"Bearer {key}"}
        told(client.patch("/api/institutions/city", json={"phone": "1"}, headers=headers))
        assert client.get("/api/search?q=pride").status_code == 200, "who reads does not wait for who writes"
        other.execute("ROLLBACK")
        assert client.patch("/api/institutions/city", json={"phone": "1"}, headers=headers).status_code == 200
    finally:
        other.close()


def test_when_all_connections_are_taken(federation: Any, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    database = federation.context.database
    pool = QueuePool(database.engine.pool._creator, pool_size=1, max_overflow=0, timeout=0.05)
    monkeypatch.setattr(database.engine, "pool", pool)
    with database.connect():
        told(client.get("/api/works/x"))
    pool.dispose()
    assert client.get("/api/works/x").status_code == 404


def test_the_watch_tells_an_outage_when_it_begins_and_when_it_ends(
    federation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, looked, still, away = federation.context, threading.Semaphore(0), threading.Lock(), ExitStack()
    refresh = context.refresh

    def counted() -> None:
        looked.release()
        with still:  # one that looks while the file is moved would make an empty one in its place
            refresh()

    def looks() -> None:
        for _ in range(5):
            assert looked.acquire(timeout=30)

    monkeypatch.setattr(watching, "POLL_S", 0.01)
    monkeypatch.setattr(context, "refresh", counted)
    with structlog.testing.capture_logs() as told:
        context.watch()
        looks()
        assert told == []
        with still:
            away.enter_context(taken_away(federation))
        looks()
        looks()
        with still:
            away.close()
        looks()
        looks()
        context.close()
    events = [line["event"].split(";")[0] for line in told]
    assert events == ["changes cannot be read", "changes are read again"]
