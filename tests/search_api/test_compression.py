"""Answers are compressed for clients that take it, and are the same answers."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_api import compression
from search_api.app import create_app

LARGE = ["/api/search?q=pride", "/", "/search?q=pride", "/api/openapi.json", "/api/institutions/city", "/metrics"]


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context)) as client:
        yield client


def raw(client: TestClient, method: str, address: str, accept: str, **more: str) -> tuple[Any, bytes]:
    with client.stream(method, address, headers={"Accept-Encoding": accept} | more) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("address", LARGE)
def test_large_answers_become_small(client: TestClient, address: str) -> None:
    plain, whole = raw(client, "GET", address, "identity")
    packed, small = raw(client, "GET", address, "br, gzip;q=0.8")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    for answer in (plain, packed):
        assert "accept-encoding" in answer.headers["vary"].lower()
    assert int(packed.headers["content-length"]) == len(small) < len(whole)
    assert address == "/metrics" or gzip.decompress(small) == whole
    head, nothing = raw(client, "HEAD", address, "gzip")
    assert nothing == b""
    assert head.headers["content-encoding"] == "gzip"
    assert address == "/metrics" or head.headers["content-length"] == packed.headers["content-length"]


@pytest.mark.parametrize("accept", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br", "deflate"])
def test_who_does_not_take_it_gets_it_plain(client: TestClient, accept: str) -> None:
    answer, body = raw(client, "GET", "/api/search?q=pride", accept)
    assert "content-encoding" not in answer.headers
    assert body.startswith(b"{")


def test_small_answers_and_pictures_stay_as_they_are(client: TestClient) -> None:
    for address in ("/api/suggest?q=prid", "/robots.txt", "/api/search?at=never"):
        answer, body = raw(client, "GET", address, "gzip")
        assert "content-encoding" not in answer.headers
        assert len(body) < compression.SMALLEST


def test_a_tag_holds_for_both_forms(client: TestClient) -> None:
    plain, _ = raw(client, "GET", "/api/institutions/city", "identity")
    packed, _ = raw(client, "GET", "/api/institutions/city", "gzip")
    assert packed.headers["etag"] == "W/" + plain.headers["etag"]
    for tag in (plain.headers["etag"], packed.headers["etag"]):
        for accept in ("identity", "gzip"):
            again, body = raw(client, "GET", "/api/institutions/city", accept, **{"If-None-Match": tag})
            assert (again.status_code, body) == (304, b"")
