"""From which moment to ask, and how a window is cut in two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import windows
from harvester.protocols.oai_position import Window, halves

DAY_S = 86400.0
moments = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


def text(moment: datetime, by_day: bool) -> str:
    return moment.strftime("%Y-%m-%d" if by_day else "%Y-%m-%dT%H:%M:%SZ")


@given(moments, moments, moments, st.booleans(), st.booleans(), st.booleans())
def test_two_halves_are_the_whole_and_share_nothing(one, two, record, by_day, open_begin, open_end):
    low, high = sorted((one, two))
    since, until = text(low, by_day), text(high, by_day)
    window = Window("" if open_begin else since, "" if open_end else until)
    parts = halves(window, earliest=since, latest=until, by_day=by_day)
    stamp = text(record, by_day)

    def inside(part):
        return (not part.since or part.since <= stamp) and (not part.until or stamp <= part.until)

    if not parts:
        assert since == until
        return
    assert sum(inside(part) for part in parts) == int(inside(window))
    assert all(not (p.since and p.until) or p.since <= p.until for p in parts)


@given(moments, st.booleans())
def test_cutting_ends_at_one_moment(moment, by_day):
    window, cuts = Window(text(moment - timedelta(days=9000), by_day), text(moment, by_day)), 0
    while parts := halves(window, earliest="", latest="", by_day=by_day):
        window, cuts = parts[cuts % 2], cuts + 1
    assert window.since == window.until
    assert cuts <= 31


def test_the_overlap_starts_at_a_day_and_shrinks_to_ten_minutes_at_least():
    overlap, quiet, seen = 0.0, 0, []
    for _ in range(40):
        overlap, quiet = windows.learned(overlap, quiet, fresh=3, latest_s=0)
        seen.append(overlap)
    assert seen[:3] == [DAY_S, DAY_S, DAY_S / 2]
    assert seen[-1] == 600


def test_a_late_change_makes_the_overlap_long_again():
    assert windows.learned(600, 2, fresh=1, latest_s=300) == (DAY_S, 0)
    assert windows.learned(DAY_S, 2, fresh=1, latest_s=DAY_S) == (2 * DAY_S, 0)
    assert windows.learned(DAY_S, 0, fresh=1, latest_s=25 * DAY_S) == (30 * DAY_S, 0)


def test_a_run_without_changes_teaches_nothing():
    assert windows.learned(7200, 2, fresh=0, latest_s=0) == (7200, 2)


@pytest.mark.parametrize(
    ("stamp", "late"),
    [
        ("2024-06-01T11:00:00Z", 3600),
        ("2024-06-01T13:00:00Z", 0),
        ("2024-06-01", 0),
        ("2024-05-31", 12 * 3600),
        ("nonsense", 0),
        ("", 0),
    ],
)
def test_lateness(stamp, late):
    assert windows.lateness(stamp, "2024-06-01T12:00:00Z") == late


@given(moments, st.floats(600, 30 * DAY_S), st.booleans())
def test_no_run_asks_from_later_than_the_mark_less_the_overlap(mark, overlap, by_day):
    bound = windows.lower_bound(text(mark, False), by_day=by_day, overlap=timedelta(seconds=overlap))
    asked = windows.parse_stamp(bound)
    assert asked is not None
    assert asked <= mark - timedelta(seconds=max(overlap, DAY_S if by_day else 0))


def test_the_overlap_is_learned_by_runs(oai, serve, harvest, database):
    from store import sources

    def overlap():
        with database.connect() as connection:
            return sources.state(connection, "s").overlap_s

    def change(number, stamp, answered):
        server.items.append(oai.item(number, datestamp=stamp))
        server.response_date = answered
        return harvest(server)

    server = serve([oai.item(n) for n in range(5)])
    harvest(server)
    for day in (2, 3, 4):
        change(day * 10, f"2024-06-0{day}T11:00:00Z", f"2024-06-0{day}T12:00:00Z")
    assert overlap() == DAY_S / 2
    assert change(50, "2024-06-04T03:00:00Z", "2024-06-05T12:00:00Z").new == 1, "nine hours late"
    assert overlap() == DAY_S
    assert server.lists()[-1]["from"] == "2024-06-04T00:00:00Z"
