"""The table of the coming days says what direct evaluation says, inside its days and outside them."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.hours import of_institution
from schemas.hours_table import HoursTable
from schemas.institution import HoursException, Institution
from schemas.open_states import OPEN_STATES

FIRST = datetime(2026, 10, 20, 7, 31, 12, tzinfo=UTC)
EXPRESSIONS = [
    "Mo-Fr 09:00-17:00; PH off", "24/7", "off", "Mo-Su 22:00-03:00; We off", 'Sa 10:00-12:00 || "by appointment"',
    "Mar-May Mo-Fr 10:00-12:00", "unknown", "", "not hours at all", "Mo-Su 01:15-01:45", "Feb 29 10:00-12:00",
    'Mo-Fr 09:00-12:00 open "a", Mo-Fr 12:00-17:00 open "b"', "Mo-Fr 10:00+", "sunrise-sunset",
]  # fmt: skip
ZONES = [("Europe/London", "GB"), ("America/New_York", "US"), ("Australia/Sydney", "AU"), ("Asia/Shanghai", "CN")]
PLACES = [
    Institution(
        id=str(number),
        name="",
        number=number * 3 + 1,
        opening_hours=expression,
        timezone=zone,
        country=country,
        exceptions=[HoursException(first="2026-10-26", hours="11:00-12:00")] if number % 5 == 0 else [],
        closed=number % 11 == 10,
    )
    for number, (expression, (zone, country)) in enumerate((e, z) for e in EXPRESSIONS for z in ZONES)
]
TABLE = HoursTable.build(PLACES, FIRST)


def directly(place: Institution, epoch: int) -> tuple[str, int]:
    hours = of_institution(place)
    if hours is None:
        return "unknown", 0
    status = hours.at(datetime.fromtimestamp(epoch, UTC))
    return status.state, int(status.next_change.timestamp()) if status.next_change else 0


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(PLACES), st.integers(-40 * 86_400, 400 * 86_400))
def test_the_table_says_what_evaluation_says(place, seconds):
    epoch = int(FIRST.timestamp()) + seconds
    states, changes = TABLE.at([place.number], [epoch])
    assert (OPEN_STATES[states[0]], int(changes[0])) == directly(place, epoch)


def test_every_boundary_of_the_table_agrees():
    for place in PLACES:
        hours = of_institution(place)
        for start, _, _, _ in hours.stretches(TABLE.first, TABLE.last) if hours else []:
            for epoch in (start - 1, start, start + 1):
                states, changes = TABLE.at([place.number], [epoch])
                assert (OPEN_STATES[states[0]], int(changes[0])) == directly(place, epoch), (place.opening_hours, epoch)


def test_numbers_that_nobody_has_are_unknown_and_shapes_are_kept():
    states, changes = TABLE.at(np.array([[-1, 0], [10**9, 2]]), int(FIRST.timestamp()))
    assert states.shape == changes.shape == (2, 2)
    assert (states == 2).all()
    assert (changes == 0).all()
    empty_states, _ = HoursTable.build([], FIRST).at([0, 1], [int(FIRST.timestamp())] * 2)
    assert empty_states.tolist() == [2, 2]
    assert TABLE.at([], [])[0].size == 0


def test_many_at_once_equal_one_by_one():
    chance = np.random.default_rng(7)
    numbers = chance.integers(0, 200, 5000)
    epochs = int(FIRST.timestamp()) + chance.integers(-86_400, 20 * 86_400, 5000)
    states, changes = TABLE.at(numbers, epochs)
    for place in chance.integers(0, 5000, 200):
        one, its_change = TABLE.at([numbers[place]], [epochs[place]])
        assert (one[0], its_change[0]) == (states[place], changes[place])


def test_a_place_that_is_shut_for_good_is_closed_and_never_opens():
    shut = next(place for place in PLACES if place.closed)
    states, changes = TABLE.at([shut.number] * 2, [TABLE.first, TABLE.last + 10**8])
    assert states.tolist() == [0, 0]
    assert changes.tolist() == [0, 0]


def test_equal_hours_share_a_row():
    same = [
        Institution(id=str(number), name="", number=number, opening_hours="Mo-Fr 09:00-17:00", timezone="Europe/London")
        for number in range(500)
    ]
    built = HoursTable.build(same, FIRST, days=7)
    assert len(built._keys) < 40
    assert built.last - built.first == timedelta(days=7).total_seconds()
