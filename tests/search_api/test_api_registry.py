"""PATCH /api/institutions/{id}: an institution edits its own entry; and what a last entry does to an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from schemas.institution import Institution
from search_api.app import create_app
from store import api_keys, columns, institutions


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def key(federation: Any) -> str:
    with federation.context.database.begin() as connection:
        return api_keys.create(connection, "city", scope=api_keys.INSTITUTION_WRITE)


def patch(client: TestClient, key: str, body: Any, institution: str = "city", **more: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = ({"Authorization": f"Bearer {key}"} if key else {}) | {n.replace("_", "-"): v for n, v in more.items()}
    return client.patch(f"/api/institutions/{institution}", content=content, headers=headers)


def kept(federation: Any, id_: str = "city") -> Any:
    with federation.context.database.connect() as connection:
        return institutions.get(connection, id_)


def test_a_change_shows_at_once(client: TestClient, key: str) -> None:
    before = client.get("/api/institutions/city").json()
    assert before["open"] == "open"
    done = patch(
        client,
        key,
        {
            "opening_hours": "Tuesday to Friday 9am-5pm", "services": ["loan"], "phone": "+44 1", "url": "city.example",
            "exceptions": [{"first": "2026-12-24", "hours": "09:00-12:00"}], "checked_on": "2026-11-23",
        },
    )  # fmt: skip
    assert done.status_code == 200, done.text
    assert done.json()["opening_hours"] == "Tu-Fr 09:00-17:00"
    assert any("understood as" in warning for warning in done.json()["warnings"])
    after = client.get("/api/institutions/city").json()
    assert (after["open"], after["opens_at"]) == ("closed", "2026-11-24T09:00:00Z")
    assert (after["services"], after["phone"], after["url"]) == (["loan"], "+44 1", "https://city.example")
    assert (after["exceptions"][0]["first"], after["checked_on"]) == ("2026-12-24", "2026-11-23")
    assert (after["name"], after["address"], after["lat"]) == (before["name"], before["address"], before["lat"])
    hit = client.get("/api/search", params={"q": "pride and prejudice", "institution": "city"}).json()["hits"][0]
    assert hit["best"]["open"] == "closed"
    assert patch(client, key, {"phone": None}).json()["phone"] == ""
    assert patch(client, key, {}).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"name": "X", "phone": "1"}, ["/name"]),
        ({"id": "x", "number": 9, "parent": "", "closed": True}, ["/id", "/number", "/parent", "/closed"]),
        ({"lat": "north", "phone": 7}, ["/lat", "/phone"]),
        ({"lat": 154.97, "lon": 0.5, "timezone": "Mars/Base"}, ["/timezone", "/lat"]),
        ({"opening_hours": "Mo-Fr 25:99-", "email": "nobody"}, ["/email", "/opening_hours"]),
        ({"exceptions": [{"first": "2026-02-30"}]}, ["/exceptions"]),
        ({"exceptions": [{"hours": "off"}, {"first": 7}]}, ["/exceptions/0/first", "/exceptions/1/first"]),
        ({"name": "X", "timezone": "Mars/Base", "lat": "north"}, ["/name", "/timezone", "/lat"]),
        (
            {"closed": True, "service_points": [{"name": "desk", "hours": "??"}], "phone": 7, "email": "nobody"},
            ["/closed", "/service_points", "/phone", "/email"],
        ),
        ({"service_points": [{"name": "last_entry", "hours": "half past"}]}, ["/service_points"]),
        ({"services": ["haircut"]}, ["/services"]),
        ({"url": "javascript:alert(1)"}, ["/url"]),
        ({"description": "a\u0000b"}, ["/description"]),
        ({"description": "x" * 10_001}, ["/description"]),
        ({"a/b~c": 1}, ["/a~1b~0c"]),
    ],
)
def test_every_wrong_field_is_named_and_nothing_changes(
    federation: Any, client: TestClient, key: str, body: Any, pointers: list[str]
) -> None:
    before = kept(federation)
    answer = patch(client, key, body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == sorted(pointers)
    assert all(error["detail"] for error in answer.json()["errors"])
    assert kept(federation) == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff", b'{"lat": NaN}'])
def test_what_is_no_object_is_refused(client: TestClient, key: str, body: bytes) -> None:
    assert patch(client, key, body).status_code == 422


def test_only_the_institution_itself_and_its_owner(federation: Any, client: TestClient, key: str) -> None:
    assert patch(client, "", {"phone": "1"}).status_code == 401
    assert patch(client, key + "x", {"phone": "1"}).status_code == 401
    assert patch(client, key, {"phone": "1"}, "university").status_code == 403
    assert patch(client, key, {"phone": "1"}, "harbour").status_code == 200
    assert kept(federation, "harbour").phone == "1"
    with federation.context.database.begin() as connection:
        gone = api_keys.create(connection, "nowhere", scope=api_keys.INSTITUTION_WRITE)
    assert patch(client, gone, {"phone": "1"}, "nowhere").status_code == 404


@pytest.mark.parametrize("last", ["16:30", "-01:30", "Mo-Fr 09:00-16:30"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_too_late_for_the_last_entry_is_said(client: TestClient, key: str, last: str, lang: str) -> None:
    assert patch(client, key, {"service_points": [{"name": "last_entry", "hours": last}]}).status_code == 200
    asked = {"q": "pride and prejudice", "institution": "city", "lang": lang}

    def best(at: str) -> dict[str, Any]:
        hits = client.get("/api/search", params={**asked, "at": f"2026-11-23T{at}:00Z"}).json()["hits"]
        return hits[0]["best"]  # type: ignore[no-any-return]

    assert best("16:20")["open"] == "open"
    late = best("16:50")
    assert late["open"] == "closed"
    told = {
        "en": "last entry 16:30: you would arrive at 16:50, too late",
        "zh": "最晚入馆 16:30：您将于 16:50 到达，为时已晚",
    }
    assert told[lang] in late["reason"].replace("Last entry", "last entry")
    for moment, state in (("16:20", "open"), ("16:50", "closed"), ("23:00", "closed")):
        place = client.get("/api/institutions/city", params={"at": f"2026-11-23T{moment}:00Z"}).json()
        assert [point["open"] for point in place["service_points"]] == [state]


@pytest.mark.parametrize("gone", ["city", "harbour", "shanghai"])
def test_a_removed_institution_leaves_searches_whole(federation: Any, client: TestClient, gone: str) -> None:
    """Until the next index its copies are nowhere; its number is never given to another."""
    with federation.context.database.begin() as connection:
        places = {place.id: place for place in institutions.all_institutions(connection)}
        numbers = {place.number for place in places.values()}
        for place in places.values():
            if place.number >= places[gone].number:
                institutions.remove(connection, place.id)
    federation.context.refresh()
    for asked in ({"near": "54.97,-1.61"}, {"facets": "kind,institution"}, {"available": "true"}, {"sort": "near"}):
        answer = client.get("/api/search", params={"q": "", **asked})
        assert answer.status_code == 200, answer.text
    with federation.context.database.begin() as connection:
        institutions.upsert(connection, [Institution(id="new", name="New")])
    assert kept(federation, "new").number not in numbers


def test_a_museum_that_only_shows_never_lends(federation: Any, client: TestClient, key: str) -> None:
    """Whatever its catalogue's status is taken to mean: in searches, their reasons, and on the page of a work."""
    assert patch(client, key, {"services": ["on_site"]}).status_code == 200
    columns.update(federation.context.database, federation.context.settings.columns_home, [])
    federation.context.refresh()
    asked = {"q": "pride and prejudice", "institution": "city", "explain": "true"}
    hit = client.get("/api/search", params=asked).json()["hits"][0]
    best = hit["best"]
    assert (best["institution_id"], best["service"]) == ("city", "on_site")
    assert "loan" not in best["reason"] + hit["signals"]["availability"]["reason"]
    lent = client.get("/api/search", params=asked | {"service": "loan"}).json()["hits"]
    assert "city" not in {other["best"]["institution_id"] for other in lent}
    work = client.get(f"/api/works/{hit['id']}").json()
    there = [copy for copy in work["holdings"] if copy["best"]["institution_id"] == "city"]
    assert {state["service"] for copy in there for state in copy["services"]} == {"on_site"}
    page = client.get(f"/works/{hit['id']}", params={"institution": "city"})
    assert page.status_code == 200


def test_each_scope_is_for_its_own_work(federation: Any, client: TestClient, key: str) -> None:
    with federation.context.database.begin() as connection:
        teller = api_keys.create(connection, "city")
        both = api_keys.create(connection, "city", scope=" ".join(api_keys.SCOPES))
    state = [{"isbn": "0-14-143951-3", "branch": "harbour", "state": "available"}]

    def tell(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return client.put("/api/institutions/city/availability", json=state, headers=headers).status_code

    refused = patch(client, teller, {"phone": "1"})
    assert refused.status_code == 403
    assert "institution:write" in refused.json()["detail"]
    assert [tell(teller), tell(key), tell(both)] == [200, 403, 200]
    assert patch(client, both, {"phone": "1"}).status_code == 200


def test_nobody_undoes_what_they_have_not_seen(federation: Any, client: TestClient, key: str) -> None:
    read = client.get("/api/institutions/city").headers["etag"]
    assert client.get("/api/institutions/city", headers={"If-None-Match": read}).status_code == 304
    other = client.get("/api/institutions/city", params={"at": "2026-11-29T03:00"}).headers["etag"]
    assert other != read, "what is open now is part of the answer"
    done = patch(client, key, {"phone": "2"}, if_match=client.get("/api/institutions/city").headers["etag"])
    assert done.status_code == 200
    late = patch(client, key, {"phone": "3"}, if_match=read)
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (412, "changed-meanwhile")
    assert kept(federation).phone == "2"
    assert patch(client, key, {"phone": "4"}, if_match=done.headers["etag"]).status_code == 200, "as it was answered"
    assert patch(client, key, {"phone": "5"}, if_match='"none-such"').status_code == 412
    assert patch(client, key, {"phone": "5"}).status_code == 200, "who sends none has the last word"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_a_tag_that_still_holds_may_change(client: TestClient, key: str, form: str) -> None:
    """Also one read for another moment, or made weak by a proxy that compresses."""
    plain = {"Accept-Encoding": "identity"}
    read = client.get("/api/institutions/city", params={"at": "2026-11-29T03:00"}, headers=plain).headers["etag"]
    assert patch(client, key, {"phone": "1"}, if_match=form.format(read)).status_code == 200
