"""The engines agree: the same questions on the same catalogue give the same works with the same scores."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from config.settings import Settings
from indexer.build import rebuild
from indexer.engines import ENGINES
from schemas.answer import Answer
from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding, RawRecord, Source
from schemas.institution import Institution
from schemas.query import Point, SearchRequest
from search_api.context import Context, open_context
from search_api.search import search
from store import harvest_runs, institutions, raw_records, records, sources
from store.database import open_database
from store.harvest_runs import RunReport

WORKS, QUESTIONS = 2000, 80
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
RNG = random.Random(20)
WORDS = [f"{''.join(RNG.choices('bdfgklmnprst', k=3))}{'aeiou'[i % 5]}{i:x}" for i in range(900)]


def some(low: int, high: int) -> list[str]:
    """Words, the first ones far oftener than the last."""
    return [WORDS[min(int(RNG.paretovariate(0.7)), len(WORDS)) - 1] for _ in range(RNG.randint(low, high))]


PLACES = [
    Institution(
        id=f"place-{n}", name=f"Place {n}", kind=("library", "museum", "archive")[n % 3], lat=54 + n / 40, lon=-1.6,
        country="GB", timezone="Europe/London", opening_hours=("Mo-Fr 09:00-17:00", "Mo-Su 12:00-20:00", "")[n % 3],
    )
    for n in range(40)
]  # fmt: skip


def record(number: int) -> CatalogueRecord:
    states = ("available", "expected", "unavailable", "unknown", "limited")
    return CatalogueRecord(
        source="all",
        record=str(number),
        title=" ".join([*some(1, 8), *(["紅樓夢研究"] if number % 50 == 0 else [])]),
        creators=[Creator(name=f"{RNG.choice(WORDS)}, {RNG.choice(WORDS)}") for _ in range(number % 3)],
        subjects=[" ".join(some(1, 3)) for _ in range(number % 4)],
        description=" ".join(some(0, 40)) if number % 2 else "",
        type="object",
        year=RNG.choice((None, 1850, 1920, 1999, 2015)),
        languages=RNG.sample(["en", "zh", "de"], RNG.randint(0, 2)),
        holdings=[
            Holding(
                branch=RNG.choice(PLACES).id,
                availability=[Availability(service="loan", state=RNG.choice(states), checked_at=NOW)],  # type: ignore[arg-type]
            )
            for _ in range(RNG.randint(1, 4))
        ],
    )


def questions() -> Iterator[SearchRequest]:
    for number in range(QUESTIONS):
        words = some(1, 3)
        text = (
            " ".join(words), f'"{" ".join(words[:2])}"', f"author:{words[0]}", f"{words[0][:3]}*", "红楼梦", "",
            f"subject:{words[0]} {words[-1]}", "-".join([*words, WORDS[0]]),
        )[number % 8]  # fmt: skip
        more = (
            {},
            {"open": True},
            {"available": True},
            {"type": ("object",), "year_from": 1900},
            {"language": ("de",)},
        )
        yield SearchRequest(
            q=text,
            near=Point(54 + RNG.random(), -1.6),
            at=NOW,
            sort=("best", "best", "best", "near", "soon", "newest", "oldest", "title")[RNG.randrange(8)],
            facets=("type", "language", "decade", "institution"),
            **more[number % 5],  # type: ignore[arg-type]
        )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, engine_settings: Callable[..., Settings]) -> Iterator[list[Context]]:
    """A context an engine, on one store."""
    home: Path = tmp_path_factory.mktemp("parity")
    all_settings = [engine_settings(name, home, elasticsearch_shards=3) for name in sorted(ENGINES)]
    database = open_database(all_settings[0].database)
    rows = [record(number) for number in range(WORKS)]
    with database.begin() as connection:
        institutions.upsert(connection, PLACES)
        number = sources.add(connection, Source(id="all", protocol="csv", location="x", format="csv"))
        run = harvest_runs.start(connection, number)
        page = [RawRecord(source="all", record=row.record, payload=row.record.encode()) for row in rows]
        ids = {raw.record: id_ for id_, raw in raw_records.store_page(connection, number, run, page).new}
        harvest_runs.finish(connection, run, RunReport(status="complete"))
        records.upsert(connection, number, [(ids[row.record], row) for row in rows])
    for settings in all_settings:
        engine = ENGINES[settings.engine](settings)
        rebuild(database, engine, settings)
        engine.close()
    database.close()
    opened = [open_context(settings, clock=lambda: NOW) for settings in all_settings]
    yield opened
    for context in opened:
        context.close()


def test_the_same_questions_give_the_same_answers(both: list[Context]) -> None:
    found = 0
    for request in questions():
        one, other = (search(context, request) for context in both)
        assert one.exact
        assert other.exact
        assert (one.total, one.total_relation) == (other.total, other.total_relation), request
        assert one.facets == other.facets, request
        same_hits(one, other, request)
        found += len(one.hits)
    assert found > 10 * QUESTIONS / 2


def test_mistyped_questions_are_respelt_alike(both: list[Context]) -> None:
    respelt = 0
    for number in range(24):
        word = [word for word in WORDS[:16] if word.isalpha()][number % 6]
        wrong = (word[:2] + word[3] + word[2] + word[4:], word + "o", word[:3] + "u" + word[3:], word[:4])[number % 4]
        beside = ([], [WORDS[0]], ["unheardof"], [WORDS[1], "unheardof"])[number // 6]
        request = SearchRequest(q=" ".join([*beside, wrong]), at=NOW)
        one, other = (search(context, request) for context in both)
        assert (one.total, one.query) == (other.total, other.query), request
        same_hits(one, other, request)
        respelt += "respelt" in one.query
    assert respelt > 4


def same_hits(one: Answer, other: Answer, request: SearchRequest) -> None:
    """Equal scores within what adding in 32 bits leaves open, and the same works but where scores are equal."""
    if request.sort in (
        "near",
        "soon",
    ):  # by place, then text: where both are alike, other signals may stand either way
        texts = [[hit.signals["text"].score for hit in answer.hits] for answer in (one, other)]
        np.testing.assert_allclose(*map(sorted, texts), atol=3e-6, err_msg=str(request))
        return
    scores = np.array([[hit.score for hit in answer.hits] for answer in (one, other)])
    np.testing.assert_allclose(scores[0], scores[1], atol=3e-6, err_msg=str(request))
    ids = [[hit.id for hit in answer.hits] for answer in (one, other)]
    if request.sort in ("newest", "oldest", "title"):
        assert ids[0] == ids[1], request
        return
    last = scores[0].min() if len(scores[0]) else 0
    clear = [
        {id_ for id_, score in zip(each, row, strict=True) if score > last + 1e-5}
        for each, row in zip(ids, scores, strict=True)
    ]
    assert clear[0] == clear[1], request
    parts = [hit.signals["text"].score for hit in one.hits], [hit.signals["text"].score for hit in other.hits]
    if ids[0] == ids[1]:
        np.testing.assert_allclose(*parts, atol=3e-6)
