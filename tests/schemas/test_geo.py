"""Positions and distances: against the geodesic, at the poles, across the antimeridian; texts that are none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.geo import geodesic_km, haversine_km, parse_point
from schemas.query import Point

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


def one(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    return float(haversine_km(lat, lon, np.array([other_lat]), np.array([other_lon]))[0])


def test_distances_that_everybody_can_look_up():
    assert one(51.5074, -0.1278, 48.8566, 2.3522) == pytest.approx(343.6, abs=1)
    assert geodesic_km(51.5074, -0.1278, 48.8566, 2.3522) == pytest.approx(343.9, abs=0.5)


def test_across_the_antimeridian_and_at_the_poles():
    assert one(10, 179.9, 10, -179.9) == pytest.approx(21.9, abs=0.1)
    assert one(90, 0, 90, 135) == pytest.approx(0, abs=1e-6)
    assert one(-90, 12, -89.9, -70) == pytest.approx(11.12, abs=0.02)
    assert one(0, 0, 0, 180) == pytest.approx(math.pi * 6371.0088)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_haversine_stays_within_0_6_percent_of_the_geodesic(lat, lon, other_lat, other_lon):
    exact = geodesic_km(lat, lon, other_lat, other_lon)
    assert one(lat, lon, other_lat, other_lon) == pytest.approx(exact, rel=0.006, abs=0.001)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_there_is_as_far_as_back_and_a_turn_around_the_earth_changes_nothing(lat, lon, other_lat, other_lon):
    there = one(lat, lon, other_lat, other_lon)
    assert there == pytest.approx(one(other_lat, other_lon, lat, lon), abs=1e-3)
    assert there == pytest.approx(one(lat, lon + 360, other_lat, other_lon), abs=1e-3)
    assert 0 <= there <= math.pi * 6371.0088 + 1e-6


def test_an_unknown_place_has_an_unknown_distance():
    assert np.isnan(haversine_km(1, 1, np.array([np.nan]), np.array([2.0])))[0]


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("54.97,-1.61", Point(54.97, -1.61)),
        (" 54.97 , -1.61 ", Point(54.97, -1.61)),
        ("54.97 -1.61", Point(54.97, -1.61)),
        ("geo:54.97,-1.61", Point(54.97, -1.61)),
        ("54.97° N, 1.61° W", Point(54.97, -1.61)),
        ("33.87S 151.21E", Point(-33.87, 151.21)),
        ("0,200", Point(0, -160)),
        ("-90,0", Point(-90, 0)),
    ],
)
def test_positions(text, point):
    found = parse_point(text)
    assert found is not None
    assert (found.lat, found.lon) == pytest.approx((point.lat, point.lon))


@pytest.mark.parametrize(
    "text", ["", "London", "91,0", "0,361", "1", "1,2,3", "nan,1", "1e5,2", "inf,0", "-54N,1E", "54.97,", "１，２ x"]
)
def test_no_positions(text):
    assert parse_point(text) is None


def test_a_run_of_blanks_is_one_blank():
    assert parse_point(f"54.97{' ' * 5000},{' ' * 5000}-1.61") == Point(lat=54.97, lon=-1.61)
    assert parse_point(f"1{' ' * 5000}x") is None  # would take hours: each division of the run was tried
