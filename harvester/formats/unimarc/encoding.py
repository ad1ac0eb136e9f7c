"""How a UNIMARC record in ISO 2709 is encoded: as the source says, UTF-8, GB18030, Cyrillic code pages, ISO 5426."""

from __future__ import annotations

import re
from collections.abc import Callable

from harvester.formats.base import UnreadableError
from schemas.normal_form import normal_form

Decode = Callable[[bytes], str]

_SINGLE = dict(
    zip(
        bytes.fromhex("a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b6b7b8b9babbbcbdbebfe1e2e6e8e9eaecf1f2f3f5f6f8f9fafbfc"),
        "¡„£$¥†§′‘“«♭©℗®ʿʾ‚‡·″’”»♯ʹʺ¿ÆĐĲŁØŒÞæđðıĳłøœßþ",
        strict=True,
    )
)
_COMBINING = dict(
    zip(
        bytes.fromhex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb"),
        "\u0309\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0308\u030a\u0315\u0312\u030b\u031b\u030c"
        "\u0327\u0321\u0326\u0328\u0325\u032e\u0323\u0324\u0332\u0333\u0329\u032d",
        strict=True,
    )
)
_MARKED = re.compile(rb"[\xc0-\xdb][A-Za-z]")
_CHARSET = re.compile(rb"\x1fa\d{8}[^\x1f\x1e]{18}(?:01)?(79|89|99)")
_CODE_PAGES = {b"79": "cp866", b"89": "cp1251", b"99": "koi8-r"}
"""RUSMARC's own codes of character sets in 100 $a/26-27."""
_IN_CYRILLIC = re.compile(rb"\x1fa(?:rus|ukr|bel|bul|mac|kaz|kir|tat|mon)[\x1e\x1f]")
_USUAL = "\u043e\u0435\u0430\u0438\u043d\u0442\u0441\u0440\u0432\u043b"
"""The most frequent letters of Cyrillic texts, in small: another code page makes rarer or large ones of them."""
_C1 = re.compile("[\x80-\x87\x8a-\x97\x99-\x9b\x9d-\x9f]")


def decoder(data: bytes, named: str, *, chinese: bool) -> Decode:
    """The function that decodes the values of one record.

    Args:
        data: the whole record.
        named: the encoding that the source is said to have; "" = find out.
        chinese: what is not UTF-8 is GB18030 (GBK and GB2312 are parts of it).

    Raises:
        UnreadableError: the record is not in the named encoding.
    """
    if data.isascii():
        return lambda value: value.decode("ascii")
    russian = "" if named else code_page(data)
    other = [russian] if russian else ["gb18030"] if chinese or b"chi" in data else []
    for encoding in [named] if named else ["utf-8", *other]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            if named:
                raise UnreadableError(f"not {named}: {error.reason} at byte {error.start}") from error
            continue
        if encoding == "utf-8" and _C1.search(text):
            return _twice
        return lambda value: value.decode(encoding)
    return _iso5426 if _MARKED.search(data) else lambda value: value.decode("cp1252", "replace")


def code_page(data: bytes) -> str:
    """The Cyrillic code page of records whose code (100) or language (101) and letters say so, else ""."""
    coded = _CHARSET.search(data)
    if coded:
        return _CODE_PAGES[coded[1]]
    if not _IN_CYRILLIC.search(data) or b"\x1fachi" in data:
        return ""
    words = re.findall(rb"[A-Za-z\x80-\xff]+", re.sub(rb"\x1f.", b" ", data))
    own = sum(len(word) > 1 and not re.search(rb"[A-Za-z]", word) for word in words)
    if own <= sum(not word.isascii() and re.search(rb"[A-Za-z]", word) is not None for word in words):
        return ""  # transliterated, with marks on Latin letters
    decoded = {name: data.decode(name, "replace") for name in _CODE_PAGES.values()}
    return max(decoded, key=lambda name: sum(map(decoded[name].count, _USUAL)))


def _twice(value: bytes) -> str:
    """UTF-8 that was taken for Latin-1 and encoded again, a usual accident of conversions, told by its C1 controls."""
    text = value.decode("utf-8")
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _iso5426(value: bytes) -> str:
    # Marks stand before their letter there, and after it in Unicode.
    found: list[str] = []
    marks = ""
    for byte in value:
        if byte in _COMBINING:
            marks += _COMBINING[byte]
            continue
        found.append(_SINGLE.get(byte) or (chr(byte) if byte < 0xA0 else "\ufffd"))
        found.append(marks)
        marks = ""
    return normal_form("NFC", "".join(found))
