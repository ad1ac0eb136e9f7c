"""Names as people type them: composed, without what cannot be seen, and what they look like."""

from __future__ import annotations

import re
from functools import lru_cache

from schemas.normal_form import normal_form


def tidy(name: str) -> str:
    """A name in the form that is kept: composed (NFC), single blanks. What cannot be seen stays, to be refused."""
    return re.sub(" +", " ", normal_form("NFC", name)).strip(" ")


def hides_something(name: str) -> bool:
    """Whether a name has controls, marks of direction, or characters without width: it may read as another."""
    return not name.isprintable()


def looks(name: str) -> str:
    """What a name looks like: equal for names that people cannot tell apart. A hint, no proof of an attack."""
    return "".join(_looks(character) for character in normal_form("NFKC", name)).casefold()


@lru_cache(maxsize=4096)
def _looks(character: str) -> str:
    if character.isascii():
        return character
    from confusable_homoglyphs import confusables  # whose table takes a tenth of a second and 16 MB

    alike = confusables.confusables_data.get(character, ())
    return next((other["c"] for other in alike if other["c"].isascii()), character)
