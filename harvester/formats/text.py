"""How text of records is tidied: Unicode form, blanks, the punctuation that cataloguing rules put between elements."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from schemas.normal_form import normal_form

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\x80-\x9f\ufeff\ufffe\uffff]")
# MARC non-filing marks (start/end of string, joiners) that MARC-8 and some systems leave in the text.
_NON_FILING = re.compile("[\x88\x89\x98\x9c]")
_DATES = re.compile(r",?\s*\(?\b(?:ca?\.\s*)?(?:\d{3,4}|-)\??\s*[-–]\s*(?:(?:ca?\.\s*)?\d{3,4}\??)?\)?\.?$")
_LIVED = re.compile(r"\s*+\((?=[^():]*+\)$)(?>.*?\d{3})(?>.*?[-–])(?>.*?\d{3}).*$")
"""Where and when somebody lived, as museums write it: "(French, 1744–1818)", "(Sevilla, 1617 - Sevilla, 1682)"."""
_LONGEST_NAME = 1000
"""Characters of a name that years are looked for in: the pattern's time grows with the square."""
# Not in scripts without initials: "红楼梦." is a title of three characters, and its full stop only punctuation.
_INITIAL = re.compile(r"(?:^|[\s.\-])[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]{1,3}\.$")


def tidy(text: str) -> str:
    """NFC, without control characters, each run of white space one blank."""
    if not text.isprintable():
        text = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")  # mostly it is these
        if not text.isprintable():
            text = " ".join((text if text.isascii() else _NON_FILING.sub("", text)).split())
            if not text.isprintable():
                text = _CONTROL.sub("", text)
    if not text.isascii():
        text = normal_form("NFC", text)
    return " ".join(text.split()) if "  " in text else text.strip()


def is_tidy(text: str) -> bool:
    """Whether ``tidy`` would do no more to the text, or to any piece of it, than to strip blanks from its ends.

    Asking once for all values of a record, joined, costs a tenth of tidying each.
    """
    return text.isprintable() and "  " not in text and (text.isascii() or unicodedata.is_normalized("NFC", text))


def strip_isbd(text: str) -> str:
    """Without the mark that leads over to the next element ("Title :" -> "Title"); a full stop of an initial stays."""
    text = text.rstrip(" /:;=,+")
    if text.endswith(".") and not text.endswith("..") and not _INITIAL.search(text):
        text = text[:-1].rstrip(" /:;=,")
    return _without_brackets(text) if "[" in text or "]" in text else text


def strip_name(text: str) -> str:
    """A name without trailing comma, full stop, and years of life ("Austen, Jane, 1775-1817." -> "Austen, Jane")."""
    text = text.rstrip(" ,;:")
    if text[-1:] in "-).?0123456789" and len(text) <= _LONGEST_NAME and ("-" in text or "–" in text):
        text = _LIVED.sub("", text) if text[-1] == ")" else text
        text = _DATES.sub("", text) or text
    text = text.rstrip(" ,;:")
    return text[:-1] if text.endswith(".") and not _INITIAL.search(text) else text


def distinct(values: Iterable[str]) -> list[str]:
    """Values in order, each once, without empty ones."""
    found = dict.fromkeys(values)
    found.pop("", None)
    return list(found)


def fold(text: str) -> str:
    """Text for comparing words of value maps: no case, diacritics and punctuation; one blank between words."""
    if text.isascii():
        text = text.lower()
    else:
        text = normal_form("NFKD", normal_form("NFKC", text).casefold())
        text = "".join(c for c in text if not unicodedata.combining(c) or c in "゙゚")
        text = normal_form("NFC", text)
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


def _without_brackets(text: str) -> str:
    # "[s.n.]" is whole; "Leipzig]" is the end of a bracket that began in another subfield.
    if text.endswith("]") and "[" not in text:
        return text[:-1].rstrip(" .,")
    if text.startswith("[") and "]" not in text:
        return text[1:].lstrip()
    if text.startswith("[") and text.endswith("]") and text.count("[") == 1:
        return text[1:-1].strip()
    return text
