"""Bibliographic formats, read back by parsers that others wrote: titles, creators and numbers survive anything."""

from __future__ import annotations

import html
import io
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import bibtexparser
import msgspec
import pymarc
import pytest
import rispy
from bibtexparser.middlewares import SeparateCoAuthors
from coins_parser import CoinsParser
from fastapi.testclient import TestClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from pylatexenc.latex2text import LatexNodes2Text

from harvester.formats import FORMATS as READERS
from schemas.answer import Hit
from schemas.catalogue import RECORD_TYPES, Creator, Host, Link, RawRecord, Source
from schemas.work import Work
from search_api.app import create_app
from search_api.renderers import bibtex, coins, csl, dublin_core, marcxml, mods, ris
from search_api.renderers.base import Frame
from search_api.renderers.names import Person, person, undated
from store import harvest_runs, raw_records, sources, works

FRAME = Frame(base="https://lampway.example", moment=datetime(2026, 11, 24, tzinfo=UTC))
HOSTILE = [
    "</script><b>", "]]>", "\r\nER  - \r\nTY  - JOUR", "{", "}", "}{", "{}", "{\\}", "\\", "%$#&_^~", '"', "'", "<&>",
    "@book{x,", "\x00\x1b", "\ud800", "\u2028\u2029", "שלום עולם", "\u202eabc", "紅樓夢", "é\u0301", "a and b", "=-+",
    "\ufffe",
]  # fmt: skip
pieces = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12))
texts = st.lists(pieces, min_size=1, max_size=4).map("".join)


def plain(text: str) -> str:
    """What may be expected of a text: one line of characters that can be written."""
    kept = "".join(c for c in re.sub(r"[\s\x1c-\x1f\x85\u2028\u2029]+", " ", text) if ord(c) not in (0xFFFE, 0xFFFF))
    return "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cs")).strip()


def squeezed(text: str) -> str:
    """Without blanks: formats may fold them."""
    return "".join(plain(text).split())


titles = texts.map(lambda text: f"a{text}")
described = st.builds(
    Work,
    id=st.just("w4bbqjb3lbfxaopeq"),
    title=titles,
    creators=st.lists(titles.map(Creator), max_size=2, unique_by=lambda one: squeezed(one.name)),
    isbns=st.lists(st.sampled_from(["9780141439518", "9787020002207"]), max_size=2, unique=True),
    year=st.sampled_from([None, -300, 1811]),
    publisher=texts,
    subjects=st.lists(texts, max_size=1),
    type=st.sampled_from(RECORD_TYPES),
    identifiers=st.lists(texts, max_size=1),
)
FULL = Work(
    id="w1",
    title="Sense & sensibility",
    part="2, Theory",
    creators=[Creator("Austen, Jane, 1775-1817"), Creator("British Museum"), Creator("Lee, Ann", "edt")],
    publisher="Egerton",
    publication_place="London",
    year=1811,
    date="1811",
    type="article",
    languages=["en", "zh"],
    isbns=["9780141439518"],
    identifiers=["doi:10.1000/x_1", "oclc:123"],
    subjects=["Novels -- 19th century"],
    series=["Classics"],
    extent="3 v.",
    description="About sisters.",
    links=[Link("https://x.example/a", "Text")],
    host=Host(title="Journal of things", volume="3", issue="2", pages="5-9", issn="0378-5955"),
)


@given(work=described)
@settings(max_examples=80, deadline=None)
@example(work=Work(id="w1", title="a\r\nER  - \r\nTY  - JOUR\r\nTI  - b", creators=[Creator("a\r\nER  - ,x")]))
@example(work=Work(id="w1", title="@book{x,\n title = {y}}", creators=[Creator("A and B"), Creator("Lee, A}")]))
def test_every_format_comes_back(work: Work) -> None:
    check_ris(work)
    check_bibtex(work)
    check_csl(work)
    check_coins(work)
    check_marcxml(work)
    check_mods_and_dublin_core(work)


def check_ris(work: Work) -> None:
    data = ris.write([work], FRAME).decode()
    assert data.startswith("TY  - ")
    assert data.endswith("ER  - \r\n")
    assert "\n" not in data.replace("\r\n", "")
    (entry,) = rispy.loads(data.replace("\r\n", "\n"))
    assert squeezed(entry["title"]) == squeezed(work.title)
    names = [*entry.get("authors", []), *entry.get("secondary_authors", [])]
    assert [squeezed(name) for name in names] == [squeezed(undated(one.name)) for one in work.creators]
    assert re.findall(r"SN  - (97\d{11})", data) == work.isbns


def check_bibtex(work: Work) -> None:
    data = bibtex.write([work], FRAME).decode()
    library = bibtexparser.parse_string(data, append_middleware=[SeparateCoAuthors()])
    assert library.failed_blocks == []
    (entry,) = library.entries
    fields = {name: field.value for name, field in entry.fields_dict.items()}
    assert unlatexed(fields["title"]) == squeezed(work.title)
    assert [unlatexed(name) for name in fields.get("author", [])] == [squeezed(c.name) for c in in_bibtex(work)]
    assert fields.get("isbn", "") == ", ".join(work.isbns)
    assert fields["url"] == FRAME.work(work.id)


def in_bibtex(work: Work) -> list[Creator]:
    """Creators as BibTeX has them: without the years of their lives."""
    found = []
    for one in work.creators:
        known = person(squeezed(one.name))
        found.append(
            Creator(f"{known.family}, {known.given}" if known and " and " not in one.name else undated(one.name))
        )
    return found


def unlatexed(text: str) -> str:
    # The escapes that we write, undone by hand: the parser of LaTeX takes a text apart at more than these.
    if re.fullmatch(r"\{.*\}", text):
        text = text[1:-1]
    named = {"textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}", "textasciitilde": "~"}
    named["textasciicircum"] = "^"
    text = re.sub(r"\\(?:(text[a-z]+)\{\}|([{}&%$#_]))", lambda m: named[m[1]] if m[1] else m[2], text)
    return squeezed(text)


def test_bibtex_is_latex() -> None:
    decoded = LatexNodes2Text().latex_to_text(bibtex._text(r"50% of {x} & $5 #1 a_b c\d ~"))
    assert decoded == r"50% of {x} & $5 #1 a_b c\d ~"


def check_csl(work: Work) -> None:
    (item,) = json.loads(csl.write([work], FRAME))
    assert squeezed(item["title"]) == squeezed(work.title)
    assert [squeezed(" ".join(n.values())).replace(",", "") for n in item.get("author", [])] == [
        re.sub(",", "", squeezed(" ".join(person(squeezed(c.name)) or [undated(c.name)]))) for c in work.creators
    ]
    assert item.get("ISBN", "").split() == work.isbns
    assert item["URL"].startswith("https://lampway.example/works/")


def check_coins(work: Work) -> None:
    hit = Hit(
        score=0,
        signals={},
        best=None,
        holdings_count=0,
        institutions_count=0,
        **{name: getattr(work, name) for name in ("id", "title", "year", "type", "languages", "isbns", "publisher")},
        creators=[one.name for one in work.creators],
    )
    value = coins.context_object(hit, FRAME.work(work.id))
    (span,) = CoinsParser.parse(f'<p><span class="Z3988" title="{html.escape(value)}"></span></p>')
    found: dict[str, list[str]] = {}
    for name, text in span:
        found.setdefault(name, []).append(text)
    (title,) = found.get("rft.btitle") or found["rft.title"]
    assert squeezed(title) == squeezed(work.title)
    names = found.get("rft.au") or found.get("rft.creator") or []
    assert [squeezed(name) for name in names] == [squeezed(undated(one.name)) for one in work.creators]
    assert found.get("rft.isbn", []) == work.isbns[:1]
    assert found["rft_id"] == [FRAME.work(work.id)]


def check_marcxml(work: Work) -> None:
    (record,) = pymarc.parse_xml_to_array(io.BytesIO(marcxml.write([work], FRAME)))
    assert len(str(record.leader)) == 24
    assert len(record["008"].data) == 40
    assert squeezed(record["245"]["a"]) == squeezed(work.title)
    names = [field["a"] for field in record.get_fields("100", "700", "720")]
    assert sorted(map(squeezed, names)) == sorted(squeezed(one.name) for one in work.creators)
    assert [field["a"] for field in record.get_fields("020")] == work.isbns


def check_mods_and_dublin_core(work: Work) -> None:
    tree = etree.fromstring(mods.write([work], FRAME))
    prefix = {"m": mods.MODS, "dc": dublin_core.DC}
    assert squeezed(tree.findtext("m:titleInfo/m:title", "", prefix)) == squeezed(work.title)
    assert [squeezed(e.text or "") for e in tree.findall("m:name/m:namePart", prefix)] == [
        squeezed(one.name) for one in work.creators
    ]
    assert [e.text for e in tree.findall("m:identifier[@type='isbn']", prefix)] == work.isbns
    dc = etree.fromstring(dublin_core.write([work], FRAME))
    assert squeezed(dc.findtext("dc:title", "", prefix)) == squeezed(work.title)
    assert [squeezed(e.text or "") for e in dc.findall("dc:creator", prefix)] == [
        squeezed(one.name) for one in work.creators
    ]


@pytest.mark.parametrize("kind", ["book", "serial", "article", "map", "audio", "object", "archive"])
@pytest.mark.parametrize("name", ["mods", "marcxml", "oai_dc"])
def test_our_own_harvester_reads_what_we_set_out(name: str, kind: Any) -> None:
    work = msgspec.structs.replace(FULL, type=kind, host=FULL.host if kind == "article" else None)
    element = {"mods": mods.element, "marcxml": marcxml.element, "oai_dc": dublin_core.element}[name]
    payload = etree.tostring(element(work, FRAME.work(work.id)))
    read = READERS[name](Source(id="s", protocol="oai", location="x", format=name))
    record = read(RawRecord(source="s", record="r", payload=payload))
    assert record.type == kind
    assert record.title.startswith("Sense & sensibility")
    assert {one.name.partition(", 17")[0] for one in record.creators} == {"Austen, Jane", "British Museum", "Lee, Ann"}
    assert (record.isbns, record.year, record.languages) == (work.isbns, 1811, ["en", "zh"])
    assert record.publisher == "Egerton"
    assert "doi:10.1000/x_1" in record.identifiers
    if name != "oai_dc":
        assert record.part == "2, Theory"
        assert record.publication_place == "London"
        assert record.series == ["Classics"] or kind in ("object", "archive")  # of these it is where they belong
        assert record.host == work.host


def test_several_in_one_file() -> None:
    pair = [FULL, msgspec.structs.replace(FULL, id="w2")]
    assert len(rispy.loads(ris.write(pair, FRAME).decode().replace("\r\n", "\n"))) == 2
    entries = bibtexparser.parse_string(bibtex.write(pair, FRAME).decode()).entries
    assert [entry.key for entry in entries] == ["austen1811-w1", "austen1811-w2"]
    assert len(json.loads(csl.write(pair, FRAME))) == 2
    assert len(pymarc.parse_xml_to_array(io.BytesIO(marcxml.write(pair, FRAME)))) == 2
    assert len(etree.fromstring(mods.write(pair, FRAME))) == len(etree.fromstring(dublin_core.write(pair, FRAME))) == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Austen, Jane, 1775-1817", "Austen, Jane"),
        ("Plato, ca. 428", "Plato"),
        ("Smith, John (1900- )", "Smith, John"),
        ("Company 1984", "Company 1984"),
        ("1775-1817", "1775-1817"),
    ],
)
def test_citations_name_no_years_of_life(name: str, told: str) -> None:
    assert undated(name) == told
    assert f"AU  - {told}\r\n" in ris.write([Work(id="w", title="t", creators=[Creator(name)])], FRAME).decode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Austen, Jane", Person("Austen", "Jane")),
        ("Austen, Jane, 1775-1817", Person("Austen", "Jane")),
        ("Smith, John (1900-)", Person("Smith", "John")),
        ("Plato, ca. 428", None),
        ("British Museum", None),
        ("曹雪芹", None),
        ("Museum, City, Dept", None),
        (",", None),
    ],
)
def test_names_in_parts(name: str, expected: Person | None) -> None:
    assert person(name) == expected


SENT = b"""<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000cam a2200000 a 4500</leader>
<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Pride</subfield>
<subfield code="c">by a lady</subfield></datafield>
<datafield tag="505" ind1="0" ind2=" "><subfield code="a">Ebb -- Flow</subfield></datafield></record>"""


def test_marc_is_given_as_it_was_sent(federation: Any) -> None:
    with federation.context.database.begin() as connection:
        number = sources.number_of(connection, "uni-marc")
        assert number is not None
        run = harvest_runs.start(connection, number)
        raw_records.store_page(connection, number, run, [RawRecord(source="uni-marc", record="u1", payload=SENT)])
        (found,) = raw_records.find(connection, [number], ["u1"])["u1"]
        work_number, _ = works.assignments(connection, [found[1]])[found[1]]
        work = works.by_numbers(connection, [work_number])[work_number]
    with TestClient(create_app(federation.context)) as client:
        for address in (f"/works/{work.id}.marcxml", f"/unapi?id={work.id}&format=marcxml"):
            (record,) = pymarc.parse_xml_to_array(io.BytesIO(client.get(address).content))
            assert record["245"]["c"] == "by a lady"
            assert record["505"]["a"] == "Ebb -- Flow"
        assert "Ebb -- Flow" in client.get("/sru?query=title=prejudice&recordSchema=marcxml").text
        every = pymarc.parse_xml_to_array(io.BytesIO(client.get("/search.marcxml").content))
        assert sum("505" in record for record in every) == 1
        assert len(every) > 20
