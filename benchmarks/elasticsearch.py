"""The Elasticsearch engine on a real node: bulk writing against the client's own, the ranking against plain search.

The node is the one that LAMPWAY_TEST_ELASTICSEARCH_URL names, or a bare one of our own (see tests/servers).
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import msgspec
import numpy as np
from elasticsearch import Elasticsearch, helpers

from benchmarks.ranking import Asked, questions
from benchmarks.ranking_data import NOW, copies, documents, fill
from config.settings import Settings, load_settings
from indexer.engines import open_engine
from indexer.engines.elasticsearch_mapping import building, mapping, source
from schemas.document import Document
from search_api.context import Context, open_context
from search_api.ranking.combine import Measure
from search_api.ranking.order import Ranking, in_order
from search_api.ranking.rules import load_rules
from search_api.ranking.scope import scope_of
from search_api.ranking.situation import situation
from search_api.retrieve import filters_of
from search_api.search import search

WORKS, PLACES, WRITTEN, ROUNDS, ASKED, HITS = 100_000, 10_000, 30_000, 3, 1, 20
_THREADS, _CHUNK = 4, 1000


class Seen(NamedTuple):
    """What one question took, milliseconds."""

    kind: str
    plain: float
    ranked: float
    again: float
    """The whole search, once its parts that do not depend on the user were asked before."""
    calls: int
    certified: bool


def run(size: int = WORKS) -> dict[str, Any]:
    """Measure on a catalogue of so many works."""
    with tempfile.TemporaryDirectory() as folder, node(Path(folder)) as url:
        home = Path(folder) / "home"
        settings = load_settings(
            home=home, engine="elasticsearch", elasticsearch_url=url, elasticsearch_prefix="bench", _env_file=None
        )
        rows = _bulk(settings)
        context = open_context(settings, clock=lambda: NOW)
        try:
            fill(context.database, context.engine, settings, size, PLACES)
            context.refresh()
            seen = [look(context, asked) for _ in range(1 + ASKED) for asked in questions()]
            rows += _summary(seen[len(questions()) :])  # the first round warms the server
        finally:
            context.close()
            with Elasticsearch(url) as client:
                names = ("bench-bench", "bench-lock", "bench-bulk", "bench-theirs")
                client.indices.delete(index=",".join(names), ignore_unavailable=True)
    return {
        "title": f"Elasticsearch: {size:,} works, {PLACES:,} institutions",
        "command": "python -m benchmarks elasticsearch",
        "rows": rows,
        "notes": [
            "One bare node on the same cores as the client. Bulk: our writer is given documents and makes their JSON;",
            "the client's `parallel_bulk` is given finished ones; same index, threads and size of chunks, in turn.",
            "Plain: 20 hits by text alone. Ranking: known items, text, bounded calls, asked anew each time. Median",
            "milliseconds by class: plain, ranked, whole search where the text was asked before.",
        ],
    }


@contextmanager
def node(folder: Path) -> Iterator[str]:
    """Address of an Elasticsearch."""
    given = os.environ.get("LAMPWAY_TEST_ELASTICSEARCH_URL")
    if given:
        yield given
        return
    path = Path(__file__).parent.parent / "tests" / "servers" / "elasticsearch.py"
    spec = importlib.util.spec_from_file_location("elasticsearch_nodes", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    nodes = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nodes)
    started = nodes.Node(folder / "node", heap="1g", compile_to=4).start()
    try:
        yield started.wait().url
    finally:
        started.kill()


def _bulk(settings: Settings) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    written = [document for document, _, _ in documents(copies(WRITTEN, PLACES, rng), rng)]
    ready = [msgspec.json.decode(source(document)) for document in written]
    ours, theirs = [], []
    for _ in range(ROUNDS + 1):
        ours.append(_ours(settings, written))
        theirs.append(_theirs(settings, ready))
    rates = [len(written) / median(times[1:]) for times in (ours, theirs)]  # the first round warms the server
    ratio = median(b / a for a, b in zip(ours[1:], theirs[1:], strict=True))
    return [
        {"what": f"bulk, {WRITTEN:,} works, ours / parallel_bulk, works/s",
         "value": f"{rates[0]:,.0f} / {rates[1]:,.0f}"},
        {"what": "bulk, ours against parallel_bulk", "value": f"{ratio:.2f}", "target": ">= 0.8"},
    ]  # fmt: skip


def _ours(settings: Settings, written: list[Document]) -> float:
    engine = open_engine(settings)
    writer = engine.open_generation("bulk")
    began = time.perf_counter()
    writer.add(written)
    writer.finish()
    took = time.perf_counter() - began
    engine.drop("bulk")
    engine.close()
    return took


def _theirs(settings: Settings, ready: list[dict[str, Any]]) -> float:
    with Elasticsearch(list(settings.elasticsearch_url), request_timeout=120) as client:
        client.indices.create(index="bench-theirs", mappings=mapping({}), settings=building(1))
        actions = ({"_index": "bench-theirs", "_id": str(row["number"]), "_source": row} for row in ready)
        began = time.perf_counter()
        deque(helpers.parallel_bulk(client, actions, thread_count=_THREADS, chunk_size=_CHUNK), maxlen=0)
        client.indices.refresh(index="bench-theirs")
        took = time.perf_counter() - began
        client.indices.delete(index="bench-theirs")
    return took


def look(context: Context, asked: Asked) -> Seen:
    """Ask one question by text alone, ranked, and whole."""
    view, rules = context.columns().view, load_rules()
    text = " ".join(token for clause in asked.query.clauses for token in clause.tokens)
    request = msgspec.structs.replace(asked.request, q=text, limit=HITS)
    here = situation(context.registry(), request.near, request.at, request.mode, rules, NOW)
    measure = Measure(request, here, rules)
    scope = scope_of(measure, view)
    query = msgspec.structs.replace(asked.query, filters=filters_of(request, scope.places))
    snapshot: Any = context.engine.snapshot()
    ranking = Ranking(
        snapshot=snapshot, view=view, measure=measure, pools=rules.pools_for("elasticsearch"),
        database=context.database, decides=scope.decides,
    )  # fmt: skip
    snapshot.forget()
    plain, _ = _timed(lambda: snapshot.search_text(query, HITS, settle_ties=False))
    snapshot.forget()
    ranked, ordered = _timed(lambda: in_order(ranking, request, query, asked.identifier, HITS))
    search(context, request)
    again, _ = _timed(lambda: search(context, request))
    return Seen(asked.kind, plain, ranked, again, ordered.ranked.calls, ordered.ranked.certified)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return (time.perf_counter() - began) * 1000, result


def _summary(seen: list[Seen]) -> list[dict[str, Any]]:
    text = [s for s in seen if s.kind != "browse"]
    rows = [
        {"what": "ranking / plain search, median of all questions",
         "value": f"{median(s.ranked / s.plain for s in seen):.2f}", "target": "<= 2.5"},
        {"what": "median ranking / median plain search, text",
         "value": f"{median(s.ranked for s in text) / median(s.plain for s in text):.2f}", "target": "<= 2.5"},
        {"what": "certified", "value": f"{100 * np.mean([s.certified for s in seen]):.1f} %", "target": ">= 99.9 %"},
        {"what": "engine calls for candidates, p50 / p95",
         "value": " / ".join(f"{np.percentile([s.calls for s in seen], p):.0f}" for p in (50, 95)), "target": "<= 5"},
    ]  # fmt: skip
    for kind in dict.fromkeys(s.kind for s in seen):
        own = [s for s in seen if s.kind == kind]
        values = (median(getattr(s, name) for s in own) for name in ("plain", "ranked", "again"))
        rows.append({"what": kind, "value": ", ".join(f"{value:.1f}" for value in values)})
    return rows


if __name__ == "__main__":
    for row in run()["rows"]:
        print(f"{row['what']}: {row['value']}")
