"""Text-level mending of XML: what XML forbids is taken out or written as it should be, and nothing else is touched."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator

from harvester.protocols.oai_encoding import decoded

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
_AMPERSAND = re.compile(r"&(?!#\d+;|#[xX][0-9a-fA-F]+;|(?:amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9]*);)?")
_NO_TAG = re.compile(r"<(?![A-Za-z_:/!?\u00c0-\U000effff])")
_DECLARATIONS = re.compile(r"\A(?:\s*<\?xml\s[^<>]*\?>)+")


def mend(data: bytes, charset: str = "") -> tuple[str, list[str]]:
    """XML as text, with everything that XML forbids taken out or written as it should be, and what that was.

    Args:
        data: a document or a part of one.
        charset: the encoding that headers name; what the document says goes before it.
    """
    text, guessed = decoded(data, charset)
    repairs = [guessed] if guessed else []
    text = _DECLARATIONS.sub("", text)
    text, count = _ILLEGAL.subn("", text)
    text, more = _replace_references(text)
    if count + more:
        repairs.append(f"dropped {count + more} characters that XML forbids")
    if (mended := "".join(_escaped(text))) != text:
        repairs.append("escaped ampersands, signs and named characters")
    return mended, repairs


def _escaped(text: str) -> Iterator[str]:
    """The text with ampersands and signs for "less" written as they should be; in CDATA they are as they should be."""
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", start)) >= 0:
        yield _NO_TAG.sub("&lt;", _AMPERSAND.sub(_escape, text[at:start]))
        yield text[start : end + 3]
        at = end + 3
    yield _NO_TAG.sub("&lt;", _AMPERSAND.sub(_escape, text[at:]))


def _replace_references(text: str) -> tuple[str, int]:
    """Join surrogate pairs written as two references, and drop references to what XML forbids."""
    dropped = 0

    def value(match: re.Match[str]) -> int:
        number = int(match[1], 16) if match[1] else int(match[2])
        return number if number <= 0x10FFFF else 0

    def replace(match: re.Match[str]) -> str:
        nonlocal dropped
        found = value(match)
        if 0xD800 <= found < 0xDC00 and (after := _REFERENCE.match(text, match.end())):
            low = value(after)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((found - 0xD800) << 10) + (low - 0xDC00))
        if 0xDC00 <= found < 0xE000:
            before = _REFERENCE.search(text, max(0, match.start() - 10), match.start())
            if before and before.end() == match.start() and 0xD800 <= value(before) < 0xDC00:
                return ""
        if found == 0 or _ILLEGAL.match(chr(found)):
            dropped += 1
            return ""
        return match[0]

    return _REFERENCE.sub(replace, text), dropped


def _escape(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "&amp;"
    characters = html.entities.html5.get(name + ";")
    return "".join(f"&#{ord(c)};" for c in characters) if characters else f"&amp;{name};"
