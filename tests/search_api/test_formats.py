"""Every format at every address: by suffix or Accept, named in links, HEAD, OPTIONS, tags, and other sites' pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_api import accept
from search_api.app import ROUTERS, create_app
from search_api.renderers import FORMATS, formats_of
from search_api.renderers.addresses import PATHS, PREFIXES, subject_of
from store import sources, works

ABROAD = {"Origin": "https://elsewhere.example"}
EVERY = [(name, subject) for subject in PATHS for name in formats_of(subject)]


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    plain = {"Accept-Encoding": "identity"}  # a compressed answer has a weak tag
    here = ("127.0.0.1", 50000)  # never limited
    app = create_app(federation.context)
    with TestClient(app, headers=plain, client=here, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def work(federation: Any) -> str:
    with federation.context.database.connect() as connection:
        return next(work.id for page in works.iterate(connection) for work in page if "Pride" in work.title)


def address(subject: Any, work: str) -> str:
    return PATHS[subject].replace("{id}", work if "works" in PATHS[subject] else "city")


@pytest.mark.parametrize(("name", "subject"), EVERY)
def test_every_format_of_everything(client: TestClient, work: str, name: str, subject: Any) -> None:
    one = FORMATS[name]
    for prefix in PREFIXES:
        path = f"{prefix}{address(subject, work)}"
        if subject == "holdings" and not prefix:
            path = f"/api{path}"  # there is no such page
        got = client.get(f"{path}.{one.suffix}", headers=ABROAD)
        assert got.status_code == 200, got.text
        assert got.headers["content-type"] == one.media_type
        assert got.headers["access-control-allow-origin"] == "*"
        assert "origin" not in got.headers["vary"].lower()
        assert "access-control-allow-credentials" not in got.headers

        head = client.head(f"{path}.{one.suffix}", headers=ABROAD)
        assert head.content == b""
        assert {**head.headers, "date": ""} == {**got.headers, "date": ""}
        same = client.get(f"{path}.{one.suffix}", headers={"If-None-Match": got.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == got.headers["etag"]
        options = client.options(f"{path}.{one.suffix}", headers=ABROAD)
        assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")

        chosen = client.get(path, headers={"Accept": f"text/plain, {one.type};q=0.9"})
        shared = next(n for n, o in formats_of(subject).items() if o.type == one.type)
        if shared == name:
            assert chosen.headers["content-type"] == one.media_type
            assert chosen.headers["content-location"] == f"https://lampway.example{path}.{one.suffix}"
        plain = client.get(path)
        assert "accept" in [part.strip().lower() for part in plain.headers["vary"].split(",")]
        link = f'<https://lampway.example{path}.{one.suffix}>; rel="alternate"; type="{one.type}"'
        assert link in plain.headers["link"]


@pytest.mark.parametrize(
    "path", ["/", "/search?q=pride", "/institutions", "/institutions/city", "/about", "/api/institutions"]
)
def test_unchanged_keeps_its_policy(client: TestClient, path: str) -> None:
    first = client.get(path)
    same = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
    for name in ("content-security-policy", "permissions-policy", "access-control-allow-origin"):
        assert same.headers.get(name) == first.headers.get(name)
    assert set(first.headers["vary"].split(", ")) <= set(same.headers["vary"].split(", "))


def test_what_a_client_takes_at_all(client: TestClient, work: str) -> None:
    for path in (f"/works/{work}", f"/api/works/{work}", "/search?q=pride", "/institutions/city"):
        assert client.get(path, headers={"Accept": "image/png"}).status_code == 406, path
        assert client.get(path, headers={"Accept": "image/png, */*;q=0.1"}).status_code == 200, path
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    assert client.get(f"/works/{work}", headers={"Accept": browser}).headers["content-type"].startswith("text/html")
    as_json = client.get(f"/works/{work}", headers={"Accept": "application/json"})
    assert as_json.json()["id"] == work
    assert as_json.headers["content-location"] == f"https://lampway.example/api/works/{work}"


def test_unknown_things_and_formats_are_not_found(client: TestClient, work: str) -> None:
    for path in ("/works/none.ris", "/api/works/none.ris", f"/works/{work}.xyz", "/search.xyz"):
        assert client.get(path).status_code == 404, path
    for path in ("/api/search?q=a", f"/works/{work}.ris?", "/api/institutions.geojson?", "/api/nearby?title=a"):
        refused = client.get(f"{path}&callback=show")
        assert (refused.status_code, refused.json()["parameter"]) == (400, "callback"), path
    refused = client.get("/search.ris?limit=501")
    assert (refused.status_code, refused.json()["parameter"]) == (400, "limit")
    assert client.get(f"/works/{work}.ris?near=91,0").json()["parameter"] == "near"


def test_a_work_that_moved_moves_in_every_format(client: TestClient, federation: Any, work: str) -> None:
    with federation.context.database.begin() as connection:
        other = next(w for page in works.iterate(connection) for w in page if w.id != work)
        works.retire(connection, [(other.number, work)])
    for path in ("/works/{}", "/api/works/{}", "/works/{}.ris", "/api/works/{}.ris"):
        moved = client.get(path.format(other.id) + "?near=54.97,-1.61", follow_redirects=False)
        assert moved.status_code == 308
        assert moved.headers["location"].removeprefix("https://lampway.example").startswith(path.format(work))
        assert "near=54.97" in moved.headers["location"]


def test_long_questions_burst_no_proxy(client: TestClient) -> None:
    answer = client.get("/api/search", params={"q": "图书馆" * 100})
    assert sum(len(value) for name, value in answer.headers.multi_items() if name == "link") < 2000


@pytest.mark.parametrize(
    ("header", "offered", "chosen"),
    [
        ("", ("a/x", "a/y"), "a/x"),
        ("*/*", ("a/x", "a/y"), "a/x"),
        ("a/y", ("a/x", "a/y"), "a/y"),
        ("A/Y; charset=utf-8", ("a/x", "a/y"), "a/y"),
        ("a/*;q=0.5, a/y", ("a/x", "a/y"), "a/y"),
        ("a/*, a/x;q=0", ("a/x", "a/y"), "a/y"),
        ("a/x;q=0.1, a/y;q=0.2", ("a/x", "a/y"), "a/y"),
        ("a/y;q=nonsense", ("a/x", "a/y"), "a/y"),
        ("b/z, */*;q=0", ("a/x", "a/y"), None),
        ("b/z", ("a/x",), None),
        (",,;", ("a/x",), None),
    ],
)
def test_what_a_client_likes_best(header: str, offered: tuple[str, ...], chosen: str | None) -> None:
    assert accept.best(header, offered) == chosen


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/works/w1", "work"), ("/api/works/w1/holdings", "holdings"), ("/institutions", "institutions"),
        ("/api/search", "results"), ("/works/w1.ris", None), ("/works/w1.d", "work"), ("/search.ris", None),
        ("/", None), ("/works", None), ("/api/suggest", None), ("/institutions/a.b", "institution"),
    ],
)  # fmt: skip
def test_addresses_with_other_formats(path: str, subject: str | None) -> None:
    assert subject_of(path) == subject


VALUES = {"isbn": "9780141439518", "issn": "0378-5955", "name": "start.js", "kind": "internal", "path": "favicon.svg"}
QUERIES = {
    "/api/nearby": "?isbn=9780141439518",
    "/api/suggest": "?q=pr",
    "/sru": "?query=pride",
    "/openurl": "?rft.isbn=9780141439518",
    "/oai": "?verb=Identify",
    "/daia": "?id=isbn:9780141439518&format=json",
}


def test_every_public_address_answers_head_options_and_304(client: TestClient, federation: Any, work: str) -> None:
    with federation.context.database.connect() as connection:
        source = sources.all_sources(connection)[0].id
    paths = [route.path for router in ROUTERS for route in router.routes if "GET" in route.methods]  # type: ignore[attr-defined]
    for path in paths:
        id_ = work if "/works/" in path else source if "/sources/" in path else "city"
        values = VALUES | {"id": id_, "id_": id_, "collection": "works"}
        address = re.sub(r"\{(\w+)(:path)?\}", lambda found, own=values: own.get(found[1], "x"), path) + QUERIES.get(
            path, ""
        )
        got, head = client.get(address, headers=ABROAD), client.head(address, headers=ABROAD)
        assert got.status_code < 500, (address, got.text[:200])
        assert got.status_code not in (405, 406, 429), (address, got.text[:200])
        assert (head.status_code, head.content) == (got.status_code, b""), address
        assert "origin" not in got.headers.get("vary", "").lower(), address
        assert "set-cookie" not in got.headers, address
        if not got.headers.get("content-type", "").startswith("text/html"):
            assert got.headers["access-control-allow-origin"] == "*", address
        options = client.options(address, headers=ABROAD)
        assert (options.status_code, options.content) == (204, b""), address
        assert {"GET", "HEAD", "OPTIONS"} <= set(options.headers["allow"].split(", ")), address
        if got.status_code == 200 and path not in ("/metrics", "/oai"):  # these tell the time
            same = client.get(address, headers={"If-None-Match": got.headers["etag"]})
            assert (same.status_code, same.content) == (304, b""), address
    assert {"/works/{id_}", "/unapi", "/isbn/{isbn}", "/api/search", "/search.ris", "/static/{path:path}"} <= set(paths)
