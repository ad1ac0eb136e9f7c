"""Cuts the records of an OAI-PMH answer out of its bytes, once a parser has found them well-formed.

A tree of the page, from which every record is written anew, costs five times as much. What cannot be cut with
certainty (another encoding than UTF-8, comments that speak of records ...) is left to whoever has the tree.
"""

from __future__ import annotations

import re
from typing import Any, cast

from lxml import etree

_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]+)["']""")
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_FIRST = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)record[\s/>]")
_HIDING = {b"!": ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>")), b"?": ((b"<?", b"?>"),)}
"""Between these, markup is no markup; by their second byte, which is found ten times faster and rare on most pages."""
_FEW = 1000
_OPENS, _CLOSES = b"<>"
Place = tuple[int, int]
"""Where a record begins and ends in its page."""


def cut(data: bytes) -> tuple[bytes, bytes, list[Place]] | None:
    """Find the outermost <record> elements of a page.

    Args:
        data: well-formed, without a document type declaration.

    Returns:
        The page with one empty <record/> in place of all, the prefix of that name ("" or "oai:"), and where the records
        stand. None = it cannot be told where they begin and end.
    """
    if not _is_utf8(data) or _may_hide_records(data):
        return None
    first = _FIRST.search(data)
    if first is None:
        return data, b"", []
    prefix = first[1]
    begin, end = b"<" + prefix + b"record", b"</" + prefix + b"record>"
    places = _in_a_row(data, first.start(), begin, end) or _nested(data, first.start(), begin, end)
    if not places:
        return None
    return data[: first.start()] + begin + b"/>" + data[places[-1][1] :], prefix, places


def _in_a_row(data: bytes, at: int, begin: bytes, end: bytes) -> list[Place] | None:
    """Records of which none holds another; None where that is not certain.

    Of a record in a record an end is left over, as what begins is looked for where one has ended only.
    """
    another = re.compile(rb"[ \t\r\n]*(?=%b>)" % re.escape(begin))
    places: list[Place] = []
    length = len(end)
    while match := another.match(data, at):
        at = match.end()
        stop = data.find(end[:-1], at)
        if stop < 0 or data[stop + length - 1] != _CLOSES:
            return None
        places.append((at, stop + length))
        at = stop + length
    return None if data.find(begin, at) >= 0 or data.find(end[:-1], at) >= 0 else places


def _nested(data: bytes, at: int, begin: bytes, end: bytes) -> list[Place] | None:
    """The outermost records; None where it cannot be told which they are."""
    starts = re.compile(re.escape(begin) + rb"[\s>]")
    another = re.compile(rb"[ \t\r\n]*(?=%b[\s>])" % re.escape(begin))
    places: list[Place] = []
    while match := another.match(data, at):
        at = match.end()
        stop = data.find(end, at)
        inside = at + 1
        depth = 1
        while depth and stop >= 0:  # MARC records are called <record>, too
            depth += (len(starts.findall(data, inside, stop)) if data.find(begin, inside, stop) >= 0 else 0) - 1
            if depth:
                inside, stop = stop + 1, data.find(end, stop + 1)
        if depth:
            return None
        places.append((at, stop + len(end)))
        at = stop + len(end)
    return None if starts.search(data, at) or data.find(end, at) >= 0 else places


def declare(data: bytes, places: list[Place], prefix: bytes, namespaces: dict[str | None, str]) -> list[bytes] | None:
    """Records of a page as documents of their own: with the namespaces that are declared around them.

    Returns:
        None where a record declares some itself: whether it is one of OAI-PMH at all is seen in a tree only.
    """
    begin = b"<" + prefix + b"record"
    length = len(begin)
    for at, _ in places:
        if data[at + length] != _CLOSES and b"xmlns" in data[at : data.index(b">", at)]:
            return None
    start = begin + etree.tostring(etree.Element("x", nsmap=cast("Any", namespaces)))[2:-2]
    # Each copy of a record costs as much as to parse half of it: this is the only one.
    page = memoryview(data)
    return [b"".join((start, page[at + length : stop])) for at, stop in places]


def _is_utf8(data: bytes) -> bool:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in data[:4]:
        return False
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    return declared is None or declared[1].lower() in _UTF8


def _may_hide_records(data: bytes) -> bool:
    after = data.find(b"?>") if data.startswith(b"<?xml ") else 0
    for sign, pairs in _HIDING.items():
        if not _may_open(data, sign, after):
            continue
        for mark, end in pairs:
            at = data.find(mark, after)
            while at >= 0:
                stop = data.find(end, at)
                if stop < 0 or data.find(b"record", at, stop) >= 0:
                    return True
                at = data.find(mark, stop)
    return False


def _may_open(data: bytes, sign: bytes, after: int) -> bool:
    """Whether "<" stands before a sign, or there are too many of it to look at each."""
    for _ in range(_FEW):
        at = data.find(sign, after)
        if at <= 0:
            return at == 0
        if data[at - 1] == _OPENS:
            return True
        after = at + 1
    return True
