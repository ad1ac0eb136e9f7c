"""Unicode's normal forms of text from outside, in time that grows with its length and no faster."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

_STRIDE = 256
"""Characters. No longer run of marks is passed over; what a shorter one costs is little."""
_MOST_MARKS = 30
_JOINER = "\u034f"
_MARK = re.compile(r"[^\w\s]|[\uff9e\uff9f]")
"""What may be a mark: no letter, but for the two that are marks in another width."""
_RUN = re.compile(rf"(?:{_MARK.pattern}){{{_MOST_MARKS + 1},}}")


def normal_form(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """A text in a normal form.

    Marks on one letter are sorted in the square of their number: a title of a million of them would take an hour. So
    where hundreds stand in a row, a joiner that is not seen comes after each thirty, as Unicode's Stream-Safe Text
    Format has it (UAX 15, section 13); no language has words of that kind, and nothing is lost of one that does.
    """
    # A look at each character costs 25 times as much as the normal form: one in a stride shows a long run as well.
    # Not the first, for many texts begin with a sign.
    if len(text) > _STRIDE and not text.isascii() and _MARK.search(text[_STRIDE // 2 :: _STRIDE]):
        text = _RUN.sub(_parted, text)
    return unicodedata.normalize(form, text)


def _parted(run: re.Match[str]) -> str:
    found: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) else 0
        if marks > _MOST_MARKS:
            found.append(_JOINER)
            marks = 1
        found.append(character)
    return "".join(found)
