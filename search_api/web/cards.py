"""Hits as result cards."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import msgspec

from schemas.answer import Best, Hit, Signal
from search_api.places import place_name
from search_api.web import facts
from search_api.web.facts import Fact
from search_api.web.wording import Times, Wording

_CREATORS_SHOWN = 3
_LONGEST_TITLE = 240
_NOT_LATIN = {"zh", "ja", "ko", "ru", "uk", "bg", "sr", "el", "grc", "he", "ar", "fa", "hi", "th", "ka", "hy", "yi"}


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A row of "why is it here"."""

    name: str
    reason: str
    points: float


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A hit, ready to be shown."""

    number: int
    hit: Hit
    title: str
    """With its part, cut where it is longer than a card can bear."""
    title_lang: str
    about: list[str]
    place: str
    facts: list[Fact]
    way: Fact | None
    copies: str
    copy: str
    """Which of several languages the copy is in that answers; "" where there is but one."""
    reasons: list[Reason]


def card(hit: Hit, number: int, say: Wording, *, times: Times, mode: str, near: bool) -> Card:
    """A card for a hit. ``near``: whether a position was given."""
    return Card(
        number=number,
        hit=hit,
        title=shorten(". ".join(piece for piece in (hit.title, hit.part) if piece), _LONGEST_TITLE),
        title_lang=text_language(hit.title, hit.languages),
        about=_about(hit, say),
        place=place_name(hit.best) if hit.best else "",
        facts=best_facts(hit.best, say, times) if hit.best else [],
        way=best_way(hit.best, say, mode=mode, near=near) if hit.best else None,
        copies=_copies(hit, say),
        copy=_copy(hit, say),
        reasons=[_reason(name, signal, say) for name, signal in hit.signals.items()],
    )


def best_facts(best: Best, say: Wording, times: Times) -> list[Fact]:
    """Whether it can be had and whether the place is open. What is to be had online needs no open door."""
    available = facts.availability(
        say, state=best.state, service=best.service, due=best.due, checked_at=best.checked_at, times=times
    )
    if best.service == "digital":
        return [available]
    return [available, facts.opening(say, best, times)]


def best_way(best: Best, say: Wording, *, mode: str, near: bool) -> Fact | None:
    """How far it is; None where that does not matter or was not asked."""
    if best.service == "digital":
        return None
    return facts.distance(say, km=best.distance_km, minutes=best.travel_min, mode=mode, asked=near)


def shorten(text: str, most: int) -> str:
    """A text of at most so many letters, cut between two words where there is a gap near the end."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    gap = cut.rfind(" ", most * 3 // 4)
    return f"{cut[:gap] if gap > 0 else cut} …"


def text_language(title: str, languages: Sequence[str]) -> str:
    """The language tag of a title where it can be told, else "": for screen readers and the choice of glyphs.

    A title in Latin letters of a work in a language with another script is a romanisation ("zh-Latn").
    """
    letters = {unicodedata.name(c, "").split(" ")[0] for c in title if c.isalpha()}
    known = [tag for tag in languages if tag not in ("mul", "und", "zxx", "mis")]
    if "CJK" in letters or letters & {"HIRAGANA", "KATAKANA", "HANGUL"}:
        if letters & {"HIRAGANA", "KATAKANA"}:
            return "ja"
        if "HANGUL" in letters:
            return "ko"
        return next((tag for tag in known if tag.split("-")[0] in ("zh", "ja", "ko")), "zh")
    if len(known) != 1:
        return ""
    tag = known[0]
    if letters == {"LATIN"} and tag.split("-")[0] in _NOT_LATIN:
        return f"{tag.split('-')[0]}-Latn"
    return tag


def _about(hit: Hit, say: Wording) -> list[str]:
    who = say("list_semicolon").join(hit.creators[:_CREATORS_SHOWN])
    if (more := len(hit.creators) - _CREATORS_SHOWN) > 0:
        who = f"{who} {say('creators_more', n=more)}"
    languages = say("list_comma").join(say.language(tag) for tag in hit.languages[:3])
    year = str(hit.year) if hit.year is not None else ""
    return [piece for piece in (who, year, say.named("type", hit.type), languages, hit.unit_id) if piece]


def _copies(hit: Hit, say: Wording) -> str:
    if not hit.holdings_count:
        return say("no_copies")
    copies = say("copies_at", n=hit.holdings_count)
    places = say("places_count", n=hit.institutions_count)
    return say("copies_places", copies=copies, places=places) if hit.institutions_count else copies


def _copy(hit: Hit, say: Wording) -> str:
    best = hit.best
    if best is None or not best.languages or not set(hit.languages) - set(best.languages):
        return ""
    languages = say("list_comma").join(say.language(tag) for tag in best.languages[:3])
    told = (languages, str(best.year) if best.year is not None else "", best.title if best.title != hit.title else "")
    return say("merging.copy_is", what=say("list_comma").join(piece for piece in told if piece))


def _reason(name: str, signal: Signal, say: Wording) -> Reason:
    return Reason(name=say.named("signal", name), reason=signal.reason, points=signal.weight * signal.score)
