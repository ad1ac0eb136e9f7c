"""MARC 21 in XML: as a source sent it, else made from the merged description, with what it says and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from schemas.catalogue import Host
from schemas.identifiers import language_code
from search_api.renderers import xml
from search_api.renderers.base import Described, Frame
from search_api.renderers.names import person
from search_api.web.addresses import safe_url

MARC = "http://www.loc.gov/MARC21/slim"
MARC_SCHEMA = "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"
_KINDS = {
    "book": "am ", "serial": "as ", "article": "ab ", "manuscript": "tm ", "archive": "pca", "score": "cm ",
    "map": "em ", "image": "km ", "audio": "jm ", "video": "gm ", "object": "rm ", "software": "mm ",
}  # fmt: skip
"""Type -> leader 06-08: type of record, bibliographic level, type of control."""
Field = tuple[str, str, Sequence[tuple[str, str]]]
"""Tag, both indicators, subfields."""


def empty() -> xml.Element:
    """A MARC <record> to be filled."""
    return xml.located(f"{{{MARC}}}record", {None: MARC}, MARC_SCHEMA)


def add_field(record: xml.Element, field: Field) -> None:
    """Add a data field; subfields without a value are left out, and a field without any."""
    tag, indicators, subfields = field
    element = xml.branch(record, "datafield", tag=tag)
    element.set("ind1", indicators[:1] or " ")  # a blank is a value here
    element.set("ind2", indicators[1:2] or " ")
    for code, value in subfields:
        xml.add(element, "subfield", value, code=code)
    xml.prune(record, element)


def element(
    work: Described, address: str, *, system: str = "", changed: str = "", more: Iterable[Field] = ()
) -> xml.Element:
    """A work as <record>.

    Args:
        work: the description.
        address: of the work's page.
        system: whose the identifier in 001 is (003).
        changed: when the work last changed, digits of an ISO time in UTC (005, date of entry); empty = not said.
        more: fields beyond the description: copies.
    """
    record = empty()
    xml.add(record, "leader", f"00000n{_KINDS.get(work.type, 'am ')}a22000003  4500")
    xml.add(record, "controlfield", work.id, tag="001")
    xml.add(record, "controlfield", system, tag="003")
    xml.add(record, "controlfield", f"{changed}.0" if changed else "", tag="005")
    xml.branch(record, "controlfield", _fixed(work, changed[2:8] or "000000"), tag="008")
    for field in sorted([*_fields(work, address), *more], key=lambda field: field[0]):
        add_field(record, field)
    return record


def write(works: Sequence[Described], frame: Frame) -> bytes:
    """Works as a <collection>, each as a source sent it where one did."""
    records = [sent_or_made(work, frame) for work in works]
    return xml.document(xml.around(f"{{{MARC}}}collection", records, {None: MARC}))


def sent_or_made(work: Described, frame: Frame) -> xml.Element:
    """A work as <record>: as a source sent it, else made from the description."""
    sent: xml.Element | None = frame.marc.get(work.id)
    return element(work, frame.work(work.id)) if sent is None else sent


def _fixed(work: Described, entered: str) -> str:
    """Field 008: nothing is known of what is peculiar to the kind."""
    dated = work.year is not None and 0 < work.year < 10_000
    date = f"s{work.year:04d}    " if dated else "nuuuuuuuu"
    language = language_code(work.languages[0]) if work.languages else "   "
    return f"{entered}{date}xx {'|' * 17}{language} d"


def _fields(work: Described, address: str) -> Iterator[Field]:
    for number in work.isbns:
        yield "020", "  ", [("a", number)]
    for number in work.issns:
        yield "022", "  ", [("a", number)]
    yield from _identifiers(work)
    if len(work.languages) > 1:
        yield "041", "0 ", [("a", language_code(tag)) for tag in work.languages]
    yield "099", "  ", [("a", work.unit_id)]
    yield from _names(work)
    yield "245", "10" if work.creators else "00", [("a", work.title), ("n", work.part)]
    for title in work.other_titles:
        yield "246", "33", [("a", title)]
    when = work.date or (str(work.year) if work.year is not None else "")
    yield "264", " 1", [("a", work.publication_place), ("b", work.publisher), ("c", when)]
    yield "300", "  ", [("a", work.extent)]
    for title in work.series:
        yield "490", "0 ", [("a", title)]
    yield "520", "  ", [("a", work.description)]
    yield "580", "  ", [("a", " / ".join(work.path))]
    for subject in work.subjects:
        yield "653", "  ", [("a", subject)]
    if work.host:
        yield "773", "0 ", [("t", work.host.title), ("g", _where(work.host)), ("x", work.host.issn)]
    for link in work.links:
        if safe_url(link.url):
            yield "856", "4 ", [("u", link.url), ("y", link.label)]
    yield "856", "42", [("u", address), ("y", "Lampway")]


def _identifiers(work: Described) -> Iterator[Field]:
    for text in work.identifiers:
        scheme, _, value = text.partition(":")
        match scheme:
            case "lccn":
                yield "010", "  ", [("a", value)]
            case "invalid-isbn":
                yield "020", "  ", [("z", value)]
            case "invalid-issn":
                yield "022", "  ", [("y", value)]
            case "oclc":
                yield "035", "  ", [("a", f"(OCoLC){value}")]
            case "local":  # means nothing outside its catalogue
                pass
            case _:
                yield "024", "7 ", [("a", value), ("2", scheme)]


def _names(work: Described) -> Iterator[Field]:
    """Inverted names are people's; of others it is not known, and 720 is where MARC puts those."""
    for number, one in enumerate(work.creators):
        parts = [("a", one.name), ("4", one.role)]
        if person(one.name):
            yield ("700" if number else "100"), "1 ", parts
        else:
            yield "720", "  ", parts


def _where(host: Host) -> str:
    """Volume, issue and pages in the words of the standard's examples."""
    named = (("Vol. ", host.volume), ("no. ", host.issue), ("p. ", host.pages))
    return ", ".join(f"{name}{value}" for name, value in named if value)
