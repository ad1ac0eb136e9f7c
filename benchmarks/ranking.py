"""The bounded ranking against brute force over all matches and against the engine's plain text search, side by side."""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from benchmarks.ranking_data import CITIES, NOW, cities, fill, word
from benchmarks.ranking_home import run_home
from config.settings import Settings, load_settings
from indexer.engines.base import Snapshot
from schemas.query import Clause, EngineQuery, Point, SearchRequest
from search_api.context import Context, open_context
from search_api.ranking.candidates import best_values
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.known_item import SCORES
from search_api.ranking.order import Ordered, Ranking, in_order
from search_api.ranking.rules import Rules, load_rules
from search_api.ranking.scope import scope_of
from search_api.ranking.situation import situation
from search_api.retrieve import filters_of
from search_api.search import search
from store import availability
from store.availability import Fact
from store.column_view import View
from store.columns import Columns
from store.database import open_database
from store.packed_state import quarter_of, quarters_of

WORKS, HITS, EACH, REPEAT = 100_000, 20, 12, 3
PLACES = (1000, 10_000, 100_000)
PUSHED, PUSHED_A_SECOND, _BATCH = 5000, 1000, 100
WEIGHTS = {
    "text 0.3": {"text": 0.3},
    "availability 1, distance 1": {"availability": 1.0, "distance": 1.0},
    "text 5": {"text": 5.0},
}


class Asked(NamedTuple):
    """A question of a class."""

    kind: str
    request: SearchRequest
    query: EngineQuery
    identifier: str = ""


class Seen(NamedTuple):
    """What one question showed."""

    kind: str
    overlap: float
    ndcg: float
    certified: bool
    calls: int
    matches: int
    plain_ms: float
    ranked_ms: float
    whole_ms: float


def run(size: int = WORKS, counts: tuple[int, ...] = PLACES) -> dict[str, Any]:
    """Measure on catalogues of so many works with each count of institutions, and the home LAMPWAY_BENCH_HOME."""
    home_given = os.environ.get("LAMPWAY_BENCH_HOME")
    rows = run_home(Path(home_given)) if home_given else []
    for places in counts:
        with tempfile.TemporaryDirectory() as home:
            rows += _measure(size, places, Path(home))
    return {
        "title": f"Ranking: {size:,} works",
        "command": "python -m benchmarks ranking",
        "rows": rows,
        "notes": [
            "Plain: the engine's text search for 20 hits. Overlap and nDCG at 20 against brute force over all matches,",
            "where hits of equal score count as equal. Classes: rare, mid and common words, AND of 2 and 3, OR of 3,",
            "a common word under filters, browse, and the filters open, available and within 10 km; users in a city,",
            "in a suburb, far away and at night. Times by class are median milliseconds; ratios are of questions whose",
            "plain search takes over 0.5 ms. The federation is a harvested home (LAMPWAY_BENCH_HOME, or `python -m",
            "benchmarks.ranking --home`): 100 questions of its own titles, creators and subjects, asked in town, far",
            "away and at night. `--works 1000000 --institutions 10000` measures a large catalogue.",
        ],
    }


def _measure(size: int, places: int, home: Path) -> list[dict[str, Any]]:
    settings = load_settings(home=home, _env_file=None)
    context = open_context(settings, clock=lambda: NOW)
    try:
        fill(context.database, context.engine, settings, size, places)
        context.refresh()
        rules = load_rules()
        seen = [look(context, asked, rules) for asked in questions()]
        about = f"{places:,} institutions"
        rows = summary(about, seen) + _by_kind(about, seen)
        for name, changed in WEIGHTS.items() if places < PLACES[-1] else ():
            weights = msgspec.structs.replace(rules.weights, **changed)
            other = msgspec.structs.replace(rules, weights=weights)
            some = [look(context, asked, other, whole=False) for asked in questions()[::3]]
            exact = f"{min(s.overlap for s in some):.3f}, {sum(s.certified for s in some)} of {len(some)}"
            rows.append({"what": f"{places:,} institutions, weights {name}: least overlap, certified", "value": exact})
        return rows + _visibility(context, settings, places)
    finally:
        context.close()


def questions() -> list[Asked]:
    """EACH questions of each class, asked by users at different places and times."""
    rng, at = np.random.default_rng(3), cities(np.random.default_rng(7))

    def pick(low: int, high: int, count: int = 1) -> tuple[Clause, ...]:
        return tuple(Clause(tokens=(word(rank),)) for rank in rng.choice(np.arange(low, high), count, replace=False))

    def user(index: int) -> SearchRequest:
        city, kind = int(rng.integers(0, CITIES)), ("city", "suburb", "far", "night")[index % 4]
        off = {"city": 0.02, "suburb": 0.3, "far": 0.0, "night": 0.02}[kind]
        lat, lon = (
            (20.0, -40.0) if kind == "far" else (at[city, 0] + rng.normal(0, off), at[city, 1] + rng.normal(0, off))
        )
        moment = NOW + timedelta(hours=int(rng.integers(0, 8)) if kind != "night" else 17)
        return SearchRequest(near=Point(float(lat), float(lon)), at=moment, mode=("walk", "drive")[index % 2])

    found = []
    for index in range(EACH):
        asked = user(index)
        narrow = msgspec.structs.replace(asked, type=("book",), language=("en", "de"), year_from=1980, year_to=2010)
        found += [
            Asked("rare word", asked, EngineQuery(clauses=pick(20_000, 120_000))),
            Asked("mid word", asked, EngineQuery(clauses=pick(300, 2000))),
            Asked("common word", asked, EngineQuery(clauses=pick(5, 60))),
            Asked("2 words", asked, EngineQuery(clauses=pick(5, 200, 2))),
            Asked("3 words", asked, EngineQuery(clauses=pick(3, 100, 3))),
            Asked("any of 3 words", asked, EngineQuery(clauses=pick(5, 500, 3), match="any")),
            Asked("common word, filters", narrow, EngineQuery(clauses=pick(5, 60))),
            Asked("browse", asked, EngineQuery()),
            Asked("open", msgspec.structs.replace(asked, open=True), EngineQuery(clauses=pick(5, 60))),
            Asked("available", msgspec.structs.replace(asked, available=True), EngineQuery(clauses=pick(5, 60))),
            Asked("within 10 km", msgspec.structs.replace(asked, within_km=10.0), EngineQuery(clauses=pick(5, 60))),
            Asked("nearest first", msgspec.structs.replace(asked, sort="near"), EngineQuery(clauses=pick(5, 60))),
            Asked("soonest first", msgspec.structs.replace(asked, sort="soon"), EngineQuery(clauses=pick(5, 60))),
        ]
    return found


def look(context: Context, asked: Asked, rules: Rules, *, whole: bool = True) -> Seen:
    """Ask one question of the ranking, of plain search, of brute force and of the whole search."""
    view, snapshot, request = context.columns().view, context.engine.snapshot(), asked.request
    registry = context.registry()
    here = situation(registry, request.near, request.at, request.mode, rules, NOW)
    measure = Measure(request, here, rules)
    scope = scope_of(measure, view)
    query = msgspec.structs.replace(asked.query, filters=filters_of(request, scope.places))
    database, pools, decides = context.database, rules.pools_for(context.engine.name), scope.decides
    ranking = Ranking(
        snapshot=snapshot, view=view, measure=measure, pools=pools, database=database, decides=decides
    )  # fmt: skip

    def ranked() -> Ordered:
        return in_order(ranking, request, query, asked.identifier, HITS)

    ordered = ranked()
    answer = ordered.ranked
    plain_ms, ranked_ms = _times(lambda: snapshot.search_text(query, HITS), ranked)
    text = " ".join(token for clause in asked.query.clauses for token in clause.tokens)
    asking = msgspec.structs.replace(request, q=request.q or text, limit=HITS)
    whole_ms = _times(lambda: search(context, asking))[0] if whole and asked.query.match == "all" else float("nan")
    overlap, ndcg, matches = _quality(ordered, snapshot, query, view, measure)
    return Seen(asked.kind, overlap, ndcg, answer.certified, answer.calls, matches, plain_ms, ranked_ms, whole_ms)


def _visibility(context: Context, settings: Settings, places: int) -> list[dict[str, Any]]:
    """How long until a pushed state is seen by another reader that searches all the while."""
    reader = Columns.open(settings.columns_home, open_database(settings.database))
    sent: dict[int, float] = {}
    seen: dict[int, float] = {}
    done = threading.Event()

    def push() -> None:
        for number in range(0, PUSHED, _BATCH):
            began = time.perf_counter()
            facts = [_fact(context, record) for record in range(number + 1, number + _BATCH + 1)]
            with context.database.begin() as connection:
                availability.put(connection, facts)
            sent.update(dict.fromkeys(range(number + 1, number + _BATCH + 1), time.perf_counter()))
            time.sleep(max(0.0, _BATCH / PUSHED_A_SECOND - (time.perf_counter() - began)))
        done.set()

    def count_new(now: float) -> None:
        waiting = np.array([number for number in list(sent) if number not in seen], np.int64)
        rows, counts = reader.rows_of(waiting)
        fresh = quarters_of(reader.view.state(rows)) > quarter_of(NOW)
        has = np.bitwise_or.reduceat(fresh, np.cumsum(counts) - counts) if len(rows) else fresh
        seen.update(dict.fromkeys(waiting[has].tolist(), now))

    pusher = threading.Thread(target=push)
    pusher.start()
    searches = 0
    while not done.is_set() or len(seen) < len(sent):
        reader.refresh()
        count_new(time.perf_counter())
        request = SearchRequest(near=Point(50.0, 1.0), at=NOW, q=word(1 + searches % 50))
        search(context, request)
        searches += 1
    pusher.join()
    waits = [1000 * max(seen[number] - sent[number], 0) for number in sent]
    about = f"{places:,} institutions: pushed states seen by another reader, {PUSHED_A_SECOND:,} a second"
    value = f"{np.percentile(waits, 50):.0f} / {np.percentile(waits, 95):.0f} / {max(waits):.0f}"
    return [
        {"what": f"{about}, ms, p50 / p95 / most, {searches} searches meanwhile", "value": value, "target": "< 1000"}
    ]


def _fact(context: Context, record: int) -> Fact:
    rows, _ = context.columns().rows_of(np.array([record], np.int64))
    institution = int(context.columns().view.institution(rows)[0])
    at = (NOW + timedelta(hours=1)).isoformat(timespec="seconds")
    return Fact(record=record, institution=institution, service="loan", state="limited", how="pushed", checked_at=at)


def _times(*works: Callable[[], object]) -> tuple[float, ...]:
    """Median milliseconds of each, run in turn."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(REPEAT):
        for index, work in enumerate(works):
            began = time.perf_counter()
            work()
            taken[index].append((time.perf_counter() - began) * 1000)
    return tuple(float(np.median(times)) for times in taken)


def _quality(
    ordered: Ordered, snapshot: Snapshot, query: EngineQuery, view: View, measure: Measure
) -> tuple[float, float, int]:
    """Overlap and nDCG at HITS against brute force, and how many match."""
    count, answer = snapshot.count(query), ordered.ranked
    found = snapshot.search_text(query, max(count, 1))
    top = float(found.scores.max()) if len(found.scores) and query.clauses else 1.0
    values = best_values(view, measure, found.numbers)
    totals = measure.text_weight * found.scores / top + values
    for number, kind in ordered.known.items():
        totals[found.numbers == number] += measure.rules.weights.known_item * SCORES[kind]
    kept = values > OUT
    numbers, totals = found.numbers[kept], totals[kept]
    if not len(numbers):
        return (1.0, 1.0, count) if not len(answer.numbers) else (0.0, 0.0, count)
    best = np.sort(totals)[::-1][:HITS]
    by_number = dict(zip(numbers.tolist(), totals.tolist(), strict=True))
    got = np.array([by_number.get(number, -np.inf) for number in answer.numbers[:HITS].tolist()])
    overlap = float((got >= best[-1] - 1e-5).sum()) / len(best)
    low = float(np.sort(totals)[::-1][: 10 * HITS][-1]) - 1e-9
    discount = 1 / np.log2(np.arange(2, HITS + 2))
    gain = float((np.maximum(got - low, 0) * discount[: len(got)]).sum())
    ideal = float(((best - low) * discount[: len(best)]).sum())
    return overlap, gain / ideal if ideal > 0 else 1.0, count


def summary(about: str, seen: list[Seen]) -> list[dict[str, Any]]:
    """What questions showed together."""

    def percentiles(values: list[float]) -> str:
        return f"{np.percentile(values, 50):.1f} / {np.percentile(values, 95):.1f}"

    ratios = [s.ranked_ms / s.plain_ms for s in seen if s.plain_ms > 0.5]
    whole = [s.whole_ms for s in seen if s.whole_ms == s.whole_ms]
    return [
        {"what": f"{about}: overlap@20 with brute force, least of {len(seen)}",
         "value": f"{min(s.overlap for s in seen):.3f}", "target": "1.000"},
        {"what": f"{about}: nDCG@20, least", "value": f"{min(s.ndcg for s in seen):.4f}", "target": ">= 0.999"},
        {"what": f"{about}: certified", "value": f"{100 * np.mean([s.certified for s in seen]):.1f} %",
         "target": ">= 99.9 %"},
        {"what": f"{about}: engine calls of the ranking, p50 / p95", "value": percentiles([s.calls for s in seen]),
         "target": "<= 5"},
        {"what": f"{about}: ranking / plain search, p50 / p95 ({len(ratios)} questions)",
         "value": percentiles(ratios) if ratios else "-", "target": "<= 2.5 / 10"},
        {"what": f"{about}: ranking, ms, p50 / p95", "value": percentiles([s.ranked_ms for s in seen]),
         "target": "<= 8 / 40 at 1M works"},
        {"what": f"{about}: whole search in process with 20 full hits, ms, p50 / p95", "value": percentiles(whole)},
    ]  # fmt: skip


def _by_kind(about: str, seen: list[Seen]) -> list[dict[str, Any]]:
    rows = []
    for kind in dict.fromkeys(s.kind for s in seen):
        own = [s for s in seen if s.kind == kind]
        rows.append(
            {
                "what": f"{about}, {kind} ({np.median([s.matches for s in own]):,.0f} matches): plain, ranked, whole",
                "value": ", ".join(
                    f"{np.median([getattr(s, name) for s in own]):.1f}".replace("nan", "-")
                    for name in ("plain_ms", "ranked_ms", "whole_ms")
                ),
            }
        )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking", description=__doc__)
    parser.add_argument("--works", type=int, default=WORKS, help="size of the generated catalogues")
    parser.add_argument("--institutions", type=int, nargs="*", default=PLACES, help="a catalogue for each count")
    parser.add_argument("--home", type=Path, help="measure this home alone, with HTTP; give a copy of it")
    args = parser.parse_args()
    for row in run_home(args.home) if args.home else run(args.works, tuple(args.institutions))["rows"]:
        print(f"{row['what']}: {row['value']}")
