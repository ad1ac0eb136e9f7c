"""Lists that people made by hand, and tables of museums and archives: read without a mapping."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harvester.fetching import Client
from harvester.formats import FORMATS
from harvester.protocols.csv_file import open_csv
from schemas.catalogue import CatalogueRecord, RawRecord, Source
from store.sources import SourceState


def read(header: str, *rows: str) -> list[CatalogueRecord]:
    table = FORMATS["csv"](Source(id="t", protocol="csv", location="", format="csv"))
    cells = [row.split(";") for row in (header, *rows)]
    return [
        table(RawRecord(source="t", record=str(number), payload=msgspec.json.encode([cells[0], row])))
        for number, row in enumerate(cells[1:])
    ]


def test_a_parish_archive_without_numbers() -> None:
    bells, banns = read(
        "Description of item;When;Where kept;Remarks",
        "Letter about the bells;5th Novr 1851;Oak chest;damp",
        "Banns book;from Advent 1823;Safe;",
    )
    assert (bells.title, bells.year, bells.holdings[0].location, bells.holdings[0].note) == (
        "Letter about the bells",
        1851,
        "Oak chest",
        "damp",
    )
    assert (banns.title, banns.date) == ("Banns book", "from Advent 1823")


def test_a_toy_library_with_a_row_an_item() -> None:
    train, house = read(
        "Toy No;Toy;Pieces;Status;Return date;Branch", "1;Train;45;Out;03/12/2026;West", "2;House;9;Broken;;East"
    )
    assert (train.title, train.extent) == ("Train", "45")
    assert [(one.state, one.due) for one in train.holdings[0].availability] == [("expected", "2026-12-03")] * 2
    assert {one.state for one in house.holdings[0].availability} == {"unavailable"}


def test_an_object_without_a_title_is_called_by_its_name() -> None:
    named, coin = read(
        "Inventario;Objeto;Título;Autor;Datación",
        "CE1;Cuadro;La Virgen;Murillo, Bartolomé (Sevilla, 1617 - Sevilla, 1682);1650",
        "CE2;Moneda;;Vallayer-Coster, Anna (French, 1744–1818);S. XVI",
    )
    assert [(one.title, one.unit_id, one.type, one.year) for one in (named, coin)] == [
        ("La Virgen", "CE1", "object", 1650),
        ("Moneda", "CE2", "object", 1501),
    ]
    assert [one.creators[0].name for one in (named, coin)] == ["Murillo, Bartolomé", "Vallayer-Coster, Anna"]


def test_omeka_parts_values_by_two_carets() -> None:
    (banner,) = read("Dublin Core:Title;Dublin Core:Creator;Dublin Core:Subject", "Banner;League^^Ida;Votes^^Silk")
    assert ([one.name for one in banner.creators], banner.subjects) == (["League", "Ida"], ["Votes", "Silk"])


def test_other_names_in_a_table_of_books_are_no_titles() -> None:
    (book,) = read("Title;ISBN;Item;Name", ";9780306406157;31234;Anna")
    assert book.title == ""


def test_the_identifier_of_an_archives_table_is_what_one_asks_for() -> None:
    (minutes,) = read(
        "legacyId;identifier;accessionNumber;title;levelOfDescription;extentAndMedium;eventDates;eventActors",
        "2;S1;;Minutes;Series;0.5 m;1890-1950;Harbour Board",
    )
    assert (minutes.unit_id, minutes.type, minutes.extent, minutes.year) == ("S1", "archive", "0.5 m", 1890)
    assert [one.name for one in minutes.creators] == ["Harbour Board"]


def test_a_list_of_titles_with_issn_lists_serials() -> None:
    (nature,) = read("Title;ISSN;Holdings;Library;Format", "Nature;0028-0836;1950-1999, 2003+;Hospital;Print")
    assert (nature.type, nature.holdings[0].note) == ("serial", "1950-1999, 2003+")


def test_units_know_what_stands_above_them(tmp_path: Path) -> None:
    table = tmp_path / "atom.csv"
    table.write_text(
        "legacyId,parentId,identifier,title,levelOfDescription\n"
        "1,,F 12,Harbour Board,Fonds\n2,1,S1,Minutes,Series\n3,2,S1-4,Minute book 4,File\n4,9,X,Stray,File\n"
    )
    source = Source(id="t", protocol="csv", location=str(table), format="csv")
    fetch = open_csv(source, SourceState(), {}, True, Client())
    records = [FORMATS["csv"](source)(raw) for page in fetch.pages() for raw in page.records]
    assert [(r.record, r.unit_id, r.path) for r in records] == [
        ("1", "F 12", []),
        ("2", "S1", ["Harbour Board"]),
        ("3", "S1-4", ["Harbour Board", "Minutes"]),
        ("4", "X", []),
    ]


def test_a_printed_list_saved_for_excel(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        '"sep=;"\nTitel;Verfasser;Status\nDer Butt;Grass, Günter;verfügbar\nTitel;Verfasser;Status\nErnani;Hugo;aus\n'
    )
    source = Source(id="t", protocol="csv", location=str(file), format="csv")
    fetch = open_csv(source, SourceState(), {}, False, Client())
    records = [raw for page in fetch.pages() for raw in page.records]
    assert [FORMATS["csv"](source)(raw).title for raw in records] == ["Der Butt", "Ernani"]
    assert "1 rows repeat the header and were left out" in map(str, fetch.notes)


def test_an_inventory_number_beside_a_publisher_is_a_copy_s() -> None:
    (book,) = read(
        "Инв. номер;Заглавие;Автор;Издательство;Шифр;Наличие", "101;Идиот;Достоевский, Ф. М.;Наука;84Р1;выдана"
    )
    (bowl,) = read("ID;Title;Date made;Material;On display", "M2;Bowl;c. 1750;ceramic;No")
    assert (book.type, book.holdings[0].call_number, bowl.type) == ("book", "84Р1", "object")


def test_names_with_what_they_did_as_title_pages_of_east_asia_have_them() -> None:
    (dream, heart, calligraphy) = read(
        "序号;条码号;题名;责任者;文献状态",
        "1;A1;红楼梦;(清)曹雪芹著;离架",
        "2;A2;こころ;夏目漱石 編;在架",
        "3;A3;淳化阁帖;王著;在架",
    )
    names = [(one.name, one.role) for record in (dream, heart, calligraphy) for one in record.creators]
    assert names == [("曹雪芹", "aut"), ("夏目漱石", "edt"), ("王著", "")]
    assert [one.state for one in dream.holdings[0].availability] == ["expected", "expected"]


def test_a_thai_list() -> None:
    (book,) = read("เลขทะเบียน;ชื่อเรื่อง;ผู้แต่ง;สำนักพิมพ์;ปีที่พิมพ์;สถานะ", "T1;สี่แผ่นดิน;คึกฤทธิ์ ปราโมช;สยามรัฐ;2496;ถูกยืม")
    assert (book.title, book.year, book.holdings[0].availability[0].state) == ("สี่แผ่นดิน", 1953, "expected")


def test_a_running_number_is_no_identifier_where_there_is_a_better_one(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("序号,条码号,题名\n1,A1,红楼梦\n2,A2,呐喊\n")
    source = Source(id="t", protocol="csv", location=str(file), format="csv")
    names = [
        raw.record for page in open_csv(source, SourceState(), {}, False, Client()).pages() for raw in page.records
    ]
    assert names == ["A1", "A2"]


def test_who_has_a_book_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "Title,Barcode,Status,Borrower,Telephone,Due date\nEmma,B1,On loan,Mary Smith,0191 49601,12/12/2026\n"
    )
    fetch = open_csv(
        Source(id="t", protocol="csv", location=str(file), format="csv"), SourceState(), {}, False, Client()
    )
    (raw,) = [raw for page in fetch.pages() for raw in page.records]
    assert b"Mary" not in raw.payload
    assert b"0191" not in raw.payload
    assert (
        FORMATS["csv"](Source(id="t", protocol="csv", location="", format="csv"))(raw).holdings[0].status == "On loan"
    )
    assert "columns about people, which are not kept: Borrower, Telephone" in map(str, fetch.notes)
