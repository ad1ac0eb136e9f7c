"""How an answer leaves: one file a format, one line here for each.

To add a format: write ``search_api/renderers/<name>.py`` with functions ``(thing, frame) -> bytes`` (see ``base``), and
register it in ``FORMATS``. That is all: it then has addresses (``/works/ID.suffix``, ``/api/works/ID.suffix`` and so on
for everything it renders), is chosen by ``Accept`` at the addresses without suffix, is named in ``Link`` headers and in
the head of the pages, and answers HEAD, OPTIONS and If-None-Match as everything does. What a format says of a copy it
takes from ``states.told``, so that nothing stale is called available. A protocol with addresses and parameters of its
own (DAIA, SRU, unAPI) is a route in ``search_api/routes/`` that calls the same functions.
"""

from __future__ import annotations

from search_api.renderers import atom, bibtex, csl, dublin_core, geojson, json_ld, marcxml, mods, ris
from search_api.renderers.base import Format, Subject, bibliographic

FORMATS: dict[str, Format] = {
    "jsonld": Format(
        media_type=json_ld.MEDIA_TYPE,
        suffix="jsonld",
        work=json_ld.work,
        institution=json_ld.institution,
    ),
    "ris": bibliographic("application/x-research-info-systems; charset=utf-8", "ris", ris.write),
    "bibtex": bibliographic("application/x-bibtex; charset=utf-8", "bib", bibtex.write),
    "csl": bibliographic("application/vnd.citationstyles.csl+json", "csl.json", csl.write),
    "mods": bibliographic("application/mods+xml", "mods.xml", mods.write),
    "marcxml": bibliographic("application/marcxml+xml", "marcxml", marcxml.write, wants_marc=True),
    "dc": bibliographic("application/xml", "dc.xml", dublin_core.write),
    "atom": Format(media_type=atom.MEDIA_TYPE, suffix="atom", results=atom.results),
    "geojson": Format(
        media_type=geojson.MEDIA_TYPE,
        suffix="geojson",
        holdings=geojson.holdings,
        institutions=geojson.institutions,
    ),
}
"""Name -> format. Of two that a client likes equally, the first is taken."""


def formats_of(subject: Subject) -> dict[str, Format]:
    """The formats that can tell a thing."""
    return {name: one for name, one in FORMATS.items() if getattr(one, subject)}
