"""ISBN and ISSN as somebody typed them: in their one form, or told what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from schemas.check_digits import isbn_fault, issn_fault
from schemas.identifiers import isbn13, issn
from search_api.messages import text as text_of
from search_api.problems import BadParameterError

Kind = Literal["isbn", "issn"]
KINDS: tuple[Kind, ...] = ("isbn", "issn")
_SHOWN = 40
_DIGITS: dict[Kind, tuple[int, ...]] = {"isbn": (10, 13), "issn": (8,)}


def typed_number(kind: Kind, text: str, lang: str) -> str:
    """The number as the index holds it: ISBN as 13 digits, ISSN with its hyphen.

    Args:
        kind: which of the two.
        text: as typed.
        lang: language of the message.

    Raises:
        BadParameterError: it is not valid; the message says which digit is wrong.
    """
    fault = (isbn_fault if kind == "isbn" else issn_fault)(text)
    number = (isbn13 if kind == "isbn" else issn)(text)
    if number is not None:
        return number
    key = f"identifiers.{kind}_{fault.kind if fault else 'characters'}"
    told = fault._asdict() if fault else {}
    told.pop("kind", None)
    raise BadParameterError(kind, text_of(lang, key, text=text[:_SHOWN], **told))


def each_number(kind: Kind, texts: Iterable[str]) -> list[str]:
    """The numbers in some values, as typed, each once: several may stand in one, with commas or blanks between them."""
    found: dict[str, None] = {}
    for part in (part.strip() for text in texts for part in re.split("[,;|]", text)):
        pieces = part.split()  # blanks part the digits of one number as well
        whole = all(len(re.sub(r"[^\dXx]", "", piece)) in _DIGITS[kind] for piece in pieces)
        found |= dict.fromkeys(pieces if whole else [part])
    return [number for number in found if number]
