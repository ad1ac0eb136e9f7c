"""What a holding is worth to this user, under this question's filters: one number a holding, and its bound a place.

A measure is what the bounded method (``bounded.py``) maximises: ``text_weight * text + value of the best holding``.
All filters on holdings act here, on one and the same holding; one that does not pass is worth -inf.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from schemas.institution import INSTITUTION_KINDS
from schemas.open_states import OPEN
from schemas.query import SearchRequest
from search_api.ranking import availability
from search_api.ranking.editions import EditionFilter
from search_api.ranking.rules import Rules
from search_api.ranking.situation import Situation
from store.column_view import View
from store.packed_state import UNKNOWN_CODE

OUT = -np.inf
_FAR = 10_000_000
_MINUTES_A_CLASS = 100_000_000


@dataclass(frozen=True, slots=True)
class Holdings:
    """Rows of the columns with what they are worth."""

    value: NDArray[np.float64]
    """-inf = does not pass the filters."""
    digital: NDArray[np.bool_]
    """Whether its digital service is what makes the value."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The parts of what holdings are worth in the order "best": scores of the signals, and what may be said."""

    availability: NDArray[np.float64]
    open: NDArray[np.float64]
    near: NDArray[np.float64]
    service: NDArray[np.int8]
    """Position in SERVICES; -1 = none is named."""
    code: NDArray[np.int8]
    shown: NDArray[np.int8]
    """The code that may be shown: a stale one is unknown."""
    digital: NDArray[np.bool_]


class Measure:
    """Values of holdings for one question. Order "best" sums signals; "near" and "soon" rank places, then text."""

    def __init__(
        self,
        request: SearchRequest,
        situation: Situation,
        rules: Rules,
        *,
        doors: tuple[int, ...] = (),
        editions: EditionFilter | None = None,
    ) -> None:
        """How holdings are judged.

        Args:
            request: with the filters.
            situation: of the one who asks.
            rules: the weights.
            doors: states of opening at arrival in which a door may be; none = those that the request allows.
            editions: which editions answer; None = all.
        """
        self.editions = editions
        self.situation, self.rules, self.order = situation, rules, request.sort
        self.available = request.available
        self.services = request.service
        self.in_classes = request.sort in ("near", "soon")
        """Whether values are whole numbers, so that the text (weight 1/2) only orders within one."""
        self.text_weight = 0.5 if self.in_classes else rules.weights.text
        self._physical = availability.physical(request.service)
        self.institutions = places_allowed(request, situation)
        doors = doors or ((OPEN,) if request.open else ())
        self.doors = self.institutions & np.isin(situation.opening.state, doors) if doors else self.institutions
        """Institutions that may be gone to; reading on a screen needs no open door."""
        weights = rules.weights
        self._place = weights.open * situation.opening.score + weights.distance * situation.near
        self._online = weights.open + weights.distance * situation.near
        self._by_distance = _classes(situation.km) if request.sort == "near" else None

    def of(self, words: NDArray[np.uint32], institution: NDArray[np.int32]) -> Holdings:
        """Values of holdings in these states at these institutions."""
        rules = self.rules.availability
        value = np.full(len(words), OUT)
        ages = availability.ages_h(words, self.situation.moment_s)
        if self._physical:
            codes, _ = availability.best_codes(words, self._physical, rules)
            fits = self.doors[institution] & self._fits(codes, ages)
            value = np.where(fits, self._value(codes, ages, institution, digital=False), OUT)
        if not availability.allows_digital(self.services):
            return Holdings(value, np.zeros(len(words), np.bool_))
        codes, _ = availability.best_codes(words, availability.DIGITAL, rules)
        if not codes.any():
            return Holdings(value, np.zeros(len(words), np.bool_))
        fits = self.institutions[institution] & self._fits(codes, ages)
        online = np.where(fits, self._value(codes, ages, institution, digital=True), OUT)
        return Holdings(np.maximum(value, online), online > value)

    def at(
        self, view: View, numbers: NDArray[np.int64], rows: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Values of all the rows of works, those of editions that do not fit among them: these are -inf."""
        value = self.of(view.state(rows), view.institution(rows)).value
        if self.editions is None:
            return value
        return np.where(self.editions.passing(numbers, counts, view.record(rows)), value, OUT)

    def ceilings(self, view: View) -> NDArray[np.float64]:
        """What the best holding at each institution can be worth at most; -inf where none can pass."""
        moment, rules = self.situation.moment_s, self.rules.availability
        quarter = availability.quarter_of(moment)
        bounds = _ceilings(
            view, view.serial, len(self.institutions), self.services, self.available, quarter, self.rules
        )
        doors, online = (availability.later(*bound, moment, rules) for bound in bounds)
        numbers = np.arange(len(self.institutions))
        walk = np.where(self.doors, self._bound(doors, numbers, digital=False), OUT)
        read = np.where(self.institutions, self._bound(online, numbers, digital=True), OUT)
        return np.maximum(walk, read)

    def in_best_order(self) -> Measure:
        """The same filters, with what holdings are worth in the order "best"."""
        other = copy(self)
        other.order, other.in_classes, other._by_distance = "best", False, None
        other.text_weight = self.rules.weights.text
        return other

    def judge(self, words: NDArray[np.uint32], institution: NDArray[np.int32]) -> Judged:
        """What the values of holdings that pass the filters consist of."""
        rules, digital = self.rules.availability, self.in_best_order().of(words, institution).digital
        ages = availability.ages_h(words, self.situation.moment_s)
        codes, services = availability.best_codes(words, self._physical, rules)
        online, online_services = availability.best_codes(words, availability.DIGITAL, rules)
        codes, services = np.where(digital, online, codes), np.where(digital, online_services, services)
        return Judged(
            availability=availability.faded(codes, ages, rules),
            open=np.where(digital, 1.0, self.situation.opening.score[institution]),
            near=self.situation.near[institution],
            service=services,
            code=codes,
            shown=availability.shown_codes(codes, ages, rules),
            digital=digital,
        )

    def may_hold(self, view: View) -> tuple[NDArray[np.bool_], bool]:
        """Institutions at which a holding can pass, and whether every holding there does pass."""
        if not availability.allows_digital(self.services) or self.doors is self.institutions:
            return self.doors, not self.available and not self.services and self._any_edition(self.doors)
        online = view.newest("digital", len(self.doors))[:, 1:].any(axis=1) & self.institutions
        decides = not self.available and not self.services and not bool((online & ~self.doors).any())
        return self.doors | online, decides and self._any_edition(self.doors)

    def _any_edition(self, allowed: NDArray[np.bool_]) -> bool:
        """Whether a work that the engine finds has a holding of an edition that fits, wherever it is."""
        return self.editions is None or (not self.editions.several and bool(allowed.all()))

    def _fits(self, codes: NDArray[np.int8], ages: NDArray[np.float64]) -> NDArray[np.bool_]:
        shown = availability.shown_codes(codes, ages, self.rules.availability)
        fits: NDArray[np.bool_] = np.isin(shown, availability.GOOD) if self.available else codes != availability.NONE
        return fits

    def _value(
        self, codes: NDArray[np.int8], ages: NDArray[np.float64], institution: NDArray[np.int32], *, digital: bool
    ) -> NDArray[np.float64]:
        if self._by_distance is not None:
            return -self._by_distance[institution]
        if self.order == "soon":
            shown = availability.shown_codes(codes, ages, self.rules.availability)
            sure = np.isin(shown, availability.GOOD)
            perhaps = shown == UNKNOWN_CODE
            group: NDArray[np.float64] = np.where(sure, 0.0, np.where(perhaps, 1.0, 2.0))
            return -(self._minutes(institution, digital=digital) + group * _MINUTES_A_CLASS)
        scores = availability.faded(codes, ages, self.rules.availability)
        return self.rules.weights.availability * scores + (self._online if digital else self._place)[institution]

    def _bound(self, scores: NDArray[np.float64], numbers: NDArray[np.int64], *, digital: bool) -> NDArray[np.float64]:
        has = scores > OUT
        if self._by_distance is not None:
            return np.where(has, -self._by_distance, OUT)
        if self.order == "soon":
            perhaps = scores <= self.rules.availability.scores["unknown"]
            return np.where(has, -(self._minutes(numbers, digital=digital) + perhaps * _MINUTES_A_CLASS), OUT)
        worth = self.rules.weights.availability * np.where(has, scores, 0.0)
        return np.where(has, worth + (self._online if digital else self._place), OUT)

    def _minutes(self, institution: NDArray[np.int64] | NDArray[np.int32], *, digital: bool) -> NDArray[np.float64]:
        """Whole minutes from the time asked for until one can be inside; unknown hours last but for never."""
        if digital:
            return np.zeros(len(institution))
        here = self.situation
        opening, start = here.opening, here.arrival - here.journey_s
        wait = np.where(opening.state == OPEN, here.journey_s, np.where(opening.opens > 0, opening.opens - start, 0))
        minutes = np.floor(np.clip(wait / 60, 0, _FAR))
        known = (opening.state == OPEN) | (opening.opens > 0)
        minutes = np.where(known, minutes, _FAR + np.where(opening.state == OPEN + 1, here.journey_s // 60, _FAR))
        return minutes[institution]


def places_allowed(request: SearchRequest, situation: Situation) -> NDArray[np.bool_]:
    """Institutions that pass the filters kind, institution (with its branches) and within_km."""
    registry = situation.registry
    allowed = np.ones(registry.size, np.bool_)
    if request.kind:
        allowed &= np.isin(registry.kind, [INSTITUTION_KINDS.index(kind) for kind in request.kind])
    if request.institution:
        named = np.zeros(registry.size, np.bool_)
        named[registry.family(request.institution)] = True
        allowed &= named
    if request.within_km is not None and request.near is not None:
        allowed &= np.nan_to_num(situation.km, nan=np.inf) <= request.within_km
    return allowed


def _classes(km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places ranked by distance: 0 the nearest, equal distances equal, unknown last."""
    _, ranks = np.unique(np.nan_to_num(km, nan=np.inf), return_inverse=True)
    return ranks.astype(np.float64)


_Bound = tuple[NDArray[np.float64], NDArray[np.bool_]]


@lru_cache(maxsize=32)
def _ceilings(
    view: View, serial: int, size: int, services: tuple[str, ...], available: bool, quarter: int, rules: Rules
) -> tuple[_Bound, _Bound]:
    """Bounds of availability by institution: for going there, for reading on a screen. ``serial``: the view's."""
    walk = availability.ceilings(view, size, availability.physical(services), available, quarter, rules.availability)
    if not availability.allows_digital(services):
        return walk, (np.full(size, OUT), np.zeros(size, np.bool_))
    return walk, availability.ceilings(view, size, availability.DIGITAL, available, quarter, rules.availability)
