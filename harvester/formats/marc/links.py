"""Addresses (856) and the host of an article (773)."""

from __future__ import annotations

import re

from harvester.formats.marc.record import MarcRecord
from harvester.formats.text import fold, strip_isbd, tidy
from schemas.catalogue import Availability, CatalogueRecord, Holding, Host, Link
from schemas.identifiers import issn

_ABOUT = re.compile(
    r"table of contents|contents only|publisher description|contributor biograph|biographical|sample text|thumbnail"
    r"|review|book jacket|inhaltsverz|inhaltstext|klappentext|cover|umschlag|rezension|sommaire|couverture|4e de couv"
    r"|kurzbeschreibung|abstract|finding aid|indice|index$|description"
)
_PICTURE = re.compile(r"(?i)\.(?:jpe?g|png|gif|webp)(?:\?|$)")
_VOLUME = re.compile(r"(?i)\b(?:vol(?:ume)?|bd|band|t(?:ome)?|jg|v)\.?\s*(\w+)|第?(?<!\d)(\d++)[卷巻]")
_ISSUE = re.compile(r"(?i)\b(?:no|nr|issue|iss|h(?:eft)?|n°|num)\.?\s*(\w+)|第?(?<!\d)(\d++)[期号號]")
_PAGES = re.compile(r"(?i)\b(?:pp?|pages?|s|seiten?|str|с)\.?\s*(\w?\d+(?:\s*[-–]\s*\w?\d+)?)")
_ENUMERATION = re.compile(r"^([^:<]+)(?::([^:<]+))?(?:[^<]*)(?:<(.+))?$")


def extract_links(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill ``links`` and ``thumbnail``; a thing that exists only online gets a digital holding an address.

    Second indicator 0 is the thing itself, 1 a version of it, 2 something related; the last never counts as the thing,
    nor does a table of contents. Who may use it is only known where $7 says so (0 = open access); else it is limited.
    """
    digital: list[Holding] = []
    for field in marc.fields("856"):
        label = tidy("; ".join(field.values("3yz")))
        for url in field.values("u"):
            url = url.strip()
            if not url.lower().startswith(("http://", "https://", "ftp://")):
                continue
            into.links.append(Link(url, label))
            if _shows_it(label) and _PICTURE.search(url):
                into.thumbnail = into.thumbnail or url
            elif not into.holdings and field.ind2 in "01" and field.ind2.strip() and not _ABOUT.search(fold(label)):
                state = "available" if field.first("7") == "0" else "limited"
                service = Availability(service="digital", state=state)  # type: ignore[arg-type]
                digital.append(Holding(url=url, note=label, availability=[service]))
    if not into.holdings:
        into.holdings = digital


def _shows_it(label: str) -> bool:
    label = label.lower()
    return "cover" in label or "thumb" in label


def extract_host(marc: MarcRecord) -> Host | None:
    """The host item (773), with volume, issue and pages from $q ("5:2<31") or the words of $g."""
    fields = marc.fields("773")
    if not fields:
        return None
    field = fields[0]
    where = tidy(field.join("g"))
    volume, issue, pages = _found(_VOLUME, where), _found(_ISSUE, where), _found(_PAGES, where)
    enumeration = _ENUMERATION.match(field.first("q").strip()) if field.first("q") else None
    if enumeration:
        volume, issue, pages = (volume or enumeration[1], issue or enumeration[2] or "", pages or enumeration[3] or "")
    host = Host(
        title=strip_isbd(tidy(field.first("t") or field.first("s") or field.first("a"))),
        volume=volume,
        issue=issue,
        pages=pages or ("" if volume or issue else where),
        issn=issn(field.first("x")) or "",
    )
    return host if host != Host() else None


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next((group for group in match.groups() if group), "") if match else ""
