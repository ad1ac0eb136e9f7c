"""Positions and distances on the earth: haversine for ranking, geodesic for the kilometres that are shown."""

from __future__ import annotations

import math
import re

import numpy as np
import numpy.typing as npt
from geopy.distance import geodesic

from schemas.query import Point

EARTH_RADIUS_KM = 6371.0088
"""Mean radius (IUGG R1). Haversine on this sphere is at most 0.6 % off the geodesic, 300 m within 100 km."""

_NUMBER = r"([+-]?\d{1,3}(?:\.\d{1,15})?) ?°? ?"
_POINT = re.compile(rf"^(?:geo:)?{_NUMBER}([NS]?) ?[,; ] ?{_NUMBER}([EWO]?)$", re.IGNORECASE)


def haversine_km(
    lat: float, lon: float, lats: npt.NDArray[np.float64], lons: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Great-circle distances in kilometres from one position to many; right at the poles and across the antimeridian.

    Args:
        lat: Latitude of the position, WGS 84 degrees.
        lon: Longitude of the position.
        lats: Latitudes of the others; NaN (unknown place) gives NaN.
        lons: Longitudes of the others.
    """
    here, there = math.radians(lat), np.radians(np.asarray(lats, dtype=np.float64))
    half_lat = np.sin((there - here) / 2)
    half_lon = np.sin(np.radians(np.asarray(lons, dtype=np.float64) - lon) / 2)
    chord = half_lat * half_lat + math.cos(here) * np.cos(there) * half_lon * half_lon
    # Rounding may carry the chord of antipodes a hair over 1, where arcsin would answer NaN.
    distances: npt.NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return distances


def geodesic_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Distance in kilometres on the WGS 84 ellipsoid (Karney), right to the millimetre.

    It takes 0.1 ms, so it is for what is shown, never for ranking.
    """
    return float(geodesic((lat1, lon1), (lat2, lon2)).km)


def parse_point(text: str) -> Point | None:
    """The position a text means: "54.97,-1.61", "54.97 -1.61", "geo:54.97,-1.61", "54.97N 1.61W"; latitude first.

    None when it is not a position on the earth. A longitude up to 360 is brought into -180..180.
    """
    # Single blanks, as a pattern would try each division of a run of them among the places where one may stand.
    found = _POINT.match(" ".join(text.split()))
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[3])
    if (found[2] and lat < 0) or (found[4] and lon < 0):
        return None
    if found[2].upper() == "S":
        lat = -lat
    if found[4].upper() == "W":
        lon = -lon
    if abs(lat) > 90 or abs(lon) > 360:
        return None
    return Point(lat=lat, lon=lon if abs(lon) <= 180 else lon - math.copysign(360, lon))
