"""Where an article stands, read from citations: "Journal of Foxes, 12 (3). pp. 100-110. ISSN 0305-0009"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvester.formats.text import strip_isbd
from schemas.catalogue import Host
from schemas.identifiers import issn

_LONG = 40
_PAGES = re.compile(r"(?i)\b(?:pp?|s|стр|с)\.?\s*(\d+(?:\s*[-–]\s*\d+)?)|[:;,]\s*(\d+\s*[-–]\s*\d+)\.?\s*$")
_VOLUME = re.compile(r"(?i)\b(?:vol(?:ume)?|bd|jg|том|т)(?:\.\s*|\s+|(?=\d))(\w+)|\b(\d+)\s*\(\d+(?:[-–/]\d+)?\)")
_ISSUE = re.compile(r"(?i)\b(?:no|issue|iss|nr|núm|н|№)\.?\s*(\d\w*)|\b\d+\s*\((\d+(?:[-–/]\d+)?)\)")
_REST = re.compile(
    r"(?i)[;,(]\s*(?:vol|no|issue|nr|jg|bd|pp?\b|\d)|(?<![\s.])[\s.]++\d{4}\s*[;:,]|\bissn\b"
    r"|(?<!\s)\s++\d++\s*\(\d+\)|\bvol\.?\s*\d"
)


def is_citation(text: str) -> bool:
    """Whether an identifier is not one, but says in words where the thing was published."""
    return len(text) > _LONG and text.count(" ") > 4 and "://" not in text[:8]


def host_of(citations: Iterable[str], title: str, numbers: Iterable[str] = ()) -> Host | None:
    """The journal or collection with volume, issue, pages and ISSN, as far as citations say.

    Args:
        citations: the surest first. One that holds the article's own title begins behind it.
        title: of the article.
        numbers: ISSNs that stand by themselves.
    """
    found = {"title": "", "volume": "", "issue": "", "pages": "", "issn": next(iter(numbers), "")}
    for text in citations:
        if "://" in text:
            continue
        number = issn(text)
        found["issn"] = found["issn"] or number or ""
        if len(text) <= len("ISSN 0000-0000") and number:
            continue
        text = _behind(title, text)
        found["title"] = found["title"] or strip_isbd(_REST.split(text)[0]).rstrip(",")
        for name, pattern in (("volume", _VOLUME), ("issue", _ISSUE), ("pages", _PAGES)):
            match = pattern.search(text) if not found[name] else None
            if match:
                found[name] = match[1] or match[2]
    return Host(**found) if any(found.values()) else None


def _behind(title: str, citation: str) -> str:
    """What a whole citation says after the title; a short one begins with the journal, which may hold those words."""
    place = citation.casefold().rfind(title.casefold()) if title and is_citation(citation) else -1
    rest = citation[place + len(title) :] if place >= 0 else ""
    return rest.lstrip(" .,;:'\"”") if rest[:1] and not rest[0].isalnum() else citation
