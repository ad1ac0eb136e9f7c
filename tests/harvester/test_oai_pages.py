"""Pages are cut, not rebuilt: whatever they look like, the records are those that a tree of the page has."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from harvester.protocols.oai_pages import BadPageError, HarmfulPageError, read_page
from harvester.protocols.oai_tags import OAI

TAIL = "<resumptionToken completeListSize='9'>next</resumptionToken></ListRecords></OAI-PMH>"
METADATA = '<metadata><dc xmlns="urn:dc"><title>Ä &amp; B</title></dc></metadata>'


def page(*records: str, root: str = "", start: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    opening = f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:x="urn:x&amp;y"{root}>'
    return f"{start}{opening}<responseDate>2026-01-01T00:00:00Z</responseDate><ListRecords>{''.join(records)}{TAIL}"


def record(name: str, metadata: str = METADATA, status: str = "", sets: str = "<setSpec>a</setSpec>") -> str:
    header = f"<header{status}><identifier>{name}</identifier><datestamp>2026-01-01</datestamp>{sets}</header>"
    return f"\n <record>{header}{metadata}</record>"


def canonical(payload: bytes) -> bytes:
    return etree.tostring(etree.fromstring(payload), method="c14n", with_comments=True)


def by_tree(data: bytes) -> list[tuple[str, bytes]]:
    return [
        (
            (element.findtext(f"{OAI}header/{OAI}identifier") or "").strip(),
            canonical(etree.tostring(element, with_tail=False)),
        )
        for element in etree.fromstring(data).iterfind(f"*/{OAI}record")
    ]


def check(data: bytes) -> list[str]:
    found = read_page(data)
    assert [(record.identifier, canonical(record.payload)) for record in found.records] == by_tree(data)
    assert found.token is not None
    assert found.token.text == "next"
    assert found.response_date == "2026-01-01T00:00:00Z"
    return [record.identifier for record in found.records]


MARC = '<metadata><record xmlns="urn:marc"><leader>x</leader></record></metadata>'
PAGES = {
    "none": page(),
    "usual": page(record("a"), record("b", "", ' status="deleted"'), record("c", sets="")),
    "nested": page(record("a", MARC), record("b", MARC.replace("><leader", "\n><leader")), record("c")),
    "nested, prefixed": page(record("a", '<metadata><m:record xmlns:m="urn:m"><m:a/></m:record></metadata>')),
    "a name that begins alike": page(record("a", '<metadata><x:recordInfo/><recordInfo xmlns="urn:m"/></metadata>')),
    "comment": page(record("a", "<!-- a word --><metadata><x:a>1</x:a></metadata>"), record("b")),
    "comment with a record": page("<!-- <record> -->", record("a"), "<!-- </record> -->", record("b")),
    "CDATA with a record": page(record("a", "<metadata><x:a><![CDATA[</record><record>]]></x:a></metadata>")),
    "stylesheet": page(record("a"), start='<?xml version="1.0"?><?xml-stylesheet href="oai.xsl"?>'),
    "instruction with a record": page("<?php <record> ?>", record("a")),
    "blanks in tags": page("<record >" + record("a").strip()[8:-1] + "\n>", record("b")),
    "references": page(record("oai:a?x=1&amp;y=2"), record("b", sets="<setSpec>&#97;</setSpec>")),
    "declares for itself": page(record("a").replace("<record>", '<record xmlns:y="urn:y">'), record("b")),
    "of another namespace": page(record("a").replace("<record>", '<record xmlns="urn:other">'), record("b")),
    "self-closed": page("<record/>", record("a")).replace("<record/>", "<x:record/>"),
    "self-closed, alone": page("<record/>"),
    "self-closed with a blank": page("<record />", record("a")),
    "an end with a blank": page(record("a").rstrip()[:-1] + " >", record("b")),
    "two in one": page(record("a", f"<metadata>{2 * '<record><leader/></record>'}</metadata>"), record("b")),
    "something between": page(record("a"), "<x:note>n</x:note>", record("b")),
    "attributes with >": page(record("a").replace("<record>", '<record x:y="a>b">'), record("b")),
    "header last": page("<record><metadata><x:a/></metadata>" + record("a", "")[10:]),
    "byte order mark": page(record("a"), start="\ufeff"),
    "single quotes": page(record("a", status=" status='deleted'", metadata="")),
}
PREFIXED = (
    '<o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/"><o:responseDate>2026-01-01T00:00:00Z</o:responseDate>'
    '<o:ListRecords><o:record><o:header status="Deleted"><o:identifier> a </o:identifier></o:header></o:record>'
    "<o:record><o:header><o:identifier>b</o:identifier><o:datestamp>2026</o:datestamp></o:header><o:metadata>"
    '<record xmlns="urn:m"/></o:metadata></o:record><o:resumptionToken>next</o:resumptionToken></o:ListRecords>'
    "</o:OAI-PMH>"
)


@pytest.mark.parametrize("text", [*PAGES.values(), PREFIXED], ids=[*PAGES, "prefixed"])
def test_the_records_are_those_of_the_tree(text: str) -> None:
    check(text.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings(encoding: str) -> None:
    text = page(record("ä"), record("b"), start=f'<?xml version="1.0" encoding="{encoding}"?>')
    assert check(text.encode(encoding)) == ["ä", "b"]


def test_what_headers_say() -> None:
    first, second, third = read_page(PAGES["usual"].encode()).records
    assert (first.deleted, first.has_metadata, first.sets, first.datestamp) == (False, True, ["a"], "2026-01-01")
    assert (second.deleted, second.has_metadata) == (True, False)
    assert third.sets == []
    one, two = read_page(PREFIXED.encode()).records
    assert (one.identifier, one.deleted, one.has_metadata, two.has_metadata) == ("a", True, False, True)
    assert read_page(PAGES["references"].encode()).records[1].sets == ["a"]


def test_records_keep_their_bytes() -> None:
    own = "<metadata><x:a  b = '1'><![CDATA[<>]]></x:a ></metadata>"
    payload = read_page(page(record("a", own)).encode()).records[0].payload.decode()
    assert payload.endswith(record("a", own).strip()[len("<record") :])


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("</header>", "</head>", 1),
        lambda text: text.replace("<title>", "<title>\x01", 1),
        lambda text: text.replace("&amp; B", "&nbsp;", 1),
        lambda text: text.replace("<title>", "<title><y:z/>", 1),
        lambda text: text.replace(' xmlns="http://www.openarchives.org/OAI/2.0/"', "", 1),
    ],
)
def test_damage_is_seen(damage: object) -> None:
    with pytest.raises(BadPageError):
        read_page(damage(PAGES["usual"]).encode())  # type: ignore[operator]


def test_a_late_document_type_is_refused() -> None:
    late = f"<?xml version='1.0'?><!--{' ' * 5000}--><!DOCTYPE OAI-PMH [<!ENTITY e 'x'>]>"
    with pytest.raises(HarmfulPageError):
        read_page(page(record("a"), start=late).encode())


PIECES = st.sampled_from(
    [
        "<record>",
        "</record>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?a ",
        "?>",
        "<x:a>",
        "</x:a>",
        "record",
        ">",
        "!",
        "?",
    ]
)


@given(st.lists(PIECES, max_size=12))
@settings(max_examples=150, deadline=None)
def test_nothing_in_metadata_moves_the_cuts(pieces: list[str]) -> None:
    text = page(record("a", f"<metadata><x:m>{''.join(pieces)}</x:m></metadata>"), record("b")).encode()
    try:
        etree.fromstring(text)
    except etree.XMLSyntaxError:
        with pytest.raises(BadPageError):
            read_page(text)
    else:
        assert check(text) == ["a", "b"]


def test_pages_leave_nothing_for_the_garbage_collector() -> None:
    """It runs seldom in a long harvest, and what waits for it here holds memory that it does not count."""
    data = page(*[record(f"oai:x:{number}") for number in range(20)]).encode()
    read_page(data)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            read_page(data)
        assert gc.collect() == 0
    finally:
        gc.enable()
