"""ISBN, ISSN, languages, countries: one form each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import isbn as stdnum_isbn
from stdnum import issn as stdnum_issn

from schemas.identifiers import country_code, find_isbns, isbn10, isbn13, issn, language_code, language_tag


def with_check_digit(body: str) -> str:
    """An ISBN-13 from twelve digits, by the rule of ISO 2108."""
    total = sum(int(digit) * (1 if place % 2 == 0 else 3) for place, digit in enumerate(body))
    return body + str(-total % 10)


@given(st.text("0123456789", min_size=9, max_size=9))
def test_isbn_10_and_13_are_the_same_book(body: str) -> None:
    thirteen = with_check_digit("978" + body)
    ten = isbn10(thirteen)
    assert ten is not None
    assert isbn13(ten) == thirteen
    assert isbn13(thirteen) == thirteen
    assert isbn13(f"{thirteen[:3]}-{thirteen[3]}-{thirteen[4:8]}-{thirteen[8:12]}-{thirteen[12]}") == thirteen
    assert isbn13(f"ISBN {ten} (pbk.) : $5") == thirteen
    assert find_isbns(f"see ISBN {ten} and {thirteen}") == [thirteen]


@given(st.text("0123456789", min_size=9, max_size=9), st.integers(1, 9))
def test_a_wrong_check_digit_is_no_isbn(body: str, by: int) -> None:
    right = with_check_digit("978" + body)
    assert isbn13(right[:-1] + str((int(right[-1]) + by) % 10)) is None


@given(st.text(max_size=60))
@settings(deadline=None)  # the first call loads the names of languages
def test_any_text_is_answered_with_valid_numbers_or_none(text: str) -> None:
    for number in [isbn13(text), *find_isbns(text)]:
        assert number is None or (len(number) == 13 and with_check_digit(number[:12]) == number)
    assert issn(text) is None or len(issn(text) or "") == 9
    language_tag(text)
    country_code(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-8044-2957-X", "9780804429573"),
        ("080442957x", "9780804429573"),
        ("8044-2957X", "9780804429573"),
        ("439023483", "9780439023481"),  # an SBN: nine digits, the first 0 left out
        ("urn:isbn:9783161484100", "9783161484100"),
        ("978‐3‐16‐148410‐0", "9783161484100"),  # U+2010
        ("９７８３１６１４８４１００", "9783161484100"),
        ("9790260000438", None),  # an ISMN
        ("12345", None),
        ("", None),
    ],
)
def test_isbn13(text: str, expected: str | None) -> None:
    assert isbn13(text) == expected


def test_bare_ten_digits_in_free_text_are_no_isbn() -> None:
    assert find_isbns("record 0439023483, phone 0804429570") == []
    assert find_isbns("0-8044-2957-X") == ["9780804429573"]
    assert find_isbns("9783161484100; 978-0-8044-2957-3; 9783161484100") == ["9783161484100", "9780804429573"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ISSN 0378-5955", "0378-5955"), ("03785955", "0378-5955"), ("2434-561x", "2434-561X"), ("0378-5956", None)],
)
def test_issn(text: str, expected: str | None) -> None:
    assert issn(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eng", "en"), ("ger", "de"), ("deu", "de"), ("chi", "zh"), ("cmn", "zh"), ("grc", "grc"), ("scr", "hr"),
        ("iw", "he"), ("en-GB", "en"), ("zh_Hant_TW", "zh"), ("English", "en"), ("Englisch", "en"), ("français", "fr"),
        ("Französisch", "fr"), ("中文", "zh"), ("英文", "en"), ("汉语", "zh"), ("日本語", "ja"), ("Английский", "en"),
        ("inglés", "en"), ("Greek, Ancient", "grc"), ("Spanish; Castilian", "es"), ("English (US)", "en"),
        ("mul", None), ("und", None), ("zxx", None), ("qqq", None), ("xyzzy", None), ("", None), ("17", None),
    ],
)  # fmt: skip
def test_language_tag(text: str, expected: str | None) -> None:
    assert language_tag(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gb", "GB"), ("UK", "GB"), ("Deutschland", "DE"), ("DEU", "DE"), ("中国", "CN"), ("España", "ES"),
        ("United States", "US"), ("Scotland", "GB"), ("XX", None), ("ZZ", None), ("Atlantis", None), ("", None),
    ],
)  # fmt: skip
def test_country_code(text: str, expected: str | None) -> None:
    assert country_code(text) == expected


def test_language_code_is_what_marc_writes() -> None:
    assert [language_code(tag) for tag in ("de", "zh", "grc", "en", "??")] == ["ger", "chi", "grc", "eng", "und"]


@given(st.from_regex(r"(97[89])?\d{9}[\dX]", fullmatch=True))
def test_check_digits_are_those_of_stdnum(number: str) -> None:
    known = stdnum_isbn.to_isbn13(number) if stdnum_isbn.is_valid(number) and not number.startswith("9790") else None
    assert isbn13(number) == known
    text = number[:4] + "-" + number[-4:]
    assert issn(text) == (text if stdnum_issn.is_valid(text) else None)
