"""When sources are owed a run: cron as cron means it, hours of the day, catch-up, resumption, pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.schedule import Plan, ScheduleError, check_cron, check_window, is_open, next_after, next_run, opening
from schemas.catalogue import Source
from store.source_runs import SourceRuns

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda t: t.replace(tzinfo=UTC, microsecond=0))
zones = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"])


def source(**fields: object) -> Source:
    return Source(id="s", protocol="oai", location="https://x.example/oai", format="oai_dc", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cron", "then"),
    [
        ("0 3 * * *", "2026-11-25T03:00"),
        ("0 3 * * 0", "2026-11-29T03:00"),  # Sunday, as cron counts
        ("0 3 * * 7", "2026-11-29T03:00"),
        ("0 3 * * SUN", "2026-11-29T03:00"),
        ("0 3 * * 1-5", "2026-11-25T03:00"),
        ("0 3 * * 6-7", "2026-11-28T03:00"),
        ("0 3 * * fri-mon", "2026-11-27T03:00"),
        ("0 3 * * */2", "2026-11-26T03:00"),  # Sunday, Tuesday, Thursday, Saturday
        ("0 3 1 * 5", "2026-11-27T03:00"),  # the first of the month, or a Friday
        ("0 3 1 * *", "2026-12-01T03:00"),
        ("*/15 * * * *", "2026-11-24T12:15"),
        ("@daily", "2026-11-25T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
    ],
)
def test_cron_means_what_cron_means(cron: str, then: str) -> None:
    assert next_after(check_cron(cron), NOW, "UTC") == datetime.fromisoformat(then).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "cron",
    ["", "nightly", "0 3 * *", "61 * * * *", "0 25 * * *", "0 3 * * 8", "0 3 * * 1/0", "0 0 31 2 *", "* * * * * *"],
)
def test_a_bad_cron_is_told_with_an_example(cron: str) -> None:
    with pytest.raises(ScheduleError, match="daily at 3"):
        check_cron(cron)


@pytest.mark.parametrize("window", ["night", "20:00", "20:00-20:00", "25:00-06:00", "20:61-06:00"])
def test_a_bad_window_is_told(window: str) -> None:
    with pytest.raises(ScheduleError, match=r"window|span"):
        check_window(window)


def test_hours_are_meant_in_the_zone_of_the_institution() -> None:
    assert next_after("0 3 * * *", NOW, "America/New_York") == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert is_open("20:00-06:00", NOW, "Asia/Shanghai")  # 20:00 there
    assert not is_open("20:00-06:00", NOW, "Europe/London")
    assert opening("22:00-24:00", NOW, "UTC") == datetime(2026, 11, 24, 22, tzinfo=UTC)


@given(moment=moments, zone=zones, first=st.integers(0, 1439), length=st.integers(1, 1439))
def test_a_window_opens_within_a_day_and_not_before_it_is_asked(
    moment: datetime, zone: str, first: int, length: int
) -> None:
    last = (first + length) % 1440
    window = f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"
    then = opening(window, moment, zone)
    assert moment <= then <= moment + timedelta(hours=26)
    local = then.astimezone(ZoneInfo(zone))
    skipped = local.replace(tzinfo=None) != datetime.combine(local.date(), local.time())
    assert skipped or is_open(window, then, zone) or local.utcoffset() != (local - timedelta(hours=2)).utcoffset()


@given(moment=moments, zone=zones, hour=st.integers(0, 23))
def test_a_schedule_always_moves_on(moment: datetime, zone: str, hour: int) -> None:
    then = next_after(f"30 {hour} * * *", moment, zone)
    assert then
    assert moment < then <= moment + timedelta(hours=26)


@pytest.mark.parametrize("cron", ["15 0 * * *", "30 1 * * *", "30 2 * * *"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Australia/Lord_Howe"])
def test_every_day_has_one_run_whatever_is_done_to_the_clock(cron: str, zone: str) -> None:
    then, days = datetime(2026, 1, 1, tzinfo=UTC), []
    while then < datetime(2026, 12, 30, tzinfo=UTC):
        following = next_after(cron, then, zone)
        assert following
        then = following
        days.append(then.astimezone(ZoneInfo(zone)).date())
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]


def test_what_was_missed_is_owed_once() -> None:
    runs = SourceRuns(
        added_at="2026-01-01T00:00:00+00:00", run=3, status="complete", started_at="2026-11-10T03:00:00+00:00"
    )
    due = next_run(source(), Plan(cron="0 3 * * *"), runs, NOW)
    assert due
    assert (due.at <= NOW, due.full, due.why) == (True, False, "schedule")
    runs.started_at = NOW.isoformat()
    due = next_run(source(), Plan(cron="0 3 * * *"), runs, NOW)
    assert due
    assert due.at == datetime(2026, 11, 25, 3, tzinfo=UTC)


def test_a_schedule_set_at_noon_does_not_begin_at_noon() -> None:
    runs = SourceRuns(added_at="2026-01-01T00:00:00+00:00")
    due = next_run(source(scheduled_at=NOW.isoformat()), Plan(cron="0 3 * * *"), runs, NOW)
    assert due
    assert due.at == datetime(2026, 11, 25, 3, tzinfo=UTC)


def test_hours_delay_what_is_due() -> None:
    runs = SourceRuns(added_at="2026-01-01T00:00:00+00:00")
    due = next_run(source(), Plan(cron="0 3 * * *", window="20:00-06:00"), runs, NOW)
    assert due
    assert due.at == datetime(2026, 11, 24, 20, tzinfo=UTC)


def test_cut_off_and_resumed_runs_need_no_schedule_and_pauses_stop_all() -> None:
    begun = "2026-11-24T11:00:00+00:00"
    died = SourceRuns(added_at=begun, run=1, status="running", started_at=begun, cut_off=True)
    due = next_run(source(), Plan(), died, NOW)
    assert due
    assert (due.at <= NOW, due.why) == (True, "cut off")
    waits = SourceRuns(added_at=begun, run=1, started_at=begun, resume_at="2026-11-24T14:00:00+00:00")
    due = next_run(source(), Plan(), waits, NOW)
    assert due
    assert (due.at, due.why) == (datetime(2026, 11, 24, 14, tzinfo=UTC), "resume")
    assert next_run(source(paused=True), Plan(cron="* * * * *"), died, NOW) is None
    assert next_run(source(), Plan(), SourceRuns(added_at=begun), NOW) is None


def test_whole_lists_have_their_own_schedule() -> None:
    runs = SourceRuns(
        added_at="2026-01-01T00:00:00+00:00", run=9, started_at="2026-11-24T03:00:00+00:00",
        full_started_at="2026-11-10T04:00:00+00:00",
    )  # fmt: skip
    due = next_run(source(), Plan(cron="0 3 * * *", full_cron="0 4 * * sun"), runs, NOW)
    assert due
    assert (due.at <= NOW, due.full) == (True, True)


@given(ids=st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True), jitter=st.integers(0, 3600))
def test_jitter_is_bounded_and_the_same_everywhere(ids: list[str], jitter: int) -> None:
    runs = SourceRuns(added_at=NOW.isoformat())
    for id_ in ids:
        feed = source()
        feed.id = id_
        first, again = (next_run(feed, Plan(cron="0 3 * * *", jitter=jitter), runs, NOW) for _ in range(2))
        assert first
        assert first == again
        assert timedelta(0) <= first.at - datetime(2026, 11, 25, 3, tzinfo=UTC) <= timedelta(seconds=jitter)
