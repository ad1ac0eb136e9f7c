"""Records that are read without a tree say what their tree says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.formats.oai_dc import values_of
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
    '<dc:title xml:lang="de" t:x="1 > 0">Titel\n   auf zwei Zeilen</dc:title>',
    "<dc:creator>  Müller, Anna </dc:creator>",
    "<dc:date/>",
    '<dc:date t:nil="true" />',
    "<dc:subject></dc:subject>",
    "<dc:rights>a /> b > c</dc:rights>",
    "<t:issued>1999</t:issued>",
    "<dc:description>e\u0301 \u00a0 x\u0098y\u009c\tz</dc:description>",
]
NOT_FLAT = [
    "<dc:title>a <b>c</b> d</dc:title>",
    "<dc:title>a<!-- no --> d</dc:title>",
    "<!-- <dc:title>not said</dc:title> -->",
    "<dc:title><![CDATA[a < b]]></dc:title>",
    "<dc:title xml:lang='de'>einfach</dc:title>",
    "<dc:title >blank</dc:title >",
    "<t:title>another</t:title>",
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
        ("</dc:creator>", "</dc:creatr>"),
    ],
)
def test_what_is_not_certain_is_left(old: str, new: str) -> None:
    payload = record(*FLAT).replace(old.encode(), new.encode(), 1)
    assert dublin_core(payload) is None
