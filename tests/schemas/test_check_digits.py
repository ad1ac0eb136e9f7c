"""What is wrong with a mistyped ISBN or ISSN, down to the digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import isbn as stdnum_isbn
from stdnum import issn as stdnum_issn

from schemas.check_digits import Fault, isbn_fault, issn_fault

digits = st.text("0123456789", min_size=12, max_size=12)


@given(body=digits, prefix=st.sampled_from(["978", "9791"]))
def test_the_right_digit_makes_it_right(body: str, prefix: str) -> None:
    start = (prefix + body)[:12]
    faults = {last: isbn_fault(start + last) for last in "0123456789"}
    (right,) = [last for last, fault in faults.items() if fault is None]
    assert stdnum_isbn.is_valid(start + right)
    assert {fault.right for fault in faults.values() if fault} == {right}


@given(body=digits)
def test_ten_digits_and_issn(body: str) -> None:
    for start, fault_of, valid in (
        (body[:9], isbn_fault, stdnum_isbn.is_valid),
        (body[:7], issn_fault, stdnum_issn.is_valid),
    ):
        faults = {last: fault_of(start + last) for last in "0123456789X"}
        (right,) = [last for last, fault in faults.items() if fault is None]
        assert valid(start + right)
        assert {fault.right for fault in faults.values() if fault} == {right}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("978-0-14-143951-8", None),
        ("ISBN 0-14-143951-3", None),
        ("urn:isbn:9780141439518", None),
        ("９７８０１４１４３９５１８", None),
        ("978-0-14-143951-9", Fault("check", "9", "8", 13)),
        ("0141439514", Fault("check", "4", "3", 10)),
        ("978014143951", Fault("length", length=12)),
        ("97801414395X8", Fault("characters")),
        ("1230141439518", Fault("prefix", "123")),
        ("9790001000000", Fault("prefix", "979")),
        ("hello", Fault("characters")),
        ("", Fault("characters")),
    ],
)
def test_faults(text: str, fault: Fault | None) -> None:
    assert isbn_fault(text) == fault


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    isbn_fault(text)
    issn_fault(text)
