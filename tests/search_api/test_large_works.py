"""Pages of works that are large in every way: many places, many creators, a title as long as a paragraph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from config.settings import Settings
from indexer.build import rebuild
from indexer.engines import open_engine
from schemas.catalogue import CatalogueRecord, Creator, Holding
from schemas.institution import Institution
from search_api.app import create_app
from search_api.context import open_context
from search_api.web.cards import shorten

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PLACES = [Institution(id=f"p{n}", name=f"House {n}", kind="library", number=n + 1) for n in range(40)]
TITLE = "Harbour " + "and the sea beyond it " * 40


@pytest.fixture
def client(settings: Settings, stock: Callable[..., None]) -> Iterator[TestClient]:
    record = CatalogueRecord(
        source="shelf", record="1", title=TITLE.strip(), type="book",
        creators=[Creator(f"Hand {n}", "aut") for n in range(20)],
        holdings=[Holding(institution=place.id, key=place.id) for place in PLACES],
    )  # fmt: skip
    stock(PLACES, [record])
    context = open_context(settings, clock=lambda: NOW)
    engine = open_engine(settings)
    rebuild(context.database, engine, settings)
    engine.close()
    context.refresh()
    with TestClient(create_app(context), headers={"Accept": "text/html"}, client=("127.0.0.1", 5)) as client:
        yield client
    context.close()


def test_what_is_much_unfolds_and_nothing_is_left_out(client: TestClient) -> None:
    results = client.get("/search?q=harbour").text
    shown = re.search(r'<h2 id="title-1"[^>]*><a[^>]*>(.*?)</a>', results)[1]
    assert len(shown) < 250
    assert shown.endswith("…")
    page = client.get(re.search(r'href="(/works/[^"#?]+)"', results)[1]).text
    assert TITLE.strip() in page
    assert 'class="long"' in page
    before, after = page.split("15 more places")
    assert (before.count('<li class="hit"'), after.count('<li class="hit"')) == (25, 15)
    assert 'start="26"' in after
    assert {f"House {n}" for n in range(40)} <= {*re.findall(r"House \d+", page)}
    before, after = page.partition("</h1>")[2].split("and 8 more")
    assert (before.count("<bdi>Hand"), after.count("<bdi>Hand")) == (12, 8)


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [("short", 5, "short"), ("one two three", 10, "one two …"), ("x" * 30, 10, "x" * 9 + " …"), ("", 3, "")],
)
def test_texts_are_cut_between_words(text: str, most: int, cut: str) -> None:
    assert shorten(text, most) == cut
