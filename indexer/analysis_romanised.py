"""Chinese as people type it in Latin letters: titles and names in pinyin, as syllables and as one word (hongloumeng).

Catalogues write romanised titles in syllables (Hong lou meng), in words (Honglou meng) or not at all. A query that
finds nothing is tried as one word (``search_api.respelling``). Whole runs of characters only: nobody types the middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from indexer.analysis_folding import fold

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\uac00-\ud7af]")
_WORDS = re.compile(r"[a-z]+")
_SYLLABLES = re.compile(r"(?:(?:[zcs]h|[b-df-hj-np-tw-z])?[aeiouv]{1,3}(?:ng|[nr])?)+")
"""Pinyin and romanised Japanese, by their build; few words of other languages have it throughout."""
_LONGEST_RUN, _MOST_WORDS = 12, 16
_WRITTEN_SO = frozenset(("zh", "ja"))


def romanised(texts: Iterable[str], languages: Sequence[str]) -> list[str]:
    """Forms by which titles or names of a work may be asked for in Latin letters, besides those that stand in them.

    Args:
        texts: titles, or names.
        languages: of the work (BCP 47): what is in Latin letters may be romanised where it is in no other.
    """
    found: dict[str, None] = {}
    for text in texts:
        if _HAN.search(text):
            if "ja" not in languages and not _KANA_OR_HANGUL.search(text):
                found |= dict.fromkeys(form for run in _HAN.findall(text) for form in _pinyin(run))
        elif languages and _WRITTEN_SO.issuperset(languages):
            words = _WORDS.findall(fold(text))
            if 2 <= len(words) <= _MOST_WORDS and all(map(_SYLLABLES.fullmatch, words)):
                found["".join(words)] = None
    return list(found)


def one_word_keys(keys: Iterable[str], languages: Sequence[str]) -> list[str]:
    """Title keys in Latin letters without blanks, of those that are wholly in Chinese or romanised."""
    whole = [key for key in keys if _HAN.fullmatch(key) or key.isascii()]
    return [form for form in romanised(whole, languages) if " " not in form]


def pinyin(run: str) -> list[str]:
    """The syllables of a run of Chinese characters; none where one of them has no reading."""
    # Its tables take 55 MB and a quarter of a second: only where Chinese is indexed, or asked for in vain.
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(fold(run))  # its words with two readings are in simplified characters
    return syllables if all(map(str.isascii, syllables)) else []


def _pinyin(run: str) -> list[str]:
    if not 2 <= len(run) <= _LONGEST_RUN or not (found := pinyin(run)):
        return []
    syllables = " ".join(found)
    forms = [syllables.replace("v", "u"), syllables]  # ü is typed both ways
    return [*forms, *(form.replace(" ", "") for form in forms)]
