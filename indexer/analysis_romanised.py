"""Chinese as people type it in Latin letters: titles and names in pinyin, as syllables and as one word (hongloumeng).

Catalogues write romanised titles in syllables (Hong lou meng), in words (Honglou meng) or not at all. A query that
finds nothing is tried as one word (``search_api.respelling``). Whole runs of characters only: nobody types the middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pypinyin import lazy_pinyin

from indexer.analysis_folding import fold

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\uac00-\ud7af]")
_SYLLABLES = re.compile(r"[a-z]+")
_LONGEST_RUN, _MOST_SYLLABLES = 12, 16
_WRITTEN_SO = frozenset(("zh", "ja", "ko"))


def romanised(texts: Iterable[str], languages: Sequence[str]) -> list[str]:
    """Forms by which titles or names of a work may be asked for in Latin letters, besides those that stand in them.

    Args:
        texts: titles, or names.
        languages: of the work (BCP 47): what is in Latin letters is taken for romanised in these alone.
    """
    found: dict[str, None] = {}
    for text in texts:
        if _HAN.search(text):
            if "ja" not in languages and not _KANA_OR_HANGUL.search(text):
                found |= dict.fromkeys(form for run in _HAN.findall(text) for form in _pinyin(run))
        elif not _WRITTEN_SO.isdisjoint(languages):
            syllables = _SYLLABLES.findall(fold(text))
            if 2 <= len(syllables) <= _MOST_SYLLABLES:
                found["".join(syllables)] = None
    return list(found)


def one_word_keys(keys: Iterable[str], languages: Sequence[str]) -> list[str]:
    """Title keys in Latin letters without blanks, of those that are wholly in Chinese or romanised."""
    whole = [key for key in keys if _HAN.fullmatch(key) or key.isascii()]
    return [form for form in romanised(whole, languages) if " " not in form]


def _pinyin(run: str) -> list[str]:
    if not 2 <= len(run) <= _LONGEST_RUN:
        return []
    syllables = " ".join(lazy_pinyin(fold(run)))  # its words with two readings are in simplified characters
    if not syllables.isascii():
        return []
    forms = [syllables.replace("v", "u"), syllables]  # ü is typed both ways
    return [*forms, *(form.replace(" ", "") for form in forms)]
