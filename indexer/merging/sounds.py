"""What a text sounds like, in whatever script: so that a romanised title meets the original one.

Romanisations differ in vowels and in how they write one consonant (Dostoevskij, Dostoyevsky, Достоевский); Hebrew and
Arabic write few vowels at all. What stays is the row of consonants in a few classes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

from indexer.analysis_folding import fold

_CLASSES = [
    ("shch|sch|sh|ch|zh|ts|tz|tch|cz|x", "s"), ("kh|gh|ck|q|c", "k"), ("ph", "f"), ("th", "t"), ("dh", "d"), ("w", "v"),
    ("z", "s"), ("b", "p"), ("d", "t"), ("g", "k"),
]  # fmt: skip
_FOLDED = [(re.compile(pattern), letter) for pattern, letter in _CLASSES]
_NOT_HEARD = re.compile(r"[^a-z]|[aeiouyjhv]")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=65_536)
def sound(text: str) -> str:
    """The consonants of a text in a few classes; empty when it has none."""
    heard = anyascii(fold(text)).lower()
    for pattern, letter in _FOLDED:
        heard = pattern.sub(letter, heard)
    return _TWICE.sub(r"\1", _NOT_HEARD.sub("", heard))


@lru_cache(maxsize=65_536)
def script_of(key: str) -> str:
    """The script of a key's first letter that is not ASCII, else LATIN; CJK for all of East Asia."""
    if key.isascii():
        return "LATIN"
    letter = next((c for c in key if ord(c) > 127 and c.isalpha()), "a")
    name = unicodedata.name(letter, "LATIN").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "HANGUL") else name
