"""Finding aids and MODS as archives' systems write them (ArchivesSpace, Islandora, German and French archives)."""

from __future__ import annotations

import pytest

from harvester.formats import FORMATS
from schemas.catalogue import CatalogueRecord, Creator, RawRecord, Source


def read(payload: str, format_: str) -> CatalogueRecord:
    source = Source(id="a", protocol="xml", location="", format=format_)
    return FORMATS[format_](source)(RawRecord(source="a", record="1", payload=payload.encode()))


def unit(above: str, here: str) -> CatalogueRecord:
    below = f"<did><unittitle>Letter</unittitle>{here}</did>"
    return read(
        f"<unit><above><archdesc><did>{above}</did></archdesc></above><here><c>{below}</c></here></unit>",
        "ead",
    )


@pytest.mark.parametrize(
    ("collection", "own", "asked_for"),
    [
        ("MS.031", "Series 1", "MS.031, Series 1"),
        ("MS.031", "", "MS.031"),
        ("K.20", "K.20 Nr. 417", "K.20 Nr. 417"),
        ("GB 133 XYZ", "XYZ/1/2", "XYZ/1/2"),
        ("", "417", "417"),
    ],
)
def test_a_unit_is_asked_for_by_a_number_that_names_its_collection(collection: str, own: str, asked_for: str) -> None:
    record = unit(f"<unitid>{collection}</unitid>", f"<unitid>{own}</unitid>")
    assert (record.holdings[0].call_number, record.unit_id) == (asked_for, own)


def test_who_gave_a_thing_did_not_make_it() -> None:
    made = '<origination label="Creator"><famname role="cre">Wheeler family</famname></origination>'
    given = '<origination label="source"><persname role="dnr">Smith, Donor</persname></origination>'
    assert unit(made + given, "").creators == [Creator("Wheeler family", "cre")]


def test_languages_in_words_and_thumbnails_of_ead3() -> None:
    whole, small = (
        '<dao href="https://a.example/9.jpg"/>',
        '<dao href="https://a.example/9t.jpg" linkrole="thumbnail"/>',
    )
    record = unit("<langmaterial>Deutsch und Niederländisch</langmaterial>", f"<daoset>{whole}{small}</daoset>")
    assert record.languages == ["de", "nl"]
    assert record.thumbnail == "https://a.example/9t.jpg"
    assert [h.url for h in record.holdings] == ["", "https://a.example/9.jpg"]


def test_lists_in_prose_keep_their_words_apart_and_subdivisions_are_parts() -> None:
    event = "<chronlist><chronitem><date>1857</date><event>Arrival</event></chronitem></chronlist>"
    record = read(
        f"<ead><archdesc><did><unittitle>Papers</unittitle></did><bioghist>{event}<p>It<emph>ali</emph>c</p></bioghist>"
        "<controlaccess><subject>Pioneers--Kansas.</subject></controlaccess></archdesc></ead>",
        "ead",
    )
    assert record.description == "1857 Arrival Italic"
    assert record.subjects == ["Pioneers -- Kansas"]


MODS = """<mods xmlns="http://www.loc.gov/mods/v3" xmlns:xlink="http://www.w3.org/1999/xlink">
<titleInfo><title>Main Street</title></titleInfo><typeOfResource>still image</typeOfResource>
<originInfo><dateIssued>2015-08-01T00:00:00Z</dateIssued></originInfo><identifier type="lccn">sn 85-12345</identifier>
<location><physicalLocation>University Archives</physicalLocation><shelfLocator>Box 3</shelfLocator>
<url usage="primary display">https://digital.example.edu/45</url></location>
<accessCondition xlink:href="http://rightsstatements.org/vocab/{}/1.0/">Rights</accessCondition></mods>"""


@pytest.mark.parametrize(("rights", "state"), [("NoC-US", "available"), ("InC", "limited")])
def test_what_is_in_a_box_and_online_is_in_both_places(rights: str, state: str) -> None:
    record = read(MODS.format(rights), "mods")
    assert (record.date, record.identifiers) == ("2015-08-01", ["lccn:sn85012345"])
    box, online = record.holdings
    assert (box.institution, box.call_number) == ("University Archives", "Box 3")
    assert (online.institution, online.url) == ("University Archives", "https://digital.example.edu/45")
    assert [(one.service, one.state) for one in online.availability] == [("digital", state)]
