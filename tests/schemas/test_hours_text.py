"""Hours as people write them: prose in several languages, tables of weekdays, schema.org; and what is refused."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.hours import HoursError, OpeningHours
from schemas.hours_schema_org import from_schema_org
from schemas.hours_text import from_text, from_weekday_table, preview


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Mon-Fri 9am-5pm, Sat 10-4", "Mo-Fr 09:00-17:00; Sa 10:00-16:00"),
        ("Monday to Friday: 9.30 - 17.30; closed Sundays", "Mo-Fr 09:30-17:30"),
        ("Mon: 12:00 PM - 7:00 PM; Fri - Sat: 10:00 AM - 5:00 PM", "Mo 12:00-19:00; Fr,Sa 10:00-17:00"),
        ("9-5 Monday to Friday, 10-4 Saturday", "Mo-Fr 09:00-17:00; Sa 10:00-16:00"),
        ("Mon–Fri 9 a.m.–5 p.m.", "Mo-Fr 09:00-17:00"),
        ("Mon, Wed, Fri 9-12 and 1-5; Tue 10-8", "Mo,We,Fr 09:00-12:00,13:00-17:00; Tu 10:00-20:00"),
        ("Daily except Monday 10am-6pm", "Tu-Su 10:00-18:00"),
        ("Mon-Sat 9-5 except Wed 9-1", "Mo,Tu,Th-Sa 09:00-17:00; We 09:00-13:00"),
        ("noon to midnight daily", "Mo-Su 12:00-24:00"),
        ("Open 24 hours", "24/7"),
        ("Monday\n9am-5pm\nTuesday\nclosed", "Mo 09:00-17:00"),
        ("Mo-Fr 0900-1700", "Mo-Fr 09:00-17:00"),
        ("Mo-Fr 22:00-2:00", "Mo-Fr 22:00-02:00"),
        ("Mon-Fri 9:00AM-5:00PM (closed public holidays)", "Mo-Fr 09:00-17:00; PH off"),
        ("By appointment", 'Mo-Su unknown "by appointment"'),
        ("Mon-Fri 9-17 or by appointment", 'Mo-Fr 09:00-17:00 || unknown "by appointment"'),
        ("April to September: daily 10-18; October to March: Tue-Sun 10-16",
         "Apr-Sep Mo-Su 10:00-18:00; Oct-Mar Tu-Su 10:00-16:00"),
        ("April 1st - October 31: Tue - Sun: 10-18", "Apr 01-Oct 31 Tu-Su 10:00-18:00"),
        ("Mon-Sat 9-17; closed 25 December", "Mo-Sa 09:00-17:00; Dec 25 Mo-Su off"),
        ("Mon-Sat 9-17; Aug: Mon-Fri 9-13, closed Sat", "Mo-Sa 09:00-17:00; Aug Mo-Fr 09:00-13:00; Aug Sa off"),
        ("Montag bis Freitag 9-18 Uhr, Samstag 10-14 Uhr, Sonn- und Feiertage geschlossen",
         "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off"),
        ("Mo 10:00-18:00\nDi geschlossen\nMi 10:00-20:00", "Mo 10:00-18:00; We 10:00-20:00"),
        ("du lundi au vendredi de 9h à 12h et de 14h30 à 18h, fermé le dimanche", "Mo-Fr 09:00-12:00,14:30-18:00"),
        ("Lu-Ve 9h-17h, Di 10h-12h", "Mo-Fr 09:00-17:00; Su 10:00-12:00"),
        ("lunes a viernes de 9:00 a 14:00 y de 16:00 a 20:00; sábados 10-13; domingos cerrado",
         "Mo-Fr 09:00-14:00,16:00-20:00; Sa 10:00-13:00"),
        ("dal lunedì al venerdì dalle 9 alle 13 e dalle 15 alle 19", "Mo-Fr 09:00-13:00,15:00-19:00"),
        ("maandag t/m vrijdag van 9.00 tot 17.00 uur, zaterdag 10-16 uur", "Mo-Fr 09:00-17:00; Sa 10:00-16:00"),
        ("segunda a sexta das 9h às 18h", "Mo-Fr 09:00-18:00"),
        ("周一至周五 9:00—17:00，星期六闭馆", "Mo-Fr 09:00-17:00"),
        ("周二至周日 9:00-17:00（16:30停止入馆），周一闭馆", "Tu-Su 09:00-17:00"),
        ("周一至五 上午9:00-12:00 下午1:30-5:00", "Mo-Fr 09:00-12:00,13:30-17:00"),
        ("每天 8点半至下午5点", "Mo-Su 08:30-17:00"),
        ("Dec 25-Sep 14 sunrise-sunset", "Dec 25-Sep 14 sunrise-sunset"),
    ],
)  # fmt: skip
def test_prose(text, expression):
    understood = from_text(text)
    assert understood.expression == expression
    assert 0 < understood.confidence <= 1
    OpeningHours.parse(understood.expression, timezone="UTC")


def test_what_was_assumed_is_told():
    sure, guessed = from_text("Mon-Fri 9am-5pm"), from_text("Mon-Fri 9-5")
    assert sure.notes == ()
    assert sure.confidence == 1
    assert guessed.notes == ("9-5 is 09:00-17:00",)
    assert guessed.confidence < 1
    assert "thanksgiving" in " ".join(from_text("Thanksgiving blabla, Mon-Fri 9am-5pm").notes)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("hello world", 0),
        ("Mon-Fri 9", 7),
        ("Mon-Fri 9am until late", 7),
        ("Mon-Fri 9-5, Sat 10", 16),
        ("6:00 - 22:00 closed winter", 20),
        ("ma-pe 10-18", 3),
        ("Понедельник-пятница 9:00-21:00", 0),
        ("April 9-17", 6),
        ("Sat 10-4. Closed Thanksgiving and Christmas days", 10),
        ("Mon-Fri 9-5 in term time", 15),
        ("Mon-Fri 25:30-26:00", 8),
        ("x" * 5000, 2000),
    ],
)
def test_prose_that_cannot_be_told_for_sure_is_refused_with_the_place(text, position):
    with pytest.raises(HoursError) as caught:
        from_text(text)
    assert caught.value.position is not None
    assert abs(caught.value.position - position) <= 1


@settings(deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="MonTueFri 0123456789:-.,;apm周一至()closedJan", max_size=60))
def test_any_prose_is_understood_or_refused(text):
    try:
        understood = from_text(text)
    except HoursError:
        return
    OpeningHours.parse(understood.expression, timezone="UTC")


@given(
    st.lists(st.sampled_from(range(7)), min_size=1, max_size=7, unique=True), st.integers(0, 11), st.integers(13, 23)
)
def test_every_weekly_table_comes_back_as_it_went_in(days, opens, closes):
    names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    table = {name: f"{opens:02d}:00-{closes}:30" if place in days else "closed" for place, name in enumerate(names)}
    hours = OpeningHours.parse(from_weekday_table(table).expression, timezone="UTC")
    for place in range(7):
        day = datetime.fromisoformat(f"2026-11-{2 + place:02d}T12:59+00:00")
        assert (hours.at(day).state == "open") == (place in days)


def test_weekday_tables():
    table = {"monday": "09:00-17:30, 18:00-20:00", "tuesday": "closed", "wednesday": "", "Thursday": None}
    table |= {
        "Fri": "9am-5pm",
        "sat": ["10:00-12:00", "13:00-14:00"],
        "sunday": "by appointment",
        "public holidays": "closed",
    }
    understood = from_weekday_table(table)
    assert understood.expression == (
        'Mo 09:00-17:30,18:00-20:00; Fr 09:00-17:00; Sa 10:00-12:00,13:00-14:00; Su unknown "by appointment"; PH off'
    )
    assert from_weekday_table({"Montag": "9-17 Uhr"}).expression == "Mo 09:00-17:00"
    assert from_weekday_table({"星期一": "9:00-17:00"}).expression == "Mo 09:00-17:00"
    assert from_weekday_table({"monday": "00:00-24:00"}).notes


def test_a_day_that_cannot_be_read_is_unknown_and_not_lost():
    understood = from_weekday_table({"monday": "09:00-17:00", "tuesday": "17:00"})
    assert understood.expression == 'Mo 09:00-17:00; Tu unknown "17:00"'
    assert "tuesday" in understood.notes[0]
    for table in ({"monday": "17:00"}, {"monday": ""}, {}, {"someday": "9-5"}):
        with pytest.raises(HoursError):
            from_weekday_table(table)


def spec(days, opens, closes, **more):
    return {"@type": "OpeningHoursSpecification", "dayOfWeek": days, "opens": opens, "closes": closes} | more


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ("Mo-Fr 09:00-17:00", "Mo-Fr 09:00-17:00"),
        (["Mo-Fr 09:00-12:00", "Mo-Fr 13:00-17:00", "Sa 10:00-12:00"], "Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-12:00"),
        ({"openingHours": "Mo-Su"}, "24/7"),
        (spec(["Monday", "https://schema.org/Tuesday"], "09:00:00", "17:00"), "Mo,Tu 09:00-17:00"),
        (spec("http://schema.org/Sunday", "00:00", "00:00"), "off"),
        (spec({"@id": "schema:Saturday"}, "00:00", "23:59"), "Sa 00:00-24:00"),
        ([spec("Friday", "20:00", "02:00"), spec("PublicHolidays", "10:00", "12:00")],
         "Fr 20:00-02:00; PH 10:00-12:00"),
        (
            {"openingHoursSpecification": [spec("Monday", "09:00", "17:00")],
             "specialOpeningHoursSpecification": {"validFrom": "2026-12-24", "validThrough": "2026-12-26"}},
            "Mo 09:00-17:00; 2026 Dec 24-2026 Dec 26 off",
        ),
        (
            {"openingHours": "Mo-Fr 09:00-17:00",
             "openingHoursSpecification": spec(["Monday", "Tuesday"], "10:00", "12:00", validFrom="2026-07-01",
                                               validThrough="2026-08-31")},
            "Mo-Fr 09:00-17:00; 2026 Jul 01-2026 Aug 31 Mo,Tu 10:00-12:00",
        ),
    ],
)  # fmt: skip
def test_schema_org(value, expression):
    assert from_schema_org(value).expression == expression


@pytest.mark.parametrize(
    "value",
    [None, {}, [], 7, {"openingHours": "ask us"}, spec("Someday", "09:00", "17:00"),
     spec("Monday", "9 o'clock", "17:00"), spec("Monday", "09:00", None),
     spec("Monday", "09:00", "17:00", validFrom="Christmas")],
)  # fmt: skip
def test_schema_org_that_says_no_hours_is_refused(value):
    with pytest.raises(HoursError):
        from_schema_org(value)


def test_a_preview_shows_a_week():
    assert preview('Mo-Th 09:00-12:00,13:00-17:00; Fr 22:00-02:00; Su unknown "ring the bell"') == [
        "Mo 09:00-12:00, 13:00-17:00",
        "Tu 09:00-12:00, 13:00-17:00",
        "We 09:00-12:00, 13:00-17:00",
        "Th 09:00-12:00, 13:00-17:00",
        "Fr 22:00-24:00",
        "Sa 00:00-02:00",
        "Su 00:00-24:00 (unknown ring the bell)",
    ]
    first = datetime.fromisoformat("2026-12-24T10:00+00:00")
    assert preview("Mo-Su 10:00-11:00; PH off", first, timezone="Europe/Berlin")[:3] == [
        "Th 10:00-11:00",
        "Fr closed",
        "Sa closed",
    ]
