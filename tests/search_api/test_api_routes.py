"""What the addresses answer, on a federation with known answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient

from schemas.answer import Answer
from search_api.app import create_app
from search_api.views import HoldingList, InstitutionList, InstitutionView, WorkView
from store import institutions, works

TOWN = {"near": "54.97,-1.61"}


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), raise_server_exceptions=False) as client:
        yield client


def get(client: TestClient, path: str, model: Any = None, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    if model:
        msgspec.json.decode(answer.content, type=model)  # as promised in the description
    return answer.json()


def find(client: TestClient, q: str, **params: Any) -> dict[str, Any]:
    return get(client, "/api/search", q=q, **params)["hits"][0]  # type: ignore[no-any-return]


def test_a_search_answers_with_all_the_contract_names(client: TestClient) -> None:
    answer = get(client, "/api/search", Answer, q="pride and prejudice", explain="true", facets="type,kind", **TOWN)
    assert set(answer) >= {"total", "total_relation", "exact", "query", "hits", "facets", "next"}
    hit = answer["hits"][0]
    assert set(hit) >= {"id", "title", "creators", "year", "type", "languages", "isbns", "score", "signals", "best"}
    assert {"text", "availability", "open", "distance", "known_item"} <= set(hit["signals"])
    assert abs(hit["score"] - sum(s["weight"] * s["score"] for s in hit["signals"].values())) < 1e-6
    assert all(signal["reason"] for signal in hit["signals"].values())
    assert (hit["holdings_count"], hit["institutions_count"]) == (3, 3)
    best = hit["best"]
    assert (best["institution_id"], best["state"], best["open"]) == ("city", "available", "open")
    assert best["open_until"] == "2026-11-23T18:00:00Z"
    assert datetime.fromisoformat(best["checked_at"]) == datetime.fromisoformat("2026-11-23T06:00:00+00:00")


def test_unknown_parameters_are_told_everywhere(client: TestClient) -> None:
    work = find(client, "emma")["id"]
    for path in ("/api/institutions", "/api/institutions/city", f"/api/works/{work}", f"/api/works/{work}/holdings"):
        assert any("colour" in warning for warning in get(client, path, colour="red", sort="best")["warnings"]), path
        assert any("sort" in warning for warning in get(client, path, sort="best")["warnings"]), path
    assert any("colour" in w for w in get(client, "/api/search", q="emma", colour="red")["query"]["warnings"])
    assert any("colour" in w for w in get(client, "/api/nearby", isbn="9780141439587", colour="red")["warnings"])


@pytest.mark.parametrize(
    ("path", "params", "parameter"),
    [
        ("/api/search", {"q": "x" * 501}, "q"),
        ("/api/search", {"limit": "101"}, "limit"),
        ("/api/search", {"near": "91,0"}, "near"),
        ("/api/search", {"cursor": "nonsense"}, "cursor"),
        ("/api/works/x", {"at": "noon"}, "at"),
        ("/api/works/x/holdings", {"limit": "0"}, "limit"),
        ("/api/works/x/holdings", {"cursor": "-1"}, "cursor"),
        ("/api/nearby", {}, "isbn"),
        ("/api/nearby", {"isbn": "978-0-14-143951-9"}, "isbn"),
        ("/api/nearby", {"issn": "1234-5678"}, "issn"),
        ("/api/nearby", {"title": "?!"}, "isbn"),
        ("/api/nearby", {"title": "a" * 501}, "title"),
        ("/api/nearby", {"isbn": "9780141439518", "limit": "१"}, "limit"),
        ("/api/institutions", {"kind": "pub"}, "kind"),
        ("/api/institutions", {"bbox": "1,2,3"}, "bbox"),
        ("/api/institutions", {"bbox": "0,50,nan,60"}, "bbox"),
        ("/api/institutions", {"bbox": "0,60,1,50"}, "bbox"),
        ("/api/institutions", {"cursor": "99999999999"}, "cursor"),
        ("/api/suggest", {"q": "x" * 501}, "q"),
        ("/api/suggest", {"q": "ﷺ" * 500}, "q"),
    ],
)
def test_a_bad_parameter_is_named(client: TestClient, path: str, params: dict[str, str], parameter: str) -> None:
    answer = client.get(path, params=params)
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == parameter
    assert answer.json()["detail"]


def test_a_work_with_every_holding_best_first(client: TestClient) -> None:
    hit = find(client, "pride and prejudice", **TOWN)
    work = get(client, f"/api/works/{hit['id']}", WorkView, **TOWN)
    assert work["title"] == "Pride and prejudice"
    assert work["creators"][0]["role"] == "aut"
    assert {record["source"] for edition in work["editions"] for record in edition["records"]} == {
        "city-oai",
        "uni-marc",
    }
    assert sum(edition["holdings_count"] for edition in work["editions"]) == work["holdings_count"] == 3
    holdings = work["holdings"]
    assert [h["score"] for h in holdings] == sorted((h["score"] for h in holdings), reverse=True)
    assert {h["key"] for h in holdings} == {"c-1", "h-1", "u-1"}
    assert holdings[0]["best"] == hit["best"]  # judged as the search judges
    branch = next(h for h in holdings if h["key"] == "h-1")
    assert branch["best"]["institution_id"] == "harbour"
    assert (branch["best"]["state"], branch["best"]["due"], branch["status"]) == ("expected", "2026-12-01", "on loan")
    assert branch["best"]["open"] == "closed"
    assert branch["best"]["opens_at"] == "2026-11-23T13:00:00Z"
    university = next(h for h in holdings if h["key"] == "u-1")
    assert {(s["service"], s["state"]) for s in university["services"]} == {
        ("loan", "unavailable"),
        ("on_site", "available"),
    }


def test_a_wanted_service_comes_first_and_nothing_is_hidden(client: TestClient) -> None:
    work = find(client, "pride and prejudice")["id"]
    borrow = get(client, f"/api/works/{work}/holdings", service="loan")["holdings"]
    assert borrow[0]["key"] == "c-1"
    assert next(h for h in borrow if h["key"] == "u-1")["best"]["state"] == "unavailable"
    digital = get(client, f"/api/works/{find(client, 'harbour engineering')['id']}/holdings", service="loan")
    assert digital["total"] == 1
    assert digital["holdings"][0]["best"]["service"] == "digital"


def test_holdings_are_paged(client: TestClient) -> None:
    work = find(client, "pride and prejudice")["id"]
    first = get(client, f"/api/works/{work}/holdings", HoldingList, limit=2)
    second = get(client, f"/api/works/{work}/holdings", limit=2, cursor=first["next"])
    assert (first["total"], len(first["holdings"]), len(second["holdings"]), second["next"]) == (3, 2, 1, None)
    assert get(client, f"/api/works/{work}/holdings", cursor="50")["holdings"] == []


def test_a_record_without_copies_is_at_its_institution(client: TestClient) -> None:
    work = find(client, "etrangers de l'ete")
    (only,) = get(client, f"/api/works/{work['id']}")["holdings"]
    assert (only["best"]["institution_id"], only["best"]["state"]) == ("city", "unknown")


def test_hostile_words_stay_words(client: TestClient) -> None:
    work = get(client, f"/api/works/{find(client, 'hostile braces')['id']}")
    assert work["title"].startswith("</script>")
    assert work["creators"][0]["name"] == 'O\'Brien, "Bob" <bob>'
    assert work["year"] == -44


def test_an_unknown_work(client: TestClient) -> None:
    for id_ in ("w0", "%00", "../../etc/passwd", "x" * 3000, "💥"):
        answer = client.get(f"/api/works/{id_}")
        assert answer.status_code == 404, id_
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_merged_work_moves(client: TestClient, federation: Any) -> None:
    kept, gone = find(client, "emma"), find(client, "harbour stories volume 1")
    with federation.context.database.begin() as connection:
        works.retire(connection, [(gone["number"], kept["id"])])
    for path in ("", "/holdings"):
        answer = client.get(f"/api/works/{gone['id']}{path}?near=54.97,-1.61", follow_redirects=False)
        assert answer.status_code == 308
        assert answer.headers["location"] == f"https://lampway.example/api/works/{kept['id']}{path}?near=54.97,-1.61"
        head = client.head(f"/api/works/{gone['id']}{path}", follow_redirects=False)
        assert head.status_code == 308


def test_unchanged_answers_need_no_body(client: TestClient, federation: Any) -> None:
    client.headers["Accept-Encoding"] = "identity"  # compressed ones have a weak tag
    work = find(client, "emma")["id"]
    for path in (f"/api/works/{work}", f"/api/works/{work}/holdings", "/api/institutions", "/api/institutions/city"):
        first = client.get(path)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = client.get(path, headers={"If-None-Match": header})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert client.head(path, headers={"If-None-Match": header}).status_code == 304
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    federation.now += timedelta(hours=9)
    assert client.get("/api/institutions/city", headers={"If-None-Match": tag}).status_code == 200


def test_an_institution_and_its_week(client: TestClient) -> None:
    city = get(client, "/api/institutions/city", InstitutionView, **TOWN)
    assert (city["open"], city["open_until"]) == ("open", "2026-11-23T18:00:00Z")
    assert city["distance_km"] == pytest.approx(0.445, abs=0.01)
    assert [branch["id"] for branch in city["branches"]] == ["harbour"]
    assert [day["date"] for day in city["week"]] == [f"2026-11-{day}" for day in range(23, 30)]
    assert city["week"][3] == {"date": "2026-11-26", "spans": [], "exceptional": True}
    assert city["week"][5]["spans"][0]["start"] == "2026-11-28T10:00:00Z"
    assert city["week"][6]["spans"] == []
    assert city["service_points"] == [{"name": "desk", "hours": "Mo-Fr 11:00-17:00", "open": "closed", "note": ""}]
    (source,) = city["sources"]
    assert (source["source"], source["records"], source["status"]) == ("city-oai", 25, "complete")
    harbour = get(client, "/api/institutions/harbour")
    assert harbour["owner"] == {"id": "city", "name": "Aldport City Library"}
    assert (harbour["open"], harbour["opens_at"]) == ("closed", "2026-11-23T13:00:00Z")
    assert [source["source"] for source in harbour["sources"]] == ["city-oai"]


def test_times_are_the_places_own(client: TestClient) -> None:
    shanghai = get(client, "/api/institutions/shanghai")
    assert (shanghai["open"], shanghai["open_until"]) == ("open", "2026-11-23T20:00:00+08:00")
    late = get(client, "/api/institutions/shanghai", at="2026-11-23T13:00:00Z")
    assert (late["open"], late["opens_at"]) == ("closed", "2026-11-24T09:00:00+08:00")
    for where in ({}, {"near": "54.97,-1.61"}):
        morning = get(client, "/api/institutions/shanghai", at="2026-11-23T08:00", **where)
        assert (morning["open"], morning["opens_at"]) == ("closed", "2026-11-23T09:00:00+08:00")


@pytest.mark.parametrize("at", ["0001-01-01T00:00Z", "1823-05-05T10:00Z", "9999-12-31T23:59Z"])
def test_no_week_is_told_in_years_whose_calendar_is_not_known(client: TestClient, at: str) -> None:
    shanghai = get(client, "/api/institutions/shanghai", at=at)
    assert (shanghai["open"], shanghai["week"]) == ("unknown", [])


def test_unknown_hours_are_unknown(client: TestClient, federation: Any) -> None:
    archive = get(client, "/api/institutions/archive")
    assert (archive["open"], archive["week"]) == ("unknown", [])
    with federation.context.database.begin() as connection:
        row = institutions.get(connection, "archive")
        assert row
        institutions.upsert(connection, [msgspec.structs.replace(row, opening_hours="whenever, perhaps")])
    federation.context.refresh()
    archive = get(client, "/api/institutions/archive")
    assert archive["open"] == "unknown"
    assert archive["hours_notes"]
    assert client.get("/api/institutions/nowhere").status_code == 404


def test_the_list_of_institutions(client: TestClient) -> None:
    def ids(**params: Any) -> list[str]:
        return [row["id"] for row in get(client, "/api/institutions", InstitutionList, **params)["institutions"]]

    assert len(ids()) == 6
    assert ids(**TOWN)[:2] == ["museum", "city"]
    assert ids(near="31.2,121.5")[0] == "shanghai"
    assert ids(near="上海")[0] == "shanghai"
    assert ids(kind="museum,archive") == ["museum", "archive"]
    assert ids(q="ALDPORT library") == ["city", "university"]
    assert ids(q="浦江") == ["shanghai"]
    assert set(ids(bbox="-2,54.9,-1,55")) == {"city", "harbour", "university", "museum"}
    assert ids(bbox="100,-90,-100,90") == ["shanghai"]  # across the antimeridian
    first = get(client, "/api/institutions", limit=4)
    second = get(client, "/api/institutions", limit=4, cursor=first["next"])
    assert [len(page["institutions"]) for page in (first, second)] == [4, 2]
    assert (first["total"], second["next"]) == (6, None)


def test_nearby_by_number_and_by_title(client: TestClient) -> None:
    for asked in (
        {"isbn": "978-0-14-143951-8"},
        {"isbn": "0141439513"},
        {"title": "Pride & Prejudice", "creator": "austen"},
    ):
        found = get(client, "/api/nearby", **asked, **TOWN)
        assert found["matched"] is True, asked
        assert found["title"] == "Pride and prejudice"
        assert [place["best"]["institution_id"] for place in found["places"]] == ["city", "university", "harbour"]
        assert found["institutions_count"] == 3
    assert len(get(client, "/api/nearby", isbn="9780141439518", limit=1)["places"]) == 1
    assert get(client, "/api/nearby", issn="2049-3630")["title"] == "The northern tide tables"
    assert get(client, "/api/nearby", title="红楼梦", near="上海")["places"][0]["best"]["institution_id"] == "shanghai"


def test_nearby_answers_each_number(client: TestClient) -> None:
    one, none, two = "978-0-14-143951-8", "9780306406157", "9780141439587"
    for asked in ({"isbn": f"{one}, {none},{two}"}, {"isbn": [one, none, two]}, {"isbn": f"{one} {none} {two}"}):
        found = get(client, "/api/nearby", **asked, **TOWN)
        answers = [found, *found["others"]]
        assert [(a["number"], a["matched"]) for a in answers] == [
            ("9780141439518", True), (none, False), (two, True),
        ], asked  # fmt: skip
        assert answers[0]["title"] == "Pride and prejudice"
        assert answers[2]["title"] == get(client, "/api/nearby", isbn=two)["title"]
    assert get(client, "/api/nearby", isbn=f"{one},{one}")["others"] == []
    refused = client.get("/api/nearby", params={"isbn": f"{one}, 978-0-14-143951-9"})
    assert (refused.status_code, refused.json()["parameter"]) == (400, "isbn")
    assert "check digit" in refused.json()["detail"]


def test_nearby_is_honest_about_nothing(client: TestClient) -> None:
    for asked in ({"isbn": "9780306406157"}, {"title": "Pride"}, {"title": "Emma", "creator": "Bronte"}):
        found = get(client, "/api/nearby", **asked)
        assert (found["matched"], found["places"], found["id"]) == (False, [], None), asked


def test_suggestions(client: TestClient) -> None:
    found = get(client, "/api/suggest", q="harb")
    assert {"text": "harbour", "works": found["words"][0]["works"]} == found["words"][0]
    assert found["words"][0]["works"] > 20
    assert get(client, "/api/suggest", q="pride and prej")["words"][0]["text"] == "pride and prejudice"
    assert get(client, "/api/suggest", q="pride and prej")["titles"][0]["title"] == "Pride and prejudice"
    assert [word["text"] for word in get(client, "/api/suggest", q="les étr")["words"]] == ["les étrangers"]
    assert "pride and pride" not in [word["text"] for word in get(client, "/api/suggest", q="pride and p")["words"]]
    assert get(client, "/api/suggest", q="红楼")["titles"][0]["title"] == "红楼梦"
    assert get(client, "/api/suggest", q="title:harb")["words"][0]["text"] == "title:harbour"
    assert get(client, "/api/suggest", q="pride and prejduice")["words"][0]["text"] == "pride and prejudice"
    assert get(client, "/api/suggest", q="emm")["titles"][0]["title"] == "Emma"
    for empty in ("", " ", "?!", "zzzzqq"):
        assert get(client, "/api/suggest", q=empty)["words"] == []
    for odd in ('"unclosed', "isbn:97", "a*", "title:", "-", "x:y:z", "\u0000"):
        get(client, "/api/suggest", q=odd)


def test_reasons_speak_the_readers_language(client: TestClient) -> None:
    work = find(client, "emma")["id"]

    def reason(**headers: str) -> str:
        return client.get(f"/api/works/{work}", headers=headers).json()["holdings"][0]["best"]["reason"]  # type: ignore[no-any-return]

    english = reason()
    chinese = reason(**{"Accept-Language": "fr, zh-CN;q=0.8, en;q=0.5"})
    assert any("\u4e00" <= c <= "\u9fff" for c in chinese.replace("馆", ""))
    assert english != chinese
    assert reason(**{"Accept-Language": "xx"}) == english
    answer = client.get(f"/api/works/{work}?lang=zh", headers={"Accept-Language": "en"}).json()
    assert answer["holdings"][0]["best"]["reason"] == chinese


def test_health_counts(client: TestClient) -> None:
    health = get(client, "/api/health")
    assert health["ok"] is True
    assert health["engine"] == "embedded"
    assert health["generation"]
    assert (health["records"], health["institutions"]) == (33, 6)
    assert health["works"] == health["indexed_works"] > 20
    assert health["last_harvest"]["status"] == "complete"


def test_everything_is_json_that_any_reader_takes(client: TestClient) -> None:
    answer = client.get("/api/search", params={"q": "", "limit": 100, "explain": "true"})
    assert answer.headers["content-type"] == "application/json"
    json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
