"""Numbers and names of things in a question: ISBN, ISSN, and identifiers and shelf-marks in their spellings."""

from __future__ import annotations

import re

from indexer.analysis import identifier_key
from indexer.analysis_folding import UNSPACED
from schemas.check_digits import isbn_fault, issn_fault
from schemas.identifiers import find_isbns, isbn13, issn
from search_api.messages import text as text_of

_LONGEST_IDENTIFIER = 60
_LONG_NUMBER = 8
_MOST_WORDS, _MOST_IN_NAME = 12, 4
_SHAPE = r"[\dXx\s‐‑‒–—-]"
_AROUND = re.compile(r"^\W+|\W+$")
_LABEL = re.compile(r"^\s*(?:urn:)?(?:isbn|issn)(?:-?1[03](?!\d))?\s*[:：]?\s*", re.IGNORECASE)
_DOI = re.compile(r"^(?:(?:https?://)?(?:dx\.)?doi\.org/|doi\s*[:：]\s*)(?=10\.)", re.IGNORECASE)
_OCLC = re.compile(r"^(?:\(ocolc\)|oclc|ocm|ocn|on)\W*0*(?P<number>\d{5,})$", re.IGNORECASE)
_LCCN = re.compile(r"^(?:lccn\W*)?(?P<year>(?:[a-z]{1,3})?(?:\d\d|\d{4}))-(?P<number>\d{1,6})$", re.IGNORECASE)


def standard_number(text: str) -> str:
    """The ISBN-13 or ISSN without hyphens that a question consists of; "" if it is none."""
    bare = _LABEL.sub("", text).strip()
    if not re.fullmatch(_SHAPE + "{8,25}", bare):
        return ""
    digits = re.sub(r"[^\dXx]", "", bare).upper()
    if len(digits) == 8:
        # Eight digits are a year span or a date as often as an ISSN: its hyphen or the word must say so.
        told = bare != text.strip() or re.fullmatch(r"\d{4}[‐‑–—-]\d{3}[\dXx]", bare)
        return digits if told and issn(f"{digits[:4]}-{digits[4:]}") else ""
    return isbn13(digits) or ""


def several_isbns(text: str) -> tuple[str, ...]:
    """The ISBNs of a question that consists of nothing else; none where it is one or says more."""
    if not re.fullmatch(_SHAPE + r"{20,}", re.sub(r"(?i)isbn(?:-?1[03](?!\d))?|[,;:/|]", " ", text)):
        return ()
    found = find_isbns(text)
    return tuple(found) if len(found) > 1 else ()


def bare_issn(text: str) -> str:
    """What may be an ISSN written without its hyphen, or a date: only a catalogue that has it can tell."""
    digits = text.strip().upper()
    return digits if re.fullmatch(r"\d{7}[\dX]", digits) and issn(f"{digits[:4]}-{digits[4:]}") else ""


def fault(text: str, lang: str) -> str:
    """What is wrong with a question that looks like a mistyped ISBN or ISSN, in words; "" where it does not."""
    bare = text.strip()
    labelled = _LABEL.sub("", bare)
    if not re.fullmatch(_SHAPE + "{8,25}", labelled):
        return ""
    digits = re.sub(r"[^\dXx]", "", labelled)
    if re.fullmatch(r"\d{4}[‐‑–—-]\d{3}[\dXx]", labelled) or (labelled != bare and len(digits) == 8):
        kind, found = "issn", issn_fault(labelled)
    elif labelled != bare or labelled.startswith(("978", "979")) or len(digits) == 10:
        kind, found = "isbn", isbn_fault(labelled)
    else:
        return ""
    if found is None:
        return ""
    told = found._asdict()
    return "q: " + text_of(lang, f"identifiers.{kind}_{told.pop('kind')}", text=bare, **told)


def isbns_within(text: str) -> tuple[str, ...]:
    """ISBNs beside other words; one of ten digits may be any number, so a catalogue must have it."""
    found = find_isbns(text)
    first = isbn13(text)
    return tuple(dict.fromkeys([*found, first] if first else found))


def may_be_identifier(text: str) -> bool:
    """Whether a question looks like a shelf-mark, an accession number or a record's identifier."""
    text = text.strip()
    if len(text) > _LONGEST_IDENTIFIER or not re.search(r"\d", text) or '"' in text:
        return False
    if (number := _AROUND.sub("", text)).isdigit():
        return len(number) >= _LONG_NUMBER  # a year is none, nor in brackets
    return len(text.split()) <= _MOST_IN_NAME


def spellings(text: str) -> tuple[str, ...]:
    """Keys under which the index may have an identifier: as written, and DOI, OCLC number and LCCN in their form."""
    text = text.strip()
    forms = [text, _DOI.sub("", text)]
    if oclc := _OCLC.match(text):
        forms.append(f"oclc:{oclc['number']}")
    if lccn := _LCCN.match(text):
        forms.append(f"lccn:{lccn['year']}{lccn['number']:0>6}")
    return tuple(dict.fromkeys(key for form in forms if (key := identifier_key(form))))


def names_within(text: str) -> dict[str, str]:
    """Identifiers and shelf-marks that may stand beside other words, longest first: key -> as written."""
    words = text.split()[:_MOST_WORDS]
    spans = [
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(start + _MOST_IN_NAME, len(words)) + 1)
        if end - start < len(words)
    ]
    likely = [
        span for span in spans if len(span) >= 5 and may_be_identifier(span) and len(re.findall(r"\d", span)) >= 3
    ]
    likely.sort(key=len, reverse=True)
    return {key: span for span in reversed(likely) for key in spellings(span)}


def is_no_text(text: str) -> bool:
    """Whether a question is one name without blanks, of digits and signs, whose parts mean nothing alone."""
    text = text.strip()
    if re.search(rf"\s|[{UNSPACED}]", text):  # scripts without blanks: 红楼梦（1-3册）
        return False
    return bool(re.search(r"\d", text)) and bool(re.search(r"\d[^\w\s]|[^\w\s]\d", text))
