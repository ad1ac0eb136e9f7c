"""XML from outside, read safely: no DTD, no entities, no network, libxml2's limits on depth and size kept."""

from __future__ import annotations

from typing import Any

from lxml import etree

from harvester.formats.base import UnreadableError

OAI = "{http://www.openarchives.org/OAI/2.0/}"
Element = Any
"""An lxml element; lxml brings no types."""

SAFE: dict[str, Any] = {
    "resolve_entities": False, "load_dtd": False, "no_network": True, "remove_comments": True, "remove_pis": True,
}  # fmt: skip
"""How every parser of outside XML is made. Not collect_ids=False: with it libxml2 loads a DTD that the text names."""

_PARSER = etree.XMLParser(dtd_validation=False, **SAFE)


def parse(payload: bytes) -> Element:
    """The root element.

    Raises:
        UnreadableError: not well-formed (with line and column), or with a document type declaration.
    """
    try:
        root = etree.fromstring(payload, _PARSER)
    except etree.XMLSyntaxError as error:
        root = _without_namespaces(payload)
        if root is None:
            raise UnreadableError(f"not well-formed XML: {error.msg}") from error
    except ValueError as error:
        raise UnreadableError(f"not XML: {error}") from error
    if b"<!DOCTYPE" in payload and root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError("the XML carries a document type declaration (DTD), which is refused")
    return root


def only_namespaces(log: Any) -> bool:
    """Whether a parser's log tells nothing but of prefixes that nobody declared: all elements and texts are there."""
    domains = {entry.domain_name for entry in log}
    return domains == {"NAMESPACE"}


def _without_namespaces(payload: bytes) -> Element | None:
    """The root, if nothing else is wrong with it; None if there is. A parser of its own keeps a log of its own."""
    parser = etree.XMLParser(recover=True, **SAFE)
    try:
        root = etree.fromstring(payload, parser)
    except etree.XMLSyntaxError:
        return None
    if root is None or not only_namespaces(parser.error_log):
        return None
    for element in root.iter(etree.Element):
        if ":" in element.tag and element.tag[0] != "{":
            element.tag = element.tag.rpartition(":")[2]
    return root


def metadata_of(root: Element) -> Element:
    """The element inside <metadata> of an OAI <record>, or the root itself when it is no OAI record.

    Raises:
        UnreadableError: the record is live but has no metadata.
    """
    if not _is_oai_record(root):
        return root
    for child in root:
        if local(child) == "metadata":
            for inner in child:
                return inner
            raise UnreadableError("the record's <metadata> is empty")
    raise UnreadableError("the record has no <metadata> and is not marked as deleted")


def is_deleted(root: Element) -> bool:
    """Whether the header of an OAI <record> says status="deleted" (in any case)."""
    if _is_oai_record(root):
        for child in root:
            if local(child) == "header":
                return str(child.get("status", "")).strip().lower() == "deleted"
    return False


def local(element: Element) -> str:
    """Name without namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: Element) -> str:
    """All text inside, also that of nested elements."""
    return "".join(element.itertext()) if len(element) else (element.text or "")


def _is_oai_record(root: Element) -> bool:
    # Servers that forget the namespace exist; a MARC <record> is told by its children.
    return root.tag == f"{OAI}record" or (
        local(root) == "record" and any(local(child) in {"header", "metadata"} for child in root)
    )
