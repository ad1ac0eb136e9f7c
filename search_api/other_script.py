"""A question in another script: Толстой = Tolstoy, 鲁迅 = Lu Xun. Catalogues often have names in one script only.

Only what people type for what they hear: Cyrillic in Latin letters and back, Chinese in pinyin. Spellings differ
(Tolstoi, Tolstoj), so what comes of it may be respelt.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from indexer.analysis_folding import fold
from indexer.analysis_romanised import pinyin

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
    "я": "ya", "і": "i", "ї": "i", "є": "e", "ґ": "g", "ў": "u", "ѣ": "e",
}  # fmt: skip
_CYRILLIC = {
    "shch": "щ", "zh": "ж", "kh": "х", "ts": "ц", "ch": "ч", "sh": "ш", "yu": "ю", "ya": "я", "yo": "ё", "ju": "ю",
    "ja": "я", "ia": "ия", "iu": "ию", "a": "а", "b": "б", "c": "ц", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х",
    "i": "и", "j": "й", "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с",
    "t": "т", "u": "у", "v": "в", "w": "в", "x": "кс", "y": "й", "z": "з",
}  # fmt: skip
_END = re.compile(r"(?<=[kg])(?:iy|ii|ij|y)\b|(?<=sk)i\b")
_PARTS = re.compile("|".join(sorted(_CYRILLIC, key=len, reverse=True)))
_Y = re.compile(r"(?<![aeiou])y(?![aeou])")
_CYRILLIC_WORD = re.compile(r"[\u0400-\u052f]+")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_SHORTEST, _LONGEST_NAME = 4, 4


def other_scripts(text: str, is_known: Callable[[str], bool]) -> list[str]:
    """The question with its words in another script, each way that makes another question.

    Args:
        text: the question.
        is_known: whether anything has a word: such words stay, unless all are known and only not found together.
    """
    found = [_replaced(text, pattern, write, is_known) for pattern, write in _WAYS]
    return [other for other in dict.fromkeys(found) if other != text]


def in_latin(word: str) -> str:
    """Cyrillic letters as English writes them."""
    return "".join(_LATIN.get(letter, letter) for letter in word.lower())


def in_latin_with_h(word: str) -> str:
    """The same where Russian has г for an h: Гамлет, Гарри."""
    return in_latin(word).replace("g", "h")


def in_cyrillic(word: str) -> str:
    """Latin letters as Russian would have them; the word itself where it is too short to tell."""
    if len(word) < _SHORTEST:
        return word
    plain = _Y.sub("ы", _END.sub("ий", fold(word)))
    return _PARTS.sub(lambda part: _CYRILLIC[part[0]], plain)


def in_syllables(run: str) -> str:
    """A name or title in pinyin, as a phrase; the run itself where it is too long to be one."""
    syllables = pinyin(run) if 1 < len(run) <= _LONGEST_NAME else []
    return f'"{" ".join(syllables)}"' if syllables else run


def in_two_words(run: str) -> str:
    """The same with the surname apart and what follows it in one word."""
    first, _, rest = in_syllables(run).partition(" ")
    return f"{first} {rest.replace(' ', '')}" if rest else first


def _replaced(text: str, words: re.Pattern[str], other: Callable[[str], str], is_known: Callable[[str], bool]) -> str:
    strange = {word for word in words.findall(text) if not is_known(word)}
    return words.sub(lambda match: other(match[0]) if not strange or match[0] in strange else match[0], text)


_WAYS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (_CYRILLIC_WORD, in_latin),
    (_CYRILLIC_WORD, in_latin_with_h),
    (_LATIN_WORD, in_cyrillic),
    (_HAN_RUN, in_two_words),
    (_HAN_RUN, in_syllables),
)
