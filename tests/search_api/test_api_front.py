"""What holds for every address: methods, headers, limits, errors, and what the log keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
import structlog
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.base import EngineUnavailableError
from search_api import access_log
from search_api.app import create_app
from search_api.headers import ResponseHeaders
from search_api.rate_limit import MOST_CLIENTS, RateLimiter
from store.database import StoreUnavailableError

STRANGER = ("203.0.113.9", 50000)
READS = [
    "/api/search?q=harbour",
    "/api/suggest?q=harb",
    "/api/nearby?isbn=9780141439518",
    "/api/institutions",
    "/api/institutions/city",
    "/api/health",
    "/metrics",
    "/api/docs",
    "/api/openapi.json",
    "/api/problems/not-found",
]


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), client=STRANGER, raise_server_exceptions=False) as client:
        yield client


def problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"] == f"https://lampway.example/api/problems/{kind}"
    assert body["title"]
    assert body["instance"] == response.request.url.path
    return body


@pytest.mark.parametrize("address", READS)
def test_head_is_get_without_body(client: TestClient, address: str) -> None:
    got, head = client.get(address), client.head(address)
    assert got.status_code == head.status_code == 200
    assert head.content == b""
    different = {"date", "content-length", "etag"} if address == "/metrics" else {"date"}
    assert {k: v for k, v in got.headers.items() if k not in different} == {
        k: v for k, v in head.headers.items() if k not in different
    }


@pytest.mark.parametrize("address", [a for a in READS if a.startswith("/api")])
def test_options_and_cors_of_public_reads(client: TestClient, address: str) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = client.options(address, headers=asked)
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    if not address.startswith("/api/docs"):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "GET" in answer.headers["access-control-allow-methods"]
        got = client.get(address, headers={"Origin": "https://elsewhere.example"})
        assert got.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in got.headers
        assert "origin" not in got.headers.get("vary", "").lower()


def test_writes_are_not_for_other_origins(client: TestClient) -> None:
    address = "/api/institutions/city/availability"
    answer = client.options(address, headers={"Origin": "https://x.example", "Access-Control-Request-Method": "PUT"})
    assert answer.headers["allow"] == "OPTIONS, PUT"
    assert "PUT" not in answer.headers.get("access-control-allow-methods", "")
    assert "access-control-allow-origin" not in client.put(address, content=b"[]").headers


def test_unknown_addresses_and_methods(client: TestClient) -> None:
    assert "/api/nothing" in problem(client.get("/api/nothing"), 404, "not-found")["detail"]
    refused = client.delete("/api/search")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"
    problem(client.get("/api/search/"), 404, "not-found")
    assert client.options("/api/nothing").status_code == 404
    assert client.request("BREW", "/api/search").status_code == 405


def test_what_is_no_json_is_not_acceptable(client: TestClient) -> None:
    problem(client.get("/api/search?q=a", headers={"Accept": "image/png"}), 406, "not-acceptable")
    for accept in ("application/json", "text/html, */*;q=0.1", "application/*"):
        assert client.get("/api/search?q=a", headers={"Accept": accept}).status_code == 200


def test_errors_of_pages_are_pages_and_those_of_the_api_are_not(client: TestClient) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert client.get("/nothing", headers={"Accept": "application/json"}).json()["status"] == 404
    problem(client.get("/api/nothing", headers={"Accept": "text/html"}), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("DELETE", "/search", 405, "此地址只能查看"),
        ("POST", "/login", 421, "本服务位于另一个地址"),
        ("GET", "/works/x.pdf.ris", 404, "此页不存在"),
    ],
)
def test_pages_of_errors_speak_the_readers_language(
    client: TestClient, method: str, path: str, status: int, words: str
) -> None:
    page = client.request(method, path, headers={"Accept": "text/html", "Accept-Language": "zh"})
    assert page.status_code == status
    assert words in page.text
    assert "<p>POST" not in page.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_caches_ask_again_after_an_error_and_do_not_mix_its_forms(client: TestClient, accept: str) -> None:
    for address in ("/nothing", "/works/none", "/api/works/none", "/isbn/9780141439518", "/unapi?id=none", "/unapi"):
        answer = client.get(address, headers={"Accept": accept})
        assert answer.headers["cache-control"] == "no-cache", address
        vary = {name.strip().lower() for name in answer.headers["vary"].split(",")}
        assert "accept" in vary or answer.status_code < 400, address


def test_security_headers(client: TestClient) -> None:
    page, data = client.get("/").headers, client.get("/api/health").headers
    for headers in (page, data):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'self'" in page["content-security-policy"]
    assert page["referrer-policy"] == "strict-origin-when-cross-origin"
    assert page["permissions-policy"] == "geolocation=(self)"


def test_map_tiles_are_the_only_foreign_images(settings: Any) -> None:
    with_tiles = settings.model_copy(update={"map_tiles": "https://{s}.tiles.example:8443/{z}/{x}/{y}.png?k=a b"})
    page = [(b"content-type", b"text/html; charset=utf-8")]
    policy = dict(ResponseHeaders(with_tiles).of("GET", page))[b"content-security-policy"].decode()
    assert "img-src 'self' data: https://*.tiles.example:8443;" in policy
    policy = dict(ResponseHeaders(settings).of("GET", page))[b"content-security-policy"].decode()
    assert "img-src 'self' data:;" in policy


def test_links_do_not_follow_the_host_header(client: TestClient) -> None:
    moved = client.get("/api/nothing", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in moved.text


def test_bodies_have_a_cap(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            yield b"[" * 1024

    address, key = "/api/institutions/city/availability", make_key(client, "city")
    problem(client.put(address, content=b"x" * (8 * 1024 * 1024 + 1)), 401, "not-authenticated")
    headers = {"Authorization": f"Bearer {key}"}
    problem(client.put(address, content=b"x" * (8 * 1024 * 1024 + 1), headers=headers), 413, "too-large")
    problem(client.put(address, content=endless(), headers=headers), 413, "too-large")


def make_key(client: TestClient, institution: str) -> str:
    from store import api_keys

    with client.app.state.context.database.begin() as connection:  # type: ignore[attr-defined]
        return api_keys.create(connection, institution)


def test_a_failure_is_told_without_its_inside(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("search_api.routes.search.search", broken)
    with structlog.testing.capture_logs() as logs:
        answer = client.get("/api/search?q=a")
    body = problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [line for line in logs if line.get("request") == body["request"] and line["log_level"] == "error"]


def test_no_secret_of_an_address_is_logged(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for trouble in (RuntimeError("broken"), StoreUnavailableError("away")):
        monkeypatch.setattr("search_api.web.log_in_pages.links.look", Mock(side_effect=trouble))
        with structlog.testing.capture_logs() as logs:
            assert client.get("/link/abc-secret", headers={"Host": "lampway.example"}).status_code in (500, 503)
        assert [line["path"] for line in logs if "path" in line] == ["/link/{secret}"]
        assert "abc-secret" not in str(logs)


def test_an_engine_that_is_away_says_when_to_come_back(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise EngineUnavailableError("down")

    monkeypatch.setattr("search_api.routes.search.search", away)
    answer = client.get("/api/search?q=a")
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_before_the_first_index(settings: Any) -> None:
    from search_api.context import open_context

    context = open_context(settings)
    with TestClient(create_app(context), raise_server_exceptions=False) as client:
        for address in ("/api/search?q=a", "/api/nearby?isbn=9780141439518", "/api/suggest?q=a"):
            answer = client.get(address)
            assert answer.status_code == 503
            assert answer.json()["type"].endswith("/no-index")
            assert answer.headers["retry-after"]
        page = client.get("/search?q=a", headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert "No catalogue has been indexed yet" in page.text
        health = client.get("/api/health")
        assert health.status_code == 503
        assert health.json()["ok"] is False
        assert "lampway index" in health.json()["message"]
        assert client.get("/api/institutions").json()["total"] == 0
        assert client.get("/api/works/w1").status_code == 404
    context.close()


def test_strangers_are_limited_and_loopback_is_not(federation: Any) -> None:
    limited = federation.settings.model_copy(update={"rate_limit": 3})
    federation.context.settings = limited
    app = create_app(federation.context)
    with TestClient(app, client=STRANGER) as stranger, TestClient(app, client=("127.0.0.1", 1)) as local:
        assert [stranger.get("/api/health").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = stranger.get("/api/health")
        problem(refused, 429, "rate-limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["retry_after"] == int(refused.headers["retry-after"])
        assert {local.get("/api/health").status_code for _ in range(10)} == {200}


def test_the_bucket_refills_evenly() -> None:
    now = [0.0]
    limiter = RateLimiter(60, clock=lambda: now[0])
    assert [limiter.wait("198.51.100.1") for _ in range(61)] == [0] * 60 + [1]
    now[0] += 1
    assert [limiter.wait("198.51.100.1") for _ in range(2)] == [0, 1]
    assert limiter.wait("198.51.100.2") == 0


def test_a_network_of_addresses_is_one_client() -> None:
    limiter = RateLimiter(1, clock=lambda: 0.0)
    assert limiter.wait("2001:db8::1") == 0
    assert limiter.wait("2001:db8::ffff") > 0
    assert limiter.wait("2001:db8:0:1::1") == 0
    assert limiter.wait("::ffff:198.51.100.7") == 0
    assert limiter.wait("198.51.100.7") > 0
    for free in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", None):
        assert [limiter.wait(free) for _ in range(5)] == [0] * 5


def test_a_flood_of_addresses_costs_bounded_memory() -> None:
    limiter = RateLimiter(1, clock=lambda: 0.0)
    for n in range(MOST_CLIENTS + 500):
        limiter.wait(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(limiter._buckets) == MOST_CLIENTS


@given(limit=st.integers(1, 50), gaps=st.lists(st.floats(0, 30), max_size=200))
def test_never_more_than_the_limit_in_a_minute(limit: int, gaps: list[float]) -> None:
    now, served = 0.0, []
    limiter = RateLimiter(limit, clock=lambda: now)
    for gap in gaps:
        now += gap
        if limiter.wait("198.51.100.1") == 0:
            served.append(now)
    for first in served:  # a full bucket, and what comes back while it is emptied
        assert sum(first <= moment < first + 60 for moment in served) <= 2 * limit


def test_the_log_keeps_no_words_and_no_exact_place(client: TestClient) -> None:
    with structlog.testing.capture_logs() as logs:
        client.get("/api/search?q=my+secret+illness&near=54.97123,-1.61456&x=<script>")
        client.get("/api/institutions/city?near=Secret+Street+5")
    line = next(entry for entry in logs if entry.get("route") == "/api/search")
    assert line["near"] == "55.0,-1.6"
    assert line["parameters"] == ["near", "q", "x"]
    assert line["status"] == 200
    text = json.dumps(logs, default=str)
    for secret in ("illness", "54.97", "1.614", "Street", "script", STRANGER[0]):
        assert secret not in text


@pytest.mark.parametrize("query", [b"", b"near=a,b", b"near=1e400,2", b"near=nan,nan", b"&&=&=%ff", b"a=1&" * 500])
def test_any_query_string_can_be_logged(query: bytes) -> None:
    described = access_log.describe(query)
    assert "near" not in described


def test_metrics_have_no_labels_from_users(client: TestClient) -> None:
    client.get("/api/search?q=zebra")
    client.get("/api/institutions/zebra")
    client.get("/zebra")
    client.request("ZEBRA", "/api/search")
    text = client.get("/metrics").text
    assert "zebra" not in text.lower()
    assert 'lampway_http_requests_total{method="GET",route="/api/search",status="200"}' in text
    assert 'lampway_http_requests_total{method="GET",route="/api/institutions/{id}",status="404"}' in text
    assert 'lampway_searches_total{exact="true"} 1.0' in text
    assert 'lampway_search_stage_seconds_count{stage="search"} 1.0' in text


def test_the_docs_load_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/api/docs").text
    assert "http://" not in page
    assert "https://" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png", "start.js"):
        assert f"/api/docs/{name}" in page or name == "favicon.png"
        assert client.get(f"/api/docs/{name}").status_code == 200
    assert client.get("/api/docs/..%2f..%2fpyproject.toml").status_code == 404
