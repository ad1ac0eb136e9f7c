"""The bounded method gives the order of brute force over all matches, and says so only when it does.

The engine is a double that answers the seam's questions from a list, in 32-bit scores as real engines do; the columns,
the registry, hours and signals are the real ones. Pools are tiny, so that every step of the method is needed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.engines.base import Candidates, Tier
from schemas.catalogue import SERVICES, STATES, Availability
from schemas.institution import Institution
from schemas.open_states import OPEN, UNKNOWN
from schemas.query import Clause, EngineQuery, Point, SearchRequest, Terms
from search_api.ranking.bounded import Ranked, rank
from search_api.ranking.candidates import best_values
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.counting import left_out, total
from search_api.ranking.ordered import rank_by_field
from search_api.ranking.rules import Pools, Rules, load_rules
from search_api.ranking.scope import scope_of
from search_api.ranking.situation import situation
from search_api.registry import Registry
from store.column_files import EMPTY
from store.column_rows import Rows, concatenate
from store.column_view import View
from store.packed_state import pack, quarter_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOURS = ("", "24/7", "Mo-Su 09:00-17:00", "Mo-Fr 10:00-10:20", "Sa 10:00-12:00", "Tu 12:00-14:00", "off")
TINY = Pools(
    text=4, text_per_hit=1, places=3, places_per_hit=1, tiers=4, rounds=3, whole=10**6, visits=10**6, depth=10**6
)  # fmt: skip
BROWSE = EngineQuery()
WORDS = EngineQuery(clauses=(Clause(tokens=("w",)),))


@dataclass(frozen=True)
class Thing:
    """A work of the double: its text score for the one query, its holdings as (institution, packed state)."""

    number: int
    text: float
    year: int | None
    holdings: tuple[tuple[int, int], ...]


class ListSnapshot:
    """The seam over a list."""

    generation = "list"

    def __init__(self, things: Sequence[Thing]) -> None:
        self.things = sorted(things, key=lambda t: t.number)
        self.calls = 0

    def _matches(self, query: EngineQuery) -> list[Thing]:
        found = [t for t in self.things if t.text > 0 or not query.clauses]
        for terms in query.filters:
            assert isinstance(terms, Terms)
            assert terms.field == "institution"
            found = [t for t in found if {i for i, _ in t.holdings if i} & set(terms.values)]
        return found

    def _best(self, scored: list[tuple[float, int]], limit: int) -> Candidates:
        scored = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:limit]
        return Candidates(np.array([n for _, n in scored], np.int64), np.array([s for s, _ in scored], np.float64))

    def expect(self, searches: Sequence[tuple[EngineQuery, int]], counts: Sequence[EngineQuery]) -> None:
        return

    def search_text(self, query: EngineQuery, limit: int, *, settle_ties: bool = True) -> Candidates:
        self.calls += 1
        return self._best(
            [(float(np.float32(t.text)) if query.clauses else 0.0, t.number) for t in self._matches(query)], limit
        )

    def search_bounded(self, query: EngineQuery, boost: float, tiers: Sequence[Tier], limit: int) -> Candidates:
        self.calls += 1
        edges: dict[int, np.float32] = {}
        for tier in tiers:
            assert tier.edge >= 0
            for institution in tier.institutions:
                edges[institution] = max(np.float32(tier.edge), edges.get(institution, np.float32(0)))
        scored = []
        for t in self._matches(query):
            held = [edges[i] for i, _ in t.holdings if i in edges]
            if held:
                text = np.float32(boost) * np.float32(t.text) if query.clauses else np.float32(0)
                scored.append((float(np.float32(text + max(held))), t.number))
        return self._best(scored, limit)

    def search_sorted(
        self, query: EngineQuery, field: str, descending: bool, limit: int, offset: int = 0
    ) -> Candidates:
        key = {"year": lambda t: t.year, "sort_title": lambda t: None if t.year is None else str(t.year)[::-1]}[field]
        found = self._matches(query)
        with_value = sorted((t for t in found if key(t) is not None), key=key, reverse=descending)
        ordered = with_value + [t for t in found if key(t) is None]
        numbers = np.array([t.number for t in ordered[offset : offset + limit]], np.int64)
        return Candidates(numbers, np.zeros(len(numbers)))

    def count(self, query: EngineQuery) -> int:
        return len(self._matches(query))

    def all_matches(self, query: EngineQuery, limit: int) -> NDArray[np.int64]:
        return np.array([t.number for t in self._matches(query)][:limit], np.int64)

    def facet(self, query: EngineQuery, field: str, limit: int) -> list[tuple[str, int]]:
        raise NotImplementedError

    def complete(self, tokens: Sequence[str], limit: int) -> list[tuple[str, int]]:
        raise NotImplementedError


def view_of(things: Sequence[Thing], *, overlay: int = 0) -> View:
    """Columns that hold the things; the last ``overlay`` of them in an overlay."""

    def rows(part: Sequence[Thing]) -> Rows:
        flat = [(i, word, t.number, position) for t in part for position, (i, word) in enumerate(t.holdings)]
        columns = list(zip(*flat, strict=True)) if flat else [(), (), (), ()]
        return Rows(
            np.array([t.number for t in part], np.int64),
            np.array([len(t.holdings) for t in part], np.int64),
            np.array(columns[0], np.int32),
            np.array(columns[1], np.uint32),
            np.array(columns[2], np.int64),
            np.array(columns[3], np.int32),
        )

    ordered = sorted(things, key=lambda t: t.number)
    cut = len(ordered) - overlay
    view = View(EMPTY, rows(ordered[:cut]))
    return view.changed(rows(ordered[cut:])) if overlay else view


class Draw(random.Random):
    """Random towns, shelves and questions from one seed: large structures that Hypothesis would draw piece by piece."""

    def town(self) -> list[Institution]:
        return [self._institution(number) for number in range(1, self.randint(1, 12) + 1)]

    def _institution(self, number: int) -> Institution:
        place = self.choice(((self.uniform(54.9, 55.1), self.uniform(-1.7, -1.5)),) * 3 + (None, (-45.0, 170.0)))
        return Institution(
            id=f"i{number}",
            name=f"Institution {number}",
            number=number,
            kind=self.choice(("library", "museum")),
            lat=place and place[0],
            lon=place and place[1],
            timezone="Europe/London",
            opening_hours=self.choice(HOURS),
            closed=self.random() < 0.1,
        )

    def word(self) -> int:
        services = self.sample(SERVICES, self.choice((0, 1, 1, 1, 2)))
        known = [Availability(service=service, state=self.choice(STATES)) for service in services]
        hours = self.choice((0, 1, 5, 100, 169, 1000))
        return pack(known, quarter_of(NOW - timedelta(hours=hours)) if known else 0)

    def things(self, institutions: int) -> list[Thing]:
        return [
            Thing(
                number,
                self.choice((0.0, 0.5, 1.0, 2.0, 2.1, 7.5, self.uniform(0.1, 9))),
                self.choice((None, self.randint(1990, 2000))),
                tuple((self.randint(0, institutions), self.word()) for _ in range(self.randint(1, 4))),
            )
            for number in range(1, self.choice((0, 3, 20, 60, 150)) + 1)
        ]

    def request(self) -> SearchRequest:
        near = Point(self.uniform(54.9, 55.1), self.uniform(-1.7, -1.5))
        return SearchRequest(
            at=NOW + self.choice((timedelta(), timedelta(hours=9), timedelta(days=4), timedelta(days=-40))),
            near=self.choice((None, near, near)),
            mode=self.choice(("walk", "transit", "drive")),
            within_km=self.choice((None, None, 2.0, 8.0)),
            open=self.random() < 0.3,
            available=self.random() < 0.3,
            service=tuple(self.sample(SERVICES, self.choice((0, 0, 1, 2)))),
            kind=self.choice(((), (), ("library",))),
            institution=self.choice(((), (), ("i1", "i2"))),
            sort=self.choice(("best", "best", "near", "soon")),
        )

    def weights(self) -> tuple[float, ...]:
        return tuple(self.choice((0.0, 0.3, 1.0, 5.0, self.uniform(0, 5))) for _ in range(4))


seeds = st.builds(Draw, st.integers(0, 2**32))


def weighed(numbers: tuple[float, ...]) -> Rules:
    rules = load_rules()
    text, availability, open_, distance = numbers
    changed = msgspec.structs.replace(
        rules.weights, text=text, availability=availability, open=open_, distance=distance, known_item=1000.0
    )
    return msgspec.structs.replace(rules, weights=changed, pools=TINY)


def brute_force(things: Sequence[Thing], query: EngineQuery, view: View, measure: Measure) -> dict[int, float]:
    """Totals of all matches that pass, by number."""
    matching = [t for t in things if t.text > 0 or not query.clauses]
    numbers = np.array([t.number for t in matching], np.int64)
    values = best_values(view, measure, numbers)
    top = max((np.float32(t.text) for t in matching), default=1) if query.clauses else 1
    text = {t.number: float(np.float32(t.text)) / float(top) if query.clauses else 0.0 for t in matching}
    return {
        number: measure.text_weight * text[number] + value
        for number, value in zip(numbers.tolist(), values.tolist(), strict=True)
        if value > OUT
    }


def agrees(ranked: Ranked, truth: dict[int, float], k: int) -> bool:
    best = sorted(truth.values(), reverse=True)[:k]
    return (
        len(ranked.numbers) == len(best)
        and len(set(ranked.numbers.tolist())) == len(best)
        and np.allclose(ranked.total, best, rtol=0, atol=3e-6)
        and np.allclose([truth[number] for number in ranked.numbers.tolist()], best, rtol=0, atol=3e-6)
    )


@settings(max_examples=600, deadline=None, print_blob=True)
@given(seeds)
def test_certified_means_equal_to_brute_force(draw: Draw) -> None:
    town, request, rules = draw.town(), draw.request(), weighed(draw.weights())
    query, k, things = draw.choice((WORDS, BROWSE)), draw.randint(1, 30), draw.things(len(town))
    here = situation(Registry(town, "1", NOW), request.near, request.at, request.mode, rules, NOW)
    view = view_of(things, overlay=draw.randint(0, len(things)))
    measure = Measure(request, here, rules)
    scope = scope_of(measure, view)
    snapshot = ListSnapshot(things)
    filters = () if scope.places is None else (Terms("institution", scope.places),)
    asked = msgspec.structs.replace(query, filters=filters)
    matching = {t.number for t in snapshot._matches(asked)}
    truth = brute_force([t for t in things if t.number in matching], asked, view, measure)
    everything = brute_force(things, query, view, measure)
    assert truth.keys() == everything.keys(), "the engine's filter drops nothing that passes"
    ranked = rank(snapshot, asked, view, measure, TINY, k)
    event(f"certified={ranked.certified} complete={ranked.complete} calls={ranked.calls}")
    if ranked.certified:
        assert agrees(ranked, truth, k)
    assert ranked.calls <= 2 + TINY.rounds
    whole = rank(snapshot, asked, view, measure, TINY, k, at_least=len(things) + 1)
    assert whole.certified
    assert agrees(whole, truth, k)
    assert total(snapshot, asked, view, measure, TINY, by_place=scope.decides) == (len(truth), "exact")


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_holdings_never_exceed_the_ceiling_of_their_place(draw: Draw) -> None:
    town, request, rules = draw.town(), draw.request(), weighed(draw.weights())
    things, now = draw.things(len(town)), NOW + timedelta(minutes=draw.randint(0, 40))
    here = situation(Registry(town, "1", NOW), request.near, request.at, request.mode, rules, now)
    view = view_of(things)
    measure = Measure(request, here, rules)
    ceilings = measure.ceilings(view)
    rows, _ = view.rows_of(np.array([t.number for t in things], np.int64))
    institution = view.institution(rows)
    value = measure.of(view.state(rows), institution).value
    assert (value <= ceilings[institution] + 1e-9).all()


@settings(max_examples=150, deadline=None)
@given(seeds, st.sampled_from(("newest", "oldest", "title")), st.integers(1, 30))
def test_the_engines_orders_under_filters_on_holdings(draw: Draw, order: str, k: int) -> None:
    town = draw.town()
    things, request, rules = draw.things(len(town)), draw.request(), load_rules()
    request = msgspec.structs.replace(request, sort=order)
    here = situation(Registry(town, "1", NOW), request.near, request.at, request.mode, rules, NOW)
    view, measure = view_of(things), Measure(request, here, rules)
    ranked = rank_by_field(ListSnapshot(things), WORDS, view, measure, TINY, k, order)
    passing = brute_force(things, WORDS, view, measure)
    field, descending = {"newest": ("year", True), "oldest": ("year", False), "title": ("sort_title", False)}[order]
    all_sorted = ListSnapshot(things).search_sorted(WORDS, field, descending, 1000).numbers.tolist()
    assert ranked.numbers.tolist() == [number for number in all_sorted if number in passing][:k]
    assert ranked.certified


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_unknown_doors_are_counted(draw: Draw) -> None:
    town, rules = draw.town(), load_rules()
    things, request = draw.things(len(town)), msgspec.structs.replace(draw.request(), open=True, sort="best")
    here = situation(Registry(town, "1", NOW), request.near, request.at, request.mode, rules, NOW)
    view, strict = view_of(things), Measure(request, here, rules)
    tolerant = Measure(request, here, rules, doors=(OPEN, UNKNOWN))
    both = brute_force(things, WORDS, view, tolerant).keys() - brute_force(things, WORDS, view, strict).keys()
    assert left_out(ListSnapshot(things), WORDS, view, strict, tolerant, TINY) == (len(both), "exact")


def test_the_second_call_is_needed_and_is_enough() -> None:
    """A near place with poor text matches, beyond the first pool: found by one bounded call."""
    town = [
        Institution(id="far", name="Far", number=1, lat=60.0, lon=10.0, opening_hours="24/7", timezone="UTC"),
        Institution(id="near", name="Near", number=2, lat=55.0, lon=-1.6, opening_hours="24/7", timezone="UTC"),
    ]
    word = pack([Availability(service="loan", state="available")], quarter_of(NOW))
    things = [Thing(n, 5 + n / 1000, None, ((1, word),)) for n in range(1, 200)] + [Thing(999, 4.9, None, ((2, word),))]
    request = SearchRequest(at=NOW, near=Point(55.0, -1.6))
    rules = load_rules()
    here = situation(Registry(town, "1", NOW), request.near, NOW, "walk", rules, NOW)
    view, measure, snapshot = view_of(things), Measure(request, here, rules), ListSnapshot(things)
    ranked = rank(snapshot, WORDS, view, measure, TINY, 3)
    assert ranked.numbers[0] == 999
    assert ranked.certified
    assert ranked.calls == 2


def test_more_like_works_than_are_looked_at_are_proven_at_any_minute() -> None:
    """A catalogue that is browsed: hundreds of copies worth the same, checked some minutes before."""
    town = [Institution(id="one", name="One", number=1, lat=55.0, lon=-1.6, opening_hours="24/7", timezone="UTC")]
    word = pack([Availability(service="loan", state="available")], quarter_of(NOW))
    view, rules = view_of([Thing(n, 1.0, None, ((1, word),)) for n in range(1, 900)]), load_rules()
    snapshot = ListSnapshot([Thing(n, 1.0, None, ((1, word),)) for n in range(1, 900)])
    for minutes in (0, 7, 14, 22):
        now = NOW + timedelta(minutes=minutes)
        request = SearchRequest(at=now, near=Point(55.0, -1.6))
        here = situation(Registry(town, "1", NOW), request.near, now, "walk", rules, now)
        assert rank(snapshot, BROWSE, view, Measure(request, here, rules), TINY, 3).certified, minutes


@pytest.mark.parametrize("k", [1, 5, 40])
def test_a_holding_that_is_nowhere_is_not_claimed_to_be_ranked(k: int) -> None:
    """The index knows no institution for it, so only a look at all matches proves the order."""
    town = [Institution(id="a", name="A", number=1, opening_hours="off", timezone="UTC", closed=True)]
    word = pack([Availability(service="loan", state="available")], quarter_of(NOW))
    things = [Thing(n, 5.0, None, ((1, 0),)) for n in range(1, 50)] + [Thing(60, 4.99, None, ((0, word),))]
    request, rules = SearchRequest(at=NOW), load_rules()
    here = situation(Registry(town, "1", NOW), None, NOW, "walk", rules, NOW)
    view, measure = view_of(things), Measure(request, here, rules)
    assert not rank(ListSnapshot(things), WORDS, view, measure, TINY, k).certified
    whole = rank(ListSnapshot(things), WORDS, view, measure, TINY, k, at_least=100)
    assert whole.certified
    assert whole.numbers[0] == 60


def test_an_empty_view_gives_no_hits() -> None:
    request, rules = SearchRequest(at=NOW), load_rules()
    here = situation(Registry([], "1", NOW), None, NOW, "walk", rules, NOW)
    view = View(EMPTY, concatenate([]))
    ranked = rank(ListSnapshot([Thing(1, 1.0, None, ((0, 0),))]), WORDS, view, Measure(request, here, rules), TINY, 5)
    assert ranked.numbers.tolist() == []
