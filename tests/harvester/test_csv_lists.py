"""Lists that people made by hand, and tables of museums and archives: read without a mapping."""

from __future__ import annotations

import msgspec

from harvester.formats import FORMATS
from schemas.catalogue import CatalogueRecord, RawRecord, Source


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
