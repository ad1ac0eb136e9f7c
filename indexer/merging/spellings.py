"""One spelling of what catalogues write in several: marks of pages, spans of years, abbreviations, Roman numerals."""

from __future__ import annotations

import re
from html import unescape

from indexer.merging.numbers import number_of
from indexer.merging.rules import RULES

_TAG = re.compile(
    r"</?(?:i|b|u|em|strong|sub|sup|span|p|br|sc|scp|title|math|mi|mn|mrow|msub|msup)(?:\s[^<>]*)?/?>", re.I
)
_YEARS = re.compile(r"(?<!\d)((?:1[4-9]|20)\d\d)\s?[/–-]\s?(\d\d)(?!\d)")
_ABBREVIATED = frozenset(RULES.abbreviations)
_ROMAN = frozenset((
    "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx",
))  # fmt: skip
"""Not xi, which is a syllable, nor i, v and x, which are many things."""


def plain(text: str) -> str:
    """A title without the marks of a web page, and with whole years: "1995/96" = "1995/1996"."""
    if "<" in text or "&" in text:
        text = _TAG.sub("", unescape(text))
    return _YEARS.sub(lambda m: f"{m[1]} {m[1][:2]}{m[2]}", text) if any(sign in text for sign in "/–-") else text


def one_spelling(key: str) -> str:
    """A title's key with abbreviations written out, and Roman numerals behind its first word in digits."""
    first, *words = key.split(" ")
    if _ABBREVIATED.isdisjoint((first, *words)) and _ROMAN.isdisjoint(words):
        return key
    told = [number_of(word) if word in _ROMAN else RULES.abbreviations.get(word, word) for word in words]
    return " ".join((RULES.abbreviations.get(first, first), *told))
