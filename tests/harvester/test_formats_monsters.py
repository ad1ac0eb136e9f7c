"""Records made to take hours: what is repeated in them takes time that grows with its length, and all of it is kept."""

from __future__ import annotations

from xml.sax.saxutils import escape

from harvester.formats import FORMATS
from harvester.formats.text import strip_name
from schemas.catalogue import CatalogueRecord, RawRecord, Source

MANY = 100_000
LONG = 400_000


def read(format_: str, payload: str) -> CatalogueRecord:
    source = Source(id="s", protocol="oai", location="x", format=format_)
    return FORMATS[format_](source)(RawRecord(source="s", record="r", payload=payload.encode()))


def dublin_core(**values: list[str]) -> str:
    inner = "".join(f"<dc:{name}>{escape(text)}</dc:{name}>" for name, texts in values.items() for text in texts)
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{inner}</oai_dc:dc>'
    )


def test_many_identifiers():
    names = "".join(f'<identifier type="oclc">{n}</identifier>' for n in range(1, MANY)) * 2
    found = read("mods", f"<mods><titleInfo><title>T</title></titleInfo>{names}</mods>")
    assert found.identifiers == [f"oclc:{n}" for n in range(1, MANY)]


def test_many_events_and_places_of_an_object():
    event = (
        "<eventSet><event><eventType><term>production</term></eventType><eventActor>"
        "<displayActorInRole>Painter {0}</displayActorInRole></eventActor></event></eventSet>"
    )
    place = "<repositorySet><workID>{0}</workID></repositorySet>"
    numbers = range(MANY // 5)
    found = read(
        "lido",
        "<lido><descriptiveMetadata><objectIdentificationWrap><titleWrap><titleSet><appellationValue>T</appellationValue>"
        f"</titleSet></titleWrap><repositoryWrap>{''.join(map(place.format, numbers))}</repositoryWrap>"
        f"</objectIdentificationWrap><eventWrap>{''.join(map(event.format, numbers))}</eventWrap>"
        "</descriptiveMetadata></lido>",
    )
    assert len(found.creators) == len(found.holdings) == len(numbers)


def test_dots_digits_and_zeros_without_end():
    article = dublin_core(title=["T"], type=["article"], source=["Journal " + "." * LONG + "x"])
    assert read("oai_dc", article).host is not None
    zeros = f'<identifier type="oclc">{"0" * LONG}x</identifier>'
    assert len(read("mods", f"<mods><titleInfo><title>T</title></titleInfo>{zeros}</mods>").identifiers[0]) > LONG
    field = '<datafield tag="{}" ind1="0" ind2=" "><subfield code="{}">{}</subfield></datafield>'
    marc = field.format("245", "a", "T") + field.format("773", "g", "1" * LONG)
    assert read("marcxml", f"<record><leader>00000nam a2200000 a 4500</leader>{marc}</record>").host is not None


def test_marks_on_one_letter():
    found = read("oai_dc", dublin_core(title=["a" + "\u0301\u0323" * (LONG // 2)]))
    assert len(found.title) > LONG


def test_names_of_brackets_and_years():
    assert strip_name("A (Sevilla, 1617 - Sevilla, 1682)") == "A"
    assert strip_name("A (" + "1111-" * 190 + "1)") == "A"
    assert len(strip_name("A " + "(1111-" * LONG + "1)")) > LONG
