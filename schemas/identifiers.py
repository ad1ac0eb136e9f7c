"""Identifiers and codes in one form each: ISBN, ISSN, languages (BCP 47), countries (ISO 3166-1)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from operator import mul

import langcodes
from langcodes.data_dicts import LANGUAGE_ALPHA3, LANGUAGE_ALPHA3_BIBLIOGRAPHIC, TERRITORY_REPLACEMENTS

from schemas.normal_form import normal_form

_HYPHENS = dict.fromkeys(map(ord, "-‐‑‒–—―−\u00ad\u200b\ufeff"), "-")
# Digits may be set apart by one hyphen or blank each; ISBN-10 may begin with "SBN" and lack its first 0.
_ISBN = re.compile(r"(?<![\dA-Za-z])((?:97[89][- ]?)?(?:\d[- ]?){8,9}[\dXx])(?![\d])")
_LABELLED = re.compile(r"(?i)\bs?isbn\b|urn:isbn:")
_ISSN = re.compile(r"(?<![\dA-Za-z-])(\d{4}-?\d{3}[\dXx])(?![\dA-Za-z-])")

_HYPHENS_IN_ISBN10 = 3
_ISBN10_WEIGHTS = bytes(range(10, 1, -1))
_ISSN_WEIGHTS = bytes(range(8, 1, -1))
_CHECKS = "0123456789X"
_LAST = frozenset("0123456789Xx")  # of an ISBN-10

_LONGEST_NAME = 80
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis", "xxx", "qaa"})
# Codes that the MARC list had before 2007 and that no longer stand in ISO 639; they live on in old records.
_OLD_MARC = {
    "ajm": "jrb", "cam": "km", "esk": "ypk", "esp": "eo", "eth": "gez", "far": "fo", "fri": "fy", "gae": "gd",
    "gag": "gl", "gua": "gn", "int": "ia", "iri": "ga", "kus": "kos", "lan": "oc", "lap": "se", "max": "gv",
    "mla": "mg", "sao": "sm", "sho": "sn", "snh": "si", "sso": "st", "swz": "ss", "tag": "tl", "taj": "tg",
    "tar": "tt", "tru": "chk", "tsw": "tn",
}  # fmt: skip
_LANGUAGE_NAMES = {"汉语": "zh", "漢語": "zh", "国语": "zh", "國語": "zh", "华语": "zh", "華語": "zh", "ingl": "en"}
_NAME_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "zh", "zh-Hant", "ja", "ru", "pl", "sv", "da", "fi")
_COUNTRY_NAMES = {"uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "usa": "US",
                  "us": "US", "u s a": "US", "united states of america": "US", "prc": "CN"}  # fmt: skip


def isbn13(text: str) -> str | None:
    """The first ISBN in a text that holds one, as 13 digits.

    Takes ISBN-13, ISBN-10 and the nine digits of an SBN, with or without hyphens, blanks, label and qualifier
    ("ISBN 0-8044-2957-X (pbk.)"). ISO 2108; ISMN (979-0) is no ISBN.

    Returns:
        None when no candidate has a right check digit.
    """
    length = len(text)
    if length == 13 and text.isascii() and text.isdigit():
        return text if _is_isbn13(text) else None
    if length == 10 and text.isascii() and text[:9].isdigit() and text[9] in _LAST:
        return _check_isbn(text)
    for match in _ISBN.finditer(_plain(text)):
        number = _check_isbn(match[1])
        if number:
            return number
    return None


def find_isbns(text: str) -> list[str]:
    """All ISBNs in free text, as 13 digits, in order, each once.

    One in eleven numbers of ten digits passes as an ISBN-10, so those count only with hyphens or after the word
    "ISBN"; ISBN-13 always do.
    """
    text = _plain(text)
    labelled = "sbn" in text.lower() and _LABELLED.search(text) is not None
    found: dict[str, None] = {}
    if not (labelled or "978" in text or "979" in text or text.count("-") >= _HYPHENS_IN_ISBN10):
        return []  # in a seventh of the time that the search takes in a citation
    for match in _ISBN.finditer(text):
        candidate = match[1].strip("- ")
        if not (labelled or candidate.startswith(("978", "979")) or candidate.count("-") == _HYPHENS_IN_ISBN10):
            continue
        number = _check_isbn(candidate)
        if number:
            found[number] = None
    return list(found)


def isbn10(number: str) -> str | None:
    """The ISBN-10 of a valid ISBN-13 of ours; None for those that have none (979)."""
    if len(number) != 13 or not number.startswith("978") or not _is_ean13(number):
        return None
    body = number[3:12]
    return body + _CHECKS[-_weighted(body, _ISBN10_WEIGHTS) % 11]


def issn(text: str) -> str | None:
    """The first valid ISSN in a text, with hyphen ("0378-5955"). ISO 3297."""
    for match in _ISSN.finditer(_plain(text)):
        digits = match[1].replace("-", "").upper()
        if digits.isascii() and digits[7] == _CHECKS[-_weighted(digits[:7], _ISSN_WEIGHTS) % 11]:
            return f"{digits[:4]}-{digits[4:]}"
    return None


@lru_cache(maxsize=8192)
def language_tag(text: str) -> str | None:
    """The BCP 47 language subtag, shortest form, of a code (ISO 639-1/2/3, BCP 47, MARC) or a name.

    Names are understood in the common languages ("Englisch", "français", "中文"). Region and script are left out:
    a reader who asks for English wants "en-GB" too.

    Returns:
        None when it means no single language ("mul", "zxx") or is not understood.
    """
    text = " ".join(normal_form("NFKC", text).split()).strip(" .;,:()[]")
    code = text.lower().replace("_", "-")
    if not code or code in _NO_LANGUAGE or len(code) > _LONGEST_NAME or not code.isprintable():
        return None  # control characters lead the look-up of names astray
    if text in _LANGUAGE_NAMES:
        return _LANGUAGE_NAMES[text]
    if code in _OLD_MARC:
        return _OLD_MARC[code]
    if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", code) and langcodes.tag_is_valid(code):
        return _shortest(code)
    if len(code) <= 3 and code.isascii():
        return None
    for name in dict.fromkeys((_swapped(text), text, re.split(r"[(/;,]| - ", text)[0].strip())):
        try:
            return _shortest(langcodes.find(name).to_tag())
        except LookupError:
            continue
    return None


def _shortest(tag: str) -> str | None:
    language = str(langcodes.standardize_tag(tag, macro=True)).split("-")[0]
    return None if language in _NO_LANGUAGE or "qaa" <= language <= "qtz" else language


@lru_cache(maxsize=2048)
def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code, upper case, of a code or a name in one of the common languages; None if unknown."""
    name = _fold(text)
    if not name:
        return None
    if name in _COUNTRY_NAMES:
        return _COUNTRY_NAMES[name]
    if len(name) == 2 and name.isascii():
        return name.upper() if name in _country_names() else None
    if len(name) == 3 and name.isalpha() and name in TERRITORY_REPLACEMENTS:
        return str(TERRITORY_REPLACEMENTS[name])
    return _country_names().get(name)


def language_code(tag: str) -> str:
    """The ISO 639-2 bibliographic code, as MARC uses it, of a language tag ("de" -> "ger"); "und" without one."""
    code = LANGUAGE_ALPHA3_BIBLIOGRAPHIC.get(tag) or LANGUAGE_ALPHA3.get(tag) or tag
    return code if len(code) == 3 else "und"


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for first in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            code = first + second
            place = langcodes.Language.make(territory=code)
            english = place.territory_name("en")
            if code[0] == "X" or code in {"AA", "QO", "ZZ", "EU", "EZ", "UN"} or english.startswith("Unknown"):
                continue
            names.setdefault(code.lower(), code)
            for language in _NAME_LANGUAGES:
                names.setdefault(_fold(place.territory_name(language)), code)
    return names


def _plain(text: str) -> str:
    return text if text.isascii() else normal_form("NFKC", text.translate(_HYPHENS))


def _fold(text: str) -> str:
    text = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]+", " ", text).split())


def _swapped(text: str) -> str:
    first, comma, last = text.partition(",")
    return f"{last.strip()} {first.strip()}" if comma else text


@lru_cache(maxsize=65536)
def _check_isbn(candidate: str) -> str | None:
    digits = candidate.replace("-", "").replace(" ", "").upper()
    if not digits.isascii():
        return None  # digits of other scripts
    if len(digits) == 9:
        digits = "0" + digits
    if len(digits) == 13:
        return digits if _is_isbn13(digits) else None
    if len(digits) != 10 or digits[9] != _CHECKS[-_weighted(digits[:9], _ISBN10_WEIGHTS) % 11]:
        return None
    return _ean13("978" + digits[:9])


def _is_isbn13(number: str) -> bool:
    return number.startswith(("978", "979")) and not number.startswith("9790") and _is_ean13(number)


def _ean13(twelve: str) -> str:
    """Twelve digits with their check digit (ISO 2108, GS1)."""
    digits = twelve.encode()  # whose sum is that of the digits and 48 for each
    return f"{twelve}{(48 * 24 - sum(digits[::2]) - 3 * sum(digits[1::2])) % 10}"


def _is_ean13(number: str) -> bool:
    if not (number.isascii() and number.isdigit()):
        return False
    digits = number.encode()  # as in _ean13; 48 for each, so weighted, is a multiple of ten
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def _weighted(digits: str, weights: bytes) -> int:
    return sum(map(mul, map(int, digits), weights))
