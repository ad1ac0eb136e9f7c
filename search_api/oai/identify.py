"""What we say of ourselves: Identify and ListMetadataFormats."""

from __future__ import annotations

from search_api.oai.dublin_core import DC, empty_dc
from search_api.oai.formats import FORMATS
from search_api.oai.lists import dated_work_of
from search_api.oai.request import Request
from search_api.oai.xml import Element, add, add_in, verb_element
from store import dated_works

_DESCRIPTION = (
    "The catalogues of several institutions, merged: one record a work, which keeps its identifier. The sets are the "
    "institutions that have copies; a work that an institution has no more is deleted in its set. Deletions are kept "
    "for ever. Where each record comes from (provenance), and under which licence its institution gives it (rights), "
    "stands in the record's about containers. Availability changes by the hour and is not set out: ask the API."
)


def identify(request: Request) -> Element:
    """Who we are and how we keep the protocol."""
    identity = request.identity
    element = verb_element("Identify")
    add(element, "repositoryName", f"Lampway at {identity.host}")
    add(element, "baseURL", identity.base_url)
    add(element, "protocolVersion", "2.0")
    add(element, "adminEmail", identity.admin_email)
    add(element, "earliestDatestamp", dated_works.earliest(request.connection) or request.moment)
    add(element, "deletedRecord", "persistent")
    add(element, "granularity", "YYYY-MM-DDThh:mm:ssZ")
    add(element, "compression", "gzip")
    dc = empty_dc()
    for name, value in (
        ("title", f"Lampway at {identity.host}"),
        ("description", _DESCRIPTION),
        ("identifier", identity.public_url + "/"),
    ):
        add_in(dc, DC, name, value)
    add(element, "description").append(dc)
    return element


def list_formats(request: Request) -> Element:
    """In which formats there is a work, or all: each work in each."""
    if "identifier" in request.arguments:
        dated_work_of(request)
    element = verb_element("ListMetadataFormats")
    for prefix, format_ in FORMATS.items():
        entry = add(element, "metadataFormat")
        add(entry, "metadataPrefix", prefix)
        add(entry, "schema", format_.schema)
        add(entry, "metadataNamespace", format_.namespace)
    return element
