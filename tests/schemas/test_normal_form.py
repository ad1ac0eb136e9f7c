"""Normal forms of texts that are all marks: the same as Unicode's for what people write, and in time for the rest."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.normal_form import normal_form

MARKS = "\u0301\u0323"
"""Above and below: sorted against each other, which is what takes the time."""


@settings(max_examples=50)
@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_what_people_write_is_as_unicode_has_it(text, form):
    assert normal_form(form, text * 10) == unicodedata.normalize(form, text * 10)


@pytest.mark.parametrize("form", ["NFC", "NFKD"])
@pytest.mark.parametrize("marks", [MARKS, "\u0301\uff9e", "\u0301\u0f73"])
def test_many_marks_on_one_letter_are_all_there(form, marks):
    text = "a" + marks * 150_000  # a minute, sorted as one run
    found = Counter(normal_form("NFKD", normal_form(form, text)))
    found.pop("\u034f")
    assert found == Counter(unicodedata.normalize("NFKD", "a")) + Counter(
        {mark: 150_000 * count for mark, count in Counter(unicodedata.normalize("NFKD", marks)).items()}
    )


def test_other_signs_in_a_row_stay_as_they_are():
    text = "é" + "-" * 400 + "=" * 400 + "…" * 400
    assert normal_form("NFC", text) == text
