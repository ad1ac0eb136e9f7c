"""What is wrong with an ISBN or ISSN that is not valid, down to the digit: people mistype them from title pages."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from schemas.identifiers import isbn13, issn
from schemas.normal_form import normal_form

_LABEL = re.compile(r"(?i)^(?:urn:)?\s*is[bs]n(?:-?1[03])?[:\s]*")
_DASHES = re.compile(r"[\s\-‐‑‒–—―−\u00ad\u200b\ufeff]")


class Fault(NamedTuple):
    """Why a number is not valid."""

    kind: Literal["characters", "length", "prefix", "check"]
    digit: str = ""
    """The check digit it has: the last one."""
    right: str = ""
    """The check digit that the others call for."""
    length: int = 0
    """Digits it has."""


def isbn_fault(text: str) -> Fault | None:
    """What is wrong with an ISBN (10 or 13 digits); None when it is valid."""
    digits = _digits(text)
    if not re.fullmatch(r"\d*[\dX]", digits):
        return Fault("characters")
    if len(digits) == 10:
        right = _eleven(digits[:9], 10)
    elif len(digits) != 13 or "X" in digits:
        return Fault("length", length=len(digits))
    elif not digits.startswith(("978", "979")) or digits.startswith("9790"):
        return Fault("prefix", digit=digits[:3])
    else:
        right = str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[:12])) % 10)
    return None if isbn13(digits) else Fault("check", digits[-1], right, len(digits))


def issn_fault(text: str) -> Fault | None:
    """What is wrong with an ISSN (8 digits); None when it is valid."""
    digits = _digits(text)
    if not re.fullmatch(r"\d*[\dX]", digits):
        return Fault("characters")
    if len(digits) != 8:
        return Fault("length", length=len(digits))
    return None if issn(digits) else Fault("check", digits[-1], _eleven(digits[:7], 8), 8)


def _digits(text: str) -> str:
    return _DASHES.sub("", _LABEL.sub("", normal_form("NFKC", text).strip())).upper()


def _eleven(digits: str, highest: int) -> str:
    """The check digit modulo 11 with falling weights."""
    return "0123456789X"[-sum((highest - place) * int(digit) for place, digit in enumerate(digits)) % 11]
