"""A work as a page: what it is, and every copy of it, place by place, the best for the asker first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from schemas.answer import Best
from schemas.institution import Institution
from search_api.places import by_place, place_name
from search_api.views import EditionView, HoldingView, WorkView
from search_api.web import facts
from search_api.web.addresses import safe_url
from search_api.web.cards import best_way, text_language
from search_api.web.facts import Fact
from search_api.web.wording import Times, Wording

COPIES_SHOWN = 4
"""Copies of one place that are shown at once; the others unfold."""
PLACES_SHOWN, CREATORS_SHOWN = 25, 12
_LONG_TITLE = 160
"""Letters from which on a heading is set smaller."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A copy, or a set of copies, at a place."""

    call_number: str
    location: str
    number: int
    services: list[Fact]
    status: str
    note: str
    url: str
    edition: list[str]
    """Which it is, where the work has several."""


class Place(msgspec.Struct, kw_only=True):
    """A place with its copies. ``best`` is that of its best copy."""

    number: int
    name: str
    best: Best
    facts: list[Fact]
    copies: list[Copy]
    phone: str = ""
    """To ask before one goes, where it is not known whether it can be had or whether the place is open."""
    email: str = ""


class EditionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of editions."""

    edition: EditionView
    title: str
    """Of its copies, where it is not that of the work."""
    languages: list[str]


def work_page_view(
    work: WorkView,
    known: Mapping[str, Institution],
    say: Wording,
    times: Times,
    *,
    mode: str,
    near: bool,
    only: str = "",
) -> dict[str, Any]:
    """What the template shows of a work.

    Args:
        work: the work with all its copies.
        known: the institutions of the registry by their ids.
        say: the words of the page.
        times: the moment asked about, and now.
        mode: how the asker travels.
        near: whether the asker's position is known.
        only: id of the edition whose copies are shown; anything else means all.
    """
    titles = {holding.edition: holding.best.title for holding in work.holdings if holding.best.title != work.title}
    chosen = next((one for one in work.editions if one.id == only), None) if len(work.editions) > 1 else None
    holdings = [one for one in work.holdings if one.edition == only] if chosen else work.holdings
    return {
        "work": work,
        "chosen": edition_words(chosen, titles.get(only, ""), work, say) or [only] if chosen else [],
        "copies_shown": len(holdings),
        "shown": COPIES_SHOWN,
        "shown_places": PLACES_SHOWN,
        "shown_creators": CREATORS_SHOWN,
        "long_title": _LONG_TITLE,
        "title_lang": text_language(work.title, work.languages),
        "places": [_asked(place, known) for place in _places(work, holdings, say, times, mode=mode, near=near)],
        "languages": [say.language(tag) for tag in work.languages],
        "published": _published(work),
        "creators": [(creator.name, _role(creator.role, say)) for creator in work.creators],
        "links": [(safe_url(link.url), link.label or safe_url(link.url)) for link in work.links if safe_url(link.url)],
        "editions": [
            EditionRow(
                edition=one, title=titles.get(one.id, ""), languages=[say.language(tag) for tag in one.languages]
            )
            for one in work.editions
        ],
    }


def _places(
    work: WorkView, holdings: Sequence[HoldingView], say: Wording, times: Times, *, mode: str, near: bool
) -> list[Place]:
    """Holdings by place, in the order of the best copy of each."""
    editions = {edition.id: edition for edition in work.editions}
    found = []
    for number, copies in enumerate(by_place(holdings), 1):
        best = copies[0].best
        place = _place(number, place_name(best), best, say, times, mode=mode, near=near)
        for holding in copies:
            edition = editions.get(holding.edition)
            told = edition_words(edition, holding.best.title, work, say) if edition and len(editions) > 1 else []
            place.copies.append(_copy(holding, told, say, times))
        found.append(place)
    return found


def _place(number: int, name: str, best: Best, say: Wording, times: Times, *, mode: str, near: bool) -> Place:
    told = []
    if best.service != "digital":
        told = [facts.opening(say, best, times)]
        if way := best_way(best, say, mode=mode, near=near):
            told.append(way)
    return Place(number=number, name=name, best=best, facts=told, copies=[])


def _asked(place: Place, known: Mapping[str, Institution]) -> Place:
    unsure = any(fact.tone == "none" for fact in (*place.facts[:1], *place.copies[0].services))
    if unsure and (one := known.get(place.best.institution_id or "")) and not one.closed:
        place.phone, place.email = one.phone, one.email
    return place


def _copy(holding: HoldingView, edition: list[str], say: Wording, times: Times) -> Copy:
    best = holding.best
    services = [
        facts.availability(
            say, state=one.state, service=one.service, due=one.due, checked_at=one.checked_at, times=times
        )
        for one in holding.services
    ] or [facts.availability(say, state=best.state, service=best.service, due=best.due, checked_at=None, times=times)]
    return Copy(
        call_number=best.call_number,
        location=best.location,
        number=holding.copies,
        services=list(dict.fromkeys(services)),  # "expected back 12 Dec" is the same for loan and on the spot
        status=holding.status,
        note=holding.note,
        url=safe_url(holding.url),
        edition=edition,
    )


def edition_words(edition: EditionView, title: str, work: WorkView, say: Wording) -> list[str]:
    """Which edition it is, where a work has several: its title and languages where they are not those of the work."""
    languages = edition.languages if set(edition.languages) != set(work.languages) else []
    parts = [
        title if title != work.title else "",
        say("list_comma").join(say.language(tag) for tag in languages),
        edition.edition,
        edition.publisher,
        str(edition.year) if edition.year is not None else "",
    ]
    return [part for part in parts if part]


def _published(work: WorkView) -> str:
    place = ": ".join(part for part in (work.publication_place, work.publisher) if part)
    when = work.date or (str(work.year) if work.year is not None else "")
    return ", ".join(part for part in (place, when) if part)


def _role(code: str, say: Wording) -> str:
    """The name of a MARC relator code; authors need none, and codes few readers know say nothing."""
    return say(f"role_{code}") if code and say.has(f"role_{code}") else ""
