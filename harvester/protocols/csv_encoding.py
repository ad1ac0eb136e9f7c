"""How a CSV file is encoded: a ladder of tests, surest first, and a decoder that loses no byte."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from typing import IO

import chardet

from harvester.fetching import FetchError

Open = Callable[[], AbstractContextManager[IO[bytes]]]

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_SAMPLE = 24_000
_CHUNK = 1 << 20
_LINES = 1 << 16
"""Characters that are decoded at once, more or less."""
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "shift_jis": "cp932", "shift-jis": "cp932",
          "euc-kr": "cp949", "iso-8859-1": "cp1252", "iso-8859-15": "cp1252", "ascii": "cp1252", "latin-1": "cp1252",
          "windows-1252": "cp1252", "macroman": "mac_roman"}  # fmt: skip
_NOT_LATIN = frozenset(
    {"windows-1251", "cp1251", "windows-1253", "cp1253", "windows-1255", "cp1255", "windows-1256", "cp1256", "koi8-r",
     "koi8-u", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "cp866", "cp855", "ibm866", "ibm855",
     "maccyrillic", "mac-cyrillic", "macgreek", "mac-greek", "cp737", "cp864", "tis-620", "cp874", "cp720", "kz1048",
     "ptcp154", "kz-1048"}
)  # fmt: skip
"""One-byte encodings of scripts without Latin letters beyond ASCII."""
_LATIN = frozenset(
    {"windows-1252", "cp1252", "windows-1250", "cp1250", "windows-1254", "cp1254", "windows-1257", "cp1257",
     "iso-8859-1", "iso-8859-2", "iso-8859-9", "iso-8859-13", "iso-8859-15"}
)  # fmt: skip
_MIXED = "utf-8, with bytes of cp1252"


class Encoding:
    """The encoding chosen, and how often a byte did not fit it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.misfits = 0

    def text(self, content: IO[bytes]) -> Generator[str, None, None]:
        """The lines with their ends, as ``csv`` wants them."""
        self.misfits = 0
        if self.name == _MIXED:
            wrapper = io.TextIOWrapper(content, "utf-8", errors=self._register(), newline="")
        else:
            wrapper = io.TextIOWrapper(content, self.name, errors="strict", newline="")
        try:
            while block := wrapper.readlines(_LINES):
                yield from block
        except UnicodeDecodeError as error:
            raise FetchError(
                f"the file is not {self.name}: {error.reason} at byte {error.start} of a block; "
                "say the right one with --encoding"
            ) from error
        finally:
            wrapper.detach()

    def _register(self) -> str:
        def as_cp1252(error: UnicodeError) -> tuple[str, int]:
            if not isinstance(error, UnicodeDecodeError):
                raise error
            self.misfits += 1
            bad = error.object[error.start : error.start + 1]
            return bad.decode("cp1252", "replace"), error.start + 1

        name = f"lampway-cp1252-{id(self)}"
        codecs.register_error(name, as_cp1252)
        return name


def find_encoding(open_: Open, stated: str = "") -> Encoding:
    """The encoding of a file: what is stated, a byte order mark, UTF-8, UTF-16, else the likeliest.

    Args:
        open_: opens the unpacked file from its start.
        stated: what the source's configuration says.

    Raises:
        FetchError: the stated encoding is not known.
    """
    if stated:
        try:
            return Encoding(codecs.lookup(stated).name if stated.lower() != "utf-8" else "utf-8-sig")
        except LookupError:
            raise FetchError(
                f"the encoding {stated!r} is not known: try utf-8, gb18030, big5, shift_jis, cp1252"
            ) from None
    with open_() as content:
        head = content.read(4096)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name)
    if head.count(0) > len(head) // 5:
        return Encoding("utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be")
    if _fits(open_, "utf-8"):
        return Encoding("utf-8")
    sample, valid, invalid = _survey(open_)
    if not invalid:
        return Encoding("utf-8")
    if valid > 20 * invalid:
        return Encoding(_MIXED)
    guesses = [str(found.get("encoding") or "").lower() for found in chardet.detect_all(sample)] or [""]
    if guesses[0] in _NOT_LATIN and _is_latin(sample):
        guesses = [guess for guess in guesses if guess in _LATIN] or ["cp1252"]
    name = _WIDER.get(guesses[0], guesses[0])
    for candidate in dict.fromkeys((name, "gb18030", "cp1252")):
        if candidate and candidate not in {"utf-8", "ascii"} and _fits(open_, candidate):
            if candidate == "gb18030" and name != "gb18030":
                continue
            return Encoding(candidate)
    return Encoding("latin-1")  # fits anything, so that nothing is lost


def _survey(open_: Open) -> tuple[bytes, int, int]:
    """Lines with bytes beyond ASCII (whole ones, at most 24 KB), and how many sequences are valid UTF-8 or not."""
    lines: list[bytes] = []
    size = valid = invalid = 0
    first = b""
    with open_() as content:
        for chunk in _lines(content):
            first = first or chunk[:_SAMPLE]
            if chunk.isascii():
                continue
            if size >= _SAMPLE and not invalid and (good := _valid(chunk)):
                valid += good
                continue
            for line in chunk.splitlines(keepends=True):
                if line.isascii():
                    continue
                good, bad = _sequences(line)
                valid, invalid = valid + good, invalid + bad
                if size < _SAMPLE:
                    lines.append(line)
                    size += len(line)
    return (b"".join(lines)[: 2 * _SAMPLE] or first), valid, invalid


def _is_latin(sample: bytes) -> bool:
    """Whether bytes beyond ASCII mostly stand inside words of ASCII letters: short texts are mistaken for Cyrillic."""
    words = re.findall(rb"[A-Za-z\x80-\xff]+", sample)
    mixed = sum(not word.isascii() and re.search(rb"[A-Za-z]", word) is not None for word in words)
    foreign = sum(len(word) > 1 and re.search(rb"[A-Za-z]", word) is None for word in words)
    return mixed > foreign


def _lines(content: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := content.read(_CHUNK):
        head, newline, tail = (rest + block).rpartition(b"\n")
        if newline:
            yield head + newline
            rest = tail
        else:
            rest = tail if len(tail) < 16 * _CHUNK else b""
            if not rest:
                yield tail
    if rest:
        yield rest


def _sequences(line: bytes) -> tuple[int, int]:
    text = line.decode("utf-8", "ignore")
    return _beyond_ascii(text), len(line) - len(text.encode())


def _valid(chunk: bytes) -> int:
    """How many characters beyond ASCII valid UTF-8 has; 0 where it is not valid."""
    try:
        return _beyond_ascii(chunk.decode("utf-8"))
    except UnicodeDecodeError:
        return 0


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))  # a loop over the characters costs a third of a harvest


def _fits(open_: Open, name: str) -> bool:
    try:
        if b"a,b;c\t1".decode(name) != "a,b;c\t1":
            return False  # EBCDIC, which no CSV file of today is in
        decoder = codecs.getincrementaldecoder(name)("strict")
        with open_() as content:
            while block := content.read(_CHUNK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, LookupError):
        return False
    return True
