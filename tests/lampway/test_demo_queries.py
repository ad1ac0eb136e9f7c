"""What a visitor of the demo would try, and the answer that has to come first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lampway.demo import CENTRE, demo_settings
from lampway.demo_items import Item, isbn10, items
from schemas.answer import Answer, Hit
from search_api.context import Context, open_context
from search_api.search import search
from search_api.understand import understand

PLACE = ZoneInfo("Europe/London")
CHORLTON, UNIVERSITY = "53.4424,-2.2775", "53.4655,-2.2345"


def working_afternoon() -> str:
    """The next Wednesday or Thursday, two o'clock, on which no holiday and no sample exception closes anything."""
    day = datetime.now(PLACE).replace(tzinfo=None) + timedelta(days=1)
    while day.weekday() not in {2, 3} or (day.month, day.day) >= (12, 17) or (day.month, day.day) <= (1, 9):
        day += timedelta(days=1)
    return f"{day:%Y-%m-%d}T14:00"


@pytest.fixture(scope="module")
def context(demo: Any) -> Iterator[Context]:
    assert demo.status == 0, demo.err
    opened = open_context(demo_settings(Path(demo.home)))
    yield opened
    opened.close()


@pytest.fixture
def ask(context: Context) -> Any:
    def asked(q: str, **params: str) -> Answer:
        given = {"q": q, "near": CENTRE, "at": working_afternoon(), "explain": "true", **params}
        return search(context, understand(context, {name: [value] for name, value in given.items()}, "en"))

    return asked


def first(answer: Answer) -> Hit:
    assert answer.hits, answer.query
    assert answer.exact
    return answer.hits[0]


def titles(hit: Hit) -> list[str]:
    return [hit.title, *hit.other_titles]


def edition(title: str, *, new: bool) -> Item:
    """An English edition of the time of ISBN-13 or before."""
    return next(
        item
        for item in items()
        if item.title == title and item.language == "en" and item.isbn and ((item.year or 0) >= 2007) == new
    )


@pytest.mark.parametrize(
    ("q", "title", "creator"),
    [
        # known titles, in full and in part
        ("emma", "Emma", "Austen"),
        ("Hard times dickens", "Hard Times", "Dickens"),
        ("the making of the english working class", "The Making of the English Working Class", "Thompson"),
        # without the diacritics that the catalogue has, and with ones that it has not
        ("cien anos de soledad", "Cien años de soledad", "García Márquez"),
        ("les miserables", "Les Misérables", "Hugo"),
        ("JANE ÉYRE", "Jane Eyre", "Brontë"),
        ("der grosse gatsby", "Der große Gatsby", "Fitzgerald"),
        ("dvorak symfonie e moll", "Symfonie č. 9 e moll „Z nového světa“", "Dvořák"),
        # authors in both orders
        ("Kafka, Franz: Der Prozess", "Der Prozess", "Kafka"),
        ("franz kafka der prozess", "Der Prozess", "Kafka"),
        ("orwell animal farm", "Animal Farm", "Orwell"),
        # other scripts
        ("преступление и наказание", "Преступление и наказание", "Достоевский"),
        ("吾輩は猫である", "吾輩は猫である", "夏目漱石"),
        ("موسم الهجرة إلى الشمال", "موسم الهجرة إلى الشمال", "الطيب صالح"),
        # articles and journals
        ("computing machinery and intelligence", "Computing Machinery and Intelligence", "Turing"),
        ("10.1093/mind/LIX.236.433", "Computing Machinery and Intelligence", "Turing"),
        ("0028-0836", "Nature", ""),
        # a topic that few titles name
        ("graphene manchester", "Electric Field Effect in Atomically Thin Carbon Films", "Novoselov"),
    ],
)  # fmt: skip
def test_the_first_answer(ask: Any, q: str, title: str, creator: str) -> None:
    hit = first(ask(q))
    assert title in titles(hit)
    assert creator in " ".join(hit.creators)


@pytest.mark.parametrize(
    ("simplified", "traditional", "creator"),
    [
        ("红楼梦", "紅樓夢", "曹雪芹"),
        ("三体", "三體", "Liu, Cixin"),
        ("魔戒", "魔戒", "Tolkien"),
        ("围城", "圍城", "Qian"),
    ],
)
def test_both_chinese_scripts_find_the_same(ask: Any, simplified: str, traditional: str, creator: str) -> None:
    one, other = ask(simplified), ask(traditional)
    assert [hit.id for hit in one.hits] == [hit.id for hit in other.hits]
    hit = first(one)
    assert {simplified, traditional} & set(titles(hit))
    assert creator in " ".join(hit.creators)
    assert one.total == other.total > 0


def test_simplified_finds_what_is_only_described_in_traditional(ask: Any) -> None:
    answer = ask("阿Q正传", institution="lantern-house")
    assert first(answer).title == "阿Q正傳"


@pytest.mark.parametrize("new", [True, False])
def test_an_isbn_in_any_form_finds_its_edition(ask: Any, new: bool) -> None:
    item = edition("Middlemarch" if new else "Great Expectations", new=new)
    short = isbn10(item.isbn)
    forms = [
        item.isbn,
        short,
        f"{item.isbn[:3]}-{short[:2]}-{short[2:6]}-{short[6:9]}-{item.isbn[-1]}",
        f"ISBN {short}",
    ]
    found = [ask(form) for form in forms]
    assert {answer.total for answer in found} == {1}
    assert len({first(answer).id for answer in found}) == 1
    assert item.isbn in first(found[0]).isbns
    assert "known_item" in first(found[0]).signals


def test_a_museum_object_is_found_by_name_and_by_number(ask: Any) -> None:
    answer = ask("jacquard card machine", kind="museum", at="")
    assert {hit.title for hit in answer.hits} == {"Jacquard card machine"}
    assert len(answer.hits) >= 5
    assert first(answer).best.institution_id == "museum-of-work"
    assert first(answer).best.state == "available"  # on display before what lies in the store
    shown = answer.hits[-1]
    assert [hit.unit_id for hit in ask(shown.unit_id).hits] == [shown.unit_id]


def test_an_archive_unit_is_found_by_its_code_and_not_taken_for_its_like(ask: Any) -> None:
    hit = first(ask("ALC/SPI/1/3"))
    assert (hit.unit_id, hit.title) == ("ALC/SPI/1/3", "Minute book, 1874-1876")
    assert hit.path == ["Amalgamated Cotton Spinners of Irwell", "Minutes"]
    assert first(ask("ICRO/CAN/1/2")).title == "Minute book, 1799-1803"
    assert first(ask("minute book 1874-1876 cotton spinners")).unit_id == "ALC/SPI/1/3"


def test_by_appointment_and_unknown_hours_are_not_called_open(ask: Any) -> None:
    everything, surely_open = ask("suffrage correspondence"), ask("suffrage correspondence", open="true")
    assert first(everything).best.open == "unknown"
    assert surely_open.total == 0
    assert any("unknown" in warning or "not known" in warning for warning in surely_open.query["warnings"])


def test_near_and_open_decide_among_equal_titles(ask: Any) -> None:
    answer = ask("dickens", open="true", limit="50")
    assert answer.hits
    assert {hit.best.open for hit in answer.hits} == {"open"}


def test_at_night_only_what_never_closes_is_open(ask: Any) -> None:
    afternoon = working_afternoon()
    half_past_three = ask("", at=afternoon.replace("T14:00", "T03:30"), open="true", limit="50")
    assert half_past_three.hits
    assert {hit.best.institution_id for hit in half_past_three.hits} == {"irwell-locker"}
    one = ask("dickens", at=afternoon.replace("T14:00", "T01:00"), open="true", limit="50")
    assert {hit.best.institution_id for hit in one.hits} == {"cottonopolis-university"}  # its night ends at two
    assert first(one).best.open_until.hour == 2


def test_the_nearer_copy_is_shown_where_one_stands(ask: Any) -> None:
    here, there = first(ask("jane eyre")), first(ask("jane eyre", near=CHORLTON))
    assert here.id == there.id
    assert here.best.institution_id != there.best.institution_id
    assert there.best.institution_id == "irwell-chorlton" or there.best.distance_km < 6


def test_loans_say_when_they_are_back(ask: Any) -> None:
    answer = ask("", at="", sort="title", limit="100", service="loan", institution="german-reading-room")
    lent = [hit for hit in answer.hits if hit.best.state == "expected" and hit.best.due]
    assert lent
    assert all(hit.best.due > datetime.now(PLACE).date().isoformat() for hit in lent)
    available = ask(
        "", at="", sort="title", limit="100", available="true", service="loan", institution="german-reading-room"
    )
    assert {hit.best.state for hit in available.hits} == {"available"}
    assert {hit.id for hit in available.hits}.isdisjoint(hit.id for hit in lent)


def test_every_reason_is_said(ask: Any) -> None:
    for hit in ask("kafka", near=UNIVERSITY).hits:
        assert hit.best.reason
        assert all(signal.reason for signal in hit.signals.values())
        assert hit.score == pytest.approx(sum(s.weight * s.score for s in hit.signals.values()), abs=1e-6)
