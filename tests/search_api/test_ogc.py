"""OGC API Features and Records, asked by OWSLib and by GDAL's driver (what QGIS uses) over a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from geojson_pydantic import Feature, FeatureCollection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from owslib.ogcapi.features import Features
from owslib.ogcapi.records import Records

from search_api.app import create_app
from search_api.ogc_query import years
from search_api.problems import BadParameterError
from store import works

HOME = "https://lampway.example"
LOCAL = ("127.0.0.1", 50000)
"""Loopback is not limited."""


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), client=LOCAL, raise_server_exceptions=False) as client:
        yield client


def items(client: TestClient, name: str, **params: str) -> dict[str, Any]:
    answer = client.get(f"/ogc/collections/{name}/items", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    FeatureCollection.model_validate_json(answer.content)
    body: dict[str, Any] = answer.json()
    assert body["numberReturned"] == len(body["features"]) <= body["numberMatched"]
    return body


def link(body: dict[str, Any], rel: str) -> str:
    return next((one["href"] for one in body["links"] if one["rel"] == rel), "")


def titles(body: dict[str, Any]) -> list[str]:
    return [one["properties"]["title"] for one in body["features"]]


def test_every_link_leads_to_what_it_says(client: TestClient) -> None:
    seen: set[str] = set()
    waiting = [f"{HOME}/ogc"]
    while waiting:
        address = waiting.pop()
        if address in seen or len(seen) > 60:
            continue
        seen.add(address)
        answer = client.get(address.removeprefix(HOME))
        assert answer.status_code == 200, address
        if "/ogc" not in address:
            continue
        body = answer.json()
        parts = [body, *body.get("features", []), *body.get("collections", [])]
        for one in (one for part in parts for one in part.get("links", [])):
            assert one["href"].startswith(HOME)
            if one["rel"] in ("self", "items", "data", "conformance", "collection", "service-desc", "next"):
                waiting.append(one["href"])
    assert f"{HOME}/ogc/collections/works/items/" in " ".join(seen)


def test_institutions_as_features(client: TestClient) -> None:
    body = items(client, "institutions", near="54.974,-1.61", at="2026-11-23T10:00:00Z")
    assert [one["id"] for one in body["features"]][:2] == ["city", "museum"]
    assert body["features"][0]["properties"]["open"] == "open"
    assert [one["id"] for one in items(client, "institutions", bbox="-2,54,-1,55", q="branch")["features"]] == [
        "harbour"
    ]
    assert [
        one["id"] for one in items(client, "institutions", bbox="-2,54,0,-1,55,100", kind="museum")["features"]
    ] == ["museum"]
    assert [one["id"] for one in items(client, "institutions", externalIds="isil:gb-aldu")["features"]] == [
        "university"
    ]
    assert {one["id"] for one in items(client, "institutions", ids="city,archive,none")["features"]} == {
        "city",
        "archive",
    }
    assert items(client, "institutions", ids="city", q="museum")["features"] == []
    assert items(client, "institutions", datetime="2020-01-01T00:00:00Z/..")["numberMatched"] == 6
    one = client.get("/ogc/collections/institutions/items/city")
    Feature.model_validate_json(one.content)
    assert link(one.json(), "alternate") == f"{HOME}/institutions/city"


def test_works_as_records(client: TestClient) -> None:
    (record,) = items(client, "works", q="pride prejudice")["features"]
    said = record["properties"]
    assert (said["title"], said["type"], record["geometry"]) == ("Pride and prejudice", "book", None)
    assert record["time"] == {"interval": ["1813-01-01", "1813-12-31"]}
    assert {"scheme": "isbn", "value": "9780141439518"} in said["externalIds"]
    assert said["contacts"][0] == {"name": "Austen, Jane, 1775-1817", "roles": ["aut"]}
    assert said["resourceLanguages"] == [{"code": "en"}]
    assert said["updated"].endswith("Z")
    assert client.get(link(record, "related").removeprefix(HOME)).json()["features"]
    assert client.get(f"/ogc/collections/works/items/{record['id']}").json() == record
    for value in ("isbn:0-14-143951-3", "oai:city:1", "urn:isbn:9780141439518,isbn:12"):
        assert titles(items(client, "works", externalIds=value)) == ["Pride and prejudice"], value
    assert items(client, "works", externalIds="doi:10.1/nothing")["features"] == []
    assert titles(items(client, "works", ids=f"{record['id']},none")) == ["Pride and prejudice"]
    assert titles(items(client, "works", datetime="1800/1813", type="book")) == ["Pride and prejudice"]
    assert set(titles(items(client, "works", bbox="121,31,122,32"))) == {"红楼梦", "上海港口史"}
    assert items(client, "works", bbox="0,0,1,1", q="pride")["numberMatched"] == 0
    assert items(client, "works", datetime="../1799", limit="5000")["numberMatched"] == 2
    (hostile,) = items(client, "works", q="hostile")["features"]
    assert hostile["properties"]["title"].startswith("</script><b>")
    assert hostile["time"] is None


@pytest.mark.parametrize(("name", "limit"), [("institutions", 2), ("works", 9)])
def test_page_by_page(client: TestClient, name: str, limit: int) -> None:
    address, seen = f"{HOME}/ogc/collections/{name}/items?limit={limit}&lang=en", []
    while address:
        body = client.get(address.removeprefix(HOME)).json()
        assert 0 < len(body["features"]) <= limit
        seen += [one["id"] for one in body["features"]]
        address = link(body, "next")
        assert "lang=en" in address or not address
    assert len(seen) == len(set(seen)) == body["numberMatched"]


def test_a_record_that_moved(client: TestClient, federation: Any) -> None:
    kept, gone = (items(client, "works", q=q)["features"][0]["id"] for q in ("pride prejudice", "emma"))
    with federation.context.database.begin() as connection:
        works.retire(connection, [(works.known(connection, [gone])[gone], kept)])
    moved = client.get(f"/ogc/collections/works/items/{gone}", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, f"{HOME}/ogc/collections/works/items/{kept}")
    assert [one["id"] for one in items(client, "works", ids=f"{gone},{kept}")["features"]] == [kept]


def test_what_cannot_be_asked(client: TestClient) -> None:
    for path, status, parameter in (
        ("?colour=red", 400, "colour"), ("?callback=f", 400, "callback"), ("/conformance?x=1", 400, "x"),
        ("?f=html", 400, "f"),
        ("/collections/works/items?limit=0", 400, "limit"), ("/collections/works/items?limit=x", 400, "limit"),
        ("/collections/works/items?offset=-1", 400, "offset"), ("/collections/works/items?bbox=1,2", 400, "bbox"),
        ("/collections/institutions/items?bbox=1,2,3,4,5", 400, "bbox"),
        ("/collections/works/items?type=shoe", 400, "type"),
        ("/collections/institutions/items?near=91,0", 400, "near"), ("/collections/works/items?near=1,1", 400, "near"),
        ("/collections/works/items?datetime=then", 400, "datetime"),
        ("/collections/works/items?q=" + "x" * 501, 400, "q"),
        ("/collections/works/items?ids=a&q=b", 400, "q"), ("/collections/works/items?ids=" + "a,b," * 51, 400, "ids"),
        ("/collections/none", 404, None), ("/collections/works/items/none", 404, None),
        ("/collections/institutions/items/none", 404, None), ("/collections/none/items", 404, None),
    ):  # fmt: skip
        refused = client.get(f"/ogc{path}")
        assert (refused.status_code, refused.json().get("parameter")) == (status, parameter), path
        assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("text", "found"),
    [("", (None, None)), ("1813", (1813, 1813)), ("1813-01-28", (1813, 1813)), ("1813-01-28T10:00:00Z", (1813, 1813)),
     ("1800/1850", (1800, 1850)), ("../1850", (None, 1850)), ("1800-02-03/", (1800, None)), ("../..", (None, None)),
     ("1813-02-30", None), ("1850/1800", None), ("1/2/3", None), ("..", None), ("1813-01-28T10:00", None),
     ("0000", None)],
)  # fmt: skip
def test_times(text: str, found: Any) -> None:
    if found is None:
        with pytest.raises(BadParameterError):
            years(text)
    else:
        assert years(text) == found


def test_owslib(service: str) -> None:
    features = Features(f"{service}/ogc")
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in features.conformance()["conformsTo"]
    assert features.feature_collections() == ["institutions"]
    assert features.collection("institutions")["extent"]["spatial"]["bbox"] == [[-2.0, 31.23, 121.47, 55.6]]
    inside = features.collection_items("institutions", bbox=[-2, 54, -1, 55], limit=3)
    assert (inside["numberMatched"], inside["numberReturned"]) == (4, 3)
    assert features.collection_item("institutions", "city")["properties"]["name"] == "Aldport City Library"
    records = Records(f"{service}/ogc/")
    assert records.records() == ["works"]
    found = records.collection_items("works", q="harbour stories", limit=5, datetime_="1960/1962")
    assert sorted(one["properties"]["title"][-8:] for one in found["features"]) == ["volume 1", "volume 2", "volume 3"]
    assert records.collection_item("works", found["features"][0]["id"])["type"] == "Feature"


GDAL = """
import json, sys, pyogrio
source = sys.argv[1]
told = {"layers": sorted(name for name, _ in pyogrio.list_layers(source))}
for layer, box in (("institutions", (-2, 54, -1, 55)), ("works", None)):
    meta, _, geometry, columns = pyogrio.raw.read(source, layer=layer, bbox=box)
    table = {name: [str(value) for value in column] for name, column in zip(meta["fields"], columns)}
    told[layer] = {"type": meta["geometry_type"], "table": table}
print(json.dumps(told))
"""


def test_gdal(service: str) -> None:
    # In a process of its own: it waits for the answer without letting other threads run.
    ran = subprocess.run(
        [sys.executable, "-c", GDAL, f"OAPIF:{service}/ogc"], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["layers"] == ["institutions", "works"]
    places = told["institutions"]
    assert places["type"] == "Point"
    assert sorted(places["table"]["id"]) == ["city", "harbour", "museum", "university"]
    assert set(places["table"]["open"]) <= {"open", "closed", "unknown"}
    titles = told["works"]["table"]["title"]
    assert "Pride and prejudice" in titles
    assert len(titles) == len(set(told["works"]["table"]["id"])) > 25


PARAMETERS = ["bbox", "q", "ids", "externalIds", "datetime", "limit", "offset", "near", "at", "kind", "type", "f", "x"]


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(PARAMETERS), value=st.text(max_size=30) | st.sampled_from(["1,2,3,4", "nan", "1e400", "../.."])
)
def test_nothing_breaks_it(client: TestClient, name: str, value: str) -> None:
    for path in ("/ogc", "/ogc/collections/institutions/items", "/ogc/collections/works/items"):
        assert client.get(path, params={name: value}).status_code in (200, 400)
