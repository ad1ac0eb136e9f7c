"""Numbers in a question written the other way: figures for words, words for figures (50 shades = fifty shades)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

_WORDS = {
    "en": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
    "de": "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig",
    "fr": "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf vingt",
    "es": "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte",
}
_MORE = {
    "en": {30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"},
    "de": {30: "dreißig", 40: "vierzig", 50: "fünfzig", 60: "sechzig", 70: "siebzig", 80: "achtzig", 90: "neunzig"},
    "fr": {30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante", 80: "quatre-vingts"},
    "es": {30: "treinta", 40: "cuarenta", 50: "cincuenta", 60: "sesenta", 70: "setenta", 80: "ochenta", 90: "noventa"},
}
_LARGE = {"en": ("hundred", "thousand"), "de": ("hundert", "tausend"), "fr": ("cent", "mille"), "es": ("cien", "mil")}
_NAMES = {language: dict(enumerate(words.split(), start=1)) | _MORE[language] for language, words in _WORDS.items()}
_FIGURES = {name: str(value) for names in reversed(_NAMES.values()) for value, name in names.items()}
_FIGURE = re.compile(r"(?<![\w.,-])\d{1,6}(?![\w-]|[.,]\d)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TENS = re.compile(
    r"(?i)\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[ -](one|two|three|four|five|six|seven|eight|nine)\b"
)
_FEWEST_LETTERS = 3
_ONE = re.compile(r"(?<!\w )\b(hundred|thousand)\b")
_JOINED = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def other_numbers(text: str) -> Iterator[str]:
    """The question with its numbers written otherwise; nothing where it has none.

    Figures become words of one language at a time (only English makes 39 of two), words become figures; 20000 becomes
    20,000; figures and letters that stand together (catch22) are parted.
    """
    named = [_FIGURE.sub(partial(_named, language), text) for language in _NAMES]
    found = [_ONE.sub(r"one \1", named[0]), *named]
    found.append(_FIGURE.sub(lambda match: f"{int(match[0]):,}", text))
    in_figures = _TENS.sub(lambda match: str(_value(match[1]) + _value(match[2])), text)
    found.append(_WORD.sub(lambda match: _figure(match[0]), in_figures))
    found.append(_JOINED.sub(" ", text))
    yield from (other for other in dict.fromkeys(found) if other != text)


def _named(language: str, figure: re.Match[str]) -> str:
    names, value = _NAMES[language], int(figure[0])
    hundred, thousand = _LARGE[language]
    if value in names:
        return names[value]
    if language == "en" and 20 < value < 100:
        return f"{names[value // 10 * 10]} {names[value % 10]}"
    if value in (100, 1000):
        return hundred if value == 100 else thousand
    if value and value % 1000 == 0 and value // 1000 in names:
        return f"{names[value // 1000]} {thousand}"
    return str(value)


def _value(word: str) -> int:
    return int(_FIGURES[word.lower()])


def _figure(word: str) -> str:
    return _FIGURES.get(word.lower(), word) if len(word) >= _FEWEST_LETTERS else word
