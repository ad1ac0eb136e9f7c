"""DAIA 1.0 (Document Availability Information API): what a copy can be used for now, as library systems exchange it.

An unknown state is in neither list, and so is one that is too old: nobody is sent on a walk in vain. The published
schema allows no further fields, so ``checked``, ``source`` and ``confidence`` come only with ``extended``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date
from typing import Any
from urllib.parse import quote

import msgspec

from schemas.catalogue import Availability, Service
from search_api.messages import text as text_of
from search_api.ranking.rules import load_rules
from search_api.renderers.base import Frame
from search_api.renderers.states import told
from search_api.renderers.text import one_line
from search_api.views import HoldingView, WorkView
from search_api.web.addresses import safe_url
from search_api.web.wording import Wording

VERSION = "1.0.0"
_SERVICES: dict[Service, str] = {
    "loan": "loan",
    "on_site": "presentation",
    "interloan": "interloan",
    "digital": "remote",  # "openaccess" would promise that there is neither login nor fee, which no source tells
}
_AT_ONCE = "PT0S"
_HOW = {"pushed": "push"}
Json = dict[str, Any]


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """One document of the answer: a work, or those of its copies that an identifier means."""

    identifier: str
    work: WorkView
    holdings: Sequence[HoldingView]


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers. ``id`` empty = the platform, for all institutions."""

    id: str = ""
    name: str


def answer(documents: Iterable[Requested], owner: Owner, frame: Frame, *, extended: bool = False) -> Json:
    """The answer without its timestamp.

    Args:
        documents: what was found for the request identifiers.
        owner: the institution that answers. Its own copies name their branch as department, those in an answer for
            all institutions the owner.
        frame: what stands around.
        extended: with age and source of every state.
    """
    writer = _Writer(owner, frame, extended=extended)
    address = frame.institution(owner.id) if owner.id else f"{frame.base}/"
    return {
        "institution": _filled({"id": address, "href": address, "content": _text(owner.name)}),
        "document": [writer.document(one) for one in documents],
    }


class _Writer:
    def __init__(self, owner: Owner, frame: Frame, *, extended: bool) -> None:
        self._owner, self._frame, self._extended = owner, frame, extended
        self._say = Wording(frame.lang)

    def document(self, found: Requested) -> Json:
        address = self._frame.work(found.work.id)
        # Documents must differ by id, and one work may be asked for by several identifiers.
        id_ = address if found.identifier == address else f"{address}#{quote(found.identifier, safe=':')}"
        return _filled(
            {
                "id": id_,
                "requested": found.identifier,
                "href": address,
                "about": _text(found.work.title),
                "item": [self._item(holding) for holding in found.holdings],
            }
        )

    def _item(self, holding: HoldingView) -> Json:
        best, moment = holding.best, self._frame.moment
        states = [(one, told(one.state, one.checked_at, moment)) for one in holding.services]
        item = {
            "href": _url(holding.url),
            "label": _text(best.call_number),
            "about": self._about(holding),
            "department": self._department(holding),
            "storage": self._storage(holding),
            "available": [self._available(one, holding) for one, state in states if state in ("available", "limited")],
            "unavailable": [self._unavailable(one) for one, state in states if state in ("expected", "unavailable")],
        }
        if self._extended:
            unsure = [one for one, state in states if state == "unknown"]
            item["unknown"] = [{"service": _SERVICES[one.service]} | self._evidence(one) for one in unsure]
        return _filled(item)

    def _available(self, one: Availability, holding: HoldingView) -> Json:
        offer: Json = {"service": _SERVICES[one.service]}
        if one.service == "digital":
            link = _url(holding.url)
            offer |= _filled({"href": link, "delay": _AT_ONCE if link else "unknown"})
        if one.state == "limited":
            own = (
                holding.status if one.how == "catalogue" else ""
            )  # what was told since is not in the catalogue's words
            offer["limitation"] = [{"content": _text(own) or text_of(self._frame.lang, "daia.limited")}]
        return offer | self._evidence(one)

    def _unavailable(self, one: Availability) -> Json:
        offer: Json = {"service": _SERVICES[one.service]}
        if one.state == "expected":
            offer["expected"] = _date(one.due) or "unknown"
        return offer | self._evidence(one)

    def _evidence(self, one: Availability) -> Json:
        """When and how a state was known, and which part of what it said is left after its age."""
        if not self._extended or one.checked_at is None:
            return {}
        hours = max((self._frame.moment - one.checked_at).total_seconds() / 3600, 0)
        return {
            "checked": one.checked_at.isoformat(timespec="seconds"),
            "source": _HOW.get(one.how, one.how),
            "confidence": round(0.5 ** (hours / load_rules().availability.half_life_h), 3),
        }

    def _about(self, holding: HoldingView) -> str:
        """As of when: of what counts the oldest time, so that no state is taken for younger than it is."""
        times = [(one.checked_at, told(one.state, one.checked_at, self._frame.moment)) for one in holding.services]
        fresh = [at for at, state in times if at and state != "unknown"]
        stale = [at for (at, _), one in zip(times, holding.services, strict=True) if at and one.state != "unknown"]
        if not fresh and not stale:
            return ""
        moment = min(fresh) if fresh else max(stale)
        here = moment.astimezone(holding.best.checked_at.tzinfo if holding.best.checked_at else UTC)
        key = "daia.as_of" if fresh else "daia.as_of_stale"
        return text_of(self._frame.lang, key, day=self._say.day(here.date()), time=f"{here:%H:%M}", zone=f"{here:%Z}")

    def _department(self, holding: HoldingView) -> Json:
        best = holding.best
        if best.institution_id and best.institution_id != self._owner.id:
            address = self._frame.institution(best.institution_id)
            return _filled({"id": address, "href": address, "content": _text(best.institution)})
        name = best.branch if best.institution_id else best.institution
        return _filled({"content": _text(name)})

    def _storage(self, holding: HoldingView) -> Json:
        best = holding.best
        branch = best.branch if best.institution_id != self._owner.id else ""
        return _filled({"content": _text(", ".join(part for part in (branch, best.location) if part))})


def _filled(value: Json) -> Json:
    """Without what is empty: clients must take both alike."""
    return {name: one for name, one in value.items() if one not in ("", None, {}, [])}


def _text(text: str) -> str:
    return unicodedata.normalize("NFC", one_line(text))


def _url(url: str) -> str:
    """An address as a URI: sources write blanks and other letters into theirs."""
    return quote(safe_url(url), safe="%/:?#[]@!$&'()*+,;=~")


def _date(due: str) -> str:
    try:
        return date.fromisoformat(due[:10]).isoformat()
    except ValueError:
        return ""
