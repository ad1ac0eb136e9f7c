"""Persons and bodies (100, 110, 111, 700, 710, 711, 720) with what they did, also in their own script (880)."""

from __future__ import annotations

import re
from functools import lru_cache

from config.load import load_yaml
from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.text import fold, strip_name, tidy
from schemas.catalogue import Creator

_SIGNED = re.compile(
    r"(?:[(（\[〔【][\u3400-\u9fff]{1,4}[)）\]〕】] ?)?([\u3040-\u30ff\u3400-\u9fff·・]{2,40}?)"
    r" ?(编著|編著|主编|主編|[著编編译譯訳绘繪撰])?$"
)
"""Country or dynasty, a name of two characters at least (王著 is one, too), what its bearer did."""
_INCLUSIVE = re.compile(r"(?:[/:*_]-?in(?:nen)?|\(in(?:nen)?\))$")
"""Endings by which German words mean women and men: "Maler/in", "Fotograf(in)"."""
_TAGS = ("100", "110", "111", "700", "710", "711", "720")
_NAME_CODES = {"00": "abc", "10": "ab", "11": "acndeq"}


def extract_creators(marc: MarcRecord) -> list[Creator]:
    """Names without dates, main entry first, each once.

    An added entry that names a work ($t) is about that work: its name counts only when the work is contained in this
    one (second indicator 2).
    """
    found: dict[str, Creator] = {}
    for field in marc.with_linked(_TAGS):
        creator: Creator | None = field.meaning or _creator(field)
        if creator and creator.name not in found:
            found[creator.name] = creator
    return list(found.values())


def _creator(field: MarcField) -> Creator | None:
    tag = field.tag if field.tag != "880" else field.first("6")[:3]
    if len(field.subfields) > 1 and tag[0] == "7" and field.ind2 != "2" and field.first("t"):
        return None
    name = strip_name(tidy(field.join(_NAME_CODES.get(tag[1:], "a"))))
    field.meaning = creator = Creator(name, _role(field, tag)) if name else None
    return creator


def _role(field: MarcField, tag: str) -> str:
    if len(field.subfields) == 1:
        return ""
    # Of meetings $e is a subordinate unit and $j the role; $4 (a code or a URI) is surer than the words.
    for code, value in field.subfields:
        if code == "4":
            short = value.rstrip("/ .").rpartition("/")[2].strip().lower()
            if len(short) == 3:
                return short
    for code, value in field.subfields:
        if code == ("j" if tag[1:] == "11" else "e"):
            role = relator(value)
            if role:
                return role
    return ""


@lru_cache(maxsize=4096)
def relator(words: str) -> str:
    """The MARC relator code of words like "editor", "Hrsg.", "traduction", "" when unknown."""
    names = _relators()
    words = _INCLUSIVE.sub("", words)
    folded = fold(words)
    if folded in names:
        return names[folded]
    for part in words.replace("&", ",").replace(" und ", ",").replace(" and ", ",").replace(" et ", ",").split(","):
        if fold(part) in names:
            return names[fold(part)]
    return folded if len(folded) == 3 and folded in set(names.values()) else ""


def east_asian(name: str) -> tuple[str, str]:
    """Name and relator code of "(清)曹雪芹著" or "夏目漱石 著", as title pages have it; any other name as it is."""
    match = _SIGNED.match(name)
    return (match[1], relator(match[2]) if match[2] else "") if match else (name, "")


@lru_cache(maxsize=1)
def _relators() -> dict[str, str]:
    return {fold(word): code for code, words in load_yaml("maps/relators.yaml").items() for word in words}
