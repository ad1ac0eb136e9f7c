"""Text from outside, made fit for a format: what cannot stand in it is taken out, never the rest."""

from __future__ import annotations

import re
import unicodedata

# What XML 1.0 cannot hold, and lone surrogates, which no encoding can.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")


def writable(text: str) -> str:
    """The text without characters that cannot be written: control characters and lone surrogates."""
    return _UNWRITABLE.sub("", text)


def one_line(text: str) -> str:
    """The text in one line: no line of a format can be begun from inside a value."""
    return writable(_BREAKS.sub(" ", text)).strip()


def ascii_name(text: str, fallback: str) -> str:
    """A name of ASCII letters, digits and hyphens made of a text: for file names and keys."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", folded).strip("-")[:60] or fallback
