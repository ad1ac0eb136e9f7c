"""Places that the registry does not know, against a real server that speaks Nominatim's JSON, well and badly."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from config.settings import SettingsError, load_settings
from schemas.query import Point
from search_api import geocoder as module
from search_api.app import create_app
from search_api.geocoder import KEPT_S, LONGEST_TEXT, PAUSE_S, REST_S, TIME_BOX_S, Geocoder, PlaceServiceError
from search_api.problems import BadParameterError
from search_api.understand import understand

DURHAM = {"place_id": 1, "lat": "54.7753", "lon": "-1.5849", "display_name": "Durham,\nEngland", "importance": 0.6}


class Places:
    """A place service that knows Durham, until it is told to answer otherwise."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status, self.headers, self.body, self.stall = 200, {}, None, 0.0
        self.over = threading.Event()
        places = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                places.asked.append({"path": parts.path, "agent": self.headers["User-Agent"], **query})
                known = [DURHAM] if query["q"].lower().startswith(("durham", "10115")) else []
                data = json.dumps(known).encode() if places.body is None else places.body
                self.send_response(places.status)
                for name, value in {"Content-Length": str(len(data)), **places.headers}.items():
                    self.send_header(name, value)
                if places.stall:
                    self.trickle(b"X-Slow: ")
                    return
                self.end_headers()
                self.wfile.write(data)

            def trickle(self, data: bytes) -> None:
                """A header byte by byte, so that no time-out of a socket ends it."""
                self.flush_headers()
                while not places.over.wait(places.stall):
                    try:
                        self.wfile.write(data[:1])
                    except OSError:
                        return

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/nominatim"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Clock:
    now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def places() -> Iterator[Places]:
    running = Places()
    yield running
    running.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def geocoder(places: Places, clock: Clock) -> Geocoder:
    url = load_settings(geocoder=places.url + "/", _env_file=None).geocoder
    return Geocoder(url, contact="a@b.org", clock=clock, sleep=clock.sleep)


@pytest.fixture
def ask(federation: Any, geocoder: Geocoder) -> Callable[..., Any]:
    federation.context.geocoder = geocoder
    return lambda near, lang="en": understand(federation.context, {"near": [near]}, lang)


def refused(ask: Callable[..., Any], near: str, lang: str = "en") -> str:
    with pytest.raises(BadParameterError) as caught:
        ask(near, lang)
    assert caught.value.parameter == "near"
    return caught.value.message


def test_a_place_is_found_and_its_source_told(federation: Any, ask: Any, places: Places) -> None:
    request = ask("Durham", "zh")
    assert (request.near, request.near_name) == (Point(54.7753, -1.5849), "Durham, England")
    assert request.near_source == "geocoder"
    (asked,) = places.asked
    assert (asked["path"], asked["q"], asked["accept-language"]) == ("/nominatim/search", "Durham", "zh")
    assert asked["agent"].startswith("Lampway/")
    assert "a@b.org" in asked["agent"]
    with TestClient(create_app(federation.context)) as client:
        assert client.get("/api/search", params={"near": "Durham"}).json()["query"]["near"] == {
            "lat": 54.7753, "lon": -1.5849, "name": "Durham, England", "source": "geocoder",
            "attribution": "© OpenStreetMap contributors",
        }  # fmt: skip
        assert "source" not in client.get("/api/search", params={"near": "Aldport"}).json()["query"]["near"]


def test_only_what_the_registry_does_not_know_is_asked(ask: Any, places: Places) -> None:
    assert [ask(near).near_source for near in ("Aldport", "54.97,-1.61", "museum")] == ["", "", ""]
    assert "latitude" in refused(ask, "91,0")
    assert "is known" in refused(ask, "x" * (LONGEST_TEXT + 1))
    assert places.asked == []
    assert ask("10115").near_source == "geocoder"


def test_a_place_nobody_knows(ask: Any, places: Places) -> None:
    told = refused(ask, "Nowhereville")
    assert "no place 'Nowhereville' is known" in told
    assert "did not answer" not in told
    assert len(places.asked) == 1


def test_answers_and_misses_are_kept_for_a_day(
    geocoder: Geocoder, places: Places, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("Durham", " durham ", "Nowhere", "nowhere"):
        geocoder.find(text, "en")
    assert [asked["q"] for asked in places.asked] == ["Durham", "Nowhere"]
    geocoder.find("Durham", "zh")
    assert len(places.asked) == 3
    clock.now += KEPT_S + 1
    assert geocoder.find("Durham", "en") is not None
    assert len(places.asked) == 4
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    geocoder.find("Elsewhere", "en")
    geocoder.find("Durham", "en")
    assert len(places.asked) == 5
    geocoder.find("Nowhere", "en")
    assert len(places.asked) == 6


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {}, b"<html>"),
        (200, {}, b"\xff\xfe"),
        (200, {}, b"null"),
        (200, {}, b'{"error": "no"}'),
        (200, {}, b'["Durham"]'),
        (200, {}, b'[{"display_name": "no position"}]'),
        (200, {}, b'[{"lat": "nan", "lon": "0"}]'),
        (200, {}, b'[{"lat": "91", "lon": "0"}]'),
        (200, {}, b'[{"lat": {}, "lon": []}]'),
        (200, {}, b"[" + b" " * 300_000 + b"]"),
        (200, {"Content-Encoding": "gzip"}, b"not gzip"),
        (200, {"No colon\r\n": ""}, b"["),
        (302, {"Location": "/nominatim/search?q=Durham"}, b""),
        (429, {}, b"[]"),
        (500, {}, b"Durham 12 High Street"),
    ],
)
def test_rubbish_is_no_answer(
    ask: Any, places: Places, caplog: pytest.LogCaptureFixture, status: int, headers: dict[str, str], body: bytes
) -> None:
    places.status, places.headers, places.body = status, headers, body
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        told = refused(ask, "Durham 12 High Street")
    assert "no place 'Durham 12 High Street' is known" in told
    assert "did not answer" in told
    assert len(places.asked) == 1
    assert [line["event"] for line in logs] == ["place service failed"]
    assert "High" not in str(logs) + caplog.text


def test_a_failure_is_told_in_chinese_and_not_kept(ask: Any, places: Places) -> None:
    places.status = 500
    assert "没有应答" in refused(ask, "Durham", "zh")
    places.status = 200
    assert ask("Durham").near_source == "geocoder"


def test_a_server_that_never_ends_its_headers_is_given_up(
    ask: Any, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TIME_BOX_S == 2
    monkeypatch.setattr(module, "TIME_BOX_S", 0.3)
    places.stall = 0.05
    assert "did not answer" in refused(ask, "Durham")  # ends although the server still sends
    assert not places.over.is_set()
    assert len(places.asked) == 1


def test_nobody_listens(clock: Clock) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = server.server_address[1]
    server.server_close()
    with pytest.raises(PlaceServiceError):
        Geocoder(f"http://127.0.0.1:{port}", clock=clock).find("Durham", "en")


def test_a_failing_service_is_left_alone_for_a_minute(geocoder: Geocoder, places: Places, clock: Clock) -> None:
    places.status = 503
    for _ in range(5):
        with pytest.raises(PlaceServiceError):
            geocoder.find("Durham", "en")
    assert len(places.asked) == 3
    clock.now += REST_S - 1
    with pytest.raises(PlaceServiceError):
        geocoder.find("Durham", "en")
    assert len(places.asked) == 3
    clock.now += 2
    places.status = 200
    assert geocoder.find("Durham", "en") is not None


def test_requests_keep_their_distance_and_a_crowd_is_refused(places: Places, clock: Clock) -> None:
    waits: list[float] = []
    patient = Geocoder(places.url, clock=clock, sleep=waits.append)
    patient.find("Durham 1", "en")
    patient.find("Durham 2", "en")
    assert waits == [0, PAUSE_S]
    with pytest.raises(PlaceServiceError, match="too many"):
        patient.find("Durham 3", "en")
    assert patient.find("Durham 1", "en") is not None
    assert len(places.asked) == 2
    clock.now += PAUSE_S
    patient.find("Durham 3", "en")
    assert waits == [0, PAUSE_S, PAUSE_S]


@pytest.mark.parametrize(
    "url",
    [
        "places.example",
        "ftp://places.example",
        "http://",
        "http://me:pw@places.example",
        "http://a.b/?q=",
        "http://a b",
    ],
)
def test_a_setting_that_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="LAMPWAY_GEOCODER"):
        load_settings(geocoder=url, _env_file=None)


def test_the_service_of_the_settings_is_opened(federation: Any, places: Places) -> None:
    from search_api.context import open_context

    assert federation.context.geocoder is None
    context = open_context(federation.settings.model_copy(update={"geocoder": places.url}))
    try:
        assert understand(context, {"near": ["Durham"]}, "en").near == Point(54.7753, -1.5849)
        assert "lampway.example" in places.asked[0]["agent"]
    finally:
        context.close()
    for url in ("http://[::1]:8080", "https://places.example/nominatim/"):
        assert load_settings(geocoder=url, _env_file=None).geocoder == url.rstrip("/")


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Place found for Durham, England: "), ("zh", "地点“Durham, England”")]
)
def test_whom_the_place_service_wants_named_is_named_everywhere(
    federation: Any, ask: Any, lang: str, words: str
) -> None:
    assert ask("Durham").near_attribution == "© OpenStreetMap contributors"
    with TestClient(create_app(federation.context)) as client:
        there, known = {"near": "Durham", "lang": lang}, {"near": "Aldport", "lang": lang}
        work = client.get("/api/search", params={"q": "pride"}).json()["hits"][0]["id"]
        for address in ("/search", f"/works/{work}"):
            credit = '<p class="soft small credit">' + words
            assert credit in client.get(address, params=there).text
            assert '<p class="soft small credit">' not in client.get(address, params=known).text
        for address in ("institutions", "institutions/city", f"works/{work}", f"works/{work}/holdings", "nearby"):
            asked = {"title": "pride"} if address == "nearby" else {}
            told = client.get(f"/api/{address}", params=there | asked).json()["warnings"]
            assert any(line.startswith(words) and "OpenStreetMap" in line for line in told), address
            assert client.get(f"/api/{address}", params=known | asked).json().get("warnings", []) == []


def test_an_operator_may_name_another_or_nobody(federation: Any, ask: Any) -> None:
    for name in ("Town survey", ""):
        federation.context.settings = federation.settings.model_copy(update={"geocoder_attribution": name})
        assert ask("Durham").near_attribution == name
        assert ask("Aldport").near_attribution == ""
