"""How much a thing is and what it is on, from the words of its extent: pages, volumes, carriers."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from schemas.catalogue import CatalogueRecord

_FEWEST_PAGES = 10
_NUMBER = re.compile(r"\d+")
_SIZE = re.compile(r";|\d+\s*(?:x\s*\d+\s*)?(?:cm|mm)\b")
_SET = re.compile(r"(\d+)\s*(?:v\b|vol|bd|bde|band|bände|t\b|tom|т\b|册|冊)", re.I)
_PAPER = re.compile(r"\d\]?\s*(?:p|pp|pages|s|с|стр|l|leaves|bl|f|ff|páginas|seiten)\b|页|頁", re.I)
_MEDIUM = re.compile(r"\[([^\]]*)\]")
_DISCS = frozenset(("cd", "dvd", "blu-ray", "lp"))
_DISC = re.compile(r"\bdis[ck]s?\b|disque|光盘", re.I)
_CARRIERS = {
    name: re.compile(pattern, re.I)
    for name, pattern in {
        "cassette": r"cassett|kassett|audiotape|\bvhs\b",
        "cd": r"\bcds?\b|\bcd-|compact dis[ck]",
        "dvd": r"\bdvds?\b|\bdvd-",
        "blu-ray": r"blu-?ray",
        "lp": r"schallplatte|\blps?\b|vinyl",
        "parts": r"^\W*\d+\W*(?:instrumental |orchester)?(?:parts?|stimmen|parties|particelle)\b",
        "film": r"microf|mikrof|\bfiche",
        "online": r"online|on-line|electronic (?:book|resource|text)|\be-?books?\b|kindle|ressource électronique"
        r"|elektronische ressource|recurso electr|网络|电子",
    }.items()
}


class Extent(msgspec.Struct, frozen=True, gc=False):
    """0 and nothing: the record does not say."""

    pages: int = 0
    """The highest number before the size: the pages that are counted in Arabic numerals."""
    volumes: int = 0
    carriers: frozenset[str] = frozenset()
    """cassette, film, online, paper, the kinds of discs (all of them where only "disc" is said), parts of a score."""


UNKNOWN = Extent()


def extent_of(record: CatalogueRecord) -> Extent:
    """The extent of a record; the edition statement and the medium behind the title tell the carrier too."""
    medium = _MEDIUM.search(record.title) if "[" in record.title else None
    return _extent(record.extent, record.edition, medium[1] if medium else "")


@lru_cache(maxsize=65_536)
def _extent(extent: str, edition: str, medium: str) -> Extent:
    if not extent and not edition and not medium:
        return UNKNOWN
    text = f"{extent} {edition} {medium}"
    carriers = frozenset(name for name, pattern in _CARRIERS.items() if pattern.search(text))
    if _DISCS.isdisjoint(carriers) and _DISC.search(text):
        carriers |= _DISCS
    volumes = _SET.search(extent)
    before = _SIZE.split(extent, maxsplit=1)[0]
    pages = max((int(number) for number in _NUMBER.findall(before) if len(number) < 6), default=0)
    pages = pages if pages >= _FEWEST_PAGES and carriers <= {"online"} else 0
    if not carriers and (pages or volumes or _PAPER.search(extent)):
        carriers = frozenset(("paper",))
    return Extent(pages, int(volumes[1]) if volumes and len(volumes[1]) < 5 else 0, carriers)
