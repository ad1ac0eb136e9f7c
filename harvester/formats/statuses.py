"""What a status means for each service; the words stand in ``config/maps/statuses.yaml``, a mapping may add its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from config.load import load_yaml
from harvester.formats.base import MappingError
from harvester.formats.dates import iso_date
from harvester.formats.text import fold
from schemas.catalogue import SERVICES, STATES, Availability, Service, State

Meaning = tuple[tuple[Service, State], ...]

_CJK = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_NEGATIONS = frozenset(
    [
        "0",
        "not",
        "no",
        "never",
        "non",
        "nicht",
        "kein",
        "keine",
        "ne",
        "pas",
        "sin",
        "niet",
        "geen",
        "não",
        "nao",
        "не",
        "нет",
        "без",
        "nie",
        "ei",
        "inte",
        "isn",
        "aren",
    ]
)
_CJK_NEGATIONS = frozenset("不未无無非没沒")
_DUE = re.compile(
    r"(?i)\b(?:due|until|till|bis|fällig|jusqu|hasta|vence|fino|scade|tot|до|back|return|ab)\b|到期|应还|應還|返却|まで|까지|반납"
)
_NO = re.compile(r"(?i)\s*(?:no|nein|non|nee|não|нет)\s*[-–—:;,(]\s*([^()]+?)\)?\s*")
"""A "no" to the question of the header, and why."""
_LONGEST_PHRASE = 7
_LONGEST = 500
"""Characters of a status that are read, and remembered."""


class StatusMap:
    """Reads the statuses of one source. Its own words win over the general ones."""

    def __init__(self, own: Mapping[str, Any] | None = None, system: str = "", *, month_first: bool = False) -> None:
        """Compile the map.

        Args:
            own: a mapping's ``statuses``: word -> a meaning, a state (for loan and on_site), or {service: state}.
            system: a mapping's ``status_system``: koha_notforloan, evergreen, sierra ...
            month_first: dates like 1/5/2026 mean the fifth of January.

        Raises:
            MappingError: names the word or system that is not known.
        """
        self._own: dict[str, Meaning] = {}
        self._month_first = month_first
        systems = load_yaml("maps/statuses.yaml")["systems"]
        if system and system not in systems:
            raise MappingError(f"status_system: {system!r} is not known; there are {', '.join(sorted(systems))}")
        for code, name in systems.get(system, {}).items():
            self._own[code.strip().casefold()] = meanings()[name]
        for word, value in (own or {}).items():
            self._own[str(word).strip().casefold()] = meaning_of(value, f"statuses: {word}")
        self._remembered = lru_cache(maxsize=8192)(self._read)

    def read(self, text: str, due: str = "") -> tuple[Availability, ...]:
        """State per service of a status text; none for what is empty or not understood.

        Args:
            text: the source's words.
            due: a due date from a column or subfield of its own, in any form.
        """
        return self._remembered(text[:_LONGEST], due[:_LONGEST])

    def _read(self, text: str, due: str) -> tuple[Availability, ...]:
        meaning = self._own.get(text.strip().casefold())
        if meaning is None:
            meaning = _meaning(text, self._month_first)
        date = iso_date(due or text, month_first=self._month_first)
        if not meaning and date and due:
            meaning = meanings()["on_loan"]
        if due and not date and fold(due) not in {"", "0"} and not meaning:
            return self.read(due)
        return tuple(
            Availability(service=service, state=state, due=date if state == "expected" else "")
            for service, state in meaning or ()
        )


@lru_cache(maxsize=1)
def meanings() -> dict[str, Meaning]:
    """Every named meaning: on_loan, library_use ..."""
    return {
        name: tuple((cast("Service", service), cast("State", state)) for service, state in states.items())
        for name, states in load_yaml("maps/statuses.yaml")["meanings"].items()
    }


def meaning_of(value: Any, where: str) -> Meaning:
    """The meaning that a mapping file gives: a name, a state, or {service: state}.

    Raises:
        MappingError: names the place and what is allowed there.
    """
    if isinstance(value, str):
        if value in meanings():
            return meanings()[value]
        if value == "unknown":
            return ()
        if value in STATES:
            return (("loan", value), ("on_site", value))
        raise MappingError(
            f"{where}: {value!r} is neither a meaning ({', '.join(meanings())}) nor a state ({', '.join(STATES)})"
        )
    if not isinstance(value, dict) or not value:
        raise MappingError(f"{where}: must be a meaning, a state, or {{service: state}}")
    for service, state in value.items():
        if service not in SERVICES or state not in STATES:
            raise MappingError(
                f"{where}: {service}: {state} is not one of {', '.join(SERVICES)} with one of {', '.join(STATES)}"
            )
    return tuple(value.items())


@lru_cache(maxsize=1)
def _phrases() -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Phrases to find anywhere, codes to find alone, and the phrases of unspaced scripts, longest first."""
    maps = load_yaml("maps/statuses.yaml")
    words = {fold(word): name for name, listed in maps["words"].items() for word in listed}
    codes = {fold(str(word)): name for name, listed in maps["codes"].items() for word in listed}
    # Blanks mean nothing in these scripts; in Korean they are set as one likes.
    words |= {word.replace(" ", ""): name for word, name in words.items() if _CJK.search(word)}
    unspaced = sorted((word for word in words if _CJK.search(word) and " " not in word), key=len, reverse=True)
    return words, codes, unspaced


def _meaning(text: str, month_first: bool) -> Meaning:
    if (reason := _NO.fullmatch(text)) and (found := _meaning(reason[1], month_first)):
        return found  # "No - on loan"
    folded = fold(text)
    words, codes, unspaced = _phrases()
    name = words.get(folded) or codes.get(folded)
    if name is None and _CJK.search(folded):
        name = _inside_unspaced(folded.replace(" ", ""), words, unspaced)
    if name is None:
        name = _inside(folded.split(), words)
    if name is None and iso_date(text, month_first=month_first) and (_DUE.search(text) or _only_a_date(text)):
        name = "on_loan"
    return meanings()[name] if name else ()


def _inside(tokens: list[str], words: dict[str, str]) -> str | None:
    for length in range(min(_LONGEST_PHRASE, len(tokens)), 0, -1):
        for start in range(len(tokens) - length + 1):
            phrase = " ".join(tokens[start : start + length])
            name = words.get(phrase)
            if name:
                return _negated(name) if _NEGATIONS.intersection(tokens[:start]) else name
    return None


def _inside_unspaced(text: str, words: dict[str, str], unspaced: list[str]) -> str | None:
    for phrase in unspaced:
        start = text.find(phrase)
        if start >= 0:
            return _negated(words[phrase]) if start and text[start - 1] in _CJK_NEGATIONS else words[phrase]
    return None


def _negated(name: str) -> str | None:
    return {"available": "unavailable", "on_display": "not_on_view", "digital": None}.get(name)


def _only_a_date(text: str) -> bool:
    return not re.search(r"[^\W\d_]{2,}", re.sub(r"[TZ]", "", text))
