"""Which RecordType the words of a source mean; the words stand in ``config/maps/types.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

from config.load import load_yaml
from harvester.formats.text import fold
from schemas.catalogue import RECORD_TYPES, RecordType

_PREFIX = re.compile(
    r"^(?:info:eu-repo/semantics/|doc-type:|https?://purl\.org/(?:dc/dcmitype|coar/resource_type)/|dcmitype:)", re.I
)


_PICTURED = frozenset({"map", "score", "manuscript"})
"""What those who scanned it call an image, too."""


@lru_cache(maxsize=1)
def _words() -> tuple[dict[str, RecordType], dict[str, RecordType]]:
    maps = load_yaml("maps/types.yaml")
    return tuple(  # type: ignore[return-value]
        {fold(str(word)): cast("RecordType", type_) for type_, words in maps[key].items() for word in words}
        for key in ("words", "weak_words")
    )


@lru_cache(maxsize=8192)
def type_of(text: str) -> tuple[RecordType | None, bool]:
    """The type that a word or phrase means (None = not understood), and whether it says so only vaguely ("text")."""
    strong, weak = _words()
    folded = fold(_PREFIX.sub("", text.strip()))
    if folded in RECORD_TYPES and folded != "other":
        return cast("RecordType", folded), False
    parts = folded.split()
    candidates = [folded, *parts[::-1]] if len(parts) <= 6 else [folded]
    for words, vague in ((strong, False), (weak, True)):
        for candidate in candidates:
            for form in (candidate, candidate.removesuffix("s")):
                if form in words:
                    return words[form], vague
    return None, True


def best_type(texts: Iterable[str]) -> RecordType | None:
    """The type that several words mean together: the first definite one, else the first vague one."""
    vague: RecordType | None = None
    picture: RecordType | None = None
    for text in texts:
        for part in text.split(";") if ";" in text else (text,):
            found, weak = type_of(part)
            if found and not weak and not (found == "image" or (picture and found not in _PICTURED)):
                return found
            picture = picture or (found if not weak else None)
            vague = vague or found
    return picture or vague
