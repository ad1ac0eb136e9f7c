"""Folds characters: one form for what readers take to be the same letter, whatever case, mark, width or variant.

Everything is decided character by character, so that a word is folded alike in a short query and in a long text.
Chinese too: OpenCC's phrase tables would turn 乾 into another character after some neighbours than after others.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from opencc import OpenCC

from schemas.normal_form import normal_form

CJK = (
    r"\u3005-\u3007\u3041-\u309f\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
UNSPACED = CJK + r"\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1780-\u17d3"
"""Scripts written without blanks (Thai, Lao, Myanmar and Khmer among them): indexed as unigrams and bigrams."""

WORD = r"(?:(?![" + UNSPACED + r"_])[\w\u0900-\u0963\u0966-\u0df3\u0f18-\u0fbc])+"
"""Letters, digits and the vowel signs of Indic scripts, which Unicode does not count as letters."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_KEEPS_MARKS = re.compile(r"[\u0900-\u109f\u1780-\u17ff\u3040-\u30ff]")
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "œ": "oe", "æ": "ae", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "n", "ŧ": "t",
    "ĸ": "k", "ƒ": "f", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ɣ": "g", "ə": "e", "ɛ": "e", "ɔ": "o", "ȷ": "j",
    "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": "", "ґ": "г", "ѣ": "е", "і": "и", "ѵ": "и",
})  # fmt: skip
_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
"""Katakana are read as hiragana: readers type one where a catalogue has the other."""
_SILENT = frozenset("ʹʺʻʼʽʾʿˈˊˋ`´\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
"""Soft hyphens, joiners, and the signs of romanisation that nobody types (Gogolʹ, Qurʼān)."""


@lru_cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


class _Table(dict[int, str]):
    """A ``str.translate`` table that works out each character when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    if character in _SILENT or "\ud800" <= character <= "\udfff":
        return ""
    if _HAN.match(character):
        return str(_converter().convert(character))
    text = unicodedata.normalize("NFKC", character).casefold().translate(_HIRAGANA)
    if not ("\uac00" <= character <= "\ud7af" or _KEEPS_MARKS.match(character)):
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return text.translate(_LETTERS)


_TABLE = _Table()


def fold(text: str) -> str:
    """Text without case, diacritics and variants of width or script; punctuation stays."""
    return text.lower() if text.isascii() else normal_form("NFKC", text).translate(_TABLE)


_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def spelt_out(text: str) -> str:
    """The same fold with umlauts written as German and the Nordic languages write them without (Müller: mueller)."""
    return fold(normal_form("NFKC", text).lower().translate(_SPELT_OUT))
