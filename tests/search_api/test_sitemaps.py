"""Sitemaps name every work once, tell when it changed, and a changed work changes one file only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from lxml import etree
from sqlalchemy import select, update

from search_api.app import create_app
from search_api.renderers.sitemap import addresses
from store import sitemap, tables
from store.dating import date_changes

NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture
def client(federation: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(sitemap, "SIZE", 5)
    monkeypatch.setattr("search_api.routes.sitemap.GOOD_FOR_S", 0)
    date_changes(federation.context.database, federation.settings.home)
    with TestClient(create_app(federation.context), base_url="https://lampway.example") as opened:
        yield opened


def listed(client: TestClient, path: str) -> dict[str, str]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml"
    entries = etree.fromstring(answer.content).findall("*")
    return {entry.findtext("s:loc", "", NS): entry.findtext("s:lastmod", "", NS) for entry in entries}


def everything(client: TestClient) -> dict[str, dict[str, str]]:
    files = listed(client, urlsplit("/sitemap.xml").path)
    return {file: listed(client, urlsplit(file).path) for file in files}


def test_every_work_and_institution_once_and_each_address_answers(client: TestClient, federation: Any) -> None:
    files = everything(client)
    named = [address for file in files.values() for address in file]
    assert len(named) == len(set(named))
    with federation.context.database.connect() as connection:
        living = set(connection.scalars(select(tables.works.c.id).where(tables.works.c.data.is_not(None))))
    assert {address.rpartition("/")[2] for address in named if "/works/" in address} == living
    assert len(files) >= 3
    assert max(len(file) for name, file in files.items() if "works" in name) <= 5
    for address in named:
        assert address.startswith("https://lampway.example/")
        assert client.get(urlsplit(address).path).status_code == 200
    dates = [changed for name, file in files.items() if "works" in name for changed in file.values()]
    assert all(len(changed) == 20 and changed.endswith("Z") for changed in dates)


def test_a_changed_work_changes_its_file_and_the_line_of_it(client: TestClient, federation: Any) -> None:
    before, index = everything(client), listed(client, "/sitemap.xml")
    with federation.context.database.begin() as connection:
        connection.execute(
            update(tables.dated_works).where(tables.dated_works.c.work == 7).values(datestamp="2031-01-02T03:04:05Z")
        )
    after, later = everything(client), listed(client, "/sitemap.xml")
    (changed,) = [name for name in after if after[name] != before[name]]
    assert [name for name in later if later[name] != index[name]] == [changed]
    assert later[changed] == "2031-01-02T03:04:05Z"
    tag = client.get(urlsplit(changed).path).headers["etag"]
    assert client.get(urlsplit(changed).path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("part", ["works-999", "works--1", "works-1e3", "works-", "works-99999999999", "works-¹"])
def test_files_that_are_not_there(client: TestClient, part: str) -> None:
    assert client.get(f"/sitemaps/{part}.xml").status_code == 404


def test_robots_find_the_sitemap_and_what_pages_are_made_of(client: TestClient) -> None:
    text = client.get("/robots.txt").text
    assert "Sitemap: https://lampway.example/sitemap.xml" in text
    for path in ("/static/", "/works/", "/institutions/", "/lampway.js", "/isbn/"):
        assert not any(
            path.startswith(line.removeprefix("Disallow: ")) for line in text.splitlines()[1:] if "Dis" in line
        )


def test_a_full_file_is_below_the_limits() -> None:
    full = addresses(
        (f"https://a-rather-long-name.example.org/works/w{n}", "2026-11-24T10:00:00Z") for n in range(50_000)
    )
    assert len(full) < 50 * 1024 * 1024
    assert len(etree.fromstring(full)) == 50_000
