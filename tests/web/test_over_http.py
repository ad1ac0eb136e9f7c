"""What pages are over HTTP: errors in words, moved works, static files that may be kept, languages, weight."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.build import rebuild
from indexer.engines import open_engine
from indexer.engines.base import EngineUnavailableError
from schemas.catalogue import Availability, CatalogueRecord, Holding
from schemas.institution import Institution
from search_api.app import create_app
from search_api.context import Context, open_context
from store import works

STRANGER = ("203.0.113.9", 50000)
PERSON = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def client(town: Context) -> Iterator[TestClient]:
    with TestClient(create_app(town), headers=PERSON) as opened:
        yield opened


def heading(response: Any) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", response.text, re.DOTALL)
    assert found, response.text[:500]
    return re.sub(r"<[^>]+>", "", found[1]).strip()


@pytest.mark.parametrize("path", ["/search?q=turner", "/search"])
def test_an_engine_that_is_away(client: TestClient, town: Context, monkeypatch: Any, path: str) -> None:
    def away() -> None:
        raise EngineUnavailableError("connection refused")

    monkeypatch.setattr(town.engine, "snapshot", away)
    response = client.get(path)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert (
        f"The search index is not reachable. Try again in {response.headers['retry-after']} seconds." in response.text
    )
    assert 'href="/search' in response.text  # try again
    assert client.get("/").status_code == 200  # the way in stays open


def test_too_many_requests(town: Context) -> None:
    with TestClient(create_app(town), client=STRANGER, headers=PERSON | {"Accept-Language": "zh"}) as stranger:
        limit = town.settings.rate_limit
        answers = (stranger.get("/about").status_code for _ in range(3 * limit))
        served = list(itertools.takewhile(lambda status: status == 200, answers))
        assert limit <= len(served) < 3 * limit  # the slower the machine, the more is refilled meanwhile
        refused = stranger.get("/about")
        assert heading(refused) == "请求过于频繁"
        assert f"请等待 {refused.headers['retry-after']} 秒" in refused.text
        assert stranger.get("/static/favicon.svg").status_code == 200


def test_before_anything_is_indexed(settings: Any) -> None:
    context = open_context(settings)
    with TestClient(create_app(context), headers=PERSON) as client:
        assert "No catalogue has been indexed yet" in client.get("/").text
        assert client.get("/search?q=x").status_code == 503
        assert "0 institutions take part" in client.get("/institutions").text
    context.close()


def test_a_work_that_became_part_of_another(federation: Any) -> None:
    with federation.context.database.begin() as connection:
        first, second = next(works.iterate(connection))[:2]
        works.retire(connection, [(first.number, second.id)])
    with TestClient(create_app(federation.context), headers=PERSON, follow_redirects=False) as client:
        moved = client.get(f"/works/{first.id}?near=54.97,-1.61&lang=zh")
        assert moved.status_code == 308
        assert moved.headers["location"] == f"/works/{second.id}?near=54.97%2C-1.61&lang=zh"
        assert client.get(moved.headers["location"]).status_code == 200


def test_static_files_are_kept_by_what_they_contain(client: TestClient) -> None:
    addresses = re.findall(
        r'(?:href|src|data-script|data-style)="(/static/[^"]+)"', client.get("/search?q=turner").text
    )
    assert {re.sub(r"\?.*", "", address) for address in addresses} == {
        "/static/favicon.svg", "/static/lampway.css", "/static/lampway.js", "/static/map.js",
        "/static/leaflet/leaflet.js", "/static/leaflet/leaflet.css",
    }  # fmt: skip
    for address in addresses:
        got = client.get(address)
        assert got.status_code == 200
        assert "immutable" in got.headers["cache-control"]
        again = client.get(address, headers={"If-None-Match": got.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "immutable" not in client.get(address + "0").headers["cache-control"]  # not what it contains


@pytest.mark.parametrize(
    "path", ["../pages.py", "%2e%2e/pages.py", "leaflet/../../pages.py", "", "leaflet", "/etc/passwd"]
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize(
    ("query", "header", "lang"),
    [
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh-Hans"), ("", "en;q=0.3, zh;q=0.5", "zh-Hans"), ("", "fr", "en"),
        ("", "", "en"), ("", "zh;q=0, en", "en"),
        ("", "zh;q=x,,;", "en"), ("?lang=en", "zh", "en"), ("?lang=zh", "en", "zh-Hans"),
        ("?lang=xx", "zh", "zh-Hans"),
    ],
)  # fmt: skip
def test_the_language(client: TestClient, query: str, header: str, lang: str) -> None:
    response = client.get(f"/about{query}", headers={"Accept-Language": header})
    assert f'<html lang="{lang}">' in response.text
    assert response.headers["content-language"] == lang
    assert response.headers["vary"].replace(" ", "").split(",") == ["Accept-Language", "Accept-Encoding"]


def test_pages_are_light(client: TestClient) -> None:
    home = client.get("/")
    parts = re.findall(r'(?:href|src)="(/static/(?!leaflet)[^"]+)"', home.text)
    assert len(home.content) + sum(len(client.get(part).content) for part in parts) < 60_000
    assert len(client.get("/search?q=bridges").content) < 100_000  # twenty hits with their reasons


def test_no_inline_scripts_or_styles(client: TestClient) -> None:
    for path in ("/", "/search?q=turner&near=54.978,-1.617", "/institutions", "/institutions/central", "/about", "/no"):
        html = client.get(path).text
        assert not re.search(
            r"<script(?! type=.application/ld|[^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", html
        ), path
        assert 'href="http' not in html.replace('href="https://library.example/"', "")


def test_robots_are_kept_out_of_endless_filters(client: TestClient) -> None:
    assert "Disallow: /search" in client.get("/robots.txt").text
    assert '<meta name="robots" content="noindex, nofollow">' in client.get("/search?q=turner").text


def test_a_mistyped_search_says_what_was_searched_for(client: TestClient) -> None:
    page = client.get("/search?q=sketchbok+used+rivr").text
    assert "nothing is found with “sketchbok used rivr”; shown is what has “Sketchbook used River”" in page
    assert "q: nothing" not in page


def test_what_holds_for_two_services_is_said_once(stock: Any, database: Any, settings: Any) -> None:
    states = [Availability(service=service, state="expected", due="2026-12-12") for service in ("loan", "on_site")]
    house = Institution(id="house", name="House", kind="library", timezone="Europe/London")
    row = CatalogueRecord(source="shelf", record="1", title="Emma", holdings=[Holding(availability=states)])
    stock([house], [row])
    engine = open_engine(settings)
    rebuild(database, engine, settings)
    engine.close()
    context = open_context(settings, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC))
    with TestClient(create_app(context), headers=PERSON) as client, closing(context):
        work = client.get("/api/search?q=emma", headers={"Accept": "*/*"}).json()["hits"][0]["id"]
        assert client.get(f"/works/{work}").text.count("Expected back 12 Dec") == 1


def test_an_institution_at_the_moment_that_was_asked_for(client: TestClient) -> None:
    page = client.get("/institutions/central?at=2026-11-27T10:00&near=54.97,-1.61&lang=en").text
    assert "As it is on Friday 27 Nov at 10:00." in page
    assert "Open until 12:00" in page
    assert 'href="/institutions/central?near=54.97%2C-1.61&amp;lang=en">Show how it is now' in page
    assert "30 Nov" in client.get("/institutions/central?at=2026-12-02").text, "the week of that day"
    for now in ("/institutions/central", "/institutions/central?at=", "/institutions/central?at=x&near=Atlantis"):
        page = client.get(now).text
        assert "Open until 19:00" in page
        assert "As it is on" not in page
