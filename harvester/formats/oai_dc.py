"""Reads oai_dc: unqualified Dublin Core as every OAI-PMH server offers it, and qualified terms by their local names."""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.formats.base import Reader, UnreadableError, tombstone
from harvester.formats.citations import host_of, is_citation
from harvester.formats.dates import day_of, year_of
from harvester.formats.marc.creators import east_asian, relator
from harvester.formats.text import distinct, strip_isbd, strip_name, tidy
from harvester.formats.types import best_type
from harvester.formats.xml import Element, is_deleted, metadata_of, parse, text_of
from harvester.formats.xml_flat import dublin_core
from schemas.catalogue import UNIQUE_TYPES, CatalogueRecord, Creator, Link, RawRecord, RecordType, Source
from schemas.identifiers import find_isbns, isbn13, issn, language_tag

_DOI = re.compile(r"(?i)(?:doi:\s*|https?://(?:dx\.)?doi\.org/|info:doi/|^)(10\.\d{4,9}/[^\s\"<>]+)")
# A slash alone makes no scheme: archives' reference codes are full of them ("DRO/A/3").
_SCHEME = re.compile(r"(?i)^(?:info:([a-z][a-z0-9._-]{1,20})/|(?:urn:|info:)?([a-z][a-z0-9._-]{1,20}):)\s*(\S.*)$")
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
_THUMBNAILS = re.compile(r"/thumb(?:nail)?s?/")
_TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:")
_MIME = re.compile(r"(?i)^(image|audio|video|text|application|model|multipart)/[\w.+-]+")
_AT_WORK = re.compile(
    r"(?i)universi|institu|departm|facult|fakult|college|school|academ|hospital|laborator|cent(?:er|re|ro)\b"
)
_RELATED = frozenset({"relation", "isPartOf", "source", "bibliographicCitation"})
_MIME_TYPES: dict[str, RecordType] = {"image": "image", "audio": "audio", "video": "video"}


def oai_dc(source: Source) -> Reader:
    """Format "oai_dc": payloads are OAI <record> elements, or a bare <oai_dc:dc>."""

    def read(raw: RawRecord) -> CatalogueRecord:
        if raw.deleted:
            return tombstone(raw.source, raw.record, raw.datestamp)
        values = dublin_core(raw.payload)
        if values is not None:
            return read_values(values, source.id, raw.record, raw.datestamp)
        root = parse(raw.payload)
        if is_deleted(root):
            return tombstone(raw.source, raw.record, raw.datestamp)
        return read_element(metadata_of(root), source.id, raw.record, raw.datestamp)

    return read


def read_element(dc: Element, source: str, record: str, datestamp: str) -> CatalogueRecord:
    """The record in a <dc> element.

    Raises:
        UnreadableError: it says nothing by which the thing could be found: no title, description or identifier.
    """
    return read_values(values_of(dc), source, record, datestamp)


def values_of(dc: Element) -> dict[str, list[str]]:
    """The properties in a <dc> element: local name -> texts, tidied and not empty."""
    values: dict[str, list[str]] = {}
    for child in dc:
        tag = child.tag
        text = child.text if not len(child) else text_of(child)
        if text and type(tag) is str:
            text = tidy(text)
            if text:
                values.setdefault(tag[tag.rfind("}") + 1 :], []).append(text)
    return values


def read_values(values: dict[str, list[str]], source: str, record: str, datestamp: str) -> CatalogueRecord:
    """The record with these Dublin Core properties (local name -> values, tidied and not empty).

    Raises:
        UnreadableError: it says nothing by which the thing could be found: no title, description or identifier.
    """
    get = values.get
    titles = distinct([strip_isbd(text).replace(" : ", ": ") for text in get("title", ())])
    description = "\n".join(_all(values, "description", "abstract", "tableOfContents"))
    if not titles and not description and "identifier" not in values:
        raise UnreadableError("no dc:title, dc:description or dc:identifier")
    dates = get("issued") or get("created") or get("date") or []
    formats = [text for name in ("format", "extent", "medium") for text in get(name, ())]
    date, year = _date(dates)
    result = CatalogueRecord(
        source=source,
        record=record,
        datestamp=datestamp,
        title=titles[0] if titles else "",
        other_titles=titles[1:] + [strip_isbd(text) for text in get("alternative", ())],
        creators=_creators(get("creator", ()), get("contributor", ())),
        publisher=strip_isbd(get("publisher", ("",))[0]),
        year=year,
        date=date,
        type=best_type(get("type", ())) or _type_of_formats(formats) or "other",
        languages=_languages(get("language", ())),
        subjects=_subjects(values),
        description=description,
        rights=" ".join(_all(values, "rights", "license", "accessRights")),
        extent="; ".join([text for text in formats if _is_extent(text)]),
    )
    citations: list[str] = []
    for text in get("identifier", ()):
        if result.type == "article" and is_citation(text):
            citations.append(text)
        else:
            _identifier(text, result)
    if result.type == "article" or not _RELATED.isdisjoint(values):
        _relations(values, result, citations)
    if result.isbns:
        result.isbns = distinct(result.isbns)
        result.type = "book" if result.type == "other" else result.type
    result.issns = distinct(result.issns)
    if not result.title:
        result.title = description.split("\n", 1)[0][:200]
    return result


def _all(values: dict[str, list[str]], *names: str) -> list[str]:
    """The distinct values of several properties."""
    found = [text for name in names if name in values for text in values[name]]
    return distinct(found) if len(found) > 1 else found


def _subjects(values: dict[str, list[str]]) -> list[str]:
    found = _all(values, "subject", "coverage", "spatial", "temporal")
    if ";" in " ".join(found):  # of CONTENTdm, Omeka, OJS: several in one property
        return distinct([part.strip() for text in found for part in text.split(";")])
    return found


def _date(texts: list[str]) -> tuple[str, int | None]:
    if len(texts) == 1:
        return day_of(texts[0]), year_of(texts[0])
    # DSpace puts the moments of upload beside the date of issue; only the latter is one without a time of day.
    dated = [(text, year_of(text)) for text in texts]
    known = [(text, year) for text, year in dated if year is not None]
    issued = [pair for pair in known if not _TIMESTAMP.match(pair[0])]
    if issued:
        return issued[0]
    if known:
        first, year = min(known, key=lambda pair: pair[0])
        return day_of(first), year
    return (texts[0] if texts else "", None)


def _creators(creators: list[str] | tuple[()], contributors: list[str] | tuple[()]) -> list[Creator]:
    found: dict[str, Creator] = {}
    for names, role in ((creators, ""), (contributors, "ctb")):
        for text in names:
            for one in _people(text) if ";" in text else (text,):
                if one.endswith(")"):
                    name, said = _with_role(one)
                else:
                    name, said = (strip_name(one), "") if one.isascii() else east_asian(strip_name(one))
                if name and name not in found:
                    found[name] = Creator(name, said or role)
    return list(found.values())


def _with_role(text: str) -> tuple[str, str]:
    """Name and role of "Souza, Maria (translator)"; what is in the brackets stays if it is no role."""
    name, _, words = text[:-1].rpartition(" (")
    role = relator(words) if name else ""
    return (strip_name(name), role) if role else (strip_name(text), "")


def _people(text: str) -> list[str]:
    """Names in one property: "A, B.; C, D.". Of "Wati, Sri; Universitas Indonesia" the second is where she works."""
    first, *others = [name.strip() for name in text.split(";")]
    if "," in first:
        others = [name for name in others if "," in name or not _AT_WORK.search(name)]
    return [first, *others]


def _languages(texts: list[str] | tuple[()]) -> list[str]:
    found: dict[str, None] = {}
    for text in texts:
        tag = language_tag(text)
        if tag:
            found[tag] = None
        else:
            found.update((part_tag, None) for part in re.split(r"[;,/|]", text) if (part_tag := language_tag(part)))
    return list(found)


@lru_cache(maxsize=4096)
def _is_extent(text: str) -> bool:
    """Whether a dc:format says how large the thing is, and not what kind of file."""
    return not _MIME.match(text) and not text.isdigit() and text.lower() != "text"


def _type_of_formats(formats: list[str]) -> RecordType | None:
    for text in formats:
        match = _MIME.match(text)
        if match and match[1].lower() in _MIME_TYPES:
            return _MIME_TYPES[match[1].lower()]
    return best_type(text for text in formats if not _MIME.match(text))


def _identifier(text: str, into: CatalogueRecord) -> None:
    """Sort one dc:identifier into ISBNs, ISSNs, links, thumbnail or "scheme:value"."""
    doi = _DOI.search(text) if "10." in text else None
    if doi:
        into.identifiers.append(f"doi:{doi[1].lower().rstrip('.,;')}")
        return
    if text[:8].lower().startswith(("http://", "https://", "ftp://")):
        if _is_picture(text.lower()):
            into.thumbnail = into.thumbnail or text
        into.links.append(Link(text))
        return
    isbns = find_isbns(text)
    if isbns:
        into.isbns.extend(isbns)
        return
    label = text[:12].lower()
    if "isbn" in label:
        rest = re.sub(r"(?i)^(urn:)?isbn[-:\s]*(1[03]\s*:)?", "", text).strip()
        into.identifiers.append(f"invalid-isbn:{rest}")
        return
    number = issn(text) if len(text) < 30 and ("issn" in label or len(text) <= 9) else None
    if number:
        # Of a paper or book it is the series' number: shared by things that are not the same.
        if into.type in {"serial", "other"}:
            into.issns.append(number)
        else:
            into.identifiers.append(f"series-issn:{number}")
        return
    if not any(c.isalnum() for c in text):
        return
    scheme = _SCHEME.match(text)
    value = f"{(scheme[1] or scheme[2]).lower()}:{scheme[3]}" if scheme else f"local:{text}"
    into.identifiers.append(value)
    if into.type in UNIQUE_TYPES and not into.unit_id and not scheme:
        into.unit_id = text


def _is_picture(url: str) -> bool:
    """Whether an address, in lower case, is one of a picture to show small."""
    if url.endswith(_PICTURES) or ("/thumb" in url and _THUMBNAILS.search(url)):
        return True
    return "?" in url and any(f"{ending}?" in url for ending in _PICTURES)


def _relations(values: dict[str, list[str]], into: CatalogueRecord, citations: list[str]) -> None:
    part_of: list[str] = []
    for text in values.get("relation", []):
        doi = _DOI.match(text) if "10." in text else None
        if text[:8].lower().startswith(("http://", "https://")) or doi:
            into.links.append(Link(f"https://doi.org/{doi[1]}" if doi else text, "relation"))
        elif not text.startswith("info:"):  # "info:eu-repo/grantAgreement/..." names who paid
            part_of.append(text)
    part_of += [text for text in values.get("isPartOf", ()) if "://" not in text]
    said = [*values.get("source", ()), *values.get("bibliographicCitation", ())]
    if into.type == "article":
        series = [text.removeprefix("series-issn:") for text in into.identifiers if text.startswith("series-issn:")]
        into.host = host_of([*said, *citations, *part_of], into.title, series)
        into.links = list(dict.fromkeys(into.links))
        return
    (into.path if into.unique else into.series).extend(part_of)
    for text in said:
        number = issn(text) if into.type == "serial" else None
        if number:
            into.issns.append(number)
        elif isbn := isbn13(text) if "isbn" in text.lower() else None:
            into.identifiers.append(f"source-isbn:{isbn}")
