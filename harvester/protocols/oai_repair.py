"""A page that is whole but dirty: mend what can be mended without loss, and read the rest record by record.

Nothing here guesses. A mended page must pass the strict parser; where it does not, every record is parsed strictly for
itself and what fails keeps its bytes and its place. A page without its end is never repaired: records would be missing.
"""

from __future__ import annotations

import html
import re

from lxml import etree

from harvester.protocols.oai_encoding import as_utf8, declared_in
from harvester.protocols.oai_pages import (
    BadPageError,
    Broken,
    ForeignPageError,
    HarmfulPageError,
    OaiPage,
    Token,
    read_page,
    read_tree,
)
from harvester.protocols.oai_tags import OAI
from harvester.protocols.xml_mend import mend

_START = re.compile(rb"<\?xml|<(?:[A-Za-z_][\w.-]*:)?OAI-PMH")
_ROOT_START = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?OAI-PMH\b")
_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?OAI-PMH\s*>")
_ROOT = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?)OAI-PMH\b([^<>]*)>")
_UNDECLARED = re.compile(r"prefix ([\w.-]+) (?:for [\w.-]+ )?on [\w.-]+ is not defined")
_LIST = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?)(ListRecords|GetRecord)\b[^<>]*>")
_TOKEN_START = re.compile(r"<(?:[\w.-]+:)?resumptionToken\b")
_TOKEN = re.compile(r"<(?:[\w.-]+:)?resumptionToken\b([^>]*?)(?:/>|>([^<]*)</(?:[\w.-]+:)?resumptionToken\s*>)\s*$")
_IDENTIFIER = re.compile(r"<(?:[\w.-]{1,64}:)?identifier>([^<]+)</")
_NAMESPACE = f'xmlns="{OAI[1:-1]}"'
_LIKE_OAI = re.compile(
    r"""xmlns(?::[\w.-]+)?\s*=\s*["'](?!http://www\.openarchives\.org/OAI/2\.0/["'])"""
    r"""(\s*https?://(?:www\.)?openarchives\.org/OAI/2\.0/?\s*)["']""",
    re.IGNORECASE,
)
_MOST_PREFIXES = 20
_LONGEST_HEAD = 1 << 16
"""Characters before the records, each of which is parsed behind them."""


def repair(data: bytes, charset: str = "") -> OaiPage:
    """Read a dirty page, telling in ``repairs`` what was mended and in ``broken`` what no parser takes.

    Args:
        data: the page.
        charset: the encoding that its headers name.

    Raises:
        BadPageError: its end is missing, it is no OAI-PMH, or it cannot be taken apart safely.
    """
    text, repairs = _clean(as_utf8(data), charset)
    text, corrected = _namespaced(text)
    repairs += [corrected] if corrected else []
    reason = "it stays unreadable"
    for _ in range(_MOST_PREFIXES):
        try:
            page = read_page(text.encode())
        except HarmfulPageError:
            raise
        except BadPageError as error:
            reason, foreign = str(error), isinstance(error, ForeignPageError)
        else:
            page.repairs = repairs
            return page
        root = _ROOT.search(text)
        if root is None:
            raise BadPageError(reason)
        if (undeclared := _UNDECLARED.search(reason)) and f"xmlns:{undeclared[1]}=" not in root[2]:
            declaration = f' xmlns:{undeclared[1]}="urn:undeclared:{undeclared[1]}"'
            repairs.append(f"declared the prefix {undeclared[1]}")
        elif foreign:
            raise BadPageError(reason)
        else:
            break
        text = text[: root.end() - 1] + declaration + text[root.end() - 1 :]
    page = _salvage(text, reason)
    page.repairs = repairs
    return page


def repaired_tree(data: bytes) -> etree._Element:
    """The root of a small answer that is whole but dirty.

    Raises:
        BadPageError: it stays unreadable.
    """
    return read_tree(_namespaced(_clean(as_utf8(data))[0])[0].encode())


def _clean(data: bytes, charset: str = "") -> tuple[str, list[str]]:
    """The document in the bytes, with everything XML forbids taken out or written as it should be."""
    start, root = _START.search(data, 0, _LONGEST_HEAD), _ROOT_START.search(data, 0, _LONGEST_HEAD)
    ends = [match.end() for match in _END.finditer(data, max(0, len(data) - 65536))]
    if not start or not root or not ends:
        raise BadPageError("it is cut off or no OAI-PMH: the end tag is missing")
    repairs: list[str] = []
    if data[: start.start()].strip() or data[ends[-1] :].strip():
        repairs.append("cut off what stood around the document")
    # Programs write warnings behind the declaration, too: the document begins with its root.
    charset = declared_in(data[: root.start()]) or charset
    text, more = mend(data[root.start() : ends[-1]], charset)
    return text, repairs + more


def _namespaced(text: str) -> tuple[str, str]:
    """The document with the namespace of OAI-PMH 2.0 where its root has none or nearly that one, and what was done."""
    root = _ROOT.search(text)
    if root is None:
        return text, ""
    if not root[1] and "xmlns=" not in root[2]:
        return f"{text[: root.end() - 1]} {_NAMESPACE}{text[root.end() - 1 :]}", "added the missing namespace"
    like = _LIKE_OAI.search(text, root.start(), root.end())
    if like is None:
        return text, ""
    return f"{text[: like.start(1)]}{OAI[1:-1]}{text[like.end(1) :]}", "corrected the namespace"


def _salvage(text: str, reason: str) -> OaiPage:
    """Parse each record for itself; those that fail are kept as they are, with the byte where they stand."""
    body, root = _LIST.search(text), _ROOT.search(text)
    close = text.rfind(f"</{body[1]}{body[2]}") if body else -1
    if body is None or root is None or not body.end() <= close or body.end() > _LONGEST_HEAD:
        raise BadPageError(reason)
    prefix, verb, inner = body[1], body[2], text[body.end() : close]
    begin = re.compile(
        rf"<{prefix}record(?:\s[^<>]*)?>\s*+(?:<!--(?:(?!-->).){{0,999}}+-->\s*+)*+<{prefix}header\b", re.DOTALL
    )
    starts = [match.start() for match in begin.finditer(inner)]
    if not starts:
        raise BadPageError(reason)
    # Only the last one can be the list's own; looking from every one on would take time squared.
    last = [match.start() for match in _TOKEN_START.finditer(inner)][-1:]
    token = _TOKEN.match(inner, last[0]) if last else None
    ends = [*starts[1:], token.start() if token else len(inner)]
    head = text[: body.end()]
    tail = f"</{prefix}{verb}></{root[1]}OAI-PMH>"
    page = OaiPage(verb=verb)
    offset, counted = len(head.encode()), 0
    for start, end in zip(starts, ends, strict=True):
        offset, counted = offset + len(inner[counted:start].encode()), start
        chunk = inner[start:end].rstrip()
        try:
            if not chunk.endswith(f"</{prefix}record>"):
                raise BadPageError("its end tag is missing")
            one = read_page((head + chunk + tail).encode())
            if len(one.records) != 1:
                raise BadPageError("it is not one record")
        except BadPageError as error:
            name = _IDENTIFIER.search(chunk)
            page.broken.append(
                Broken(
                    position=f"byte {offset}",
                    reason=f"the record is {error}" if str(error).startswith("not") else str(error),
                    payload=chunk.encode(),
                    identifier=html.unescape(name[1].strip()) if name else "",
                )
            )
        else:
            page.response_date = one.response_date
            page.records += one.records
    if token:
        size = re.search(r"""completeListSize\s*=\s*["'](\d+)""", token[1])
        page.token = Token(text=html.unescape(token[2] or "").strip(), size=int(size[1]) if size else None)
    elif "resumptionToken" in inner[starts[-1] :]:
        raise BadPageError(f"{reason}; its resumption token cannot be read")
    return page
