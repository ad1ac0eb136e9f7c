"""Unicode's normal forms of text from outside, in time that grows with its length and no faster."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

_SHORT = 300
_MOST_MARKS = 30
_JOINER = "\u034f"
_RUN = re.compile(rf"(?:[^\w\s]|[\uff9e\uff9f]){{{_MOST_MARKS + 1},}}")
"""Where there may be too many marks in a row: no letters, but for the two that are marks in another width."""


def normal_form(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """A text in a normal form.

    Marks on one letter are sorted in the square of their number: a title of a million of them would take an hour. So
    after each thirty marks a joiner stands that is not seen, as Unicode's Stream-Safe Text Format has it (UAX 15,
    section 13); no language has words of that kind, and nothing is lost of one that does.
    """
    if len(text) > _SHORT and not text.isascii():
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
