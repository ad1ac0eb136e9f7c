"""What we say of ourselves: Identify and ListMetadataFormats."""

from __future__ import annotations

from search_api.oai.formats import FORMATS
from search_api.oai.lists import dated_work_of
from search_api.oai.request import Request
from search_api.oai.xml import verb_element
from search_api.renderers import dublin_core
from search_api.renderers.xml import Element, branch
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
    branch(element, "repositoryName", f"Lampway at {identity.host}")
    branch(element, "baseURL", identity.base_url)
    branch(element, "protocolVersion", "2.0")
    branch(element, "adminEmail", identity.admin_email)
    branch(element, "earliestDatestamp", dated_works.earliest(request.connection) or request.moment)
    branch(element, "deletedRecord", "persistent")
    branch(element, "granularity", "YYYY-MM-DDThh:mm:ssZ")
    branch(element, "compression", "gzip")
    dc = dublin_core.empty()
    for name, value in (
        ("title", f"Lampway at {identity.host}"),
        ("description", _DESCRIPTION),
        ("identifier", identity.public_url + "/"),
    ):
        dublin_core.say(dc, name, value)
    branch(element, "description").append(dc)
    return element


def list_formats(request: Request) -> Element:
    """In which formats there is a work, or all: each work in each."""
    if "identifier" in request.arguments:
        dated_work_of(request)
    element = verb_element("ListMetadataFormats")
    for prefix, format_ in FORMATS.items():
        entry = branch(element, "metadataFormat")
        branch(entry, "metadataPrefix", prefix)
        branch(entry, "schema", format_.schema)
        branch(entry, "metadataNamespace", format_.namespace)
    return element
