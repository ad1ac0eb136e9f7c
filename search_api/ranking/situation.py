"""Where the user is and when: distance, journey and opening at arrival of every institution, once a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from schemas.hours_table import HoursTable
from schemas.query import Mode, Point
from search_api.ranking import distance
from search_api.ranking.opening_hours import Opening, opening
from search_api.ranking.rules import Rules
from search_api.registry import Registry

_LAST_EPOCH = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """All institutions as seen from one position at one moment. Arrays by institution number."""

    registry: Registry
    km: NDArray[np.float64]
    """NaN = not known."""
    journey_s: NDArray[np.float64]
    arrival: NDArray[np.int64]
    near: NDArray[np.float64]
    """Score of the signal "distance"."""
    opening: Opening
    hours: HoursTable
    moment_s: float
    """The later of now and the time asked for: what the age of a status counts to."""


def situation(
    registry: Registry, near: Point | None, at: datetime, mode: Mode, rules: Rules, now: datetime
) -> Situation:
    """The situation of a question."""
    moment = max(now.replace(second=0, microsecond=0), at)  # by the minute, so that questions share what is computed
    return _situation(registry, registry.hours(now), near, at, mode, rules, moment)


@lru_cache(maxsize=64)
def _situation(
    registry: Registry,
    hours: HoursTable,
    near: Point | None,
    at: datetime,
    mode: Mode,
    rules: Rules,
    moment: datetime,
) -> Situation:
    way = rules.modes[mode]
    km = distance.distances(near, registry.lat, registry.lon)
    journey_s = distance.journeys_s(km, way)
    arrival = np.minimum(int(at.timestamp()) + np.rint(journey_s).astype(np.int64), _LAST_EPOCH)
    return Situation(
        registry=registry,
        hours=hours,
        km=km,
        journey_s=journey_s,
        arrival=arrival,
        near=distance.scores(km, way),
        opening=opening(registry, hours, arrival, journey_s, rules.open),
        moment_s=moment.timestamp(),
    )
