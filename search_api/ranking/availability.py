"""Signal "availability": the state of the best service the user allows, fading with its age towards unknown.

Works on packed states (``store.packed_state``). A digital copy has no door and no hours, so it is judged apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from schemas.catalogue import SERVICES
from search_api.ranking.rules import AvailabilityRules
from store.column_view import View
from store.packed_state import CODES, EPOCH, QUARTER_S, UNKNOWN_CODE, checked_at

_STATES_MASK = np.uint32(0xFFF)
_PREFERRED = ("loan", "on_site", "interloan")
NONE = 0
"""Code of "no such service here"."""
DIGITAL: tuple[str, ...] = ("digital",)
GOOD = (CODES["available"], CODES["limited"])


def physical(services: Sequence[str]) -> tuple[str, ...]:
    """The services among those allowed for which one goes somewhere; no choice = all."""
    return tuple(service for service in _PREFERRED if not services or service in services)


def allows_digital(services: Sequence[str]) -> bool:
    """Whether reading on a screen is among the services allowed."""
    return not services or "digital" in services


@lru_cache(maxsize=64)
def _best(services: tuple[str, ...], scores: tuple[float, ...]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """For all 4096 combinations of states: code of the best of these services, and which service that is."""
    codes, chosen = np.zeros(4096, np.int8), np.full(4096, -1, np.int8)
    low = np.arange(4096)
    best = np.full(4096, -1.0)
    by_code = np.array([-1.0, *scores, -1.0, -1.0])
    for service in services:
        index = SERVICES.index(service)
        own = (low >> (3 * index)) & 7
        better = by_code[own] > best
        best[better], codes[better], chosen[better] = by_code[own][better], own[better], index
    if services != DIGITAL:
        codes[0] = UNKNOWN_CODE  # nothing said at all: the institution has it, nobody knows in which state
    return codes, chosen


def _by_code(rules: AvailabilityRules) -> tuple[float, ...]:
    return tuple(rules.scores[state] for state in CODES)


def best_codes(
    words: NDArray[np.uint32], services: tuple[str, ...], rules: AvailabilityRules
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Code of the best of these services in each word (NONE = not offered), and its position in SERVICES (-1)."""
    codes, chosen = _best(services, _by_code(rules))
    low = words & _STATES_MASK
    return codes[low], chosen[low]


def ages_h(words: NDArray[np.uint32], moment_s: float) -> NDArray[np.float64]:
    """Hours from the check to a moment; infinite where no time is known, 0 for times ahead."""
    at = checked_at(words)
    return np.where(at > 0, np.maximum(moment_s - at, 0) / 3600, np.inf)


def faded(codes: NDArray[np.int8], ages: NDArray[np.float64], rules: AvailabilityRules) -> NDArray[np.float64]:
    """Scores of states of an age; meaningless for NONE."""
    by_code = np.array([0.0, *_by_code(rules)])
    unknown = rules.scores["unknown"]
    faded_: NDArray[np.float64] = unknown + (by_code[codes] - unknown) * np.exp2(-ages / rules.half_life_h)
    return faded_


def shown_codes(codes: NDArray[np.int8], ages: NDArray[np.float64], rules: AvailabilityRules) -> NDArray[np.int8]:
    """What may be said: a status that is too old is unknown."""
    stale = (codes != NONE) & (ages > rules.stale_after_h)
    return np.where(stale, np.int8(UNKNOWN_CODE), codes)


def ceilings(
    view: View, institutions: int, services: tuple[str, ...], only_good: bool, quarter: int, rules: AvailabilityRules
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What the best holding of each institution can score at most at the beginning of a quarter hour.

    Returns:
        The bounds, -inf = it has none; and whose states may be younger than that, so that they do not fade yet.
    """
    bound, young = np.full(institutions, -np.inf), np.zeros(institutions, np.bool_)
    unknown = rules.scores["unknown"]
    for service in services:
        newest = view.newest(service, institutions)
        for state, code in CODES.items():
            at = newest[:, code].astype(np.int64)
            score = rules.scores[state]
            ages = np.where(at > 1, np.maximum(quarter - (at - 1), 0) * (QUARTER_S / 3600), np.inf)
            # A state worse than unknown rises with its age, so only unknown bounds it.
            most = unknown + max(score - unknown, 0) * np.exp2(-ages / rules.half_life_h)
            fits = at > 0
            if only_good:
                fits = fits & (code in GOOD) & (ages <= rules.stale_after_h)
            np.maximum(bound, np.where(fits, most, -np.inf), out=bound)
            young |= at - 1 > quarter
        if not only_good and services != DIGITAL:
            np.maximum(bound, np.where(newest[:, NONE] > 0, unknown, -np.inf), out=bound)
    return bound, young


def later(
    bound: NDArray[np.float64], young: NDArray[np.bool_], moment_s: float, rules: AvailabilityRules
) -> NDArray[np.float64]:
    """Those bounds at a moment within the quarter hour. A looser bound would leave large ties unproven."""
    unknown = rules.scores["unknown"]
    passed_h = (moment_s - EPOCH) % QUARTER_S / 3600
    fades = (bound > unknown) & ~young
    return np.where(fades, unknown + (bound - unknown) * np.exp2(-passed_h / rules.half_life_h), bound)


def quarter_of(moment_s: float) -> int:
    """The quarter hour of a moment, as states are stamped."""
    return int(moment_s - EPOCH) // QUARTER_S
