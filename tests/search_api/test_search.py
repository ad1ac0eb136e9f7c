"""A search as its users see it: the right first answers, honest reasons, filters, pages, facts that show at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from config.settings import Settings
from indexer.build import rebuild
from indexer.engines import open_engine
from schemas.answer import Answer
from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding
from schemas.institution import Institution
from search_api.context import Context, open_context
from search_api.problems import BadParameterError
from search_api.search import search
from search_api.understand import understand
from store import availability, tables
from store.availability import Fact
from store.database import Database

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Asker:
    """Asks a context."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def __call__(self, q: str = "", lang: str = "en", **params: str) -> Answer:
        return search(
            self.context, understand(self.context, {name: [v] for name, v in {"q": q, **params}.items()}, lang)
        )

    def titles(self, q: str = "", **params: str) -> list[str]:
        return [hit.title for hit in self(q, **params).hits]

    def pages(self, limit: int, **params: str) -> list[Answer]:
        answers = [self(limit=str(limit), **params)]
        while answers[-1].next:
            answers.append(self(limit=str(limit), cursor=answers[-1].next, **params))
        return answers


@pytest.fixture
def ask(federation: Any) -> Asker:
    return Asker(federation.context)


NEAR = {"near": "54.974,-1.61", "at": "2026-11-23T10:00"}


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("pride and prejudice", "Pride and prejudice"),
        ("Pride and Prejudice Austen", "Pride and prejudice"),
        ("austen emma", "Emma"),
        ("9780141439518", "Pride and prejudice"),
        ("978-0-14-143951-8", "Pride and prejudice"),
        ("0141439513", "Pride and prejudice"),
        ("ISBN 0-14-143951-3", "Pride and prejudice"),
        ("紅樓夢", "红楼梦"),
        ("红楼", "红楼梦"),
        ("les etrangers de l'ete oeuvres", "Les étrangers de l'Été: Œuvres"),
        ("harbour sketchbook", "Sketchbook of the harbour"),
    ],
)
def test_the_right_first_answer(ask: Asker, q: str, first: str) -> None:
    answer = ask(q, **NEAR)
    assert answer.hits[0].title == first
    assert answer.exact
    assert answer.total_relation == "exact"


def test_the_score_is_the_sum_of_its_signals(ask: Asker) -> None:
    for q in ("harbour", "pride and prejudice", "9780141439518", ""):
        for hit in ask(q, explain="true", limit="100", **NEAR).hits:
            assert hit.score == pytest.approx(sum(s.weight * s.score for s in hit.signals.values()), abs=1e-6)
            assert set(hit.signals) >= {"text", "availability", "open", "distance"}
            assert all(0 <= s.score <= 1 and s.reason for s in hit.signals.values())
    assert all(s.reason == "" for hit in ask("harbour").hits for s in hit.signals.values())


def test_hits_stand_in_the_order_of_their_scores(ask: Asker) -> None:
    scores = [hit.score for hit in ask("harbour", limit="100", **NEAR).hits]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 20


def test_an_exact_title_is_never_passed_by_nearness(ask: Asker) -> None:
    answer = ask("letters of a harbour master", near="54.974,-1.61", explain="true")
    assert answer.hits[0].title == "Letters of a harbour master"
    assert answer.hits[0].best.distance_km > 60
    assert answer.hits[0].signals["known_item"].score == 1.0


def test_the_page_says_it_in_one_line(ask: Asker) -> None:
    english = ask("pride and prejudice", near="54.973,-1.613", at="2026-11-23T10:00").hits[0]
    assert english.best.reason == (
        "Aldport City Library, 0.2 km (3 min on foot): available for loan (checked 4 h ago), open until 18:00"
    )
    chinese = ask("pride and prejudice", lang="zh", near="54.973,-1.613", at="2026-11-23T10:00").hits[0]
    assert chinese.best.reason == (
        "Aldport City Library，0.2 公里（步行 3 分钟）：可外借（4 小时前查证），开放至 18:00"
    )


@pytest.mark.parametrize(
    ("q", "params", "said"),
    [
        ("emma", {"at": "2026-11-23T20:00"}, "closed now, opens tomorrow 13:00"),
        ("emma", {"at": "2026-11-23T12:59", "near": "54.97,-1.60"}, "open until 19:00"),
        ("emma", {"at": "2026-11-23T18:40"}, "closes in 20 min"),
        ("emma", {"at": "2026-11-23T18:30", "near": "54.97,-1.60"}, "closes 20 min after you arrive"),
        ("emma", {"at": "2026-11-23T18:55", "near": "54.97,-1.60"}, "closed when you arrive, opens tomorrow 13:00"),
        ("emma", {"at": "2026-11-20T20:00"}, "opens Mon 13:00"),
        ("sketchbook", {"at": "2026-11-24T16:35"}, "last entry 16:30: you would arrive at 16:35, too late"),
        ("letters master", {}, "hours unknown"),
        ("letters master", {"near": "54.97,-1.60", "mode": "walk"}, "too far for today"),
        ("northern tide", {"service": "loan"}, "not available (checked 4 h ago)"),
        ("northern tide", {}, "available to use there (checked 4 h ago)"),
        ("上海港口史", {}, "on loan (checked 4 h ago)"),
        ("harbour engineering", {}, "available online (checked 4 h ago)"),
        ("les etrangers", {}, "availability unknown"),
        ("emma", {"at": "2026-12-25T14:00"}, "open until 19:00; a public holiday, for which no hours are given"),
        ("emma", {"at": "2026-12-24T20:00"}, "opens tomorrow 13:00; a public holiday"),
        ("emma", {"at": "2026-12-23T14:00"}, "availability unknown (last known 30 days ago: available for loan)"),
    ],
)
def test_reasons_say_what_is_known_and_what_is_not(ask: Asker, q: str, params: dict[str, str], said: str) -> None:
    assert said in ask(q, **({"at": "2026-11-23T10:00"} | params)).hits[0].best.reason


def test_a_stale_status_is_never_plain_available(ask: Asker) -> None:
    fresh, old = (ask("emma", at=at).hits[0].best for at in ("2026-11-23T14:00", "2026-12-23T14:00"))
    assert (fresh.state, old.state) == ("available", "unknown")
    assert ask("emma", available="true", at="2026-12-23T14:00").total == 0


def test_filters_hold_for_one_and_the_same_holding(ask: Asker) -> None:
    """The city has it in, the harbour branch is open later: neither is both."""
    evening = {"q": "pride and prejudice", "at": "2026-11-23T18:30", "service": "loan"}
    assert ask(**evening).total == 1
    assert ask(**evening, available="true").hits[0].best.institution_id == "city"
    assert ask(**evening, open="true").hits[0].best.institution_id in ("harbour", "university")
    assert ask(**evening, open="true", available="true").total == 0


def test_filters_by_place_kind_and_work(ask: Asker) -> None:
    assert {hit.best.kind for hit in ask("harbour", kind="museum").hits} == {"museum"}
    assert ask("harbour", kind="museum").total == 2
    assert ask.titles("harbour", institution="university") == ["Harbour engineering"]
    branches = ask("", institution="city", limit="100")
    assert {hit.best.institution_id for hit in branches.hits} <= {"city", "harbour"}
    assert any(hit.best.institution_id == "harbour" for hit in branches.hits)
    near = ask("", near="54.974,-1.61", within_km="1", limit="100")
    assert all(hit.best.distance_km <= 1 for hit in near.hits)
    assert 0 < near.total < ask("").total
    assert ask.titles("", language="zh", type="book", sort="title") != []
    assert ask("", year_from="3000").total == 0


def test_open_tells_how_many_may_be_open_too(ask: Asker) -> None:
    answer = ask("harbour", open="true", at="2026-11-23T10:00")
    assert all(hit.best.open == "open" for hit in answer.hits)
    assert any("1 more left out" in warning for warning in answer.query["warnings"])


def test_totals_agree_with_what_is_shown(ask: Asker) -> None:
    for params in (
        {}, {"available": "true"}, {"open": "true"}, {"service": "digital"},
        {"service": "on_site", "available": "true"},
        {"near": "54.974,-1.61", "within_km": "2", "open": "true"},
        {"kind": "library,archive", "available": "true"},
    ):  # fmt: skip
        answer = ask("", limit="100", at="2026-11-24T11:00", **params)
        assert answer.total == len(answer.hits), params
        assert answer.exact
        assert answer.total_relation == "exact"


@pytest.mark.parametrize("sort", ["best", "near", "soon", "newest", "oldest", "title"])
@pytest.mark.parametrize("q", ["", "harbour"])
def test_pages_are_one_list_cut_in_parts(ask: Asker, sort: str, q: str) -> None:
    whole = ask(q=q, sort=sort, limit="100", **NEAR)
    pages = ask.pages(4, q=q, sort=sort, **NEAR)
    assert [hit.id for page in pages for hit in page.hits] == [hit.id for hit in whole.hits]
    assert {page.total for page in pages} == {whole.total}
    assert pages[-1].next is None
    assert whole.next is None


def test_pages_keep_the_moment_of_the_first(ask: Asker, federation: Any) -> None:
    first = ask("harbour", limit="5", near="54.974,-1.61")
    rest = [hit.id for hit in ask("harbour", limit="100", near="54.974,-1.61").hits[5:10]]
    federation.now += timedelta(hours=11)
    second = ask("harbour", limit="5", near="54.974,-1.61", cursor=first.next)
    assert [hit.id for hit in second.hits] == rest
    assert second.query["at"] == first.query["at"]


@pytest.mark.parametrize(
    "at", ["2026-03-29T01:30", "2026-10-25T01:30", "2026-10-25T01:30+01:00", "9999-12-31T23:59Z", "0001-01-01T00:00Z"]
)
def test_pages_follow_each_other_in_a_clock_change_and_at_the_ends_of_the_calendar(ask: Asker, at: str) -> None:
    pages = ask.pages(5, q="harbour", near="54.974,-1.61", at=at)
    whole = ask("harbour", limit="100", near="54.974,-1.61", at=at)
    assert len(pages) > 1
    assert [hit.id for page in pages for hit in page.hits] == [hit.id for hit in whole.hits]


def test_a_cursor_of_another_question_is_refused(ask: Asker) -> None:
    following = ask("harbour", limit="5").next
    for other in ({"q": "stories"}, {"q": "harbour", "sort": "title"}, {"q": "harbour", "open": "true"}):
        with pytest.raises(BadParameterError) as caught:
            ask(cursor=following, **other)
        assert caught.value.parameter == "cursor"
    assert ask("harbour", limit="7", cursor=following, explain="true").hits


def test_sort_near_and_soon(ask: Asker) -> None:
    near = [hit.best.distance_km for hit in ask("", sort="near", limit="100", **NEAR).hits]
    assert near == sorted(near)
    soon = ask("", sort="soon", limit="100", near="54.974,-1.61", at="2026-11-24T08:30", service="loan,on_site").hits
    ready = [hit.best.opens_at or hit.best.open == "open" for hit in soon if hit.best.state in ("available", "limited")]
    assert ready[0] is True, "what is open at arrival comes first"
    states = [hit.best.state in ("available", "limited") for hit in soon]
    assert states == sorted(states, reverse=True), "what can be had comes before what cannot"


def test_sort_by_year_and_title(ask: Asker) -> None:
    years = [hit.year for hit in ask("", sort="newest", limit="100").hits]
    known = [year for year in years if year is not None]
    assert known == sorted(known, reverse=True)
    assert years[: len(known)] == known
    oldest = [hit.year for hit in ask("", sort="oldest", limit="100").hits][: len(known)]
    assert oldest == sorted(known)
    titles = [title.casefold() for title in ask.titles("harbour stories", sort="title", limit="100")]
    assert titles[0].startswith("harbour stories")


def test_when_all_words_find_nothing_some_are_tried(ask: Asker) -> None:
    answer = ask("harbour zeppelin stories")
    assert answer.total > 0
    assert answer.query["match"] == "any"
    assert any("some of them" in warning for warning in answer.query["warnings"])
    assert ask("zeppelin").total == 0
    assert ask("zeppelin quagga").total == 0


def test_a_question_without_words_shows_everything_and_says_so(ask: Asker) -> None:
    answer = ask("?!")
    assert answer.total == ask("").total
    assert answer.query["warnings"]


def test_facets_count_under_the_other_filters(ask: Asker) -> None:
    answer = ask("harbour", facets="type,language,decade,institution,kind", kind="museum")
    kinds = {facet["value"]: facet["count"] for facet in answer.facets["kind"]}
    assert kinds["museum"] == answer.total == 2
    assert kinds["library"] == ask("harbour", kind="library").total
    places = {facet["value"]: (facet["count"], facet["label"]) for facet in answer.facets["institution"]}
    assert places["museum"] == (2, "Aldport Museum of Art")
    assert set(places) == {"museum"}
    for facet in ask("harbour", facets="type").facets["type"]:
        assert facet["count"] == ask("harbour", type=facet["value"]).total
        assert facet["label"]


def test_a_pushed_status_shows_at_once(ask: Asker, federation: Any) -> None:
    assert ask("emma").hits[0].best.state == "available"
    context = federation.context
    with context.database.begin() as connection:
        hit = ask("emma").hits[0]
        record = connection.execute(tables.records.select().where(tables.records.c.work == hit.number)).one()
        harbour = context.registry().by_id["harbour"].number
        fact = Fact(
            record=record.id, institution=harbour, service="loan", state="expected", due="2026-12-03", how="pushed",
            checked_at="2026-11-23T09:58:00+00:00",
        )  # fmt: skip
        availability.put(connection, [fact])
    context.refresh()
    best = ask("emma", at="2026-11-23T14:00").hits[0].best
    assert (best.state, best.due) == ("expected", "2026-12-03")
    assert "on loan, expected 3 Dec (checked 4 h ago)" in best.reason
    assert best.checked_at == datetime(2026, 11, 23, 9, 58, tzinfo=UTC)
    assert ask("emma", available="true").total == 0


def test_other_processes_see_it_without_being_told(ask: Asker, federation: Any) -> None:
    with open_other(federation.settings) as other, other.database.begin() as connection:
        record = connection.execute(
            tables.records.select().where(tables.records.c.work == ask("emma").hits[0].number)
        ).one()
        fact = Fact(
            record=record.id, institution=2, service="loan", state="unavailable", how="pushed",
            checked_at="2026-11-23T09:59:00+00:00",
        )  # fmt: skip
        availability.put(connection, [fact])
    waited = time.monotonic()
    while ask("emma").hits[0].best.state != "unavailable":
        assert time.monotonic() - waited < 5
        time.sleep(0.05)


class open_other:  # noqa: N801 - reads like a function
    """A second context on the same home."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> Context:
        self.context = open_context(self.settings)
        return self.context

    def __exit__(self, *_: object) -> None:
        self.context.close()


def test_a_changed_registry_shows(ask: Asker, federation: Any) -> None:
    from store import institutions

    before = ask("letters master", at="2026-11-23T10:00").hits[0].best
    assert before.open == "unknown"
    with federation.context.database.begin() as connection:
        archive = institutions.get(connection, "archive")
        institutions.upsert(connection, [msgspec.structs.replace(archive, opening_hours="Mo-Fr 09:30-16:00")])
    federation.context.refresh()
    after = ask("letters master", at="2026-11-23T10:00").hits[0].best
    assert (after.open, after.open_until.isoformat()) == ("open", "2026-11-23T16:00:00+00:00")


@pytest.fixture
def town(stock: Callable[..., None], database: Database, settings: Settings) -> Iterator[Callable[..., Asker]]:
    """A catalogue of the test's own, merged and indexed."""
    opened: list[Context] = []

    def made(places: list[Institution], rows: list[CatalogueRecord], **given: Any) -> Asker:
        stock(places, rows, seen=NOW, **given)
        engine = open_engine(settings)
        rebuild(database, engine, settings)
        engine.close()
        opened.append(open_context(settings, clock=lambda: NOW))
        return Asker(opened[0])

    yield made
    for context in opened:
        context.close()


def things(count: int, title: str = "Sunset over the lake {n}", **given: Any) -> list[CatalogueRecord]:
    holdings = given.pop("holdings", [Holding(availability=[Availability(service="on_site", state="available")])])
    return [
        CatalogueRecord(
            source="shelf", record=f"r{n}", title=title.format(n=n), type="object", unit_id=f"ACC.{n}",
            holdings=holdings, **given,
        )
        for n in range(count)
    ]  # fmt: skip


HOUSE = Institution(
    id="house", name="House", kind="museum", lat=54.97, lon=-1.61, timezone="Europe/London", opening_hours="24/7"
)


def test_ties_beyond_every_pool_are_paged_without_loss(town: Callable[..., Asker]) -> None:
    """2,500 objects with one title at one place: all worth the same."""
    ask = town([HOUSE], things(2500, "Untitled"))
    for q in ("untitled", ""):
        seen = [hit.id for page in ask.pages(100, q=q, near="54.97,-1.61") for hit in page.hits]
        assert len(seen) == len(set(seen)) == 2500, q


def test_an_accession_number_finds_its_object(town: Callable[..., Asker]) -> None:
    ask = town([HOUSE], things(50))
    for q in ("ACC.17", "acc 17", "ACC17"):
        answer = ask(q)
        assert [hit.unit_id for hit in answer.hits] == ["ACC.17"]
        assert answer.query["identifier"] == q
        assert answer.hits[0].signals["known_item"].score == 1
    assert ask("sunset 17").hits[0].title == "Sunset over the lake 17"


def test_holdings_at_no_known_place(town: Callable[..., Asker]) -> None:
    ask = town([], things(3))
    answer = ask("sunset")
    assert answer.total == 3
    best = answer.hits[0].best
    assert (best.institution_id, best.distance_km, best.open) == (None, None, "unknown")
    assert "Place not known" in best.reason
    assert ask("sunset", open="true").total == 0


def test_the_whole_title_comes_before_one_that_only_begins_so(town: Callable[..., Asker]) -> None:
    far = Institution(id="far", name="Far", kind="library", lat=55.9, lon=-3.2, timezone="Europe/London")
    rows = [
        CatalogueRecord(
            source="shelf", record="1", title="The sea: a guide for walkers", type="book",
            holdings=[Holding(branch="house", availability=[Availability(service="loan", state="available")])],
        ),
        CatalogueRecord(source="shelf", record="2", title="The sea", type="book", holdings=[Holding(branch="far")]),
        CatalogueRecord(
            source="shelf", record="3", title="Sea sea sea", type="book", creators=[Creator(name="Sea, The")],
            holdings=[Holding(branch="house", availability=[Availability(service="loan", state="available")])],
        ),
    ]  # fmt: skip
    ask = town([HOUSE, far], rows)
    assert ask.titles("the sea", near="54.97,-1.61") == ["The sea", "The sea: a guide for walkers", "Sea sea sea"]


def test_a_name_in_many_scripts_counts_as_much_as_one(town: Callable[..., Asker]) -> None:
    forms = ["Tolstoy, Leo", "Толстой, Лев Николаевич", "列夫·托爾斯泰", "Tolstoï, Léon", "トルストイ"]
    rows = [
        CatalogueRecord(
            source="shelf", record=str(n), title=title, type="book", creators=[Creator(name=name) for name in names],
            holdings=[Holding(availability=[Availability(service="loan", state=state)])],
        )
        for n, (title, names, state) in enumerate(
            [("Guerra y paz", ["Leo Tolstoy"], "unavailable"), ("Anna Karenina", forms, "available")]
        )
    ]  # fmt: skip
    first, second = town([HOUSE], rows)("tolstoy").hits
    assert (first.title, second.title) == ("Anna Karenina", "Guerra y paz")
    assert first.signals["text"].score > 0.95


def test_before_the_first_build(settings: Settings) -> None:
    from indexer.engines.base import EngineError

    with open_other(settings) as context, pytest.raises(EngineError, match="index"):
        Asker(context)("anything")


def test_a_work_that_vanished_from_the_store_is_left_out(ask: Asker, federation: Any) -> None:
    number = ask("emma").hits[0].number
    with federation.context.database.begin() as connection:
        connection.execute(tables.works.update().where(tables.works.c.number == number).values(data=None))
    assert "Emma" not in [hit.title for hit in ask("emma").hits]


def test_the_watch_applies_changes_and_survives_trouble(ask: Asker, federation: Any, monkeypatch: Any) -> None:
    context, failed = federation.context, []
    real = context._columns.refresh

    def sometimes(**given: Any) -> bool:
        if not failed:
            failed.append(True)
            raise OSError("the disk is away for a moment")
        return real(**given)

    monkeypatch.setattr(context._columns, "refresh", sometimes)
    context.watch()
    with context.database.begin() as connection:
        record = connection.execute(tables.records.select().where(tables.records.c.work == ask("emma").hits[0].number))
        fact = Fact(
            record=record.one().id, institution=2, service="loan", state="limited", how="live",
            checked_at="2026-11-23T09:59:00+00:00",
        )  # fmt: skip
        availability.put(connection, [fact])
    waited = time.monotonic()
    while ask("emma").hits[0].best.state != "limited":
        assert time.monotonic() - waited < 10
        time.sleep(0.05)
    assert failed
