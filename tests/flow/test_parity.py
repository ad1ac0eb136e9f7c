"""Both engines on the real federation: the same first twenty works, exact and certified."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from config.settings import Settings
from schemas.query import EngineQuery, Point, SearchRequest
from search_api.context import Context, open_context
from search_api.search import search
from store import works

QUESTIONS = 300
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def both(federation: Any, engine_settings: Callable[..., Settings]) -> Iterator[list[Context]]:
    """A context an engine on the harvested home; the cluster's index is built by the ordinary command."""
    cluster = engine_settings("elasticsearch", federation.home)
    names = {
        "LAMPWAY_ENGINE": "elasticsearch",
        "LAMPWAY_ELASTICSEARCH_URL": ",".join(cluster.elasticsearch_url),
        "LAMPWAY_ELASTICSEARCH_PREFIX": cluster.elasticsearch_prefix,
    }
    there = replace(federation, environment=federation.environment | names)
    report = json.loads(there.run("index", "--json"))
    assert report["rebuilt"]["works"] > 100_000
    findings = {f["name"]: f for f in json.loads(there.run("doctor", "--json"))["findings"]}
    assert findings["engine"]["verdict"] == findings["index"]["verdict"] == "ok"
    one = there.search("spool of blue thread", "--near", "54.97,-1.61", "--at", "2026-11-23T10:00")
    assert one["hits"][0]["best"]["institution_id"] == "city-library"
    settings = [engine_settings("embedded", federation.home), cluster]
    opened = [open_context(each, clock=lambda: NOW) for each in settings]
    yield opened
    for context in opened:
        context.close()


def questions(context: Context) -> Iterator[SearchRequest]:
    """Of the federation's own titles, creators and subjects; in town, far away, and at night."""
    rng = random.Random(9)
    numbers = context.engine.snapshot().all_matches(EngineQuery(), 1_000_000).tolist()
    with context.database.connect() as connection:
        found = works.by_numbers(connection, rng.sample(numbers, QUESTIONS))
    for index, work in enumerate(found.values()):
        by_length = sorted(work.title.split(), key=len)
        kinds = [work.title, " ".join(by_length[-1:]), " ".join(by_length[-2:])]
        kinds += [work.creators[0].name] if work.creators else []
        kinds += work.subjects[:1]
        near = Point(20.0, -40.0) if index % 3 == 1 else Point(54.97 + rng.gauss(0, 0.03), -1.61)
        at = NOW.replace(hour=23) if index % 3 == 2 else NOW
        yield SearchRequest(q=kinds[index % len(kinds)][:200], near=near, at=at, limit=20)


def test_the_same_first_twenty(both: list[Context]) -> None:
    asked = 0
    for request in questions(both[0]):
        one, other = (search(context, request) for context in both)
        assert one.exact, request
        assert other.exact, request
        assert one.total == other.total, request
        scores = np.array([[hit.score for hit in answer.hits] for answer in (one, other)])
        np.testing.assert_allclose(scores[0], scores[1], atol=1e-5, err_msg=str(request))
        last = scores[0].min(initial=2.0)
        clear = [{hit.id for hit in answer.hits if hit.score > last + 2e-5} for answer in (one, other)]
        assert clear[0] == clear[1], request
        asked += 1
    assert asked == QUESTIONS
