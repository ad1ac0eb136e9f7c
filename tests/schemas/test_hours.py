"""Opening hours at a moment: the grammar and its traps, holidays, exceptions, midnight, days of clock changes."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.hours import MAX_LENGTH, HoursError, OpeningHours, of_institution, problem_of
from schemas.hours_clock import clock_of, timezone_of
from schemas.hours_services import last_entry, problems_of
from schemas.institution import HoursException, Institution, ServicePoint

D = datetime.fromisoformat


def at(expression: str, moment: str, timezone: str = "Europe/London", **place) -> str:
    """State, next change and comment in one line; a moment without offset is local time there."""
    hours = OpeningHours.parse(expression, timezone=timezone, **place)
    when = D(moment)
    status = hours.at(when if when.tzinfo else when.replace(tzinfo=hours.clock.zone))
    change = status.next_change.isoformat(timespec="minutes") if status.next_change else "never"
    return f"{status.state} {change} {status.comment}".rstrip()


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("Mo-Fr 09:00-18:00; Sa 10:00-14:00", "2026-11-18T10:00", "open 2026-11-18T18:00+00:00"),
        ("Mo-Fr 09:00-18:00", "2026-11-18T18:00", "closed 2026-11-19T09:00+00:00"),
        ("Mo-Fr 09:00–18:00", "2026-11-18T10:00", "open 2026-11-18T18:00+00:00"),
        ("Mo－Fr　09：00－18：00；Sa off", "2026-11-18T10:00", "open 2026-11-18T18:00+00:00"),
        ("24/7", "2026-11-18T10:00", "open never"),
        ("off", "2026-11-18T10:00", "closed never"),
        ("Mo-Su", "2026-11-18T10:00", "open never"),
        ("Feb 29 10:00-12:00", "2026-11-18T10:00", "closed 2028-02-29T10:00+00:00"),
        ("Mo-Fr 10:00-16:00; We 12:00-18:00", "2026-11-18T10:00", "closed 2026-11-18T12:00+00:00"),
        ("Mo-Fr 12:00-14:00, Fr 20:00-23:00", "2026-11-20T21:00", "open 2026-11-20T23:00+00:00"),
        ("Mo, We, Fr 10:00-12:00", "2026-11-18T09:00", "closed 2026-11-18T10:00+00:00"),
        ("Mo, We, Fr 10:00-12:00", "2026-11-17T11:00", "closed 2026-11-18T10:00+00:00"),
        ("Dec 24, Dec 25 off", "2026-12-24T11:00", "closed never"),
        ("week 1-53/2 Mo 10:00-12:00", "2026-11-16T11:00", "open 2026-11-16T12:00+00:00"),
        ("Th[1] 10:00-12:00", "2026-11-12T11:00", "closed 2026-12-03T10:00+00:00"),
    ],
)
def test_what_the_grammar_says(expression, moment, expected):
    assert at(expression, moment) == expected


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ('"by appointment"', "2026-11-18T15:00", "unknown never by appointment"),
        ('Mo-Fr "by appointment"', "2026-11-18T15:00", "unknown 2026-11-21T00:00+00:00 by appointment"),
        ('Mo-Fr open "ring the bell"', "2026-11-18T15:00", "open 2026-11-21T00:00+00:00 ring the bell"),
        ('Mo-Fr 10:00-12:00 "reading room"', "2026-11-18T11:00", "open 2026-11-18T12:00+00:00 reading room"),
        ('Mo-Fr 10:00-12:00 || "by appointment"', "2026-11-18T15:00", "unknown 2026-11-19T10:00+00:00 by appointment"),
        ('Mo-Fr 10:00-12:00 || "by appointment"', "2026-11-21T15:00", "unknown 2026-11-23T10:00+00:00 by appointment"),
        ('Mo-Fr 10:00-12:00 || "by appointment"; PH off', "2026-12-25T15:00", "closed 2026-12-27T00:00+00:00"),
        ("Mo-Fr 10:00-12:00 unknown", "2026-11-18T11:00", "unknown 2026-11-18T12:00+00:00"),
        ("18:00+", "2026-11-18T19:00", "unknown 2026-11-19T00:00+00:00 closing time not given"),
    ],
)
def test_three_states_and_nothing_unknown_is_called_open(expression, moment, expected):
    assert at(expression, moment) == expected


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("Fr 20:00-02:00", "2026-11-21T01:00", "open 2026-11-21T02:00+00:00"),
        ("Fr 20:00-26:00", "2026-11-21T01:00", "open 2026-11-21T02:00+00:00"),
        ("Fr 20:00-02:00; Sa 10:00-12:00", "2026-11-21T01:00", "open 2026-11-21T02:00+00:00"),
        ("Fr 20:00-02:00; Sa off", "2026-11-21T01:00", "open 2026-11-21T02:00+00:00"),
        ("Fr-Sa 20:00-02:00; Sa 10:00-12:00", "2026-11-22T01:00", "closed 2026-11-27T20:00+00:00"),
        ("Mo-Su 22:00-22:00", "2026-11-22T01:00", "open never"),
    ],
)
def test_hours_past_midnight_belong_to_the_evening(expression, moment, expected):
    assert at(expression, moment) == expected


OFF = "Mo-Su 09:00-17:00; PH off"


@pytest.mark.parametrize(
    ("zone", "place", "day", "state"),
    [
        ("Europe/Berlin", {"country": "DE"}, "2026-12-25", "closed"),
        ("Europe/Berlin", {}, "2026-12-25", "closed"),
        ("Europe/Berlin", {"country": "DE"}, "2026-01-06", "open"),
        ("Europe/Berlin", {"country": "DE", "region": "DE-BY"}, "2026-01-06", "closed"),
        ("Europe/Berlin", {"country": "DE", "region": "Bayern"}, "2026-01-06", "closed"),
        ("Europe/Berlin", {"country": "DE", "region": "BE"}, "2026-03-08", "closed"),
        ("Europe/London", {"country": "GB", "region": "GB-SCT"}, "2026-11-30", "closed"),
        ("Europe/London", {"country": "GB", "region": "Scotland"}, "2026-11-30", "closed"),
        ("Europe/London", {"country": "GB", "region": "ENG"}, "2026-11-30", "open"),
        ("Europe/London", {"country": "GB", "region": "ENG"}, "2026-04-06", "closed"),
        ("Europe/London", {"country": "GB", "region": "SCT"}, "2026-04-06", "open"),
        ("America/New_York", {"country": "US"}, "2026-11-26", "closed"),
        ("America/New_York", {"country": "US"}, "2026-07-03", "closed"),
        ("US/Eastern", {}, "2026-11-26", "closed"),
        ("Europe/London", {"country": "uk"}, "2026-12-25", "closed"),
        ("PRC", {}, "2026-02-21", "closed"),
        ("Europe/Paris", {"country": "FR"}, "2026-04-06", "closed"),
        ("Asia/Shanghai", {"country": "CN"}, "2025-01-28", "closed"),
        ("Asia/Shanghai", {"country": "CN"}, "2025-02-04", "closed"),
        ("Asia/Shanghai", {"country": "CN"}, "2025-10-08", "closed"),
        ("Asia/Shanghai", {"country": "CN"}, "2026-02-15", "closed"),
        ("Asia/Shanghai", {"country": "CN"}, "2026-02-21", "closed"),
        ("Asia/Shanghai", {"country": "CN"}, "2026-02-23", "closed"),
        ("Asia/Shanghai", {"country": "CN"}, "2026-02-24", "open"),
        ("Asia/Shanghai", {"country": "CN"}, "2026-10-07", "closed"),
    ],
)
def test_public_holidays_of_country_and_region(zone, place, day, state):
    assert at(OFF, f"{day}T12:00", zone, **place).split()[0] == state


@pytest.mark.parametrize("day", ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11", "2026-01-04",
                                 "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])  # fmt: skip
def test_chinas_make_up_days_are_working_days(day):
    assert at("Mo-Fr 09:00-17:00; PH off", f"{day}T12:00", "Asia/Shanghai").startswith(f"open {day}T17:00")


def test_a_make_up_day_takes_the_hours_of_its_neighbour_and_leaves_open_days_alone():
    hours = "Mo-Th 09:00-17:00; Fr 09:00-12:00; PH off"
    assert at(hours, "2026-02-14T11:00", "Asia/Shanghai") == "open 2026-02-14T12:00+08:00"
    assert at("Tu-Su 10:00-16:00; PH off", "2026-01-04T11:00", "Asia/Shanghai") == "open 2026-01-04T16:00+08:00"
    assert at("Mo-Fr 09:00-17:00", "2026-02-14T11:00", "Asia/Shanghai").startswith("closed")


def test_holidays_and_weekdays_in_one_selector():
    both = {"timezone": "Europe/Berlin", "country": "DE"}
    assert at("PH Fr,Sa 10:00-19:00", "2026-12-25T11:00", **both).startswith("open")
    assert at("PH Mo-Th 10:00-19:00", "2026-12-25T11:00", **both).startswith("closed")
    assert at("Sa,PH 10:00-12:00", "2026-12-25T11:00", **both).startswith("open")
    assert at("Mo-Fr 08:00-18:00; PH -1 day 08:00-12:00; PH off", "2026-12-24T11:00", **both).startswith(
        "open 2026-12-24T12:00"
    )
    assert at("Mo-Fr 08:00-18:00; Jan-Mar PH off", "2026-12-25T11:00", **both).startswith("open")


def test_holidays_at_new_year():
    assert at("Mo-Fr 09:00-17:00; PH +1 day off", "2027-01-02T08:00", "Europe/Berlin").startswith("closed 2027-01-04")
    assert at("Mo-Su 09:00-17:00; PH off", "2026-12-31T18:00", "Europe/Berlin") == "closed 2027-01-02T09:00+01:00"


def test_unknown_holidays_are_told_and_not_guessed():
    assert OpeningHours.parse(OFF, timezone="UTC").notes == ("public holidays unknown: no country",)
    assert "Atlantis" in OpeningHours.parse(OFF, timezone="UTC", country="DE", region="Atlantis").notes[0]
    assert OpeningHours.parse("Mo-Fr 09:00-17:00; SH off", timezone="UTC").notes
    assert OpeningHours.parse("Mo-Fr 09:00-17:00", timezone="UTC").notes == ()


EXCEPTIONS = (
    HoursException(first="2026-12-24", hours="09:00-12:00", note="Christmas Eve"),
    HoursException(first="2026-12-25", last="2027-01-01"),
    HoursException(first="2026-11-22", hours="10:00-12:00,14:00-16:00 unknown"),
    HoursException(first="2026-11-28", hours="20:00-02:00"),
)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-12-24T11:00", "open 2026-12-24T12:00+00:00 Christmas Eve"),
        ("2026-12-24T12:00", "closed 2027-01-02T00:00+00:00"),
        ("2026-12-29T11:00", "closed 2027-01-02T00:00+00:00"),
        ("2026-11-22T11:00", "unknown 2026-11-22T12:00+00:00"),
        ("2026-11-22T13:00", "closed 2026-11-22T14:00+00:00"),
        ("2026-11-29T01:00", "open 2026-12-24T00:00+00:00"),
    ],
)
def test_dated_exceptions_win_over_everything(moment, expected):
    assert at('24/7 || "ring"; PH 00:00-24:00', moment, exceptions=EXCEPTIONS) == expected


def test_an_exception_opens_a_place_that_never_opens():
    special = [HoursException(first="2026-11-24", hours="10:00-11:00")]
    assert at("off", "2026-11-24T10:30", exceptions=special) == "open 2026-11-24T11:00+00:00"
    assert at("PH off", "2026-11-24T10:30", exceptions=special) == "open 2026-11-24T11:00+00:00"


@pytest.mark.parametrize(
    "exception",
    [
        HoursException(first="24.12.2026"),
        HoursException(first="2026-12-24", last="2026-12-20"),
        HoursException(first="2026-12-24", hours="Mo 10:00-12:00"),
        HoursException(first="2026-12-24", hours="late"),
    ],
)
def test_an_exception_that_cannot_be_read_is_refused(exception):
    with pytest.raises(HoursError):
        OpeningHours.parse("24/7", timezone="UTC", exceptions=[exception])


@pytest.mark.parametrize(
    ("zone", "expression", "moment", "expected"),
    [
        ("Europe/London", "Mo-Su 00:15-01:45", "2026-03-29T00:30+00:00", "open 2026-03-29T02:00+01:00"),
        ("Europe/London", "Mo-Su 01:15-01:45", "2026-03-29T00:30+00:00", "closed 2026-03-30T01:15+01:00"),
        ("Europe/London", "Mo-Su 00:00-01:30", "2026-10-25T00:30+01:00", "open 2026-10-25T01:30+01:00"),
        ("Europe/London", "Mo-Su 00:00-01:30", "2026-10-25T01:40+01:00", "closed 2026-10-25T01:00+00:00"),
        ("Europe/London", "Mo-Su 00:00-01:30", "2026-10-25T01:10+00:00", "open 2026-10-25T01:30+00:00"),
        ("Europe/London", "Su 09:00-17:00", "2026-10-24T12:00+01:00", "closed 2026-10-25T09:00+00:00"),
        ("Europe/London", "Su 09:00-17:00", "2026-03-28T12:00+00:00", "closed 2026-03-29T09:00+01:00"),
        ("America/New_York", "Mo-Su 01:30-02:30", "2026-03-08T01:45-05:00", "open 2026-03-08T03:00-04:00"),
        ("America/New_York", "Mo-Su 22:00-01:30", "2026-11-01T00:30-04:00", "open 2026-11-01T01:30-04:00"),
        ("Australia/Sydney", "Mo-Su 02:30-03:30", "2026-10-04T01:00+10:00", "closed 2026-10-04T03:00+11:00"),
        ("Australia/Sydney", "Mo-Su 09:00-17:00", "2026-04-05T01:00+11:00", "closed 2026-04-05T09:00+10:00"),
        ("America/Santiago", "Mo-Su 00:00-24:00", "2026-09-05T12:00-04:00", "open never"),
    ],
)
def test_days_on_which_the_clock_changes(zone, expression, moment, expected):
    assert at(expression, moment, zone) == expected


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tehran"]),
    st.sampled_from(["Mo-Su 01:15-02:45", "Fr-Su 22:00-03:30; We off", 'Mo-Fr 08:00-12:00 || "ring"', OFF]),
    st.datetimes(datetime(2020, 1, 2), datetime(2030, 1, 1)),
)
def test_the_state_is_what_the_clock_on_the_wall_says_and_lasts_until_the_next_change(zone, expression, moment):
    hours = OpeningHours.parse(expression, timezone=zone)
    moment = moment.replace(tzinfo=UTC, microsecond=0)
    status = hours.at(moment)
    end = status.next_change or moment + timedelta(days=3)
    assert end > moment
    states = {span.state for span in hours.spans(moment, min(end, moment + timedelta(days=30)))}
    assert states == {status.state}
    if status.next_change:
        assert hours.at(status.next_change).state != status.state


@given(st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
       st.integers(0, 4_000_000_000))  # fmt: skip
def test_the_clock_finds_every_change_of_its_zone(zone, epoch):
    clock = clock_of(zone)
    offset, change = clock.piece(epoch)
    assert timedelta(seconds=offset) == datetime.fromtimestamp(epoch, clock.zone).utcoffset()
    if change is not None:
        assert clock.offset(change - 1) == offset != clock.offset(change)


def test_spans_have_no_gaps_and_carry_the_places_offset():
    hours = OpeningHours.parse("Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-12:00 unknown", timezone="Europe/London")
    spans = hours.spans(D("2026-10-19T00:00+00:00"), D("2026-11-02T00:00+00:00"))
    assert spans[0].start == D("2026-10-19T00:00+00:00")
    assert spans[-1].end == D("2026-11-02T00:00+00:00")
    assert all(before.end == after.start for before, after in itertools.pairwise(spans))
    assert sum((span.end - span.start for span in spans if span.state == "open"), timedelta()) == timedelta(hours=70)
    with pytest.raises(ValueError, match="time zone"):
        hours.spans(datetime(2026, 1, 1), datetime(2026, 1, 2))
    with pytest.raises(ValueError, match="days"):
        hours.spans(D("2000-01-01T00:00+00:00"), D("2026-01-01T00:00+00:00"))


@pytest.mark.parametrize(
    ("expression", "position"),
    [("Mo-Fr 9-18h", 6), ("Mo-Fr 09:00-18:00; Xx 10:00", 19), ("", 0), ("   ", 0), ("Mo-Fr 25:99", 6),
     ("Mo–Fr 09:00–18:00 Sa", 20)],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_place(expression, position):
    with pytest.raises(HoursError) as caught:
        OpeningHours.parse(expression, timezone="UTC")
    assert caught.value.position is not None
    assert abs(caught.value.position - position) <= 2
    assert str(caught.value)


def test_places_that_cannot_be():
    with pytest.raises(HoursError, match="Europe/Londn"):
        OpeningHours.parse("24/7", timezone="Europe/Londn")
    with pytest.raises(HoursError, match="no time zone"):
        OpeningHours.parse("24/7", timezone="", country="US")
    with pytest.raises(HoursError, match="latitude"):
        OpeningHours.parse("24/7", timezone="", lat=123.0, lon=0.0)
    with pytest.raises(ValueError, match="time zone"):
        OpeningHours.parse("24/7", timezone="UTC").at(datetime(2026, 1, 1))
    assert OpeningHours.parse("24/7", timezone="UTC").at(D("9999-12-31T23:59+00:00")).state == "unknown"


@pytest.mark.parametrize(
    ("country", "zone"), [("DE", "Europe/Berlin"), ("my", "Asia/Kuala_Lumpur"), ("NP", "Asia/Kathmandu")]
)
def test_a_country_whose_clocks_agree_needs_no_time_zone(country: str, zone: str) -> None:
    assert OpeningHours.parse("24/7", country=country).clock.zone.key == zone


@pytest.mark.parametrize("country", ["AU", "NZ", "ES", "CN", "XX"])
def test_a_country_of_several_clocks_needs_a_time_zone(country: str) -> None:
    with pytest.raises(HoursError, match="time zone"):
        OpeningHours.parse("24/7", country=country)


def test_zone_and_country_follow_from_the_position_and_sunrise_needs_it():
    assert timezone_of(59.91, 10.75) == "Europe/Oslo"
    assert timezone_of(-33.87, 151.21) == "Australia/Sydney"
    oslo = OpeningHours.parse("Mo-Fr 09:00-17:00; PH off", lat=59.91, lon=10.75)
    assert oslo.country == "NO"
    assert oslo.at(D("2027-05-17T10:00+02:00")).state == "closed"
    found = at("sunrise-sunset", "2026-06-21T03:00+01:00", lat=54.97, lon=-1.61)
    assert found.startswith("closed 2026-06-21T04:2")


PATHOLOGICAL = (
    "Mo-Su",
    "Mo-Su 00:00-24:00",
    "2099 Mo",
    "Mo-Su off",
    "sunrise-sunrise",
    "24/7, Mo-Th 16:00-23:00, Fr 16:00-02:00",
    "Mo-Su;" * 118 + "Mo-Su",
    "Mo-Su unknown || " * 8 + "Mo-Su off",
    "Mo-Su 00:00-23:59/00:01",
    'Mo-Su 00:00-12:00 "a", Mo-Su 12:00-24:00 "b"',
    'Mo-Su 00:00-12:00 open "a", Mo-Su 12:00-26:00 open "b"; PH off',
    "Mo-Su open || " * 8 + ";".join(["Mo-Su"] * 110),
)


@pytest.mark.parametrize("expression", PATHOLOGICAL, ids=range(len(PATHOLOGICAL)))
@pytest.mark.timeout(20)
def test_no_expression_takes_for_ever(expression):
    assert at(expression, "2026-11-18T10:00").split()[0] in ("open", "closed", "unknown")


@pytest.mark.parametrize(
    "expression", ["Mo-Su 09:00-17:00;" * 200, "Mo-Su;" * 200, "Mo-Su || " * 20 + "off", "x" * 10**6]
)
def test_expressions_over_the_cap_are_refused(expression):
    with pytest.raises(HoursError):
        OpeningHours.parse(expression, timezone="UTC")
    assert MAX_LENGTH == 2000


@settings(deadline=None)
@given(st.text(alphabet='MoTuWeFrSaSuPHSJanDec0123456789:-,;|+"[]/ off()–', max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        hours = OpeningHours.parse(text, timezone="Europe/Berlin", country="DE")
    except HoursError:
        return
    hours.at(D("2026-11-18T10:00+00:00"))
    hours.spans(D("2026-12-20T10:00+00:00"), D("2027-01-05T10:00+00:00"))


def test_the_hours_of_an_institution():
    place = Institution(id="x", name="X", opening_hours="Mo-Fr 09:00-17:00; PH off", lat=54.97, lon=-1.61, country="GB")
    known = of_institution(place)
    assert known is not None
    assert str(known.clock.zone) == "Europe/London"
    assert known.at(D("2026-12-25T10:00+00:00")).state == "closed"
    shut = of_institution(Institution(id="x", name="X", opening_hours="24/7", timezone="UTC", closed=True))
    assert shut is not None
    assert shut.at(D("2026-12-25T10:00+00:00")) == ("closed", None, "")
    assert of_institution(Institution(id="x", name="X", timezone="UTC")) is None
    unreadable = Institution(id="x", name="X", opening_hours="ask us", timezone="UTC")
    assert of_institution(unreadable) is None
    assert "ask us" in str(problem_of(unreadable))
    assert problem_of(place) is None


@pytest.mark.parametrize(
    ("text", "before_closing_s", "hours"),
    [
        ("-00:30", 1800, ""),
        (" \u221200:30", 1800, ""),
        ("16:15", 0, "00:00-16:15"),
        ("1:00", 0, "06:00-25:00"),
        ("Mo-Fr 09:00-16:45; Sa 09:00-12:30", 0, "Mo-Fr 09:00-16:45; Sa 09:00-12:30"),
        ("", 0, ""),
    ],
)
def test_a_last_entry_is_so_long_before_closing_or_hours_of_its_own(text, before_closing_s, hours):
    place = Institution(id="x", name="X", service_points=[ServicePoint(name="last_entry", hours=text)])
    assert last_entry(place) == (before_closing_s, hours)
    assert problems_of(place) == []


def test_hours_of_services_that_cannot_be_read_are_told_with_the_name_of_the_service():
    hours = {"reading_room": "Tu-Th 10:00-16:00", "desk": "?", "garden": "", "last_entry": "half past four"}
    points = [ServicePoint(name=name, hours=text) for name, text in hours.items()]
    problems = [str(problem) for problem in problems_of(Institution(id="x", name="X", service_points=points))]
    assert [problem.split(":")[0] for problem in problems] == ["desk", "last_entry"]
    assert "half past four" in problems[1]
    assert "-00:30" in problems[1]
