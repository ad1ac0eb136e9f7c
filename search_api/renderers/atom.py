"""Atom (RFC 4287) of a search, with OpenSearch's counts and the position of each best place: for readers and maps."""

from __future__ import annotations

from datetime import UTC
from urllib.parse import urlencode

from schemas.answer import Hit
from schemas.work import Work
from search_api import cursor
from search_api.messages import text
from search_api.renderers import xml
from search_api.renderers.base import Frame, Results

MEDIA_TYPE = "application/atom+xml"
ATOM = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_DC = "http://purl.org/dc/elements/1.1/"
_GEORSS = "http://www.georss.org/georss"
_PREFIXES: dict[str | None, str] = {None: ATOM, "opensearch": OPENSEARCH, "dc": _DC, "georss": _GEORSS}


def results(found: Results, frame: Frame) -> bytes:
    """A page of a search as a feed; an entry is dated by the last change of what is said of the work, or who has it."""
    request = found.request
    now = frame.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    feed = xml.root(f"{{{ATOM}}}feed", _PREFIXES)
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", frame.lang)
    xml.add(feed, "id", frame.address)
    key = "feeds.search" if request.q else "feeds.everything"
    xml.add(feed, "title", text(frame.lang, key, q=request.q))
    xml.add(feed, "subtitle", " · ".join(found.answer.query["warnings"]))
    xml.add(feed, "updated", max((found.changed.get(work.number, "") for work in found.works), default="") or now)
    xml.add(xml.branch(feed, "author"), "name", "Lampway")
    xml.branch(feed, "link", rel="self", type=MEDIA_TYPE, href=frame.address)
    page = urlencode([("q", request.q)]) if request.q else ""
    xml.branch(feed, "link", rel="alternate", type="text/html", href=f"{frame.base}/search{page and '?' + page}")
    if frame.next:
        xml.branch(feed, "link", rel="next", type=MEDIA_TYPE, href=frame.next)
    xml.branch(
        feed, "link", rel="search", type="application/opensearchdescription+xml", href=f"{frame.base}/opensearch.xml"
    )
    xml.add(feed, f"{{{OPENSEARCH}}}totalResults", str(found.answer.total))
    xml.add(feed, f"{{{OPENSEARCH}}}startIndex", str(_position(found)))
    xml.add(feed, f"{{{OPENSEARCH}}}itemsPerPage", str(request.limit))
    if request.q:
        xml.branch(feed, f"{{{OPENSEARCH}}}Query", role="request", searchTerms=request.q)
    for hit, work in zip(found.answer.hits, found.works, strict=True):
        _entry(feed, hit, work, found.changed.get(work.number, "") or now, frame)
    return xml.document(feed)


def _position(found: Results) -> int:
    token = found.request.cursor
    if not token:
        return 1
    shown = cursor.read(token, found.request.lang)
    return shown.passed + len(shown.steps) + 1


def _entry(feed: xml.Element, hit: Hit, work: Work, updated: str, frame: Frame) -> None:
    entry, address, best = xml.branch(feed, "entry"), frame.work(work.id), hit.best
    xml.add(entry, "id", address)
    xml.add(entry, "title", ". ".join(part for part in (work.title, work.part) if part) or work.id)
    xml.add(entry, "updated", updated)
    xml.branch(entry, "link", rel="alternate", type="text/html", href=address)
    for creator in work.creators:
        if creator.name.strip():
            xml.add(xml.branch(entry, "author"), "name", creator.name)
    xml.branch(entry, "category", term=work.type)
    made = work.date or (str(work.year) if work.year is not None else "")  # readers would take dc:date for the entry's
    about = (best.reason if best else "", made, work.description)
    xml.add(entry, "summary", " · ".join(part for part in about if part))
    for isbn in work.isbns:
        xml.add(entry, f"{{{_DC}}}identifier", f"urn:ISBN:{isbn}")
    if best and best.lat is not None and best.lon is not None:
        xml.add(entry, f"{{{_GEORSS}}}point", f"{best.lat:.6f} {best.lon:.6f}")
