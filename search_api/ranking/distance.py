"""Signal "distance": exp(-km / scale), scale by the way of travelling. Without a position it is 0 for all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.geo import haversine_km
from schemas.query import Point
from search_api.ranking.rules import ModeRules


def distances(near: Point | None, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kilometres as the crow flies; NaN where either end is not known."""
    return np.full(len(lat), np.nan) if near is None else haversine_km(near.lat, near.lon, lat, lon)


def scores(km: NDArray[np.float64], mode: ModeRules) -> NDArray[np.float64]:
    """1 at the door, 37 % at the mode's scale, 0 where the distance is not known."""
    return np.nan_to_num(np.exp(-km / mode.scale_km), nan=0.0)


def journeys_s(km: NDArray[np.float64], mode: ModeRules) -> NDArray[np.float64]:
    """Seconds from door to door; 0 where the distance is not known (then opening is judged at the time asked for)."""
    minutes = mode.fixed_min + km * mode.detour / mode.speed_km_h * 60
    return np.nan_to_num(minutes * 60, nan=0.0)
