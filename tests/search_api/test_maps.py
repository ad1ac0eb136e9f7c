"""GeoJSON of places, read by independent tools: geojson-pydantic, and GDAL as QGIS and geopandas use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from fastapi.testclient import TestClient
from geojson_pydantic import FeatureCollection

from schemas.institution import Institution
from search_api.app import create_app
from store import institutions

TOWN = {"near": "54.97,-1.61", "at": "2026-11-23T12:30"}


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), raise_server_exceptions=False) as client:
        yield client


def collection(client: TestClient, path: str, **params: str) -> dict[str, Any]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    FeatureCollection.model_validate_json(answer.content)
    body: dict[str, Any] = answer.json()
    assert len({tuple(feature["properties"]) for feature in body["features"]}) <= 1
    assert all(
        not isinstance(value, dict | list) for one in body["features"] for value in one["properties"].values()
    )  # fmt: skip
    return body


def pride(client: TestClient) -> str:
    return str(client.get("/api/search?q=pride+and+prejudice").json()["hits"][0]["id"])


def test_places_that_hold_a_work(client: TestClient) -> None:
    work = pride(client)
    body = collection(client, f"/api/works/{work}/holdings.geojson", **TOWN)
    assert (body["title"], body["warnings"]) == ("Pride and prejudice", [])
    told = client.get(f"/api/works/{work}/holdings", params=TOWN).json()["holdings"]
    assert [one["properties"]["name"] for one in body["features"]] == [one["best"]["institution"] for one in told]
    for feature, holding in zip(body["features"], told, strict=True):
        best, said = holding["best"], feature["properties"]
        for name in ("state", "service", "checked_at", "open", "opens_at", "open_until", "distance_km", "travel_min"):
            assert said[name] == best[name], name
        assert feature["geometry"] == {"type": "Point", "coordinates": [best["lon"], best["lat"]]}
        assert said["url"] == f"https://lampway.example/institutions/{best['institution_id']}"
    first = body["features"][0]["properties"]
    assert (first["state"], first["open"], first["call_number"]) == ("available", "open", "823.7 AUS")
    assert "'colour'" in collection(client, f"/api/works/{work}/holdings.geojson", colour="red")["warnings"][0]


def test_a_place_is_one_feature_and_may_be_nowhere(client: TestClient, federation: Any) -> None:
    context = federation.context
    with context.database.begin() as connection:
        rows = institutions.all_institutions(connection)
        lost = next(row for row in rows if row.id == "harbour")
        lost.lat = lost.lon = None
        institutions.upsert(connection, [lost])
    context.refresh()
    body = collection(client, f"/api/works/{pride(client)}/holdings.geojson", **TOWN)
    (nowhere,) = [one for one in body["features"] if one["geometry"] is None]
    assert (nowhere["properties"]["name"], nowhere["properties"]["distance_km"]) == ("Harbour Branch", None)


def test_institutions_in_a_box(client: TestClient, federation: Any) -> None:
    context = federation.context
    edges = [
        Institution(id="east", name="Taveuni Library", kind="library", lat=-16.8, lon=-179.95),
        Institution(id="west", name="Labasa Library", kind="library", lat=-16.4, lon=179.4),
    ]
    with context.database.begin() as connection:
        institutions.upsert(connection, edges)
    context.refresh()
    everything = collection(client, "/api/institutions.geojson")
    assert everything["numberMatched"] == everything["numberReturned"] == 8

    def within(box: str) -> list[str]:
        return [one["id"] for one in collection(client, "/api/institutions.geojson", bbox=box)["features"]]

    assert within("179,-17,-179,-16") == ["west", "east"]
    assert within("-179,-17,179,-16") == []
    assert within("-2,54,-1,55") == ["city", "museum", "university", "harbour"]
    near = collection(client, "/api/institutions.geojson", near="55.6,-2.0", limit="2")
    assert near["features"][0]["id"] == "archive"
    assert near["features"][0]["properties"]["distance_km"] == 0
    (link,) = near["links"]
    assert link["href"].startswith("https://lampway.example/api/institutions.geojson?near=")
    following = client.get(link["href"].removeprefix("https://lampway.example")).json()
    assert len(following["features"]) == 2
    assert not {one["id"] for one in following["features"]} & {one["id"] for one in near["features"]}


def test_what_cannot_be_used_is_named(client: TestClient) -> None:
    for query, parameter in (
        ("bbox=1,2,3", "bbox"), ("bbox=0,91,1,92", "bbox"), ("bbox=nan,0,1,1", "bbox"), ("near=91,0", "near"),
        ("at=yesterday", "at"), ("kind=shop", "kind"), ("limit=0", "limit"), ("cursor=x", "cursor"),
    ):  # fmt: skip
        answer = client.get(f"/api/institutions.geojson?{query}")
        assert (answer.status_code, answer.json()["parameter"]) == (400, parameter), query


def test_gdal_reads_columns(client: TestClient, tmp_path: Path) -> None:
    places = tmp_path / "places.geojson"
    places.write_bytes(client.get(f"/api/works/{pride(client)}/holdings.geojson", params=TOWN).content)
    meta, _, geometry, columns = pyogrio.raw.read(places)
    assert (meta["geometry_type"], meta["crs"], len(geometry)) == ("Point", "EPSG:4326", 3)
    table = dict(zip(meta["fields"], columns, strict=True))
    assert list(table["state"]) == ["available", "available", "expected"]
    assert list(table["open"]) == ["open", "open", "closed"]
    assert table["distance_km"].dtype == float
