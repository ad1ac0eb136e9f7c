"""Live look-ups, against real servers on loopback that speak DAIA 1.0 and Koha's REST API, well and badly."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from fastapi.testclient import TestClient

from config.settings import Settings
from lampway.commands.serve import live_fetch
from schemas.catalogue import CatalogueRecord, Holding
from schemas.institution import Institution
from search_api.app import create_app
from search_api.availability.circuit import FAILURES, FIRST_REST_S, PER_MINUTE, Circuits
from search_api.availability.live import LiveLookups, Question, is_robot
from search_api.metrics import Metrics
from store import availability, records, works
from store.availability import Fact
from store.database import Database
from store.holdings import place
from store.institutions import Resolver, all_institutions, upsert

Answer = Callable[[str, dict[str, list[str]]], tuple[int, Any]]


class System:
    """A library system on a loopback port that answers as a function says."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[str] = []
        system = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                system.asked.append(self.path)
                status, body = answer(parts.path, parse_qs(parts.query))
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def system() -> Iterator[Callable[[Answer], System]]:
    running: list[System] = []

    def start(answer: Answer) -> System:
        running.append(System(answer))
        return running[-1]

    yield start
    for one in running:
        one.close()


class Desk:
    """A store with one work at a library with two branches, and the look-ups over it."""

    def __init__(
        self, database: Database, settings: Settings, stock: Callable[..., None], live: dict[str, str]
    ) -> None:
        self.database = database
        town = [
            Institution(id="main", name="Main Library", kind="library", live=live, aliases=["MAIN"]),
            Institution(id="quay", name="Quay Branch", kind="library", parent="main", aliases=["QY"]),
        ]
        row = CatalogueRecord(
            source="shelf",
            record="oai:town:77",
            title="Tides",
            holdings=[
                Holding(key="bar-1", call_number="A 1"),
                Holding(key="bar-2", call_number="A 1", branch="QY"),
            ],
        )
        stock(town, [row])
        with database.connect() as connection:
            self.resolver = Resolver(all_institutions(connection))
            (work,) = works.by_numbers(connection, [1]).values()
            found = records.with_sources(connection, [id_ for e in work.editions for id_ in e.record_ids])
            self.copies = place(work, found, self.resolver)
            self.home = all_institutions(connection)[0]
        self.metrics = Metrics()
        self.lookups = LiveLookups(database, live_fetch(settings), self.metrics, time_box=0.7)

    def ask(self, record: str = "oai:town:77") -> bool:
        question = Question(institution=self.home, copies={record: self.copies})
        return asyncio.run(self.lookups.ask([question], self.resolver))

    def facts(self) -> dict[tuple[int, str, str], Fact]:
        with self.database.connect() as connection:
            found = availability.of_records(connection, [self.copies[0].record_id])
        return {(f.institution, f.holding, f.service): f for rows in found.values() for f in rows}

    def counted(self, outcome: str) -> bool:
        return f'lampway_live_lookups_total{{outcome="{outcome}"}}' in self.metrics.exposition().decode()


@pytest.fixture
def desk(database: Database, settings: Settings, stock: Callable[..., None]) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def build(**live: str) -> Desk:
        made.append(Desk(database, settings, stock, live))
        return made[-1]

    yield build
    for one in made:
        one.lookups.close()


def daia(*items: dict[str, Any]) -> dict[str, Any]:
    return {"document": [{"id": "http://town.example/doc/77", "requested": "town:77", "item": list(items)}]}


def test_daia_by_department_label_and_limitation(desk: Callable[..., Desk], system: Callable[..., System]) -> None:
    def answer(path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        assert query == {"id": ["town:77"], "format": ["json"]}
        return 200, daia(
            {
                "id": "bar-1",
                "label": "A 1",
                "available": [{"service": "http://purl.org/ontology/dso#Presentation"}],
                "unavailable": [{"service": "loan", "expected": "2026-12-03T10:00:00Z", "queue": 2}],
            },
            {
                "department": {"id": "http://town.example/quay", "content": "Quay Branch"},
                "available": [
                    {"service": "loan", "limitation": [{"id": "http://purl.org/ontology/dso#ShortLoan"}]},
                    {"service": "teleportation"},
                ],
            },
        )

    library = desk(adapter="daia", url=system(answer).url, id="town:{local}")
    assert library.ask() is True
    facts = library.facts()
    assert {key: (f.state, f.due, f.how) for key, f in facts.items()} == {
        (1, "bar-1", "on_site"): ("available", "", "live"),
        (1, "bar-1", "loan"): ("expected", "2026-12-03", "live"),
        (2, "", "loan"): ("limited", "", "live"),
    }


def test_koha_items_of_two_branches(desk: Callable[..., Desk], system: Callable[..., System]) -> None:
    def answer(path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        assert path == "/api/v1/public/biblios/77/items"
        base = {"home_library_id": "MAIN", "holding_library_id": "MAIN", "checked_out_date": None, "lost_status": 0}
        return 200, [
            base | {"item_id": 1, "external_id": "bar-1", "callnumber": "A 1", "effective_not_for_loan_status": 1},
            base | {"item_id": 2, "external_id": "x", "holding_library_id": "QY", "checked_out_date": "2026-11-01"},
            base | {"item_id": 3, "external_id": "y", "holding_library_id": "QY", "withdrawn": 1, "unheard_of": {}},
        ]

    library = desk(adapter="koha", url=system(answer).url + "/api/v1/")
    assert library.ask() is True
    assert {key: f.state for key, f in library.facts().items()} == {
        (1, "bar-1", "loan"): "unavailable",
        (1, "bar-1", "on_site"): "available",
        (2, "", "loan"): "expected",
        (2, "", "on_site"): "expected",
    }


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {}),
        (404, {}),
        (200, b"<html>maintenance</html>"),
        (200, {"document": "none"}),
        (200, {"error": "no"}),
        (200, b"[" * 200_000),
        (200, b"\xff\xfe"),
        (200, b"x" * 3_000_000),
    ],
)
def test_a_broken_system_changes_nothing_and_is_left_alone(
    desk: Callable[..., Desk], system: Callable[..., System], status: int, body: Any
) -> None:
    server = system(lambda path, query: (status, body))
    library = desk(adapter="daia", url=server.url)
    for n in range(FAILURES + 4):
        assert library.ask(f"{n}") is False
    assert len(server.asked) == FAILURES
    assert library.facts() == {}
    assert library.counted("failed")
    assert library.counted("refused")


def test_a_slow_system_costs_the_time_box_and_its_answer_is_kept(
    desk: Callable[..., Desk], system: Callable[..., System]
) -> None:
    ready = threading.Event()

    def answer(path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        ready.wait(2.5)
        return 200, daia({"id": "bar-1", "available": [{"service": "loan"}]})

    library = desk(adapter="daia", url=system(answer).url, id="town:{local}")
    assert library.ask() is False
    assert library.counted("late")
    ready.set()
    deadline = time.monotonic() + 10
    while not library.facts() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [f.state for f in library.facts().values()] == ["available"]


def test_the_same_question_is_asked_once(desk: Callable[..., Desk], system: Callable[..., System]) -> None:
    gate = threading.Event()

    def answer(path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        gate.wait(5)
        return 200, daia({"id": "bar-1", "available": [{"service": "loan"}]})

    server = system(answer)
    library = desk(adapter="daia", url=server.url, id="town:{local}")

    async def many() -> list[bool]:
        question = Question(institution=library.home, copies={"oai:town:77": library.copies})
        asking = [asyncio.create_task(library.lookups.ask([question], library.resolver)) for _ in range(10)]
        await asyncio.sleep(0.1)
        gate.set()
        return await asyncio.gather(*asking)

    assert asyncio.run(many()) == [True] * 10
    assert library.ask() is False  # just asked: the store knows
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("adapter", "record"), [("koha", "not-a-number"), ("abacus", "77"), ("", "77"), ("daia", "a|b")]
)
def test_only_what_may_be_asked_is_asked(
    desk: Callable[..., Desk], system: Callable[..., System], adapter: str, record: str
) -> None:
    server = system(lambda path, query: (200, []))
    assert desk(adapter=adapter, url=server.url).ask(record) is False
    assert server.asked == []


def test_a_private_address_is_refused_unless_allowed(
    database: Database, settings: Settings, stock: Callable[..., None], system: Callable[..., System]
) -> None:
    server = system(lambda path, query: (200, daia()))
    closed = settings.model_copy(update={"fetch_allow": ()})
    library = Desk(database, closed, stock, {"adapter": "daia", "url": server.url})
    assert library.ask() is False
    assert library.counted("failed")
    assert server.asked == []
    library.lookups.close()


def test_the_breaker_lets_one_try_after_a_rest() -> None:
    now = [0.0]
    circuits = Circuits(clock=lambda: now[0])
    for _ in range(FAILURES):
        assert circuits.may_ask("a")
        circuits.failed("a")
    assert not circuits.may_ask("a")
    assert circuits.may_ask("b")
    now[0] += FIRST_REST_S
    assert circuits.may_ask("a")
    assert not circuits.may_ask("a")
    circuits.failed("a")
    now[0] += FIRST_REST_S
    assert not circuits.may_ask("a")  # it rests twice as long now
    now[0] += FIRST_REST_S
    assert circuits.may_ask("a")
    circuits.succeeded("a")
    assert circuits.may_ask("a")


def test_each_institution_has_a_budget() -> None:
    now = [0.0]
    circuits = Circuits(clock=lambda: now[0])
    assert [circuits.may_ask("a") for _ in range(PER_MINUTE + 1)].count(True) == PER_MINUTE
    now[0] += 60
    assert circuits.may_ask("a")


@pytest.mark.parametrize(
    ("agent", "robot"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", True),
        ("facebookexternalhit/1.1", True),
        ("curl/8.5.0", False),
        ("", True),
        ("ia_archiver", True),
        ("Cubot P80 Mobile Safari", False),
    ],
)
def test_robots(agent: str, robot: bool) -> None:
    assert is_robot(agent) is robot


def test_a_look_at_a_work_asks_and_a_search_never_does(federation: Any, system: Callable[[Answer], System]) -> None:
    server = system(lambda path, query: (200, [{"item_id": 7, "external_id": "u-1", "lost_status": 1}]))
    with federation.context.database.begin() as connection:
        (place_,) = [row for row in all_institutions(connection) if row.id == "university"]
        live = {"adapter": "koha", "url": server.url, "id": "17"}
        upsert(connection, [msgspec.structs.replace(place_, live=live)])
    federation.now = datetime.now(UTC)
    federation.context.refresh()
    app = create_app(federation.context, live_fetch(federation.settings))
    person = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    with TestClient(app, headers=person) as client:
        work = client.get("/api/search?q=pride+and+prejudice").json()["hits"][0]["id"]
        client.get("/api/nearby?isbn=9780141439518")
        for robot in ("Googlebot/2.1", ""):
            client.get(f"/api/works/{work}", headers={"User-Agent": robot})
        assert server.asked == []
        holdings = client.get(f"/api/works/{work}/holdings").json()["holdings"]
        assert server.asked == ["/public/biblios/17/items?_per_page=100"]
        states = {s["service"]: (s["state"], s["how"]) for h in holdings if h["key"] == "u-1" for s in h["services"]}
        assert states == {"loan": ("unavailable", "live"), "on_site": ("unavailable", "live")}
        asked = "/api/search?q=pride+and+prejudice&institution=university"
        assert client.get(asked).json()["hits"][0]["best"]["state"] == "unavailable"
        client.get(f"/api/works/{work}")
        assert len(server.asked) == 1
        assert client.get("/api/works/w0").status_code == 404
