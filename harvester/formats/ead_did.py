"""What the <did> of an archival unit says: title, number, dates, creators, languages, extent. EAD 2002 and EAD3."""

from __future__ import annotations

import re

from harvester.formats.dates import year_of
from harvester.formats.marc.creators import relator
from harvester.formats.text import distinct, strip_isbd, strip_name
from harvester.formats.xml import Element, local
from harvester.formats.xml_format import along, child, children, words
from schemas.catalogue import Creator
from schemas.identifiers import language_tag

_NAMES = frozenset({"persname", "corpname", "famname", "name"})
_AND = re.compile(r"\s*[,;/]\s*|\s+(?:and|und|et|y|e|en|og|och|i|и)\s+")
_GIVERS = frozenset({"dnr", "own", "fmo"})
"""Who had a thing, which some name as its source beside those who made it."""


def title(did: Element | None) -> str:
    """The title, with those of further <unittitle> after it."""
    return "; ".join(distinct(strip_isbd(words(element)) for element in children(did, "unittitle")))


def number(did: Element | None) -> str:
    """The reference code; addresses that systems put beside it do not count."""
    found = [words(e) for e in children(did, "unitid") if "uri" not in (e.get("type") or e.get("localtype") or "")]
    return next((text for text in found if text), "")


def date(did: Element | None) -> tuple[str, int | None]:
    """The date in words and its first year; ("", None) when there is none."""
    # A bulk date is part of the inclusive one.
    found = [e for e in children(did, "unitdate") if e.get("type") != "bulk" and e.get("unitdatetype") != "bulk"]
    found += [e for e in along(did, "unittitle/unitdate") if e.get("type") != "bulk"]
    structured = [e for e in children(did, "unitdatestructured") if e.get("unitdatetype") != "bulk"]
    shown = distinct([*(words(e) for e in found), *(_structured(e) for e in structured)])
    coded = [e.get("normal") or "" for e in found]
    coded += [e.get("standarddate") or "" for one in structured for e in one.iter() if e.get("standarddate")]
    years = [
        year for text in [*coded, *shown] if text and (year := year_of(text.partition("/")[0] or text)) is not None
    ]
    return "; ".join(shown) or next(filter(None, coded), ""), (years[0] if years else None)


def _structured(element: Element) -> str:
    span = [words(e) for e in element.iter() if local(e) in {"datesingle", "fromdate", "todate"}]
    return "-".join(text for text in span if text)


def creators(did: Element | None) -> list[Creator]:
    """Those from whom the unit comes."""
    found: dict[str, Creator] = {}
    for origin in children(did, "origination"):
        names = [element for element in origin.iter() if local(element) in _NAMES] or [origin]
        for element in names:
            parts = [words(part) for part in children(element, "part")]
            name = strip_name(", ".join(parts) if parts else words(element))
            if name:
                role = relator(element.get("role") or element.get("relator") or "")
                if role not in _GIVERS:
                    found.setdefault(name, Creator(name, role))
    return list(found.values())


def languages(did: Element | None) -> list[str]:
    """Languages of the material."""
    found: dict[str, None] = {}
    for material in children(did, "langmaterial"):
        coded = [e for e in material.iter() if local(e) == "language"]
        for element in coded:
            tag = language_tag(element.get("langcode") or "") or language_tag(words(element))
            if tag:
                found[tag] = None
        if not coded:
            for text in _AND.split(words(material).rstrip(".")):
                if tag := language_tag(text.strip()):
                    found[tag] = None
    return list(found)


def extent(did: Element | None) -> str:
    """How much there is of it."""
    found: list[str] = []
    for element in children(did, "physdesc"):
        inner = [words(part) for part in element if local(part) != "head"]
        found.append("; ".join(distinct(inner)) if inner and not (element.text or "").strip() else words(element))
    for element in [*children(did, "physdescstructured"), *along(did, "physdescset/physdescstructured")]:
        amount = [words(child(element, "quantity")), words(child(element, "unittype"))]
        found.append(" ".join(text for text in amount if text))
    return "; ".join(distinct(found))
