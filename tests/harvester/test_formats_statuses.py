"""What status words mean, in many languages and systems; due dates; what is not understood stays unknown."""

from __future__ import annotations

import pytest

from config.load import load_yaml
from harvester.formats.base import MappingError
from harvester.formats.statuses import StatusMap, meanings
from schemas.catalogue import SERVICES, STATES

GENERAL = StatusMap()


def states(text: str, due: str = "", map_: StatusMap = GENERAL) -> dict[str, str]:
    return {one.service: one.state for one in map_.read(text, due)}


AVAILABLE = {"loan": "available", "on_site": "available"}
ON_SITE = {"loan": "unavailable", "on_site": "available"}
EXPECTED = {"loan": "expected", "on_site": "expected"}
GONE = {"loan": "unavailable", "on_site": "unavailable"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            (
                "Available|On shelf|ON THE SHELF|available.|verfügbar|disponible|disponibile|"
                "beschikbaar|在架|可借|貸出可|доступен|대출가능|대출 가능|비치중(2층)|3 of 4 available|"
                "not borrowed|Y|tersedia|sẵn sàng|อยู่บนชั้น|उपलब्ध"
            ),
            AVAILABLE,
        ),
        (
            (
                "In library use only|Library use only|Reference only|Not for loan|Präsenzbestand|"
                "consultation sur place|solo consulta en sala|馆内阅览|館內閱覽|禁帯出|관내 열람|대출불가(참고도서)|"
                "только в читальном зале|Open|nur zur Einsicht"
            ),
            ON_SITE,
        ),
        (
            (
                "On loan|Checked out|LOAN|ausgeliehen|entliehen|emprunté|prestado|in prestito|"
                "uitgeleend|已借出|借出中|貸出中|на руках|выдана|대출중|대출 중|"
                "Out until 3 Dec|离架|dipinjam|đang mượn|ถูกยืม"
            ),
            EXPECTED,
        ),
        (
            (
                "On order|In transit|Reserved|On hold shelf|HOLDSHELF|Awaiting pickup|In process|"
                "bestellt|unterwegs|vorgemerkt|en commande|订购中|予約中|정리중|예약 중|상호대차중|в пути"
            ),
            EXPECTED,
        ),
        (
            (
                "Missing|Lost|Withdrawn|Lost and paid|In repair|Claimed returned|vermisst|perdu|"
                "extraviado|smarrito|丢失|紛失|분실|제적|소재불명|파손|утерян|списан|"
                "Not available|Unavailable|nicht verfügbar|"
                "non disponible|不可用|0 available|недоступно|N|Closed until 2050|gesperrt bis 2030"
            ),
            GONE,
        ),
        (
            "On display|On display, Room 12|On view|ausgestellt|exposé|expuesta|展出中|展示中|전시 중|на выставке",
            {"on_site": "available"},
        ),
        (
            ("Not on view|Not on display|Not currently on display|nicht ausgestellt|未展出|不展出|не экспонируется"),
            {"on_site": "unavailable"},
        ),
        (
            "Closed stacks|Storage by request|Magazin|bestellbar|en magasin|閉架書庫|书库|보존서고",
            {"loan": "limited", "on_site": "limited"},
        ),
        ("By appointment|In storage|nach Vereinbarung|sur rendez-vous", {"on_site": "limited"}),
        ("Online|Full text|en ligne|在线|オンライン|온라인|онлайн", {"digital": "available"}),
        ("|???|something odd|Short loan|42|x", {}),
    ],
)
def test_words(texts: str, expected: dict[str, str]) -> None:
    for text in texts.split("|"):
        assert states(text) == expected, text


@pytest.mark.parametrize(
    "text",
    [
        "Checked out - due 05/01/2026",
        "due 2026-01-05",
        "On loan until 5 January 2026",
        "ausgeliehen bis 5.1.2026",
        "entliehen, fällig am 5. Januar 2026",
        "prêté (retour le 05/01/2026)",
        "已借出，应还日期：2026年1月5日",
        "貸出中 返却期限 2026/1/5",
        "на руках до 05.01.2026",
        "대출중 (2026.01.05 반납예정)",
        "2026-01-05",
        "DUE 05-01-26",
        "Available from Jan 5, 2026",
    ],
)
def test_a_due_date_inside_the_words(text: str) -> None:
    found = GENERAL.read(text)
    assert {(one.service, one.state, one.due) for one in found} == {
        ("loan", "expected", "2026-01-05"),
        ("on_site", "expected", "2026-01-05"),
    }


def test_a_due_date_of_its_own_makes_a_loan_but_never_a_shelf_copy_late() -> None:
    assert GENERAL.read("", "2026-01-05")[0].due == "2026-01-05"
    assert states("Available", "2026-01-05") == AVAILABLE
    assert all(not one.due for one in GENERAL.read("Available", "2026-01-05"))
    assert GENERAL.read("Checked out", "1/5/2026")[0].due == "2026-05-01"
    assert StatusMap(month_first=True).read("Checked out", "1/5/2026")[0].due == "2026-01-05"
    assert StatusMap(month_first=True).read("Checked out", "25/1/2026")[0].due == "2026-01-25"


def test_a_mapping_wins_over_the_general_words() -> None:
    own = StatusMap({"A": "on_loan", "Available": {"loan": "limited"}, "B": "unavailable", "C": "unknown"})
    assert states("a", map_=own) == EXPECTED
    assert states("available", map_=own) == {"loan": "limited"}
    assert states("B", map_=own) == GONE
    assert states("C", map_=own) == {}
    assert states("On loan", map_=own) == EXPECTED


def test_codes_of_systems() -> None:
    evergreen = StatusMap(system="evergreen")
    assert [states(code, map_=evergreen).get("loan") for code in ("0", "1", "3", "9")] == [
        "available", "expected", "unavailable", "expected",
    ]  # fmt: skip
    assert states("0") == {}  # says nothing without its system
    assert states("-", map_=StatusMap(system="sierra")) == AVAILABLE
    with pytest.raises(MappingError, match="horizon"):
        StatusMap(system="horizon")


def test_the_map_names_only_known_meanings_services_and_states() -> None:
    maps = load_yaml("maps/statuses.yaml")
    known = set(meanings())
    assert set(maps["words"]) | set(maps["codes"]) <= known
    assert {name for system in maps["systems"].values() for name in system.values()} <= known
    assert all(set(m) <= set(SERVICES) and set(m.values()) <= set(STATES) for m in maps["meanings"].values())


@pytest.mark.parametrize("meaning", ["words", "codes"])
def test_no_word_has_two_meanings(meaning: str) -> None:
    seen: dict[str, str] = {}
    for name, listed in load_yaml("maps/statuses.yaml")[meaning].items():
        for word in listed:
            assert isinstance(word, str), f"{name}: {word!r} is not text in YAML: quote it"
            assert seen.setdefault(word.casefold(), name) == name, word
