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
_FIRST = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)record[\s>]")
_HIDING = {b"!": ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>")), b"?": ((b"<?", b"?>"),)}
"""Between these, markup is no markup; by their second byte, which is found ten times faster and rare on most pages."""
_FEW = 1000
_BLANKS = b" \t\r\n"


def cut(data: bytes) -> tuple[bytes, bytes, list[bytes]] | None:
    """Take the outermost <record> elements out of a page.

    Args:
        data: well-formed, without a document type declaration.

    Returns:
        The page with one empty <record/> in place of all, the prefix of that name ("" or "oai:"), and the records as
        they stand there. None = it cannot be told where they begin and end.
    """
    if not _is_utf8(data) or _may_hide_records(data):
        return None
    first = _FIRST.search(data)
    if first is None:
        return data, b"", []
    prefix = first[1]
    begin, end = b"<" + prefix + b"record", b"</" + prefix + b"record>"
    starts = re.compile(re.escape(begin) + rb"[\s>]")
    *parts, tail = data[first.start() :].split(end)
    records: list[bytes] = []
    inner: list[bytes] = []
    depth = 0  # MARC records are called <record>, too
    for part in parts:
        if not depth:
            part = part.lstrip(_BLANKS)
            if not part.startswith(begin):
                return None
        depth += len(starts.findall(part)) - 1
        inner.append(part)
        if depth < 0:
            return None
        if not depth:
            inner.append(b"")
            records.append(end.join(inner))
            inner = []
    if depth or starts.search(tail):
        return None
    return data[: first.start()] + begin + b"/>" + tail, prefix, records


def declare(records: list[bytes], prefix: bytes, namespaces: dict[str | None, str]) -> list[bytes] | None:
    """Records cut out of a page as documents of their own: with the namespaces that were declared around them.

    Returns:
        None where a record declares some itself: whether it is one of OAI-PMH at all is seen in a tree only.
    """
    begin = b"<" + prefix + b"record"
    for record in records:
        if record[len(begin)] != 62 and b"xmlns" in record[: record.index(b">")]:  # 62 is ">"
            return None
    around = etree.tostring(etree.Element("x", nsmap=cast("Any", namespaces)))[2:-2]
    start = begin + around
    return [start + record[len(begin) :] for record in records]


def _is_utf8(data: bytes) -> bool:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in data[:4]:
        return False
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    return declared is None or declared[1].lower() in _UTF8


def _may_hide_records(data: bytes) -> bool:
    if data.startswith(b"<?xml "):
        data = data[data.find(b"?>") :]
    for sign, pairs in _HIDING.items():
        *before, _ = data.split(sign, _FEW)
        if len(before) < _FEW and not any(part.endswith(b"<") for part in before):
            continue
        for mark, end in pairs:
            at = data.find(mark)
            while at >= 0:
                stop = data.find(end, at)
                if stop < 0 or data.find(b"record", at, stop) >= 0:
                    return True
                at = data.find(mark, stop)
    return False
