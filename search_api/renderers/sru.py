"""The XML of SRU 1.1, 1.2 and 2.0: answers, diagnostics, and the description of the server (ZeeRex)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import msgspec
from lxml import etree

from search_api.cql_indexes import SETS
from search_api.messages import text
from search_api.problems import DiagnosticError
from search_api.renderers import dublin_core, marcxml, mods, xml
from search_api.renderers.base import Described, Frame

_OASIS = "http://docs.oasis-open.org/ns/search-ws/"
SRW = {"1.1": "http://www.loc.gov/zing/srw/", "1.2": "http://www.loc.gov/zing/srw/", "2.0": f"{_OASIS}sruResponse"}
"""Version -> namespace of its answers."""
DIAGNOSTIC = {version: f"{uri}diagnostic/" for version, uri in SRW.items()} | {"2.0": f"{_OASIS}diagnostic"}
ESCAPING = {"1.1": "recordPacking", "1.2": "recordPacking", "2.0": "recordXMLEscaping"}
"""Version -> name of what says whether records come as XML or as text. In 2.0 recordPacking is something else."""
EXPLAIN = "http://explain.z3950.org/dtd/2.0/"
USUAL, MOST = 10, 100
"""Records of an answer."""


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """A form in which records are given."""

    uri: str
    title: str
    element: Callable[[Described, Frame], xml.Element]


SCHEMAS = {
    "dc": Schema(
        uri="info:srw/schema/1/dc-v1.1",
        title="Dublin Core",
        element=lambda work, frame: dublin_core.element(work, frame.work(work.id), dublin_core.SRU),
    ),
    "mods": Schema(
        uri="info:srw/schema/1/mods-v3.7",
        title="MODS 3.7",
        element=lambda work, frame: mods.element(work, frame.work(work.id)),
    ),
    "marcxml": Schema(uri="info:srw/schema/1/marcxml-v1.1", title="MARC 21", element=marcxml.sent_or_made),
}
_SURROGATE = "info:srw/schema/1/diagnostics-v1.1"
_NOT_GIVEN = 68
_MESSAGES = {
    1: "General system error", 2: "System temporarily unavailable", 4: "Unsupported operation",
    5: "Unsupported version", 6: "Unsupported parameter value", 7: "Mandatory parameter not supplied",
    8: "Unsupported parameter", 10: "Query syntax error", 12: "Too many characters in query",
    13: "Invalid or unsupported use of parentheses",
    15: "Unsupported context set", 16: "Unsupported index", 18: "Unsupported combination of indexes",
    19: "Unsupported relation", 20: "Unsupported relation modifier",
    22: "Unsupported combination of relation and index", 27: "Empty term unsupported",
    28: "Masking character not supported", 31: "Anchoring character not supported",
    36: "Term in invalid format for index or relation", 37: "Unsupported boolean operator",
    38: "Too many boolean operators in query", 39: "Proximity not supported", 46: "Unsupported boolean modifier",
    61: "First record position out of range", 66: "Unknown schema for retrieval",
    68: "Not authorized to send record", 71: "Unsupported record packing",
    72: "XPath retrieval unsupported", 80: "Sort not supported", 82: "Unsupported sort sequence",
    84: "Too many sort keys to sort", 110: "Stylesheets not supported",
}  # fmt: skip


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer repeats of its question, and needs to be written."""

    version: str = "1.2"
    query: str = ""
    start: int = 1
    schema: str = "dc"
    packing: str = "xml"


def records(works: Sequence[Described | None], total: int, asked: Asked, frame: Frame, *, reach: int = 0) -> bytes:
    """The answer to searchRetrieve.

    Args:
        works: of this part of the list; None where one is found, and given to nobody.
        total: how many the search finds.
        asked: the question.
        frame: what stands around.
        reach: position of the last record that may be asked for.
    """
    root = _root("searchRetrieveResponse", asked.version)
    xml.add(root, "numberOfRecords", str(total))
    if works:
        listed = xml.branch(root, "records")
        for position, work in enumerate(works, asked.start):
            _record(listed, SCHEMAS[asked.schema], work, position, asked, frame)
        if (following := asked.start + len(works)) <= reach:
            xml.add(root, "nextRecordPosition", str(following))
    _echo(root, asked)
    return xml.document(root)


def refused(error: DiagnosticError, asked: Asked, *, explaining: bool = False, total: int = 0) -> bytes:
    """An answer that says why there is none."""
    root = _root("explainResponse" if explaining else "searchRetrieveResponse", asked.version)
    if not explaining:
        xml.add(root, "numberOfRecords", str(total))
        _echo(root, asked)
    xml.branch(root, "diagnostics").append(_diagnostic(error.number, error.details, asked.version))
    return xml.document(root)


def _diagnostic(number: int, details: str, version: str) -> xml.Element:
    diagnostic = xml.root(f"{{{DIAGNOSTIC[version]}}}diagnostic", {None: DIAGNOSTIC[version]})
    xml.add(diagnostic, "uri", f"info:srw/diagnostic/1/{number}")
    xml.add(diagnostic, "details", details)
    xml.add(diagnostic, "message", _MESSAGES[number])
    return diagnostic


def explain(asked: Asked, frame: Frame) -> bytes:
    """The description of the server, by which clients know what to ask."""
    root = _root("explainResponse", asked.version)
    record = xml.branch(root, "record")
    xml.add(record, "recordSchema", EXPLAIN)
    xml.add(record, ESCAPING[asked.version], asked.packing)
    _put(xml.branch(record, "recordData"), _zeerex(frame), asked.packing)
    return xml.document(root)


def _zeerex(frame: Frame) -> xml.Element:
    described = xml.root(f"{{{EXPLAIN}}}explain", {None: EXPLAIN})
    place = urlsplit(frame.base)
    server = xml.branch(
        described, "serverInfo", protocol="SRU", version="1.2", transport=place.scheme or "http", method="GET"
    )
    xml.add(server, "host", place.hostname or "localhost")
    xml.add(server, "port", str(place.port or (443 if place.scheme == "https" else 80)))
    xml.add(server, "database", f"{place.path}/sru".lstrip("/"))
    database = xml.branch(described, "databaseInfo")
    xml.add(database, "title", "Lampway", lang="en", primary="true")
    xml.add(database, "description", text(frame.lang, "sru.description"), lang=frame.lang, primary="true")
    indexes = xml.branch(described, "indexInfo")
    for name, (identifier, _) in SETS.items():
        xml.branch(indexes, "set", name=name, identifier=identifier)
    for set_name, (_, own) in SETS.items():
        for name, index in own.items():
            shown = xml.branch(
                indexes, "index", search="true", scan="false", sort=str(index in ("title", "year")).lower()
            )
            xml.add(shown, "title", text(frame.lang, f"sru.index_{index}"), lang=frame.lang)
            xml.add(xml.branch(shown, "map"), "name", name, set=set_name)
    schemas = xml.branch(described, "schemaInfo")
    for name, schema in SCHEMAS.items():
        shown = xml.branch(schemas, "schema", name=name, identifier=schema.uri, retrieve="true", sort="false")
        xml.add(shown, "title", schema.title)
    settings = xml.branch(described, "configInfo")
    xml.add(settings, "default", str(USUAL), type="numberOfRecords")
    xml.add(settings, "setting", str(MOST), type="maximumRecords")
    for relation in ("=", "all", "adj", "within"):
        xml.add(settings, "supports", relation, type="relation")
    return described


def _record(
    parent: xml.Element, schema: Schema, work: Described | None, position: int, asked: Asked, frame: Frame
) -> None:
    """A record; in the place of one that is not given a surrogate diagnostic, so that the positions stay right."""
    record = xml.branch(parent, "record")
    xml.add(record, "recordSchema", schema.uri if work else _SURROGATE)
    xml.add(record, ESCAPING[asked.version], asked.packing)
    element = schema.element(work, frame) if work else _diagnostic(_NOT_GIVEN, "", asked.version)
    _put(xml.branch(record, "recordData"), element, asked.packing)
    if work and asked.version != "1.1":
        xml.add(record, "recordIdentifier", frame.work(work.id))
    xml.add(record, "recordPosition", str(position))


def _put(parent: xml.Element, element: xml.Element, packing: str) -> None:
    if packing == "string":
        parent.text = etree.tostring(element, encoding="unicode")
    else:
        parent.append(element)


def _echo(root: xml.Element, asked: Asked) -> None:
    echo = xml.branch(root, "echoedSearchRetrieveRequest")
    xml.add(echo, "version", asked.version)
    xml.add(echo, "query", asked.query)
    xml.add(echo, "startRecord", str(asked.start))
    xml.add(echo, ESCAPING[asked.version], asked.packing)
    xml.add(echo, "recordSchema", asked.schema)


def _root(name: str, version: str) -> xml.Element:
    root = xml.root(f"{{{SRW[version]}}}{name}", {None: SRW[version]})
    xml.add(root, "version", version)
    return root
