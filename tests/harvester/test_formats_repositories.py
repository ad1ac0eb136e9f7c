"""Dublin Core as repositories write it (DSpace, EPrints, OJS, CONTENTdm): several values in one, citations, moments."""

from __future__ import annotations

import pytest

from harvester.formats import FORMATS
from harvester.formats.citations import host_of
from schemas.catalogue import CatalogueRecord, Creator, Host, RawRecord, Source


def read(*properties: tuple[str, str]) -> CatalogueRecord:
    body = "".join(f"<dc:{name}>{value}</dc:{name}>" for name, value in properties)
    spaces = 'xmlns:o="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    source = Source(id="r", protocol="oai", location="", format="oai_dc")
    raw = RawRecord(source="r", record="1", payload=f"<o:dc {spaces}>{body}</o:dc>".encode())
    return FORMATS["oai_dc"](source)(raw)


def test_eprints_says_in_an_identifier_where_the_article_stands() -> None:
    record = read(
        ("title", "Reading habits of foxes"),
        ("type", "Article"),
        ("identifier", "Fox, R. (2011) Reading habits of foxes. Journal of Foxes, 12 (3). pp. 100-110. ISSN 0378-5955"),
        ("relation", "doi:10.1016/j.fox.2011"),
        ("format", "text"),
    )
    assert record.host == Host(title="Journal of Foxes", volume="12", issue="3", pages="100-110", issn="0378-5955")
    assert [link.url for link in record.links] == ["https://doi.org/10.1016/j.fox.2011"]
    assert (record.series, record.identifiers, record.extent) == ([], [], "")


@pytest.mark.parametrize(
    ("citations", "title", "host"),
    [
        (["J Lib Econ. 2019;12(3):45-67."], "x", Host(title="J Lib Econ", volume="12", issue="3", pages="45-67")),
        (["Jurnal Membaca; Vol. 3 No. 2 (2018): Desember; 101-115", "2548-1234"], "x",
         Host(title="Jurnal Membaca", volume="3", issue="2", pages="101-115")),
        (["The Library Journal; vol 3"], "Library", Host(title="The Library Journal", volume="3")),
        (["Volcano Letters"], "x", Host(title="Volcano Letters")),
        (["https://example.org/journal"], "x", None),
        ([], "x", None),
    ],
)  # fmt: skip
def test_citations_are_taken_apart(citations: list[str], title: str, host: Host | None) -> None:
    assert host_of(citations, title) == host


def test_several_names_and_subjects_in_one_property_are_several() -> None:
    record = read(
        ("title", "Plan of Riga"),
        ("creator", "Wolf, A.; Stahl, C.;"),
        ("creator", "Wati, Sri; Universitas Indonesia"),
        ("contributor", "Souza, Maria (translator)"),
        ("contributor", "Riga (Latvia)"),
        ("subject", "City planning; Maps;  Riga (Latvia)"),
    )
    assert record.creators == [
        *map(Creator, ("Wolf, A.", "Stahl, C.", "Wati, Sri")),
        Creator("Souza, Maria", "trl"),
        Creator("Riga (Latvia)", "ctb"),
    ]
    assert record.subjects == ["City planning", "Maps", "Riga (Latvia)"]


@pytest.mark.parametrize(
    ("types", "type_"),
    [
        (["Image; Cartographic"], "map"),
        (["Image", "Map"], "map"),
        (["Image", "Collection"], "image"),
        (["StillImage"], "image"),
        (["Text", "Image"], "image"),
        (["Physical object", "Image"], "object"),
    ],
)
def test_a_scanned_map_is_a_map(types: list[str], type_: str) -> None:
    assert read(("title", "x"), *(("type", text) for text in types)).type == type_


def test_what_a_thing_of_a_museum_is_part_of_is_no_series() -> None:
    record = read(
        ("title", "x"), ("type", "Physical Object"), ("isPartOf", "Sammlung"), ("date", "2014-07-08T02:05:56Z")
    )
    assert (record.path, record.series, record.date) == (["Sammlung"], [], "2014-07-08")


def test_who_paid_is_no_series() -> None:
    record = read(("title", "x"), ("type", "Report"), ("relation", "info:eu-repo/grantAgreement/EC/FP7/1"))
    assert record.series == []


def test_what_has_an_isbn_and_no_type_is_a_book() -> None:
    assert read(("title", "Emma"), ("identifier", "ISBN 9780141439587")).type == "book"
    assert read(("title", "Emma"), ("type", "Sound"), ("identifier", "ISBN 9780141439587")).type == "audio"
    assert read(("title", "Emma"), ("identifier", "Emma 1")).type == "other"


def test_editors_of_chinese_repositories() -> None:
    record = read(
        ("title", "年鉴"), ("creator", "(美)狄金森著"), ("contributor", "叶震 主编"), ("contributor", "Fox, R.")
    )
    assert record.creators == [Creator("狄金森", "aut"), Creator("叶震", "edt"), Creator("Fox, R.", "ctb")]
