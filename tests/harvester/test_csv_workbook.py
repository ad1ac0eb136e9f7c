"""Workbooks: values by their type, the right sheet, and no bombs."""

from __future__ import annotations

import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.protocols.csv_file import open_csv
from schemas.catalogue import Source
from store.sources import SourceState

HEADER = ["id", "title", "author", "year", "isbn", "due date"]


@pytest.fixture
def book(tmp_path):
    """Writes a workbook of sheets {name: rows}; the path."""

    def write(sheets, touch=lambda made: None):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for name, rows in sheets.items():
            sheet = made.create_sheet(name)
            for row in rows:
                sheet.append(row)
        touch(made)
        path = tmp_path / "table.xlsx"
        made.save(path)
        return path

    return write


def read(path, mapping=""):
    source = Source(id="t", protocol="csv", location=str(path), format="csv", mapping_text=mapping)
    fetch = open_csv(source, SourceState(), {}, False, Client())
    pages = list(fetch.pages())
    format_ = FORMATS["csv"](source)
    return [format_(raw) for p in pages for raw in p.records], [q for p in pages for q in p.quarantined], fetch.notes


def test_values_are_read_by_their_type_and_the_sheet_of_the_catalogue_is_found(book):
    def touch(made):
        made["Books"]["A2"].number_format = "00000"

    rows = [
        HEADER,
        [7, 'The "Harbour"\nat night, 红楼梦', "Holt, Ada", 1955.0, 9783161484100, date(2026, 2, 1)],
        [None, None],
        ["x8", "Half", None, None, None, datetime(2026, 3, 4, 5, 6)],
        ["x9", "Too wide", *"abcdef"],
    ]
    path = book({"Read me": [["How to read this file"]], "Books": rows, "Old": [["a", "b"]]}, touch)
    records, bad, notes = read(path)
    assert [(r.record, r.title, r.year, r.isbns) for r in records] == [
        ("00007", 'The "Harbour" at night, 红楼梦', 1955, ["9783161484100"]),
        ("x8", "Half", None, []),
    ]
    assert records[0].holdings[0].availability[0].due == "2026-02-01"
    assert [row.record for row in bad] == ["row:3"]
    assert "read from sheet 'Books'; not from Read me, Old" in notes[0]


def test_a_mapping_names_the_sheet_by_name_or_number(book):
    path = book({"A": [["id", "title"], [1, "one"]], "B": [["number", "title"], [2, "two"]]})
    assert [r.title for mapping in ("", "sheet: B", "sheet: 2") for r in read(path, mapping)[0]] == [
        "one",
        "two",
        "two",
    ]
    with pytest.raises(FetchError, match="no sheet 'C'; there are A, B"):
        read(path, "sheet: C")


def test_results_of_formulas_are_values(book, tmp_path):
    path = book({"A": [["id", "title", "year"], [1, "one", "=1900+55"]]})
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "computed.xlsx", "w") as new:
        for part in old.infolist():  # as a spreadsheet program saves it: the formula and its result
            content = old.read(part).replace(b"<f>1900+55</f><v></v>", b"<f>1900+55</f><v>1955</v>")
            new.writestr(part, content.replace(b"<f>1900+55</f><v />", b"<f>1900+55</f><v>1955</v>"))
    assert read(tmp_path / "computed.xlsx")[0][0].year == 1955


def test_what_is_no_honest_workbook_is_refused(book, tmp_path):
    path = book({"A": [["id", "title"], [1, "one"]]})

    def changed(name, content):
        target = tmp_path / "bad.xlsx"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for part in old.infolist():
                new.writestr(part.filename, content if part.filename == name else old.read(part))
        return target

    sheet = "xl/worksheets/sheet1.xml"
    with pytest.raises(FetchError, match="no honest workbook"):
        read(changed(sheet, b"<worksheet>" + b" " * (80 << 20) + b"</worksheet>"))
    lol = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
    with pytest.raises(FetchError, match="cannot be read as XLSX"):
        read(changed(sheet, lol))
    wide = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        b'<c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
    )
    with pytest.raises(FetchError, match="more than 2,000 columns"):
        read(changed(sheet, wide))
    with pytest.raises(FetchError, match="empty"):
        read(book({"A": []}))
    for size in (200, 3000):
        (tmp_path / "cut.xlsx").write_bytes(path.read_bytes()[:size])
        with pytest.raises(FetchError):
            read(tmp_path / "cut.xlsx")


def test_a_list_with_a_heading_and_a_header_of_two_rows(book) -> None:
    def merge(made):
        for cells in ("B3:C3", "D3:E3", "F3:G3", "A3:A4"):
            made.active.merge_cells(cells)

    rows = [
        ["Stadtarchiv Neustadt, Bestandsliste"],
        [],
        ["Signatur", "Beschreibung", None, "Laufzeit", None, "Lagerung", None, "Bemerkung"],
        [None, "Titel", "Enthält", "von", "bis", "Magazin", "Regal", None],
        ["A 1/1", "Ratsprotokolle", "mit Register", 1650, 1672, "M1", "R 12", None],
        ["B 7", "Stadtplan", None, 1835, None, "M2", "R 3", "nur Digitalisat"],
    ]
    source = Source(id="t", protocol="csv", location=str(book({"Liste": rows}, merge)), format="csv")
    fetch = open_csv(source, SourceState(), {}, True, Client())
    records = [FORMATS["csv"](source)(raw) for page in fetch.pages() for raw in page.records]
    assert [(r.title, r.description, r.year) for r in records] == [
        ("Ratsprotokolle", "mit Register", 1650),
        ("Stadtplan", "", 1835),
    ]
    assert [(h.call_number, h.location, h.note) for r in records for h in r.holdings] == [
        ("A 1/1", "R 12", ""),
        ("B 7", "R 3", "nur Digitalisat"),
    ]
    assert any("2 rows above the header" in note for note in fetch.notes)


def test_a_first_row_of_data_is_no_second_header(book) -> None:
    rows = [["title", "author", None, "year"], ["Title", "Anna", "seen", None], ["Emma", "Jane", None, 1815]]
    assert [r.title for r in read(book({"s": rows}))[0]] == ["Title", "Emma"]


def test_sheets_of_one_header_are_one_list_and_its_sum_is_no_record(book):
    header = ["Accession no", "Title", "Author", "Publisher", "Class no", "Location"]
    one, two, three = (
        [number, title, "Eliot, George", "Penguin", "823.8 ELI", "Main"]
        for number, title in ((1, "Romola"), (2, "Silas Marner"), (3, "Middlemarch"))
    )
    sums = [[None], ["Total", "2 books"]]
    path = book(
        {"Info": [["Our stock"]], "North": [["Stock of 2026"], header, one, two, *sums], "South": [header, three]}
    )
    records, bad, notes = read(path)
    assert [(r.record, r.type, r.holdings[0].call_number) for r in records] == [
        (number, "book", "823.8 ELI") for number in "123"
    ]
    assert not bad
    assert notes[0].startswith("read from sheets of one header: North, South; not from Info")
    assert "the last row was left out, which sums up: 'Total 2 books'" in map(str, notes)
