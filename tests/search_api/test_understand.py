"""Parameters of a search, as people and programs write them, right and wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.settings import load_settings
from schemas.institution import Institution
from schemas.query import Point, SearchRequest
from search_api.context import open_context
from search_api.problems import BadParameterError
from search_api.registry import Registry
from search_api.search import search
from search_api.understand import understand
from store import institutions

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def ask(federation: Any) -> Any:
    def asked(lang: str = "en", **params: str | list[str]) -> SearchRequest:
        given = {name: [value] if isinstance(value, str) else value for name, value in params.items()}
        return understand(federation.context, given, lang)

    return asked


def test_nothing_given(ask: Any) -> None:
    request = ask()
    assert (request.q, request.near, request.at, request.mode, request.sort) == ("", None, NOW, "walk", "best")
    assert (request.limit, request.facets, request.warnings, request.lang) == (20, (), (), "en")


def test_empty_values_count_as_not_given(ask: Any) -> None:
    names = ("q", "near", "at", "open", "within_km", "service", "year_from", "limit", "sort", "cursor", "facets")
    assert ask(**dict.fromkeys(names, "  ")) == ask()


def test_everything_given(ask: Any) -> None:
    request = ask(
        q=" turner  sketchbook ", near="54.97,-1.61", at="2026-11-23T10:00", mode="Drive", within_km="2.5", open="1",
        available="TRUE", service="loan,on_site", kind=["library", "museum,archive"], type="book",
        language="eng,de,Chinese",
        year_from="-50", year_to="1999", institution="city,museum", sort="soon", limit="100", facets="type,language",
        explain="yes", lang="zh",
    )  # fmt: skip
    assert request.near == Point(54.97, -1.61)
    assert request.at == NOW
    assert (request.mode, request.within_km, request.open, request.available) == ("drive", 2.5, True, True)
    assert (request.service, request.kind) == (("loan", "on_site"), ("library", "museum", "archive"))
    assert (request.type, request.language) == (("book",), ("en", "de", "zh"))
    assert (request.year_from, request.year_to, request.institution) == (-50, 1999, ("city", "museum"))
    assert (request.sort, request.limit, request.facets, request.explain) == ("soon", 100, ("type", "language"), True)
    assert request.warnings == ()


@pytest.mark.parametrize(
    ("text", "where", "name"),
    [
        ("54.97, -1.61", Point(54.97, -1.61), ""),
        ("Aldport", Point(54.97375, -1.605), "Aldport"),
        ("aldport", Point(54.97375, -1.605), "Aldport"),
        ("Aldport, GB", Point(54.97375, -1.605), "Aldport"),
        ("Harbour Branch", Point(54.97, -1.59), "Harbour Branch"),
        ("HB", Point(54.97, -1.59), "Harbour Branch"),
        ("museum", Point(54.972, -1.605), "Aldport Museum of Art"),
        ("上海", Point(31.23, 121.47), "上海"),
        ("浦江图书馆", Point(31.23, 121.47), "浦江图书馆"),
        ("-17,190", Point(-17.0, -170.0), ""),
    ],
)
def test_near_is_a_position_a_town_or_an_institution(ask: Any, text: str, where: Point, name: str) -> None:
    request = ask(near=text)
    assert (round(request.near.lat, 5), round(request.near.lon, 5)) == (where.lat, where.lon)
    assert request.near_name == name


@pytest.mark.parametrize(
    ("at", "near", "moment"),
    [
        ("2026-11-23T10:00", "", "2026-11-23T10:00:00+00:00"),
        ("2026-07-23T10:00", "", "2026-07-23T09:00:00+00:00"),
        ("2026-11-23T10:00", "上海", "2026-11-23T02:00:00+00:00"),
        ("2026-11-23T10:00Z", "上海", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23T10:00+01:00", "", "2026-11-23T09:00:00+00:00"),
        ("2026-11-23T10:00 01:00", "", "2026-11-23T09:00:00+00:00"),
        ("2026-11-23T10 01", "", "2026-11-23T09:00:00+00:00"),
        ("20261123T1000 0100", "", "2026-11-23T09:00:00+00:00"),
        ("2026-11-23 10:00", "", "2026-11-23T10:00:00+00:00"),
        ("20261123T1000", "", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23", "", "2026-11-23T12:00:00+00:00"),
        ("now", "", "2026-11-23T10:00:00+00:00"),
        ("9999-12-31T23:59", "", "9999-12-31T23:59:00+00:00"),
    ],
)
def test_a_time_without_an_offset_is_the_places_own(ask: Any, at: str, near: str, moment: str) -> None:
    assert ask(at=at, near=near).at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("params", "parameter", "told"),
    [
        ({"q": "x" * 501}, "q", "501"),
        ({"q": "ﷺ" * 500}, "q", "9000"),  # two thousand words
        ({"near": "Nowhereville"}, "near", "town"),
        ({"near": "91,0"}, "near", "latitude"),
        ({"near": "54.97;"}, "near", "latitude"),
        ({"at": "tomorrow"}, "at", "2026-11-23T10:00"),
        ({"at": "1764061200"}, "at", "2026-11-23T10:00"),
        ({"at": "2026-02-30T10:00"}, "at", "2026-02-30"),
        ({"at": "10000-01-01T00:00"}, "at", "time"),
        ({"at": "9999-12-31T23:59-12:00"}, "at", "time"),
        ({"at": "0001-01-01T00:00+14:00"}, "at", "time"),
        ({"mode": "fly"}, "mode", "walk, transit, drive"),
        ({"within_km": "2"}, "within_km", "near"),
        ({"within_km": "-1", "near": "0,0"}, "within_km", "above 0"),
        ({"within_km": "nan", "near": "0,0"}, "within_km", "above 0"),
        ({"within_km": "inf", "near": "0,0"}, "within_km", "above 0"),
        ({"within_km": "far", "near": "0,0"}, "within_km", "number"),
        ({"open": "maybe"}, "open", "true nor false"),
        ({"service": "teleport"}, "service", "loan"),
        ({"kind": "cinema"}, "kind", "museum"),
        ({"type": "boook"}, "type", "book"),
        ({"language": "q!"}, "language", "code"),
        ({"year_from": "MCM"}, "year_from", "whole"),
        ({"year_from": "99999"}, "year_from", "9999"),
        ({"year_from": "2000", "year_to": "1999"}, "year_from", "year_to=1999"),
        ({"institution": "nosuch"}, "institution", "nosuch"),
        ({"sort": "cheapest"}, "sort", "best"),
        ({"limit": "0"}, "limit", "1 to 100"),
        ({"limit": "101"}, "limit", "1 to 100"),
        ({"limit": "ten"}, "limit", "whole"),
        ({"limit": "１０"}, "limit", "whole"),
        ({"cursor": "nonsense"}, "cursor", "next"),
        ({"cursor": "e" * 400}, "cursor", "next"),
        ({"facets": "colour"}, "facets", "type"),
        ({"language": ",".join(f"a{i}" for i in range(60))}, "language", "60"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_would_do(
    ask: Any, params: dict[str, str], parameter: str, told: str
) -> None:
    with pytest.raises(BadParameterError) as caught:
        ask(**params)
    assert caught.value.parameter == parameter
    assert told in caught.value.message
    with pytest.raises(BadParameterError) as chinese:
        ask(lang="zh", **params)
    assert chinese.value.parameter == parameter
    assert chinese.value.message != caught.value.message


def test_warnings(ask: Any) -> None:
    request = ask(q=["one", "two"], nearby="here", sort="near", at="2026-11-23")
    assert request.q == "one"
    assert request.sort == "best"
    assert len(request.warnings) == 4
    for word in (
        "'nearby' is not a parameter",
        "q: given 2 times",
        "sort: near needs a position",
        "at: no time of day",
    ):
        assert any(word in warning for warning in request.warnings), word


def test_controls_and_broken_characters(ask: Any) -> None:
    assert ask(q="tur\x00ner\udcff\ud800 \x1bx").q == "tur ner  x"
    assert ask(q="\ud800").q == ""
    with pytest.raises(BadParameterError):
        ask(near="\x00?")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(("q", "near", "at", "within_km", "year_from", "limit", "cursor", "language", "open", "zzz")),
        st.lists(st.text(max_size=30) | st.sampled_from(("0,0", "1", "2026-01-01T00:00", "-0", "1e5")), max_size=2),
    )
)
def test_any_text_is_understood_or_refused_by_name(ask: Any, params: dict[str, list[str]]) -> None:
    try:
        request = ask(**params)
    except BadParameterError as error:
        refused, request = error, None
    assert request.at.tzinfo is not None if request else refused.parameter in params


def test_a_time_without_a_place_is_that_of_most_institutions(federation: Any, ask: Any) -> None:
    """Not that of whichever institution is listed first; an institution asked for knows better, a place best."""
    context = federation.context
    with context.database.begin() as connection:
        institutions.upsert(connection, [Institution(id="a-first", name="A", timezone="Pacific/Auckland")])
    context.refresh()
    at = "2026-11-24T10:00"
    zones = {"": "Europe/London", "a-first": "Pacific/Auckland", "shanghai": "Asia/Shanghai"}
    for asked, zone in zones.items():
        request = ask(at=at, institution=asked)
        assert (request.at_zone, request.at) == (zone, datetime(2026, 11, 24, 10, tzinfo=ZoneInfo(zone)))
        assert search(context, request).query["timezone"] == zone
    assert ask(at=at, near="Aldport", institution="shanghai").at_zone == "Europe/London"
    assert ask(at="2026-11-24", institution="shanghai").at_zone == "Asia/Shanghai"
    for own in ("", "now", "2026-11-24T10:00+01:00"):
        assert "timezone" not in search(context, ask(at=own)).query
    page = search(context, ask(at=at, limit="1"))
    assert page.next
    assert search(context, ask(limit="1", cursor=page.next)).hits, "the next page need not repeat the time"


def test_without_institutions_a_time_is_universal(tmp_path: Path) -> None:
    context = open_context(load_settings(home=tmp_path, _env_file=None))
    try:
        assert understand(context, {"at": ["2026-11-24T10:00"]}, "en").at_zone == "UTC"
    finally:
        context.close()


def test_a_town_is_meant_before_an_institution_that_only_has_the_word() -> None:
    rows = [
        Institution(
            id="castle", name="Newcastle Castle", number=1, kind="museum", lat=54.9, lon=-1.6, city="Gateshead"
        ),
        Institution(id="a", name="A", number=2, kind="library", lat=55.0, lon=-1.7, city="Newcastle upon Tyne"),
        Institution(id="b", name="B", number=3, kind="library", lat=53.0, lon=-2.2, city="Newcastle under Lyme"),
        Institution(id="c", name="C", number=4, kind="library", lat=55.0, lon=-1.7, city="Newcastle upon Tyne"),
    ]
    registry = Registry(rows, "1", datetime(2026, 11, 24, tzinfo=UTC))
    assert registry.find_place("newcastle") == (Point(55.0, -1.7), "Newcastle upon Tyne")
    assert registry.find_place("Newcastle under") == (Point(53.0, -2.2), "Newcastle under Lyme")
    assert registry.find_place("Newcastle Castle") == (Point(54.9, -1.6), "Newcastle Castle")
    assert registry.find_place("castle") == (Point(54.9, -1.6), "Newcastle Castle")
    assert registry.find_place("Newcast") is None
    assert registry.names_like("Newcatle") == ["Newcastle Castle", "Newcastle under Lyme", "Newcastle upon Tyne"]
    assert registry.names_like("gatehead") == ["Gateshead"]
    assert registry.names_like("北京") == registry.names_like("") == []


def test_a_place_that_is_not_known_may_be_mistyped(ask: Any) -> None:
    with pytest.raises(BadParameterError, match="perhaps Aldport"):
        ask(near="Aldprot")


def test_a_postcode_of_an_institution_is_a_place() -> None:
    rows = [
        Institution(id="a", name="A", number=1, kind="library", lat=55.0, lon=-1.7, city="Aldport", postcode="AL1 1AA"),
        Institution(id="b", name="B", number=2, kind="library", lat=52.5, lon=13.4, city="Berlin", postcode="10115"),
    ]
    registry = Registry(rows, "1", datetime(2026, 11, 24, tzinfo=UTC))
    assert registry.find_place("al11aa") == registry.find_place("AL1 1AA") == (Point(55.0, -1.7), "AL1 1AA")
    assert registry.find_place("10115") == (Point(52.5, 13.4), "10115")
    assert registry.find_place("AL1") is None
