"""Rows and what they mean: missing last cells, two things under one identifier, deletions, files of changes."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pytest

from harvester.csv_preview import preview
from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.formats.mapping import all_deleted
from harvester.harvest import harvest_source
from harvester.probe.probe import probe
from harvester.protocols.csv_file import open_csv
from schemas.catalogue import Source
from store import sources
from store.sources import SourceState


@pytest.fixture
def read(tmp_path):
    """Reads a file: (records by identifier, quarantined, notes)."""

    def go(content, mapping=""):
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = Source(id="t", protocol="csv", location=str(path), format="csv", mapping_text=mapping)
        fetch = open_csv(source, SourceState(), {}, False, Client())
        pages = list(fetch.pages())
        format_ = FORMATS["csv"](source)
        found = {raw.record: format_(raw) for page in pages for raw in page.records}
        return found, [bad for page in pages for bad in page.quarantined], fetch.notes

    return go


FULL = "".join(f"{n},Title {n},19{n:02d},Main,available\n" for n in range(10, 20))


def test_rows_that_only_lack_their_empty_end_are_read_and_counted(read):
    found, bad, notes = read(f"id,title,year,branch,status\n{FULL}1,One,1901\n2,Two\n3,Three,1903,Main\n")
    assert not bad
    assert [(found[n].title, found[n].year) for n in "123"] == [("One", 1901), ("Two", None), ("Three", 1903)]
    assert found["3"].holdings[0].branch == "Main"
    assert any(note.startswith("3 rows had fewer cells") for note in notes)


@pytest.mark.parametrize(
    "row",
    [
        "4,Main,available\n",  # the title and the year are missing: a branch would become the title and a word the year
        ",No number\n",
        "5\n",
        "6,Cut off,19",  # the file ends in the middle of it
    ],
)
def test_rows_that_lack_something_else_are_set_aside(read, row):
    found, bad, _ = read(f"id,title,year,branch,status\n{FULL}{row}")
    assert len(found) == 10
    assert [b.payload.decode() for b in bad] == [row]


def test_a_second_thing_under_one_identifier_does_not_vanish_behind_the_first(read):
    found, bad, notes = read(
        "id,title,barcode\n"
        "b1,The harbour at night,c1\n"
        "b2,Pride and prejudice,c2\n"
        "b1,Pottery of the north,c3\n"
        "b1,Harbour at night: a novel,c4\n"
        "b1,,c5\n"
    )
    assert [h.key for h in found["b1"].holdings] == ["c1", "c4", "c5"]
    assert found["b1"].other_titles == ["Harbour at night: a novel"]
    assert [(b.record, b.position) for b in bad] == [("b1 (row 3)", "row 3, line 4")]
    assert "quite another title" in bad[0].reason
    assert b"Pottery of the north" in bad[0].payload
    assert any("other titles of it" in note for note in notes)


def test_a_person_may_say_that_rows_are_one_record(read):
    found, bad, _ = read("set,title\ns,The harbour\ns,Pottery\n", "group_by: set")
    assert (found["s"].title, found["s"].other_titles, bad) == ("The harbour", ["Pottery"], [])


def test_one_file_of_several_in_a_zip_file_is_named(read):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("in/books.csv", "id,title\n1,one\n")
        archive.writestr("in/tags.csv", "id,title\n2,two\n")
    with pytest.raises(FetchError, match=r"in/books.csv, in/tags.csv.*member: NAME"):
        read(held.getvalue())
    with pytest.raises(FetchError, match=r"no file 'x.csv'; there are in/books.csv"):
        read(held.getvalue(), "member: x.csv")
    assert list(read(held.getvalue(), "member: tags.csv")[0]) == ["2"]


@pytest.fixture
def run(tmp_path, database, client):
    """Harvests a text as the file of a source: ``run(text, mapping="", delta=False)``."""
    path = tmp_path / "books.csv"

    def go(text, mapping="", *, delta=False):
        path.write_text(text)
        source = Source(
            id="s", protocol="csv", location=str(path), format="csv", mapping_text=mapping, delta=delta
        )  # fmt: skip
        with database.begin() as connection:
            sources.add(connection, source)
        return harvest_source(database, source, client)

    return go


def living(stored):
    return {name: record.title for name, record in stored().items() if not record.deleted}


def test_a_file_of_changes_adds_changes_and_deletes_and_leaves_the_rest(run, stored):
    head = "id,title,change\n"
    run(head + "".join(f"{n},Title {n},\n" for n in range(40)))
    report = run(head + "3,New three,\n40,Forty,\n7,Title 7,D\n", "deleted: {column: Change, words: [d]}", delta=True)
    assert (report.status, report.new, report.changed, report.deleted) == ("complete", 1, 1, 1)
    wanted = {str(n): f"Title {n}" for n in range(40) if n != 7}
    assert living(stored) == {**wanted, "3": "New three", "40": "Forty"}


def test_a_list_of_deletions_passes_the_brake_only_when_it_is_short(run, stored):
    run("id,title\n" + "".join(f"{n},Title {n}\n" for n in range(40)))
    source = Source(id="s", protocol="csv", location="x", format="csv", mapping_text="type: book\n")
    mapping = all_deleted(source)
    assert run("id,title\n1,\n2,\n", mapping, delta=True).deleted == 2
    many = run("id,title\n" + "".join(f"{n},\n" for n in range(3, 33)), mapping, delta=True)
    assert many.status == "waiting"
    assert len(living(stored)) == 38


def test_a_column_of_deletions_must_be_there(read):
    with pytest.raises(MappingError, match="deleted: there is no column 'gone'; the columns are id, title"):
        read("id,title\n1,one\n", "deleted: {column: gone}")
    with pytest.raises(MappingError, match="write them in quotes"):
        read("No,title\n1,one\n", "id: No")
    found, *_ = read("id,title,gone\n1,one,yes\n2,two,no\n3,three,\n", "deleted: {column: gone}")
    assert [record.deleted for record in found.values()] == [True, False, False]


def test_the_preview_shows_what_each_column_is_taken_for(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("No;Werktitel;Titel;Farbe\n1;Der Hafen;kurz;\n2;x;y;rot\n")
    source = Source(
        id="t", protocol="csv", location=str(path), format="csv", mapping_text="columns: {title: Werktitel}\nid: 'No'"
    )
    found = probe(source, Client(), trusted=True)
    lines = found.columns
    assert lines[0].startswith("column 1 'No' -> id")
    assert lines[1] == "column 2 'Werktitel' -> title, e.g. 'Der Hafen'"
    assert lines[3] == "column 4 'Farbe' -> not read, e.g. 'rot'"
    assert preview(source, []) == []
    assert msgspec.json.encode(found)
