"""The torture list: servers broken in the ways that real ones are. Each case is a server, its runs, and how they end.

After each the store equals the truth of the server, or the run says precisely what is missing.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from torture.case import CASES

PAGE = Path(__file__).parents[3] / "docs" / "harvesting.md"


@pytest.mark.parametrize("number", [pytest.param(n, id=f"{n} {one.title}") for n, one in CASES.items()])
def test_torture(play, number):
    case = CASES[number]
    end = play(number)
    assert tuple(report.status for report in end.reports) == case.ends, end.said
    truth = end.world.truth()
    missing, extra = case.missing(end.world), case.extra(end.world)
    assert set(end.stored) - extra == set(truth) - missing - _set_aside(end)
    assert {name: title for name, title in end.stored.items() if name in truth and truth[name] != title} == {}
    assert re.search(case.says, end.said, re.DOTALL), end.said
    if end.reports[-1].status == "complete":
        assert not end.reports[-1].losses
    case.check(end)


def _set_aside(end):
    return {loss.record for loss in end.reports[-1].losses if loss.record and loss.record not in end.stored}


def test_every_case_of_the_list_is_played():
    assert {re.match(r"\d+", number)[0] for number in CASES} == {str(n) for n in range(1, 50)}


def test_the_page_says_what_the_cases_say():
    page = PAGE.read_text("utf-8")
    rows = [
        f"| {one.number} | {one.title} | {one.does} | {one.ours} | {', then '.join(one.ends)} |"
        for one in CASES.values()
    ]
    assert [row for row in rows if row not in page] == []
