"""What a holding is worth: against the formula written out in plain Python, and monotone in each fact."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.load import load_yaml
from schemas.catalogue import SERVICES, STATES, Availability
from schemas.geo import geodesic_km
from schemas.hours import of_institution
from schemas.institution import HoursException, Institution, ServicePoint
from schemas.open_states import CLOSED, OPEN, UNKNOWN
from schemas.query import Point, SearchRequest
from search_api.ranking import distance
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.opening_hours import SHUT, TOO_FAR, TOO_LATE
from search_api.ranking.rules import Rules, RulesError, check, load_rules
from search_api.ranking.situation import Situation, situation
from search_api.registry import Registry
from store.packed_state import EPOCH, QUARTER_S, pack, quarter_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
RULES = load_rules()
HOME = Point(54.97, -1.61)


def place(hours: str, *, km: float = 0.0, **given: object) -> Institution:
    """A place north of HOME."""
    values = {"id": "p", "name": "Place", "number": 1, "lat": 54.97 + km / 111.3, "lon": -1.61}
    return Institution(**(values | {"timezone": "Europe/London", "opening_hours": hours} | given))  # type: ignore[arg-type]


def seen_from(
    institution: Institution, at: datetime = NOW, *, mode: str = "walk", near: Point | None = HOME, now: datetime = NOW
) -> Situation:
    return situation(Registry([institution], "1", now), near, at, mode, RULES, now)  # type: ignore[arg-type]


def word(*states: tuple[str, str], age_h: float = 0) -> int:
    known = [Availability(service=service, state=state) for service, state in states]  # type: ignore[arg-type]
    return pack(known, quarter_of(NOW - timedelta(hours=age_h)))


def worth(institution: Institution, state: int, at: datetime = NOW, **asked: object) -> float:
    request = SearchRequest(at=at, near=asked.pop("near", HOME), **asked)  # type: ignore[arg-type]
    here = situation(Registry([institution], "1", NOW), request.near, at, request.mode, RULES, NOW)
    value = Measure(request, here, RULES).of(np.array([state], np.uint32), np.array([1], np.int32)).value
    return float(value[0])


def formula(institution: Institution, states: dict[str, str], age_h: float, at: datetime, mode: str) -> float:
    """docs/ranking.md in plain Python: one holding, no filters."""
    numbers = load_yaml("ranking.yaml")
    weights, way = numbers["weights"], numbers["modes"][mode]
    km = geodesic_km(HOME.lat, HOME.lon, institution.lat, institution.lon)
    minutes = way["fixed_min"] + km * way["detour"] / way["speed_km_h"] * 60
    arrival = at + timedelta(minutes=minutes)
    hours = of_institution(institution)
    if minutes > 60 * numbers["open"]["longest_journey_h"] or hours is None:
        door = numbers["open"]["unknown"]
    else:
        status = hours.at(arrival)
        change = status.next_change
        if status.state == "unknown":
            door = numbers["open"]["unknown"]
        elif status.state == "open":
            left = (change - arrival).total_seconds() / 60 if change else math.inf
            closing = numbers["open"]["closing"]
            door = closing + (1 - closing) * min(1, left / numbers["open"]["enough_min"])
        else:
            wait = (change - arrival).total_seconds() / 3600 if change else math.inf
            door = numbers["open"]["later"] / (1 + wait / numbers["open"]["wait_scale_h"])
    rules = numbers["availability"]

    def shelf(names: set[str]) -> float | None:
        scores = [rules["scores"][state] for service, state in states.items() if service in names]
        if not scores:
            return None
        age = max(age_h, age_h + (at - NOW).total_seconds() / 3600)
        unknown = rules["scores"]["unknown"]
        return unknown + (max(scores) - unknown) * 2 ** (-age / rules["half_life_h"])

    near = math.exp(-km / way["scale_km"])
    walk, online = shelf({"loan", "on_site", "interloan"}), shelf({"digital"})
    if not states:
        walk = rules["scores"]["unknown"]
    found = []
    if walk is not None:
        found.append(weights["availability"] * walk + weights["open"] * door + weights["distance"] * near)
    if online is not None:
        found.append(weights["availability"] * online + weights["open"] + weights["distance"] * near)
    return max(found)


hours = st.sampled_from(("", "24/7", "Mo-Su 09:00-17:00", "Tu 10:00-10:20", "Tu 12:00-14:00", "Sa 10:00-12:00"))
kilometres = st.floats(0, 30)


@settings(max_examples=150, deadline=None)
@given(
    hours,
    kilometres,
    st.dictionaries(st.sampled_from(SERVICES), st.sampled_from(STATES), max_size=3),
    st.integers(0, 4000),
    st.integers(0, 20_000),
    st.sampled_from(("walk", "transit", "drive")),
)
def test_the_formula(expression: str, km: float, states: dict[str, str], quarters: int, later: int, mode: str) -> None:
    institution, at = place(expression, km=km), NOW + timedelta(minutes=later)
    got = worth(institution, word(*states.items(), age_h=quarters / 4), at, mode=mode)
    # Haversine for geodesic, and the whole second of arrival.
    assert got == pytest.approx(formula(institution, states, quarters / 4, at, mode), abs=4e-3)


@settings(max_examples=150, deadline=None)
@given(kilometres, kilometres, hours, st.sampled_from(("walk", "drive")))
def test_nearer_is_never_worth_less(one: float, other: float, expression: str, mode: str) -> None:
    """The signals of distance; the door is judged at arrival, so places that are always open are compared whole."""
    near, far = sorted((one, other))
    km = np.array([near, far])
    scores = distance.scores(km, RULES.modes[mode])
    assert scores[0] >= scores[1]
    always = [place("24/7", km=k) for k in (near, far)]
    state = word(("loan", "available"))
    assert worth(always[0], state, mode=mode) >= worth(always[1], state, mode=mode) - 1e-12


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SERVICES), st.integers(0, 5000), st.integers(0, 5000), st.sampled_from(("available", "limited")))
def test_fresher_is_never_worth_less(service: str, one: int, other: int, state: str) -> None:
    fresh, old = sorted((one, other))
    values = [worth(place("24/7"), word((service, state), age_h=age / 4)) for age in (fresh, old)]
    assert values[0] >= values[1]
    assert values[1] >= worth(place("24/7"), word((service, "unknown"))) - 1e-12, "it fades no further than unknown"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 5000), st.sampled_from(("expected", "unavailable")))
def test_bad_news_fades_towards_unknown_too(one: int, other: int, state: str) -> None:
    fresh, old = sorted((one, other))
    values = [worth(place("24/7"), word(("loan", state), age_h=age / 4)) for age in (fresh, old)]
    assert values[0] <= values[1] <= worth(place("24/7"), word(("loan", "unknown"))) + 1e-12


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SERVICES), st.integers(0, 2000), hours)
def test_better_availability_is_never_worth_less(service: str, quarters: int, expression: str) -> None:
    order = ("available", "limited", "unknown", "expected", "unavailable")
    values = [worth(place(expression), word((service, state), age_h=quarters / 4)) for state in order]
    assert values == sorted(values, reverse=True)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 23 * 60), st.integers(1, 23 * 60))
def test_sooner_open_is_never_worth_less(one: int, other: int) -> None:
    soon, late = sorted((one, other))
    texts = []
    for minutes in (soon, late):
        opens = NOW + timedelta(minutes=minutes)
        texts.append(f"{opens:%Y %b %d %H:%M}-{min(opens.hour + 1, 23):02d}:59")
    scores = [seen_from(place(text, timezone="UTC")).opening.score[1] for text in texts]
    assert scores[0] >= scores[1]
    open_now = seen_from(place("24/7", timezone="UTC")).opening.score[1]
    assert open_now >= scores[0]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400))
def test_longer_open_is_never_worth_less(one: int, other: int) -> None:
    short, long = sorted((one, other))
    until = [NOW + timedelta(minutes=minutes) for minutes in (short, long)]
    scores = [seen_from(place(f"Tu 08:00-{end:%H:%M}", timezone="UTC")).opening.score[1] for end in until]
    assert scores[0] <= scores[1]
    assert scores[0] >= RULES.open.closing


def test_arrival_decides() -> None:
    """Open now, closed when one gets there; and the other way round."""
    evening = place("Mo-Su 09:00-17:00", km=5)
    at = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    opening = seen_from(evening, at).opening
    assert (opening.state[1], opening.until[1]) == (CLOSED, 0)
    assert datetime.fromtimestamp(opening.opens[1], UTC) == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert seen_from(evening, at, mode="drive").opening.state[1] == OPEN
    morning = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert seen_from(evening, morning).opening.state[1] == OPEN
    assert seen_from(evening, morning, near=None).opening.state[1] == CLOSED


def test_the_place_keeps_its_own_time() -> None:
    at = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    tokyo = place("Mo-Su 09:00-17:00", lat=35.68, lon=139.69, timezone="Asia/Tokyo")
    assert seen_from(tokyo, at, near=None).opening.state[1] == OPEN
    assert seen_from(place("Mo-Su 09:00-17:00"), at, near=None).opening.state[1] == CLOSED
    derived = place("Mo-Su 09:00-17:00", lat=35.68, lon=139.69, timezone="")
    assert seen_from(derived, at, near=None).opening.state[1] == OPEN


@pytest.mark.parametrize(
    ("hours_", "point", "at", "state", "why", "last"),
    [
        ("Tu-Su 10:00-17:00", "-00:30", "16:20", OPEN, 0, "16:30"),
        ("Tu-Su 10:00-17:00", "-00:30", "16:40", CLOSED, TOO_LATE, "16:30"),
        ("Tu-Su 10:00-17:00", "Tu-Su 10:00-16:00", "15:50", OPEN, 0, "16:00"),
        ("Tu-Su 10:00-17:00", "Tu-Su 10:00-16:00", "16:20", CLOSED, TOO_LATE, "16:00"),
        ("Tu-Su 10:00-17:00", "16:30", "16:20", OPEN, 0, "16:30"),
        ("Tu-Su 10:00-17:00", "16:30", "16:40", CLOSED, TOO_LATE, "16:30"),
        ("Tu-Su 10:00-26:00", "01:00", "23:40", OPEN, 0, None),
        ("Tu-Su 10:00-17:00", "whenever", "16:40", OPEN, 0, None),
        ("Tu-Su 10:00-17:00", "", "16:40", OPEN, 0, None),
    ],
)
def test_the_last_entry(hours_: str, point: str, at: str, state: int, why: int, last: str | None) -> None:
    museum = place(hours_, service_points=[ServicePoint(name="last_entry", hours=point)])
    moment = datetime.fromisoformat(f"2026-11-24T{at}+00:00")
    opening = seen_from(museum, moment).opening
    assert (opening.state[1], opening.why[1]) == (state, why)
    if last:
        assert f"{datetime.fromtimestamp(int(opening.last_entry[1]), UTC):%H:%M}" == last
    if state == CLOSED:
        assert datetime.fromtimestamp(int(opening.opens[1]), UTC) == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def test_exceptions_and_shut_places() -> None:
    closed_today = place("24/7", exceptions=[HoursException(first="2026-11-24")])
    assert seen_from(closed_today).opening.state[1] == CLOSED
    shut = seen_from(place("24/7", closed=True)).opening
    assert (shut.state[1], shut.why[1], shut.score[1], shut.opens[1]) == (CLOSED, SHUT, 0.0, 0)


def test_a_journey_of_more_than_twelve_hours_is_not_judged() -> None:
    far = place("24/7", lat=35.68, lon=139.69)
    opening = seen_from(far).opening
    assert (opening.state[1], opening.why[1], opening.score[1]) == (UNKNOWN, TOO_FAR, RULES.open.unknown)
    assert seen_from(far, near=None).opening.state[1] == OPEN


@pytest.mark.parametrize("year", [1, 1899, 2195, 2199, 9999])
def test_years_without_a_calendar_are_unknown(year: int) -> None:
    at = datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    opening = seen_from(place("Mo-Su 09:00-17:00", km=3), at).opening
    assert opening.state[1] == UNKNOWN


@pytest.mark.parametrize(
    ("near", "there", "km"),
    [
        (Point(-17.0, 179.9), (-17.0, -179.9), 21.3),
        (Point(-17.0, -179.9), (-17.0, 179.9), 21.3),
        (Point(90.0, 0.0), (89.9, 123.0), 11.2),
        (Point(90.0, 0.0), (90.0, 180.0), 0.0),
        (Point(-90.0, 10.0), (-89.9, -170.0), 11.2),
        (Point(0.0, 0.0), (0.0, 180.0), 20_015.1),
    ],
)
def test_across_the_antimeridian_and_at_the_poles(near: Point, there: tuple[float, float], km: float) -> None:
    here = seen_from(place("24/7", lat=there[0], lon=there[1], timezone="UTC"), near=near)
    assert here.km[1] == pytest.approx(km, rel=0.01, abs=0.1)


def test_without_a_position_distance_is_nothing_for_all() -> None:
    here = seen_from(place("24/7"), near=None)
    assert here.near.tolist() == [0.0, 0.0]
    assert np.isnan(here.km).all()


@pytest.mark.parametrize("age_h", [1, 100, 167, 169, 1000])
def test_a_stale_status_is_unknown_and_does_not_pass_available(age_h: float) -> None:
    institution = place("24/7")
    here = seen_from(institution)
    words, at = np.array([word(("loan", "available"), age_h=age_h)], np.uint32), np.array([1], np.int32)
    judged = Measure(SearchRequest(at=NOW, near=HOME), here, RULES).judge(words, at)
    stale = age_h > RULES.availability.stale_after_h
    assert STATES[judged.shown[0] - 1] == ("unknown" if stale else "available")
    passes = worth(institution, int(words[0]), available=True) > OUT
    assert passes == (not stale)


def test_age_counts_to_the_later_of_now_and_the_time_asked_for() -> None:
    institution, state = place("24/7"), word(("loan", "available"))
    now, past, later = (worth(institution, state, NOW + timedelta(days=d)) for d in (0, -30, 30))
    assert now == past > later


@pytest.mark.parametrize(
    ("states", "services", "passes"),
    [
        ([("loan", "available")], ("loan",), True),
        ([("loan", "available")], ("on_site",), False),
        ([("loan", "unavailable")], ("loan",), True),
        ([], ("loan",), True),
        ([], ("digital",), False),
        ([("digital", "available")], ("digital",), True),
        ([("digital", "available")], ("loan",), False),
        ([("on_site", "limited"), ("loan", "expected")], ("loan", "on_site"), True),
    ],
)
def test_services_allowed(states: list[tuple[str, str]], services: tuple[str, ...], passes: bool) -> None:
    assert (worth(place("24/7"), word(*states), service=services) > OUT) == passes


def test_reading_on_a_screen_needs_no_open_door() -> None:
    shut = place("off")
    assert worth(shut, word(("digital", "available")), open=True) > OUT
    assert worth(shut, word(("loan", "available")), open=True) == OUT


def test_the_time_of_a_status_is_kept_to_the_quarter_hour() -> None:
    assert (word(("loan", "available")) >> 12) * QUARTER_S + EPOCH == int(NOW.timestamp()) // 900 * 900


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("weights", "known_item"), 3.0, "known_item"),
        (("availability", "scores", "limited"), 0.1, "availability.scores"),
        (("open", "later"), 0.9, "open.later"),
        (("weights", "text"), -1, "weights.text"),
        (("modes", "walk", "speed_km_h"), 0, "speed_km_h"),
        (("pools", "rounds"), "many", "rounds"),
        (("open", "nonsense"), 1, "nonsense"),
    ],
)
def test_numbers_that_break_a_promise_are_refused(path: tuple[str, ...], value: object, named: str) -> None:
    numbers = msgspec.json.decode(msgspec.json.encode(load_yaml("ranking.yaml")))
    part = numbers
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    with pytest.raises((RulesError, msgspec.ValidationError), match=named.split(".")[-1]):
        check(msgspec.convert(numbers, Rules))


def test_a_thousand_random_moments_agree_with_the_hours_themselves() -> None:
    rng = random.Random(5)
    hall = place("Mo-Fr 09:00-12:30,13:30-18:00; Sa 10:00-14:00; Su off", km=2)
    own = of_institution(hall)
    assert own is not None
    for _ in range(300):
        at = NOW + timedelta(minutes=rng.randint(0, 60 * 24 * 20))
        here = seen_from(hall, at)
        status = own.at(datetime.fromtimestamp(int(here.arrival[1]), UTC))
        assert here.opening.state[1] == (OPEN if status.state == "open" else CLOSED)
        change = here.opening.until[1] or here.opening.opens[1]
        assert change == int(status.next_change.timestamp())
