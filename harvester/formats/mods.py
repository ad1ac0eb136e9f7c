"""Reads MODS 3.x, as OAI metadata or as one <mods> of a collection."""

from __future__ import annotations

from harvester.formats import mods_parts
from harvester.formats.dates import day_of, year_of
from harvester.formats.identifying import add_identifier, each_once
from harvester.formats.text import distinct, strip_isbd
from harvester.formats.types import type_of
from harvester.formats.xml import Element, local
from harvester.formats.xml_format import attribute, child, children, texts, words, xml_format
from schemas.catalogue import CatalogueRecord, Host, RecordType
from schemas.identifiers import issn, language_tag

_DATES = ("dateIssued", "dateCreated", "copyrightDate", "dateOther", "dateCaptured")


def fill(mods: Element, into: CatalogueRecord) -> None:
    """Fill a record from a <mods> element."""
    into.type = _type(mods)
    mods_parts.fill_titles(mods, into)
    into.creators = mods_parts.creators(mods)
    _origin(mods, into)
    into.languages = _languages(mods)
    into.subjects = mods_parts.subjects(mods)
    notes = [words(note) for note in children(mods, "note") if note.get("type") != "statement of responsibility"]
    into.description = "\n".join(distinct([*texts(mods, "abstract"), *texts(mods, "tableOfContents"), *notes]))
    into.extent = "; ".join(
        distinct([*texts(mods, "physicalDescription/extent"), *texts(mods, "physicalDescription/form")])
    )
    into.rights = " ".join(texts(mods, "accessCondition"))
    for element in children(mods, "identifier"):
        add_identifier(into, element.get("type") or "", words(element), invalid=element.get("invalid") == "yes")
    for info in children(mods, "recordInfo"):
        for element in children(info, "recordIdentifier"):
            add_identifier(into, element.get("source") or "", words(element))
    for related in children(mods, "relatedItem"):
        _related(related, into)
    each_once(into)
    mods_parts.fill_places(mods, into)
    if into.unique and not into.unit_id:
        into.unit_id = next((holding.call_number for holding in into.holdings if holding.call_number), "")


mods = xml_format(frozenset({"mods"}), fill)
"""Format "mods"."""


def _type(mods: Element) -> RecordType:
    vague: RecordType | None = None
    for element in children(mods, "typeOfResource"):
        if attribute(element, "manuscript") == "yes":
            return "manuscript"
        found, weak = type_of(words(element))
        if found and not weak:
            return found
        vague = vague or found
    issuance = texts(mods, "originInfo/issuance")
    if any(text in {"serial", "continuing", "integrating resource"} for text in issuance):
        return "serial"
    hosted = any(element.get("type") == "host" for element in children(mods, "relatedItem"))
    for text in texts(mods, "genre"):
        found, weak = type_of(text)
        # "essay" is also a literary form: what was published by itself is no article.
        if found and not weak and (found != "article" or hosted or not issuance):
            return found
        vague = vague or found
    return vague if vague and vague != "article" else "book" if issuance else vague or "other"


def _origin(mods: Element, into: CatalogueRecord) -> None:
    years: list[int] = []
    for name in _DATES:
        found = [date for origin in children(mods, "originInfo") for date in children(origin, name)]
        # The key date sorts; of a span the start; an uncoded date is the one meant for people.
        found.sort(key=lambda date: (date.get("keyDate") != "yes", date.get("point") == "end"))
        for date in found:
            year = year_of(words(date))
            if year is not None:
                years.append(year)
        if found and not into.date:
            shown = [date for date in found if not date.get("encoding")] or found
            span = {date.get("point"): words(date) for date in shown if date.get("point")}
            both = f"{span['start']}/{span['end']}" if span.keys() >= {"start", "end"} else ""
            into.date = both or day_of(words(shown[0]))
    into.year = years[0] if years else None
    for origin in children(mods, "originInfo"):
        into.publisher = into.publisher or strip_isbd(words(child(origin, "publisher", "agent")))
        into.edition = into.edition or strip_isbd(words(child(origin, "edition")))
        for place in children(origin, "place"):
            for term in children(place, "placeTerm"):
                if term.get("type") != "code":
                    into.publication_place = into.publication_place or strip_isbd(words(term))


def _languages(mods: Element) -> list[str]:
    found: dict[str, None] = {}
    for language in children(mods, "language"):
        if language.get("objectPart") in {"abstract", "summary", "translation"}:
            continue
        terms = [element for element in language if local(element) == "languageTerm"] or [language]
        for term in terms:
            if tag := language_tag(words(term)):
                found[tag] = None
    return list(found)


def _related(related: Element, into: CatalogueRecord) -> None:
    kind = related.get("type") or ""
    label = (related.get("displayLabel") or "").lower()
    title = mods_parts.title_of(child(related, "titleInfo"))
    if kind == "host" and into.type == "article":
        part = _part(related)
        details = {detail.get("type"): words(child(detail, "number", "caption")) for detail in children(part, "detail")}
        extent = child(part, "extent")
        pages = [words(child(extent, name)) for name in ("start", "end")]
        numbers = [issn(words(e)) for e in children(related, "identifier") if e.get("type") == "issn"]
        into.host = Host(
            title=title, volume=details.get("volume", ""), issue=details.get("issue", "") or details.get("number", ""),
            pages=words(child(extent, "list")) or "-".join(page for page in pages if page),
            issn=next((number for number in numbers if number), ""),
        )  # fmt: skip
        into.year = into.year if into.year is not None else year_of(words(child(part, "date")))
    elif title and (kind in {"host", "series"} or (not kind and "collection" in label)):
        (into.path if into.unique else into.series).append(title)


def _part(related: Element) -> Element | None:
    # Some write the article's <part> beside the host instead of into it.
    part = child(related, "part")
    return part if part is not None else child(related.getparent(), "part")
