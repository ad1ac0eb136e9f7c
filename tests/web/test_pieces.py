"""What the pages are made of: words, numbers, times, links and the form. No browser."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.answer import Best
from schemas.catalogue import RECORD_TYPES, SERVICES, STATES, Link
from schemas.institution import INSTITUTION_KINDS
from schemas.query import MODES, SORTS
from search_api.messages import catalogue, text
from search_api.views import DayView, SpanView
from search_api.web.addresses import Addresses, safe_links, safe_url
from search_api.web.cards import text_language
from search_api.web.facts import availability, distance, opening
from search_api.web.search_form import SearchForm
from search_api.web.week import week
from search_api.web.wording import Times, Wording

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TIMES = Times(NOW, NOW)
EN, ZH = Wording("en"), Wording("zh")


def test_both_languages_say_everything_with_the_same_values() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    assert {key for key in english if key.startswith("pages.")} == {key for key in chinese if key.startswith("pages.")}
    for key in (key for key in english if key.startswith("pages.")):
        own, other = english[key], chinese[key]
        if isinstance(own, list):
            assert len(own) == len(other), key
        else:
            assert _values(own) >= _values(other), key


@pytest.mark.parametrize("say", [EN, ZH])
def test_every_value_of_the_closed_lists_has_a_name(say: Wording) -> None:
    lists = {
        "type": RECORD_TYPES,
        "kind": INSTITUTION_KINDS,
        "service": SERVICES,
        "mode": MODES,
        "sort": SORTS,
        "state": STATES,
    }
    for group, values in lists.items():
        for value in values:
            assert say.has(f"{group}_{value}"), f"{group}_{value}"
    for signal in ("text", "availability", "open", "distance", "known_item"):
        assert say.has(f"signal_{signal}")


def _values(text: object) -> set[str]:
    texts = text.values() if isinstance(text, dict) else [text]
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(str(one)) if name}


def test_opening_hours_name_the_days_in_words_and_leave_comments_alone() -> None:
    hours = 'Mo-Fr 09:00-17:00; Sa,Su off "Su Dongpo-Room; off"; PH off; Jun-Aug 10:00-12:00'
    assert EN.hours(hours) == (
        'Mon–Fri 09:00–17:00; Sat, Sun closed "Su Dongpo-Room; off"; public holidays closed; Jun–Aug 10:00–12:00'
    )
    assert ZH.hours(hours) == (
        '周一–周五 09:00–17:00；周六、周日 关闭 "Su Dongpo-Room; off"；公共假日 关闭；6月–8月 10:00–12:00'
    )


def test_chinese_has_blanks_beside_other_letters_and_none_among_its_own() -> None:
    assert ZH("open_until", time="20:00") == "开放至 20:00"
    assert ZH("open_until", time="明天 02:00") == "开放至明天 02:00"
    assert text("zh", "reasons.expected_due", state="已借出", day="12月3日") == "已借出，预计 12月3日归还"
    assert text("zh", "reasons.checked", state="可外借", ago="2 小时") == "可外借（2 小时前查证）"
    assert EN("open_until", time="tomorrow 02:00") == "Open until tomorrow 02:00"


def test_a_day_of_return_is_the_places_own_and_one_that_is_over_is_no_promise() -> None:
    def told(due: str, say: Wording = EN, zone: timezone = UTC) -> str:
        checked = (NOW - timedelta(hours=1)).astimezone(zone)
        return availability(say, state="expected", service="loan", due=due, checked_at=checked, times=TIMES).text

    assert told("2026-11-25") == "Expected back tomorrow"
    assert told("2026-11-25", zone=timezone(timedelta(hours=14))) == "Expected back today"
    assert told("2026-11-25T17:00:00Z") == "Expected back tomorrow"
    assert told("2026-11-03") == "Was due back 3 Nov"
    assert told("2026-11-03", ZH) == "原定11月3日归还"
    assert told("10 Dec") == "Expected back 10 Dec"


@pytest.mark.parametrize(
    ("km", "english", "chinese"),
    [
        (0.0, "10 m", "10 米"),
        (0.43, "430 m", "430 米"),
        (0.999, "1.0 km", "1.0 公里"),
        (9.96, "10 km", "10 公里"),
        (1234.5, "1,234 km", "1,234 公里"),
    ],
)
def test_distances(km: float, english: str, chinese: str) -> None:
    assert (EN.distance(km), ZH.distance(km)) == (english, chinese)


@pytest.mark.parametrize(
    ("cron", "english", "chinese"),
    [
        ("0 3 * * *", "daily at 03:00", "每天 03:00"),
        ("15 * * * *", "hourly, at minute 15", "每小时第 15 分钟"),
        ("0 3 * * mon", "0 3 * * mon", "0 3 * * mon"),
        ("", "", ""),
    ],
)
def test_schedules_in_words(cron: str, english: str, chinese: str) -> None:
    assert (EN.schedule(cron), ZH.schedule(cron)) == (english, chinese)


def test_a_journey_of_days_is_told_by_its_distance() -> None:
    far = distance(EN, km=3800, minutes=59_000, mode="walk", asked=True)
    near = distance(EN, km=5, minutes=75, mode="walk", asked=True)
    assert (far and far.text, near and near.text) == ("3,800 km", "5.0 km, 1 h 15 min on foot")


@pytest.mark.parametrize(
    ("minutes", "words"), [(1, "1 min"), (59, "59 min"), (60, "1 h"), (63, "1 h 3 min"), (2900, "2 days")]
)
def test_durations(minutes: int, words: str) -> None:
    assert EN.duration(minutes) == words


def test_times_are_the_places_own() -> None:
    tokyo = timezone(timedelta(hours=9))
    open_ = Best(open="open", open_until=datetime(2026, 11, 24, 20, 0, tzinfo=tokyo))
    closed = Best(open="closed", opens_at=datetime(2026, 11, 25, 9, 0, tzinfo=tokyo))
    assert opening(EN, open_, TIMES).text == "Open until 20:00"
    assert opening(EN, closed, TIMES).text == "Closed, opens tomorrow 09:00"
    assert opening(ZH, closed, TIMES).text == "已关闭，明天 09:00 开放"
    later = Times(NOW + timedelta(days=4), NOW)
    saturday = Best(open="closed", opens_at=datetime(2026, 11, 28, 9, 30, tzinfo=UTC))
    assert "Sat 09:30" in opening(EN, saturday, TIMES).text
    saturday = Best(open="open", open_until=datetime(2026, 11, 28, 17, 0, tzinfo=UTC))
    assert opening(EN, saturday, later).text == "Open until 17:00"


def test_a_holiday_of_which_the_hours_say_nothing_is_doubtful() -> None:
    until = datetime(2026, 12, 25, 19, 0, tzinfo=UTC)
    sure, doubtful = (Best(open="open", open_until=until, doubtful_day=doubt) for doubt in (False, True))
    assert (opening(EN, sure, TIMES).tone, opening(EN, sure, TIMES).note) == ("good", "")
    assert opening(EN, doubtful, TIMES).tone == "part"
    assert "public holiday" in opening(EN, doubtful, TIMES).note
    assert "公共假日" in opening(ZH, doubtful, TIMES).note


@given(
    hours=st.integers(0, 5000),
    state=st.sampled_from(["available", "limited"]),
    service=st.sampled_from(["loan", "on_site", "digital", None]),
)
def test_nothing_old_is_ever_green(hours: int, state: str, service: str | None) -> None:
    fact = availability(EN, state=state, service=service, due="", checked_at=NOW - timedelta(hours=hours), times=TIMES)
    if hours > 168:
        assert (fact.tone, fact.icon) == ("none", "unknown")
        assert "?" in fact.text
    else:
        assert fact.tone in ("good", "part")


def test_a_status_without_a_time_is_a_question_and_unknown_stays_unknown() -> None:
    assert availability(EN, state="available", service="loan", due="", checked_at=None, times=TIMES).tone == "none"
    assert (
        availability(EN, state="unknown", service=None, due="", checked_at=None, times=TIMES).text
        == "Availability unknown"
    )
    assert distance(EN, km=None, minutes=None, mode="walk", asked=True).text == "Distance unknown"  # type: ignore[union-attr]
    assert distance(EN, km=None, minutes=None, mode="walk", asked=False) is None


@pytest.mark.parametrize(
    ("title", "languages", "tag"),
    [
        ("透纳的水彩画", ["zh"], "zh"),
        ("透纳的水彩画", [], "zh"),
        ("水彩画の本", ["zh"], "ja"),
        ("한국의 그림", [], "ko"),
        ("Zhongguo hua", ["zh"], "zh-Latn"),
        ("Voĭna i mir", ["ru"], "ru-Latn"),
        ("Война и мир", ["ru"], "ru"),
        ("Ein Buch", ["de"], "de"),
        ("A book / Ein Buch", ["en", "de"], ""),
        ("Book", ["mul"], ""),
        ("1984", ["en"], "en"),
    ],
)
def test_language_of_a_title(title: str, languages: list[str], tag: str) -> None:
    assert text_language(title, languages) == tag


@given(st.text())
def test_only_web_addresses_become_links(url: str) -> None:
    assert safe_url(url) == "" or safe_url(url).lower().startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "http://",
        "ftp://x/y",
        "http://[::1",
    ],
)
def test_other_addresses_do_not(url: str) -> None:
    assert safe_url(url) == ""


def form(*pairs: tuple[str, str], lang: str | None = None) -> SearchForm:
    return SearchForm(pairs, EN, Addresses(lang, pairs))


def test_chips_take_away_one_filter_and_keep_the_rest() -> None:
    asked = form(("q", "x"), ("type", "book,map"), ("type", "score"), ("open", "true"), ("cursor", "abc"), lang="zh")
    chips = {chip.label: chip.address for chip in asked.chips({})}
    assert chips["Map"] == "/search?q=x&type=book&type=score&open=true&lang=zh"
    assert chips["Open when I arrive"] == "/search?q=x&type=book%2Cmap&type=score&lang=zh"
    assert asked.filters_active() == 4


def test_ticked_values_stay_where_nothing_matches_them() -> None:
    facets = {"type": [{"value": "book", "count": 3, "label": ""}]}
    choices = form(("type", "map")).choices("type", facets)
    assert [(choice.value, choice.chosen, choice.count) for choice in choices] == [
        ("book", False, 3),
        ("map", True, None),
    ]


def test_typed_values_stay() -> None:
    assert form(("at", "tomorrow")).at_field() == ("text", "tomorrow")
    assert form(("at", "2026-11-24T10:00+00:00")).at_field() == ("datetime-local", "2026-11-24T10:00")
    assert [choice.value for choice in form(("within_km", "7.5")).within()] == ["1", "2", "5", "7.5", "10", "25", "50"]
    assert [choice.value for choice in form(("within_km", "nan")).within()] == ["1", "2", "5", "10", "25", "50"]


def _span(first: tuple[int, int], last: tuple[int, int], state: str = "open") -> SpanView:
    """From and until as (day of November, hour)."""
    return SpanView(
        start=datetime(2026, 11, *first, tzinfo=UTC),
        end=datetime(2026, 11, *last, tzinfo=UTC),
        state=state,  # type: ignore[arg-type]
    )


def test_a_week_as_a_sign_says_it() -> None:
    days = [
        DayView(date="2026-11-23", spans=[_span((23, 9), (23, 12)), _span((23, 14), (23, 18))]),
        DayView(date="2026-11-24", spans=[_span((24, 20), (25, 0))]),
        DayView(date="2026-11-25", spans=[_span((25, 0), (25, 2)), _span((25, 20), (26, 0))]),
        DayView(date="2026-11-26", spans=[_span((26, 0), (27, 0))]),
        DayView(date="2026-11-27", spans=[_span((27, 9), (27, 12), "unknown")]),
        DayView(date="2026-11-28", spans=[], exceptional=True),
    ]
    told = week(days, [], date(2026, 11, 24), EN)
    assert [day.times for day in told] == [
        ["09:00–12:00", "14:00–18:00"],
        ["20:00–02:00"],
        ["20:00–24:00"],
        ["Open 24 hours"],
        ["Unknown"],
        ["Closed"],
    ]
    assert [day.today for day in told] == [False, True, False, False, False, False]
    assert told[5].note == "Exception"


def test_links_that_run_when_followed_are_given_to_nobody():
    good = [Link("https://books.example/1"), Link("ftp://books.example/2", "text")]
    bad = [Link("javascript:alert(1)//http://x"), Link("data:text/html,<script>"), Link("java\tscript:alert(1)")]
    assert safe_links([*bad, *good]) == good
