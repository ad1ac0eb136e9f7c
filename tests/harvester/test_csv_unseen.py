"""Tables of programs and places of many kinds, as they export them: read without a mapping."""

from __future__ import annotations

import msgspec
import pytest

from harvester.formats import FORMATS
from harvester.formats.csv_plan import make_plan
from harvester.formats.mapping import Mapping
from schemas.catalogue import CatalogueRecord, RawRecord, Source


def read(header: str, row: str) -> CatalogueRecord:
    table = FORMATS["csv"](Source(id="t", protocol="csv", location="", format="csv"))
    return table(RawRecord(source="t", record="1", payload=msgspec.json.encode([header.split(";"), row.split(";")])))


def states(record: CatalogueRecord) -> dict[str, str]:
    return {one.service: one.state for copy in record.holdings for one in copy.availability}


def test_what_is_on_view_can_be_seen_and_not_borrowed() -> None:
    assert states(read("Object Number;Title;On View", "1;Vase;Yes")) == {"on_site": "available"}
    assert states(read("Object Number;Title;Is On View", "1;Vase;false")) == {"on_site": "unavailable"}
    assert states(read("Title;Available", "Vase;Yes")) == {"loan": "available", "on_site": "available"}


def test_why_something_is_not_there() -> None:
    assert states(read("Item;Available?", "Pasta machine;No - on loan"))["loan"] == "expected"


def test_omeka_parts_titles_and_dates_too() -> None:
    letter = read("Dublin Core:Title;Dublin Core:Date;Dublin Core:Subject", "Letter^^Draft;1880^^1881;War^^Peace")
    assert (letter.title, letter.other_titles, letter.date, letter.subjects) == (
        "Letter",
        ["Draft"],
        "1880",
        ["War", "Peace"],
    )


def test_only_who_made_an_archive_is_its_creator() -> None:
    unit = read(
        "legacyId;title;levelOfDescription;eventTypes;eventDates;eventActors",
        "1;Minutes;Series;Creation|Custody;1890-1950|1960;Harbour Board|City Archive",
    )
    assert ([one.name for one in unit.creators], unit.date) == (["Harbour Board"], "1890-1950")


def test_an_artists_life_is_no_date_of_the_work() -> None:
    drawing = read("Title;Artist;BeginDate;EndDate;Date;AccessionNumber", "Bridge;Otto Wagner;(1841);(1918);1896;885")
    assert drawing.year == 1896


def test_a_list_of_online_titles_has_issn_beside_isbn() -> None:
    header = "publication_title;print_identifier;title_url;title_id;publication_type"
    journal = read(header, "American Journal of Philology;0002-9475;https://x.example/2;2;serial")
    assert (journal.title, journal.issns, journal.isbns) == ("American Journal of Philology", ["0002-9475"], [])
    assert read(header, "Odyssey;9780801867453;https://x.example/3;3;monograph").isbns == ["9780801867453"]


def test_an_article_keeps_its_journal() -> None:
    article = read("Item Type;Title;Publication Title;Pages", "journalArticle;On harbours;Journal of Ports;12-34")
    assert article.host is not None
    assert (article.type, article.title, article.host.title) == ("article", "On harbours", "Journal of Ports")


def test_the_state_of_a_country_is_no_status() -> None:
    header = ["Title", "City", "State", "Country"]
    assert "status" not in make_plan(header, Mapping()).columns
    assert "status" in make_plan(["Title", "State"], Mapping()).columns


def test_a_specimen_is_called_by_its_species() -> None:
    bird = read(
        "occurrenceID;basisOfRecord;institutionCode;catalogNumber;scientificName;vernacularName;recordedBy;eventDate",
        "urn:1;PreservedSpecimen;ZMB;1234;Passer domesticus;house sparrow;Lichtenstein, H.;1821-05-03",
    )
    assert (bird.title, bird.other_titles, bird.type, bird.year, bird.unit_id) == (
        "Passer domesticus", ["house sparrow"], "object", 1821, "1234",
    )  # fmt: skip


def test_labels_of_a_query_are_read_and_not_the_addresses() -> None:
    painting = read("item;itemLabel;creatorLabel;inventory_number", "http://x.example/Q1;Mona Lisa;Leonardo;INV. 779")
    assert (painting.title, painting.creators[0].name) == ("Mona Lisa", "Leonardo")


@pytest.mark.parametrize(
    ("header", "row", "year", "loan"),
    [
        ("العنوان;المؤلف;سنة النشر;الحالة", "الأيام;طه حسين;1929;معار", 1929, "expected"),
        ("العنوان;المؤلف;سنة النشر;الحالة", "الأيام;طه;1929;غير متاح", 1929, "unavailable"),
        ("כותר;מחבר;שנה;סטטוס", "ספר;עוז;2002;זמין", 2002, "available"),
        ("Τίτλος;Συγγραφέας;Έτος;Κατάσταση", "Ζορμπάς;Καζαντζάκης;1946;Δανεισμένο", 1946, "expected"),
        ("Eser Adı;Yazar;Yayın Yılı;Durum", "Kar;Pamuk;2002;Rafta", 2002, "available"),
        ("Titel;Författare;Utgivningsår;Status", "Gösta;Lagerlöf;1891;Utlånad", 1891, "expected"),
        ("Título;Autor;Ano;Situação", "Iracema;Alencar;1990;Emprestado", 1990, "expected"),
    ],
)
def test_lists_in_further_languages(header: str, row: str, year: int, loan: str) -> None:
    record = read(header, row)
    assert (record.title, record.creators[0].name) == tuple(row.split(";")[:2])
    assert (record.year, states(record)["loan"]) == (year, loan)


@pytest.mark.parametrize(
    ("header", "row", "creator", "date"),
    [
        ("Cote;Intitulé;Dates extrêmes;Producteur", "1 J 5;Registre;1850-1861;Commune", "Commune", "1850-1861"),
        ("Signatur;Titel;Laufzeit;Registraturbildner", "12/3;Hafen;1871;Hafenamt", "Hafenamt", "1871"),
        ("Código de referencia;Título;Fechas;Productor", "ES.1;Actas;1901;Concejo", "Concejo", "1901"),
        ("Sygnatura;Tytuł jednostki;Daty skrajne;Twórca", "12/3;Akta;1880-1885;Magistrat", "Magistrat", "1880-1885"),
        ("資料番号;タイトル;作成年月日;作成者", "A-1;町会記録;明治12年;役場", "役場", "明治12年"),
    ],
)
def test_units_of_archives_in_their_languages(header: str, row: str, creator: str, date: str) -> None:
    unit = read(header, row)
    assert (unit.title, [one.name for one in unit.creators], unit.date) == (row.split(";")[1], [creator], date)


def test_lists_of_things_that_are_no_books() -> None:
    picture = read(
        "Inventarnr.;Künstler/in;Titel;Entstehungsjahr;Verliehen bis", "K-1;Anna Muster;Blau;1999;01.02.2027"
    )
    assert (picture.year, picture.creators[0].name, states(picture)["loan"]) == (1999, "Anna Muster", "expected")
    assert (
        read("Artist;Album;Label;Released;Format", "Miles Davis;Kind of Blue;Columbia;1959;LP").title == "Kind of Blue"
    )
    gun = read("Nom de l'objet;N° inv.;Lieu de conservation;Exposé", "Fusil;2001.3;Réserve 2;Non")
    assert (gun.unit_id, gun.holdings[0].location, states(gun)) == ("2001.3", "Réserve 2", {"on_site": "unavailable"})
