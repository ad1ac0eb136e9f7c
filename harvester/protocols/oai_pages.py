"""Reads one OAI-PMH answer: strictly, in one pass, record by record, without keeping the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from lxml import etree

OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RECORD, _HEADER, _METADATA = OAI + "record", OAI + "header", OAI + "metadata"
_IDENTIFIER, _DATESTAMP, _SET = OAI + "identifier", OAI + "datestamp", OAI + "setSpec"
_PIECE = 32 << 10
_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "dtd_validation": False,
}
_WEB_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*|\xef\xbb\xbf)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_WEB_PAGE_WORDS = "a web page, not an answer of OAI-PMH"
_CHALLENGE = re.compile(
    rb"captcha|just a moment|challenge-platform|cf-chl|anubis|are you (?:a )?(?:human|robot)|checking your browser"
    rb"|enable javascript and cookies|ddos protection|access denied",
    re.IGNORECASE,
)
_LIMITS = ("huge", "depth", "too long", "excessive")
"""Words in libxml2's messages about its own limits, which our cap on the body makes needless."""


class BadPageError(Exception):
    """The bytes are no whole, well-formed OAI-PMH answer."""


class HarmfulPageError(BadPageError):
    """It carries what could do harm; nothing of it is read, however it is dressed."""


class ForeignPageError(BadPageError):
    """It is well-formed, and something else than OAI-PMH 2.0."""


class OaiRecord(msgspec.Struct, kw_only=True):
    """One <record> with what its header says. ``payload`` is the element with every namespace it needs."""

    identifier: str = ""
    datestamp: str = ""
    sets: list[str] = msgspec.field(default_factory=list)
    deleted: bool = False
    has_header: bool = False
    has_metadata: bool = False
    payload: bytes = b""


class Broken(msgspec.Struct, kw_only=True):
    """A stretch of a damaged page that no parser takes."""

    position: str
    reason: str
    payload: bytes
    identifier: str = ""


class Token(msgspec.Struct, kw_only=True):
    """The resumption token and what the server says about its list."""

    text: str
    size: int | None = None
    expires: str = ""
    """expirationDate, as the server says it."""


class OaiPage(msgspec.Struct, kw_only=True):
    """One answer of the server."""

    verb: str = ""
    """Name of the element with the answer proper; empty = there is only an error."""
    response_date: str = ""
    errors: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """(code, text) of the answer's own errors, never of what records quote."""
    records: list[OaiRecord] = msgspec.field(default_factory=list)
    token: Token | None = None
    repairs: list[str] = msgspec.field(default_factory=list)
    """What had to be mended so that the page could be read."""
    broken: list[Broken] = msgspec.field(default_factory=list)


def read_page(data: bytes) -> OaiPage:
    """Read an answer strictly.

    Raises:
        BadPageError: not well-formed, cut off, with a DTD, or not OAI-PMH 2.0.
    """
    try:
        return _read(data, huge=False)
    except etree.XMLSyntaxError as error:
        if not any(word in str(error).lower() for word in _LIMITS):
            raise BadPageError(_reason(error)) from None
    try:
        return _read(data, huge=True)  # a DTD has been refused before this, so nothing can be expanded
    except etree.XMLSyntaxError as error:
        raise BadPageError(_reason(error)) from None


def read_tree(data: bytes) -> etree._Element:
    """The root of a small answer (Identify, ListSets), read as strictly.

    Raises:
        BadPageError: see ``read_page``.
    """
    _refuse_dtd(data)
    try:
        root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    except etree.XMLSyntaxError as error:
        raise BadPageError(_reason(error)) from None
    _check_root(root)
    return root


def text_of(element: etree._Element | None) -> str:
    """Text of an element without surrounding blanks; "" when there is none."""
    return (element.text or "").strip() if element is not None else ""


def _read(data: bytes, *, huge: bool) -> OaiPage:
    _refuse_dtd(data)
    page = OaiPage()
    # Pull parsing keeps the tree of one record in the processor's cache: a MARC page of 500 reads twice as fast.
    parser: Any = etree.XMLPullParser(events=("end",), tag=_RECORD, huge_tree=huge, **_SAFE)
    view = memoryview(data)
    for start in range(0, len(data), _PIECE):
        parser.feed(bytes(view[start : start + _PIECE]))
        for _, element in parser.read_events():
            parent = element.getparent()
            if parent is None or parent.getparent() is None or parent.getparent().getparent() is not None:
                continue  # a <record> inside a record's metadata
            page.records.append(_record(element))
            element.clear()
            while parent[0] is not element:
                del parent[0]
    root = parser.close()
    _check_root(root)
    _finish(page, root)
    return page


def _finish(page: OaiPage, root: etree._Element) -> None:
    for child in root.iterchildren(tag=etree.Element):
        name = child.tag.removeprefix(OAI)
        if name == "responseDate":
            page.response_date = text_of(child)
        elif name == "error":
            page.errors.append((child.get("code") or "", text_of(child)))
        elif name != "request":
            page.verb = name
            for token in child.iterchildren(OAI + "resumptionToken", reversed=True):
                size = (token.get("completeListSize") or "").strip()
                page.token = Token(
                    text=text_of(token),
                    size=int(size) if size.isdecimal() else None,
                    expires=(token.get("expirationDate") or "").strip(),
                )
                break
            if name == "ListIdentifiers":
                page.records = [_headed(header) for header in child.iterchildren(_HEADER)]


def _record(element: etree._Element) -> OaiRecord:
    record = OaiRecord(payload=etree.tostring(element, encoding="utf-8", with_tail=False))
    for child in element:
        tag = child.tag
        if tag == _HEADER:
            _head(record, child)
        elif tag == _METADATA:
            record.has_metadata = next(child.iterchildren(tag=etree.Element), None) is not None
    return record


def _headed(header: etree._Element) -> OaiRecord:
    record = OaiRecord(payload=etree.tostring(header, encoding="utf-8", with_tail=False))
    _head(record, header)
    return record


def _head(record: OaiRecord, header: etree._Element) -> None:
    record.has_header = True
    record.deleted = (header.get("status") or "").strip().lower() == "deleted"
    for field in header:
        name = field.tag
        if name == _IDENTIFIER:
            record.identifier = (field.text or "").strip(" \t\r\n")
        elif name == _DATESTAMP:
            record.datestamp = (field.text or "").strip()
        elif name == _SET:
            record.sets.append((field.text or "").strip())


def _refuse_dtd(data: bytes) -> None:
    head = data[:4096]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = head.replace(b"\0", b"")
    if _WEB_PAGE.match(head):
        raise ForeignPageError(_web_page(data))
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise HarmfulPageError("it has a document type definition, which OAI-PMH forbids and which can do harm")


def _check_root(root: Any) -> None:
    if root.getroottree().docinfo.doctype:
        raise HarmfulPageError("it has a document type definition, which OAI-PMH forbids and which can do harm")
    if root.tag == OAI + "OAI-PMH":
        return
    name = etree.QName(root)
    if name.localname.lower() == "html":
        raise ForeignPageError(_WEB_PAGE_WORDS)
    raise ForeignPageError(f"it is not OAI-PMH 2.0 (its root is {str(root.tag)[:100]})")


def _web_page(data: bytes) -> str:
    if _CHALLENGE.search(data[:65536]):
        return (
            f"{_WEB_PAGE_WORDS}: it checks whether we are a robot; ask the institution to let the User-Agent Lampway "
            "pass at its OAI-PMH address"
        )
    return _WEB_PAGE_WORDS


def _reason(error: etree.XMLSyntaxError) -> str:
    text = " ".join(str(error).split())[:300]
    return f"not well-formed: {text}"


def iterate_sets(root: etree._Element) -> Iterator[tuple[str, str]]:
    """(setSpec, name) of a ListSets answer."""
    for item in root.iterfind(f"{OAI}ListSets/{OAI}set"):
        yield text_of(item.find(_SET)), text_of(item.find(OAI + "setName"))
