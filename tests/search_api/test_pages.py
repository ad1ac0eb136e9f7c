"""Result lists page by page: no gaps and nothing twice, whatever is written meanwhile, on both engines."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from config.settings import Settings
from indexer.build import rebuild
from indexer.engines import ENGINES
from indexer.update import update
from schemas.catalogue import Availability, CatalogueRecord, Holding
from schemas.institution import Institution
from search_api import cursor
from search_api.context import Context, open_context
from search_api.search import search
from search_api.understand import understand
from store import availability, records
from store.availability import Fact
from store.database import Database

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
COUNT = 60
PLACES = [
    Institution(
        id=f"lib{n}", name=f"Library {n}", kind="library", lat=54.9 + n / 50, lon=-1.6, timezone="Europe/London",
        opening_hours="Mo-Fr 09:00-17:00", number=n + 1,
    )
    for n in range(5)
]  # fmt: skip


def record(n: int, words: str) -> CatalogueRecord:
    holding = Holding(institution=f"lib{n % 5}", availability=(Availability(service="loan", state="available"),))
    return CatalogueRecord(
        source="shelf", record=f"r{n}", title=f"Harbour {words} {n}", year=1900 + n, holdings=(holding,)
    )


@pytest.fixture(params=sorted(ENGINES))
def town(
    request: pytest.FixtureRequest,
    settings: Settings,
    engine_settings: Callable[..., Settings],
    database: Database,
    stock: Callable[..., None],
) -> Iterator[Context]:
    chosen = engine_settings(request.param, settings.home, database_url=settings.database_url)
    stock(PLACES, [record(n, "lights " * (n % 4)) for n in range(COUNT)], seen=NOW)
    context = open_context(chosen, clock=lambda: NOW)
    rebuild(context.database, context.engine, chosen)
    context.refresh()
    yield context
    context.close()


def write_something(context: Context, rng: random.Random, round_: int) -> None:
    """Statuses turn round, titles get longer and shorter: every rank of the list moves."""
    with context.database.begin() as connection:
        rows = [row for batch in records.iterate(connection, deleted=False) for row in batch]
        for id_, row in rng.sample(rows, 25):
            n = int(row.record[1:])
            records.upsert(connection, 1, [(id_, record(n, "lights " * rng.randrange(9)))])
            at = (NOW + timedelta(minutes=round_)).isoformat(timespec="seconds")
            state = rng.choice(("available", "unavailable"))
            fact = Fact(record=id_, institution=n % 5 + 1, service="loan", state=state, how="pushed", checked_at=at)
            availability.put(connection, [fact])
    update(context.database, context.engine, context.settings)
    context.refresh()


def page(context: Context, **params: str) -> Any:
    return search(context, understand(context, {name: [value] for name, value in params.items()}, "en"))


@pytest.mark.parametrize("sort", ["best", "title"])
def test_a_walk_shows_each_work_once_while_everything_changes(town: Context, sort: str) -> None:
    rng, asked = random.Random(5), {"q": "harbour", "near": "54.95,-1.61", "sort": sort, "limit": "9"}
    seen: list[str] = []
    answer = page(town, **asked)
    while True:
        assert answer.exact
        assert answer.total == COUNT
        seen += [hit.id for hit in answer.hits]
        if not answer.next:
            break
        write_something(town, rng, len(seen))
        answer = page(town, cursor=answer.next, **asked)
    assert len(seen) == len(set(seen)) == COUNT


@examples(max_examples=30, deadline=None)
@given(st.permutations(range(1, 40)), st.integers(1, 12), st.integers(0, 12))
def test_a_list_that_stands_still_is_paged_in_its_order(ranked: list[int], limit: int, most: int) -> None:
    """Also where only some of what was shown is remembered by number."""
    order = np.array(ranked, np.int64)
    before, cursor.MOST_REMEMBERED = cursor.MOST_REMEMBERED, most
    try:
        shown, walked = cursor.Shown(0, np.zeros(0, np.int64), NOW), []
        while len(positions := shown.left(order)):
            walked += order[positions[:limit]].tolist()
            shown = shown.with_page(order, order[positions[:limit]])
            assert len(shown.numbers) <= most
            assert len(shown) == len(walked)
    finally:
        cursor.MOST_REMEMBERED = before
    assert walked == ranked


def test_a_cursor_of_a_long_list_fits_an_address(town: Context) -> None:
    request = understand(town, {"q": ["harbour"]}, "en")
    numbers = np.random.default_rng(1).choice(60_000_000, cursor.MOST_REMEMBERED, replace=False)
    text = cursor.write(request, cursor.Shown(8000, numbers, NOW))
    assert len(text) < 7000
    again = cursor.shown_before(msgspec.structs.replace(request, cursor=text), NOW)
    assert again.passed == 8000
    assert again.numbers.tolist() == sorted(numbers.tolist())
