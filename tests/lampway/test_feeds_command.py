"""``lampway feeds borrow``: what can be borrowed where, and what is left out, by reason."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from config.settings import Settings
from lampway.cli import app
from schemas.bindings import binding_of
from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding
from schemas.institution import Institution
from schemas.work import Edition, Work
from search_api import borrow_feed
from search_api.borrow_feed import write_feed
from search_api.renderers.borrow import Listed, Loan, book
from store import notes

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = "https://lampway.example"
PLACES = [
    Institution(id="city", name="City Library", kind="library", lat=55.0, lon=-1.6, address="1 Square", country="GB"),
    Institution(id="branch", name="Branch", kind="library", parent="city"),
    Institution(id="museum", name="Museum", kind="museum"),
    Institution(id="reference", name="Reference", kind="library", services=["on_site"]),
]
ISBNS = ["9780141439518", "9780306406157", "9783161484100", "9780804429573", "9781566199094", "9780943396040"]


def record(number: int, **changes: Any) -> CatalogueRecord:
    fields: dict[str, Any] = {
        "source": "shelf", "record": f"r{number}", "title": f"Book {number}", "type": "book", "languages": ["en"],
        "isbns": [ISBNS[number]], "bindings": {ISBNS[number]: "paperback"}, "creators": [Creator("Li, Ann", "aut")],
    }  # fmt: skip
    return CatalogueRecord(**fields | changes)


def at(place: str, state: str = "available", service: str = "loan", due: str = "", url: str = "") -> Holding:
    known = [Availability(service=service, state=state, due=due)]  # type: ignore[arg-type]
    return Holding(branch=place, availability=known, url=url)


def feed(database: Any, folder: Path, **more: Any) -> tuple[Any, list[Any], list[Any]]:
    report = write_feed(database, folder, BASE, NOW, **more)
    rows: dict[str, list[Any]] = {"books": [], "library": []}
    for name in report.files:
        document = json.loads(gzip.decompress((folder / name).read_bytes()))
        assert (document["@type"], document["@context"]) == ("DataFeed", "https://schema.org")
        assert document["dateModified"] == "2026-11-24T12:00:00+00:00"
        rows[name.partition("-")[0]] += document["dataFeedElement"]
    return report, rows["books"], rows["library"]


@pytest.fixture
def shelf(stock: Any, database: Any) -> Any:
    stock(
        PLACES,
        [
            record(0, holdings=[at("city"), at("branch"), at("museum")]),
            record(1, bindings={}, holdings=[at("city")]),
            record(2, languages=["grc"], holdings=[at("city")]),
            record(3, holdings=[at("city", "expected", due="2026-12-01", url="https://opac.example/3")]),
            record(4, holdings=[at("city", "unavailable"), at("branch", "available", "on_site"), at("reference")]),
            record(5, isbns=[], bindings={}, holdings=[at("city")]),
        ],
    )
    return database


def test_what_is_listed_and_what_is_left_out(shelf: Any, tmp_path: Path) -> None:
    report, books, systems = feed(shelf, tmp_path)
    assert [row["name"] for row in books] == ["Book 0", "Book 3"]
    first, second = (row["workExample"][0] for row in books)
    assert (first["isbn"], first["inLanguage"]) == (ISBNS[0], "en")
    assert first["bookFormat"] == "https://schema.org/Paperback"
    (action,) = first["potentialAction"]
    assert action["lender"]["@id"] == f"{BASE}/institutions/city#system"
    assert action["target"]["urlTemplate"].startswith(f"{BASE}/works/")
    assert "availabilityStarts" not in action
    assert second["potentialAction"][0]["availabilityStarts"] == "2026-12-01"
    assert second["potentialAction"][0]["target"]["urlTemplate"] == "https://opac.example/3"
    assert [row["@id"] for row in systems] == [f"{BASE}/institutions/city#system"]
    assert [member["name"] for member in systems[0]["member"]] == ["Branch"]
    assert report.left_out == {"no-format": 1, "no-isbn": 1, "no-language": 1, "not-lent": 2}
    assert (report.works, report.books, report.editions, report.loans, report.systems) == (5, 2, 2, 2, 1)


def test_a_feed_of_one_institution(shelf: Any, tmp_path: Path) -> None:
    report, books, systems = feed(shelf, tmp_path, only=["branch"])
    assert [row["name"] for row in books] == ["Book 0"]
    assert report.systems == len(systems) == 1


def test_large_feeds_are_parted_and_small_ones_after_them_leave_nothing_behind(shelf: Any, tmp_path: Path) -> None:
    whole = feed(shelf, tmp_path)[1]
    report, books, _ = feed(shelf, tmp_path, most_bytes=900)
    assert books == whole
    assert [name for name in report.files if "books" in name] == ["books-1.json.gz", "books-2.json.gz"]
    for name in report.files:
        assert len(gzip.decompress((tmp_path / name).read_bytes())) <= 900
    feed(shelf, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.gz*")) == ["books-1.json.gz", "library-systems-1.json.gz"]


def test_the_command(shelf: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPWAY_HOME", str(settings.home))
    monkeypatch.setenv("LAMPWAY_DATABASE_URL", settings.database)
    run = CliRunner().invoke
    assert run(app, ["feeds", "borrow"]).exit_code == 2
    monkeypatch.setenv("LAMPWAY_PUBLIC_URL", BASE)
    assert run(app, ["feeds", "borrow", "--institution", "nowhere"]).exit_code == 2
    done = run(app, ["feeds", "borrow", "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["books"] == 2
    (tmp_path / "file").write_text("")
    assert run(app, ["feeds", "borrow", "--out", str(tmp_path / "file")]).exit_code == 1


@given(title=st.text(max_size=40), creator=st.text(max_size=20))
def test_hostile_words_stay_words(title: str, creator: str) -> None:
    work = Work(id="w/1", title=title, creators=[Creator(creator)], editions=[Edition(id="e", record_ids=[1])])
    loans = [Loan(system="a b", address="https://x.example")]
    row = json.loads(book(work, [Listed(isbn=ISBNS[0], binding="ebook", language="en", loans=loans)], BASE))
    assert (row["name"], row["author"][0]["name"], row["@id"]) == (title, creator, f"{BASE}/works/w%2F1")


@pytest.mark.parametrize(
    ("words", "binding"),
    [
        ("pbk.", "paperback"), ("(cloth) :", "hardcover"), ("平装", "paperback"), ("精裝", "hardcover"),
        ("br.", "paperback"), ("gebunden", "hardcover"), ("kart. : EUR 12.80", "paperback"),
        ("electronic bk.", "ebook"), ("hbk. or pbk.", None),
        ("alk. paper", None), ("v. 1", None), ("", None), ("audiobook", "audiobook"), ("rel.", "hardcover"),
    ],
)  # fmt: skip
def test_bindings(words: str, binding: str | None) -> None:
    assert binding_of(words) == binding


def test_the_database_can_tidy_up_while_a_feed_is_written(
    shelf: Any, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy: list[int] = []

    def tidy(done: int, total: int) -> None:
        with shelf.begin() as connection:
            notes.put(connection, "a change", str(done).encode())
        with closing(sqlite3.connect(settings.home / "lampway.db", timeout=0)) as raw:
            busy.append(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    whole, _, _ = feed(shelf, tmp_path / "whole")
    monkeypatch.setattr(borrow_feed, "_BATCH", 2)
    report, _, _ = feed(shelf, tmp_path / "batches", on_progress=tidy)
    assert busy == [0, 0, 0]
    assert msgspec.structs.asdict(report) == msgspec.structs.asdict(whole)
