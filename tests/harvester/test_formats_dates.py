"""Years and dates in the words of catalogues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.formats.dates import iso_date, year_of


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1887", 1887),
        ("2014-05-02", 2014),
        ("[ca. 1920]", 1920),
        ("c.1830–41", 1830),
        ("after c.1830", 1830),
        ("0.1999", None),
        ("c1999", 1999),
        ("©2015", 2015),
        ("1955-1958", 1955),
        ("1955-58", 1955),
        ("2008.0", 2008),
        ("-750.0", -750),
        ("-500", -500),
        ("500 BC", -500),
        ("300-200 BCE", -300),
        ("44 v. Chr.", -44),
        ("前221年", -221),
        ("187-?", 1870),
        ("19--", 1900),
        ("18th century", 1701),
        ("19. Jh.", 1801),
        ("XVI", None),
        ("MDCCLXXVI", 1776),
        ("MDCXLIV [1644]", 1644),
        ("昭和53年", 1978),
        ("民国25年", 1936),
        ("令和元年", 2019),
        ("２００８年", 2008),
        ("١٩٩٩", 1999),
        ("AD 120", 120),
        ("c. 800", 800),
        ("12/10/2015 10:50", 2015),
        ("1.5.1832", 1832),
        ("05.1999", 1999),
        ("19991231", 1999),
        ("10 000 v. Chr.", -10000),
        ("1401 [1981]", 1981),
        ("1401 هـ", 1981),
        ("1401 A.H. = 1980", 1980),
        ("2512", 1969),
        ("พ.ศ. 2496", 1953),
        ("1987 [i.e. 1978]", 1978),
        ("2. Hälfte 19. Jh.", 1851),
        ("1. Viertel 18. Jhdt.", 1701),
        ("late 18th century", 1776),
        ("17th-18th century", 1601),
        ("fin du XVIIIe siècle", 1776),
        ("siglo XIX", 1801),
        ("s. XVI", 1501),
        ("XIX век", 1801),
        ("конец ХІХ в.", 1876),
        ("5th century BC", -500),
        ("III век до н.э.", -300),
        ("2. pol. 19. stol.", 1851),
        ("vitamin c 19 s", None),
        ("清乾隆", 1736),
        ("清代", 1644),
        ("清水", None),
        ("光緒十年", 1884),
        ("昭和三年", 1928),
        ("民國二十三年", 1934),
        ("一九八五年", 1985),
        ("Edo period", 1603),
        ("Meiji 20", 1887),
        ("s.a.", None),
        ("date not known", None),
        ("", None),
        ("99999", None),
        ("0", None),
        ("150", 150),
    ],
)
def test_year_of(text: str, year: int | None) -> None:
    assert year_of(text) == year


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-01-05", "2026-01-05"),
        ("2026-01-05T10:00:00Z", "2026-01-05"),
        ("20260105", "2026-01-05"),
        ("5.1.2026", "2026-01-05"),
        ("05/01/2026", "2026-01-05"),
        ("5 Jan 2026", "2026-01-05"),
        ("January 5th, 2026", "2026-01-05"),
        ("5. Januar 2026", "2026-01-05"),
        ("5 janvier 2026", "2026-01-05"),
        ("5 de enero de 2026", "2026-01-05"),
        ("2026年1月5日", "2026-01-05"),
        ("5 января 2026", "2026-01-05"),
        ("31/02/2026", ""),
        ("no date", ""),
        ("", ""),
        ("2026", ""),
    ],
)
def test_iso_date(text: str, date: str) -> None:
    assert iso_date(text) == date


@given(st.text(max_size=40))
def test_any_text_has_a_year_in_bounds_or_none(text: str) -> None:
    year = year_of(text)
    assert year is None or -99_999 <= year <= 2100
    assert len(iso_date(text)) in {0, 10}


def test_a_text_of_any_length_is_read_at_once() -> None:
    for text in ("c" * 1_000_000, "1-" * 500_000, "IV" * 500_000):  # a pattern that takes time squared would take days
        assert iso_date(text) == ""
        year_of(text)
    assert iso_date("due 5 Jan 2026" + " " * 1_000_000) == "2026-01-05"
