"""What is said about a record besides its content: from whom we have it, and under which licence it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from schemas.catalogue import Source
from search_api.renderers import dublin_core
from search_api.renderers.marcxml import MARC
from search_api.renderers.xml import Element, branch, located
from store.dated_works import Origin, text_of

PROVENANCE = "http://www.openarchives.org/OAI/2.0/provenance"
RIGHTS = "http://www.openarchives.org/OAI/2.0/rights/"
_NAMESPACES = {
    "oai_dc": dublin_core.OAI_DC,
    "marcxml": MARC,
    "qdc": "http://purl.org/dc/terms/",
    "mods": "http://www.loc.gov/mods/v3",
    "ead": "urn:isbn:1-931666-22-9",
    "lido": "http://www.lido-schema.org",
    "edm": "http://www.europeana.eu/schemas/edm/",
}
"""Formats in which OAI-PMH servers give records -> their namespaces."""
_DATESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")


def about(origins: Sequence[Origin], unaltered: int) -> Iterator[Element]:
    """One container for each record that came over OAI-PMH, and for each licence.

    Args:
        origins: the records behind a work.
        unaltered: the row of the one whose metadata is set out as it came; 0 = none.
    """
    for origin in origins:
        provenance = _provenance(origin, altered=origin.row != unaltered)
        if provenance is not None:
            yield provenance
    for licence in dict.fromkeys(origin.source.licence for origin in origins if origin.source.licence):
        yield _rights(licence)


def _provenance(origin: Origin, *, altered: bool) -> Element | None:
    address = base_url(origin.source)
    if not address or not _DATESTAMP.fullmatch(origin.datestamp):
        return None
    element = located(f"{{{PROVENANCE}}}provenance", {None: PROVENANCE}, f"{PROVENANCE}.xsd")
    harvested = text_of(datetime.fromisoformat(origin.harvested_at))
    described = branch(element, "originDescription", harvestDate=harvested, altered="true" if altered else "false")
    branch(described, "baseURL", address)
    branch(described, "identifier", origin.record)
    branch(described, "datestamp", origin.datestamp)
    branch(described, "metadataNamespace", _NAMESPACES.get(origin.source.format, ""))
    return element


def base_url(source: Source) -> str:
    """The address of a source's OAI-PMH server, without what may be a secret in it; "" = it has none."""
    if source.protocol != "oai":
        return ""
    parts = urlsplit(source.location)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else ""


def _rights(licence: str) -> Element:
    element = located(f"{{{RIGHTS}}}rights", {None: RIGHTS}, "http://www.openarchives.org/OAI/2.0/rights.xsd")
    if re.fullmatch(r"https?://\S+", licence):
        branch(element, "rightsReference", ref=licence)
    else:
        definition = branch(element, "rightsDefinition")
        dc = dublin_core.empty()
        dublin_core.say(dc, "rights", licence)
        definition.append(dc)
    return element
