"""A work as MARC 21 in XML, made of its merged description, with the copies that institutions have (852)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.catalogue import Creator
from schemas.work import Work
from search_api.oai.identity import Identity
from search_api.oai.xml import Element, add, root
from search_api.web.addresses import safe_url
from store.dated_works import DatedWork
from store.holdings import PlacedHolding

MARC = "http://www.loc.gov/MARC21/slim"
MARC_SCHEMA = "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"

_KINDS = {
    "book": "am", "serial": "as", "article": "ab", "manuscript": "tm", "archive": "pc", "score": "cm", "map": "em",
    "image": "km", "audio": "jm", "video": "gm", "object": "rm", "software": "mm", "other": "om",
}  # fmt: skip
"""Our types -> leader 06 and 07."""
Field = tuple[str, str, list[tuple[str, str]]]
"""Tag, both indicators, subfields."""


def empty_record() -> Element:
    """A MARC <record> to be filled."""
    return root("record", None, MARC, MARC_SCHEMA)


def add_field(record: Element, tag: str, indicators: str, subfields: Sequence[tuple[str, str]]) -> None:
    """Add a data field; subfields without a value are left out, and a field without any."""
    told = [(code, value) for code, value in subfields if value]
    if told:
        field = add(record, "datafield", tag=tag, ind1=indicators[0], ind2=indicators[1])
        for code, value in told:
            add(field, "subfield", value, code=code)


def marc_record(work: Work, dated: DatedWork, holdings: Sequence[PlacedHolding], identity: Identity) -> Element:
    """The MARC <record> of a work.

    Args:
        work: the work.
        dated: when it changed.
        holdings: its copies, each at its place.
        identity: names its page.
    """
    record = empty_record()
    kind = _KINDS.get(work.type, "om")
    level = "a" if work.type == "archive" else " "
    add(record, "leader", f"00000n{kind}{level}a2200000   4500")
    add(record, "controlfield", work.id, tag="001")
    add(record, "controlfield", identity.host, tag="003")
    stamp = "".join(character for character in dated.datestamp if character.isdigit())
    add(record, "controlfield", f"{stamp}.0", tag="005")
    add(record, "controlfield", _fixed(work, stamp[2:8]), tag="008")
    fields = [*_fields(work, identity), *_copies(holdings)]
    for tag, indicators, subfields in sorted(fields, key=lambda field: field[0]):
        add_field(record, tag, indicators, subfields)
    return record


def _fixed(work: Work, entered: str) -> str:
    dated = work.year is not None and 0 < work.year < 10_000
    dates = f"s{work.year:04}    " if dated else "n        "
    return f"{entered}{dates}xx {'|' * 17}und||"


def _fields(work: Work, identity: Identity) -> Iterator[Field]:
    for isbn in work.isbns:
        yield "020", "  ", [("a", isbn)]
    for issn in work.issns:
        yield "022", "  ", [("a", issn)]
    for text in work.identifiers:
        yield from _identifier(*text.split(":", 1))
    for language in work.languages:
        yield "041", " 7", [("a", language), ("2", "rfc5646")]
    if work.unit_id:
        yield "099", "  ", [("a", work.unit_id)]
    for index, creator in enumerate(work.creators):
        yield _creator("100" if not index else "700", creator)
    yield "245", "00" if not work.creators else "10", [("a", work.title), ("p", work.part)]
    for title in work.other_titles:
        yield "246", "33", [("a", title)]
    date = work.date or (str(work.year) if work.year is not None else "")
    yield "264", " 1", [("a", work.publication_place), ("b", work.publisher), ("c", date)]
    yield "300", "  ", [("a", work.extent)]
    for series in work.series:
        yield "490", "0 ", [("a", series)]
    yield "520", "  ", [("a", work.description)]
    for subject in work.subjects:
        yield "653", "  ", [("a", subject)]
    if work.host:
        yield "773", "0 ", [("t", work.host.title), ("g", _within(work)), ("x", work.host.issn)]
    for title in work.path:
        yield "773", "1 ", [("t", title)]
    yield "856", "42", [("u", identity.page(work.id)), ("y", "Where it can be had")]
    for link in (link for link in work.links if safe_url(link.url)):
        yield "856", "4 ", [("u", link.url), ("y", link.label)]


def _within(work: Work) -> str:
    if work.host is None:
        return ""
    parts = [f"{name} {value}" for name, value in (("vol.", work.host.volume), ("no.", work.host.issue)) if value]
    return ", ".join([*parts, *([f"pp. {work.host.pages}"] if work.host.pages else [])])


def _identifier(scheme: str, value: str = "") -> Iterator[Field]:
    if scheme == "oclc":
        yield "035", "  ", [("a", f"(OCoLC){value}")]
    elif scheme == "lccn":
        yield "010", "  ", [("a", value)]
    elif scheme == "invalid-isbn":
        yield "020", "  ", [("z", value)]
    elif scheme == "invalid-issn":
        yield "022", "  ", [("y", value)]
    elif scheme != "local" and value:
        yield "024", "7 ", [("a", value), ("2", scheme)]


def _creator(tag: str, creator: Creator) -> Field:
    # Persons and bodies are one in our model; a comma tells family and given name apart.
    return tag, "1 " if ", " in creator.name else "0 ", [("a", creator.name), ("4", creator.role)]


def _copies(holdings: Sequence[PlacedHolding]) -> Iterator[Field]:
    seen: set[tuple[str, ...]] = set()
    for placed in holdings:
        if placed.institution is None:
            continue
        own, place = placed.holding, placed.institution
        key = (place.id, own.location, own.call_number, own.key)
        if key not in seen:
            seen.add(key)
            yield "852", "  ", [
                ("a", place.isil or place.id), ("b", place.name if place.isil else ""), ("c", own.location),
                ("h", own.call_number), ("p", own.key), ("t", str(own.copies) if own.copies > 1 else ""),
            ]  # fmt: skip
