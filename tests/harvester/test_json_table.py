"""JSON and JSON Lines as catalogues: objects become rows, and what is no object is set aside."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import CatalogueRecord

BOOKS: list[dict[str, Any]] = [
    {"id": 1, "title": "Emma", "authors": [{"name": "Austen, Jane"}, {"name": "Editor, Some"}], "year": 1815.0,
     "publication": {"publisher": "Murray", "place": "London"}, "subjects": ["Love", "Class"], "x": {"deep": [True]}},
    {"id": "b2", "title": "Die Wörter, \"und\" alles\nmehr", "language": "ger", "isbn": None,
     "items": [{"barcode": "c1", "status": "available"}, {"barcode": "c2", "status": "on loan"}]},
]  # fmt: skip
MAPPING = "columns: {creator: authors.name}"


@pytest.fixture
def read(harvest: Any, stored: Callable[[], dict[str, CatalogueRecord]], tmp_path: Path) -> Callable[..., Any]:
    def run(content: str | bytes) -> tuple[Any, dict[str, CatalogueRecord]]:
        path = tmp_path / "books"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        report = harvest(str(path), protocol="csv", format="csv", mapping_text=MAPPING)
        return report, stored()

    return run


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(BOOKS),
        "\ufeff" + json.dumps(BOOKS, indent=2),
        "\n".join(map(json.dumps, BOOKS)),
        gzip.compress("\r\n".join(map(json.dumps, BOOKS)).encode()),
        json.dumps({"total": 2, "records": BOOKS}),
        json.dumps({"response": {"status": "ok", "docs": BOOKS}}),
    ],
    ids=["array", "indented", "lines", "packed", "wrapped", "nested"],
)
def test_objects_become_records_with_copies(read: Any, content: str | bytes) -> None:
    report, found = read(content)
    assert (report.status, report.received, report.losses) == ("complete", 2, [])
    emma, words = found["1"], found["b2"]
    assert (emma.title, emma.year, emma.publisher, emma.subjects) == ("Emma", 1815, "Murray", ["Love", "Class"])
    assert [creator.name for creator in emma.creators] == ["Austen, Jane", "Editor, Some"]
    assert (words.languages, words.isbns) == (["de"], [])
    assert words.title.startswith('Die Wörter, "und" alles')
    assert [(copy.key, copy.availability[0].state) for copy in words.holdings] == [
        ("c1", "available"), ("c2", "expected"),
    ]  # fmt: skip


def test_one_object_is_one_record(read: Any) -> None:
    assert set(read(json.dumps(BOOKS[0], indent=1))[1]) == {"1"}


def test_inner_fields_are_known_by_their_last_word(read: Any) -> None:
    found = read('[{"bib_data": {"mms_id": "7", "title": "Emma", "publisher": "Murray"}}]')[1]
    assert [(one.title, one.publisher) for one in found.values()] == [("Emma", "Murray")]


def test_a_field_of_the_mapping_that_no_object_has_is_told_and_costs_nothing(read: Any) -> None:
    report, found = read(json.dumps(BOOKS[1:]))
    assert (report.status, set(found)) == ("complete", {"b2"})
    assert "no object has the fields authors.name" in report.notes
    assert not any("parted by" in note for note in report.notes), "the file has no separators"


def test_lines_that_are_no_objects_are_set_aside(read: Any) -> None:
    lines = [json.dumps(BOOKS[0]), "{not json", '"text"', json.dumps(BOOKS[1])]
    report, found = read("\n".join(lines))
    assert (report.status, report.quarantined, set(found)) == ("incomplete", 2, {"1", "b2"})
    assert [(loss.record, loss.reason.split(":")[0]) for loss in report.losses] == [
        ("row:2", "not JSON"), ("row:3", "not a JSON object"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [("[]", "no objects"), ('[{"a": 1}, ', "not JSON"), ("[{}]", "no objects"), ('{"a":' * 90_000, "nested too deep")],
)
def test_what_cannot_be_read_says_why(read: Any, content: str, said: str) -> None:
    report, found = read(content)
    assert (report.status, found) == ("failed", {})
    assert said in report.losses[0].reason
