"""Reads one OAI-PMH answer: strictly, and without a tree of its records where they can be cut out of its bytes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any, cast

import msgspec
from lxml import etree

from harvester.protocols.oai_cut import cut, declare
from harvester.protocols.oai_headers import OaiRecord, read_element, read_header, read_record, text_of
from harvester.protocols.oai_strays import PROGRAMS_WORDS, is_plain, local_name, put_right, token_beside
from harvester.protocols.oai_tags import HEADER, OAI, RECORD, TOKEN

__all__ = [
    "BadPageError",
    "Broken",
    "ForeignPageError",
    "HarmfulPageError",
    "OaiPage",
    "OaiRecord",
    "Token",
    "read_page",
    "text_of",
]

_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "dtd_validation": False,
}
_DTD_WORDS = "it has a document type definition, which OAI-PMH forbids and which can do harm"
_ROOT = OAI + "OAI-PMH"
_WEB_PAGE = re.compile(
    rb"\s*+(?:<!--(?:(?!-->).)*+-->\s*+|\xef\xbb\xbf)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_WEB_PAGE_WORDS = "a web page, not an answer of OAI-PMH"
_CHALLENGE = re.compile(
    rb"captcha|just a moment|challenge-platform|cf-chl|anubis|are you (?:a )?(?:human|robot)|checking your browser"
    rb"|enable javascript and cookies|ddos protection|access denied",
    re.IGNORECASE,
)
_MOST_DIGITS = 12
"""Of a list's size; no library has more records."""
_LIMITS = ("huge", "depth", "too long", "excessive")
"""Words in libxml2's messages about its own limits, which our cap on the body makes needless."""


class BadPageError(Exception):
    """The bytes are no whole, well-formed OAI-PMH answer."""


class HarmfulPageError(BadPageError):
    """It carries what could do harm; nothing of it is read, however it is dressed."""


class ForeignPageError(BadPageError):
    """It is well-formed, and something else than OAI-PMH 2.0."""


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
    _refuse_dtd(data)
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


def _read(data: bytes, *, huge: bool) -> OaiPage:
    page = OaiPage()
    if _is_sound(data, huge=huge) and (parts := cut(data)) is not None:
        frame, prefix, cuts = parts
        root = etree.fromstring(frame, etree.XMLParser(huge_tree=huge, **_SAFE))
        places = root.findall(f"*/{RECORD}")
        payloads = declare(data, cuts, prefix, places[0].nsmap) if len(places) == 1 else None
        whole = payloads is not None or (not places and not cuts)
        if root.tag == _ROOT and whole and is_plain(root):
            page.records = [read_record(payload, prefix) for payload in payloads or ()]
            _finish(page, root)
            return page
    root = etree.fromstring(data, etree.XMLParser(huge_tree=huge, **_SAFE))
    _check_root(root)
    strange = put_right(root)
    if any(local_name(element) in PROGRAMS_WORDS for element in strange):
        page.repairs.append("left out what a program has written between the records")
        strange = [element for element in strange if local_name(element) not in PROGRAMS_WORDS]
    if strange:  # all in one: there may be as many as there are bytes
        page.broken.append(
            Broken(
                position="between the records",
                reason=f"its list holds what is no record: <{local_name(strange[0])[:100]}>",
                payload=b"".join(etree.tostring(element, encoding="utf-8", with_tail=False) for element in strange),
            )
        )
    page.records = [read_element(element) for element in root.iterfind(f"*/{RECORD}")]
    _finish(page, root)
    return page


class _Nothing:
    """Makes nothing of what is parsed. A target that asks for no events costs a fifth of a tree."""

    def doctype(self, *_: Any) -> None:
        raise HarmfulPageError(_DTD_WORDS)

    def close(self) -> None:
        pass


class _Parsers(threading.local):
    """Each thread's own, used again for every page: one with a target is a cycle of objects that holds 20 KB, and of a
    long harvest thousands of them would wait for the garbage collector.
    """

    def __init__(self) -> None:
        self.usual = etree.XMLParser(target=cast("Any", _Nothing()), **_SAFE)
        self.huge = etree.XMLParser(target=cast("Any", _Nothing()), huge_tree=True, **_SAFE)


_parsers = _Parsers()


def _is_sound(data: bytes, *, huge: bool) -> bool:
    """Whether it is well-formed; False where only building a tree can tell, or say what is wrong.

    Raises:
        etree.XMLSyntaxError: it is not.
    """
    parser = _parsers.huge if huge else _parsers.usual
    etree.fromstring(data, parser)
    return not parser.error_log  # prefixes that nobody declared are only logged here


def _finish(page: OaiPage, root: etree._Element) -> None:
    for child in root.iterchildren(tag=etree.Element):
        name = child.tag.removeprefix(OAI)
        if name == "responseDate":
            page.response_date = text_of(child)
        elif name == "error":
            page.errors.append((child.get("code") or "", text_of(child)))
        elif name.lower() not in {"request", "resumptiontoken"}:
            page.verb = name
            token = next(child.iterchildren(TOKEN, reversed=True), None)
            token = token if token is not None else token_beside(root)
            if token is not None:
                page.token = _token(token)
            if name == "ListIdentifiers":
                page.records = [read_header(header) for header in child.iterchildren(HEADER)]


def _token(token: etree._Element) -> Token:
    size = (token.get("completeListSize") or "").strip()
    return Token(
        text=text_of(token),
        size=int(size) if size.isdecimal() and len(size) <= _MOST_DIGITS else None,
        expires=(token.get("expirationDate") or "").strip(),
    )


def _refuse_dtd(data: bytes) -> None:
    head = data[:4096]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = head.replace(b"\0", b"")
    if _WEB_PAGE.match(head):
        raise ForeignPageError(_web_page(data))
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise HarmfulPageError(_DTD_WORDS)


def _check_root(root: Any) -> None:
    if root.getroottree().docinfo.doctype:
        raise HarmfulPageError(_DTD_WORDS)
    if root.tag == _ROOT:
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
        yield text_of(item.find(OAI + "setSpec")), text_of(item.find(OAI + "setName"))
