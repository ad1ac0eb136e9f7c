"""Records that are read without a tree say what their tree says."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harvester.formats.marc.flat import read_flat
from harvester.formats.marcxml import read_element
from harvester.formats.oai_dc import values_of
from harvester.formats.text import is_tidy, tidy
from harvester.formats.xml import metadata_of, parse
from harvester.formats.xml_flat import dublin_core

OPENING = (
    '<record xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="urn:xsi"><header><identifier>a</identifier>'
    '</header><metadata><oai_dc:dc xmlns:oai_dc="urn:o" xmlns:dc="urn:dc" xmlns:t="urn:t" xsi:schemaLocation="a b">'
)
CLOSING = "</oai_dc:dc></metadata><about><x>y</x></about></record>"


def record(*elements: str) -> bytes:
    return f"{OPENING}\n  {'  '.join(elements)}{CLOSING}".encode()


FLAT = [
    "<dc:title>Ä &amp; B &#x41;&#66; &lt;i&gt;</dc:title>",
    '<dc:title xml:lang="de" t:x="1">Titel\n   auf zwei Zeilen</dc:title>',
    "<dc:creator>  Müller, Anna </dc:creator>",
    "<dc:date/>",
    '<dc:date t:nil="true" />',
    "<dc:subject></dc:subject>",
    "<t:issued>1999</t:issued>",
    "<t:title >another, and a blank</t:title >",
    "<dc:description>e\u0301 \u00a0 x\u0098y\u009c\tz</dc:description>",
]
NOT_FLAT = [
    "<dc:title>a <b>c</b> d</dc:title>",
    "<dc:title>a<!-- no --> d</dc:title>",
    "<!-- <dc:title>not said</dc:title> -->",
    "<dc:title><![CDATA[a < b]]></dc:title>",
    "<dc:title xml:lang='de'>einfach</dc:title>",
    "<dc:rights>a /> b > c</dc:rights>",
    '<dc:title t:x="1 > 0">less</dc:title>',
    "<dc:title>x>/dc:title> >dc:title>y</dc:title>",
    "<?php echo 1 ?>",
    "text between",
]


@given(st.lists(st.sampled_from(FLAT), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_flat_records_need_no_tree(elements: list[str]) -> None:
    payload = record(*elements)
    assert dublin_core(payload) == values_of(metadata_of(parse(payload)))


@given(st.lists(st.sampled_from(FLAT + NOT_FLAT), max_size=12))
@settings(max_examples=150, deadline=None)
def test_others_are_left_to_the_tree(elements: list[str]) -> None:
    payload = record(*elements)
    assert dublin_core(payload) in (None, values_of(metadata_of(parse(payload))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<header>", '<header status="deleted">'),
        ("<metadata>", "<metadata><!-- <metadata> -->"),
        ("<header>", "<header><!-- </header><metadata><oai_dc:dc> -->"),
        ("<record", "<?xml version='1.0' encoding='iso-8859-1'?><record"),
        ("</oai_dc:dc>", ""),
        ("&amp;", "&foo;"),
    ],
)
def test_what_is_not_certain_is_left(old: str, new: str) -> None:
    payload = record(*FLAT).replace(old.encode(), new.encode(), 1)
    assert dublin_core(payload) is None


MARC_TAGS = frozenset({"020", "100", "245", "650", "880"})
MARC_FLAT = [
    '<controlfield tag="008">920219s1955    fi   </controlfield>',
    '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Ä &amp; B :</subfield><subfield code="b"/></datafield>',
    '<datafield ind1="1" ind2=" " tag="100">\n <subfield code="a">Müller,\n A. &#65;</subfield>\n</datafield>',
    '<datafield tag="880" ind1="1" ind2=" "><subfield code="a">&lt;</subfield></datafield>',
    '<datafield tag="880" ind1="1" ind2=" "><subfield code="6">245-01</subfield></datafield>',
    '<datafield tag="020" ind1=" " ind2=" "></datafield>',
    '<datafield tag="020"><subfield code="a"></subfield><subfield code="a">1 > 2</subfield></datafield>',
    '<datafield tag="999" ind1=" " ind2=" "><subfield code="x">not read</subfield></datafield>',
    '<datafield tag="650" ind1=" " ind2="7"><subfield code="a">Maps</subfield></datafield>',
]
MARC_NOT_FLAT = [
    "<datafield tag='245' ind1='1' ind2='0'><subfield code='a'>x</subfield></datafield>",
    '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">x<!-- y --></subfield></datafield>',
    '<!-- <datafield tag="245" ind1="1" ind2="0"><subfield code="a">x</subfield></datafield> -->',
    '<datafield tag="245" ind1=">" ind2="0"><subfield code="a"><![CDATA[x]]></subfield></datafield>',
    '<datafield tag="001" ind1=" " ind2=" "><subfield code="a">x</subfield></datafield>',
    '<controlfield tag="001" >blank</controlfield>',
    '<datafield tag="999" ind1=" " ind2=" "><subfield code="x">ends with a blank</subfield></datafield >',
    '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">x<subfield code="b">y</subfield></subfield></datafield>',
    "<leader>00000nam a22</leader>",
]


def marc(*fields: str, wrapped: bool, prefix: str = "") -> bytes:
    body = "\n".join(("<leader>01142cam#a2200301 a 4500</leader>", *fields))
    if prefix:
        for name in ("leader", "controlfield", "datafield", "subfield"):
            body = body.replace(f"<{name}", f"<{prefix}{name}").replace(f"</{name}", f"</{prefix}{name}")
    namespace = f'xmlns:{prefix[:-1]}="urn:m"' if prefix else 'xmlns="urn:m"'
    record = f"<{prefix}record {namespace}>\n{body}\n</{prefix}record>"
    opening = OPENING[: OPENING.index("<oai_dc")]
    return f"{opening}{record}</metadata></record>".encode() if wrapped else record.encode()


@given(st.lists(st.sampled_from(MARC_FLAT + MARC_NOT_FLAT), max_size=8), st.booleans(), st.sampled_from(["", "m:"]))
@settings(max_examples=150, deadline=None)
def test_marc_without_a_tree_is_marc_with_one(fields: list[str], wrapped: bool, prefix: str) -> None:
    payload = marc(*fields, wrapped=wrapped, prefix=prefix)
    tree = read_element(metadata_of(parse(payload)), MARC_TAGS)
    flat = read_flat(payload, MARC_TAGS)
    assert flat in (None, tree)
    usual = fields == sorted(fields, key=lambda field: "datafield" in field)
    if usual and set(fields) - {MARC_FLAT[0]} and not set(fields) & set(MARC_NOT_FLAT):  # with a data field at all
        assert flat is not None


@pytest.mark.parametrize(
    "payload",
    [
        marc(*MARC_FLAT[2:], wrapped=True).replace(b"<header>", b'<header status="deleted">'),
        marc(*MARC_FLAT[2:], wrapped=False) + marc(*MARC_FLAT[2:], wrapped=False),
        marc(*MARC_FLAT[2:], wrapped=True).replace(b"</datafield>", b"", 1),
        b"<collection>" + marc(*MARC_FLAT[2:], wrapped=False) + b"</collection>",
        marc(*MARC_FLAT[2:], wrapped=False)[:-9],
        marc(*MARC_FLAT[2:], wrapped=True).replace(b"&#65;", b"&foo;"),
    ],
)
def test_unusual_marc_is_left(payload: bytes) -> None:
    assert read_flat(payload, MARC_TAGS) is None


@example(["a\ufeff\u0301"])
@given(st.lists(st.text(alphabet="ab .e\u0301é\t\u00a0\u3000\x98\ufeff한ᄒ", max_size=6), max_size=4))
@settings(max_examples=200, deadline=None)
def test_what_is_tidy_as_a_whole_is_tidy_in_pieces(pieces: list[str]) -> None:
    if is_tidy("".join(pieces)):
        assert [tidy(piece) for piece in pieces] == [piece.strip() for piece in pieces]
    for text in pieces:
        assert is_tidy(tidy(text))
