"""The results page: from an answer, or from a parameter that cannot be used, to what the template shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.answer import Answer
from schemas.query import SearchRequest
from search_api.problems import BadParameterError
from search_api.query_view import place_credit
from search_api.web.cards import card
from search_api.web.search_form import SearchForm
from search_api.web.wording import Times, Wording

_FIELDS = {
    "q", "near", "at", "mode", "within_km", "year_from", "year_to", "service", "kind", "type", "language",
    "institution",
}  # fmt: skip
"""Parameters with a field on the page, where the message stands beside it."""


class FormProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter that cannot be used, and whether its field is on the page."""

    parameter: str
    message: str
    shown: bool


def results_view(form: SearchForm, say: Wording, asked: SearchRequest, answer: Answer, times: Times) -> dict[str, Any]:
    """What the template shows of an answer."""
    near = asked.near is not None
    warnings, free = answer.query.get("warnings", []), say("search.facets_free")
    return {
        "problem": None,
        "heading": _heading(say, asked.q, answer),
        "cards": [
            card(hit, number, say, times=times, mode=asked.mode, near=near)
            for number, hit in enumerate(answer.hits, start=1)
        ],
        "facets": answer.facets,
        "chips": form.chips(answer.facets, asked.near_name),
        "context": form.context(asked.near_name),
        "helpers": [],
        "warnings": [_for_readers(warning) for warning in warnings if warning != free],
        "counts_free": free in warnings,
        "next": answer.next,
        "near": asked.near,
        "place_credit": place_credit(asked),
    }


def problem_view(form: SearchForm, error: BadParameterError) -> dict[str, Any]:
    """What the template shows instead of an answer. The filters stay as they were set, without counts."""
    problem = FormProblem(parameter=error.parameter, message=error.message, shown=error.parameter in _FIELDS)
    facets: Mapping[str, Any] = {}
    return {
        "problem": problem, "heading": "", "cards": [], "facets": facets, "chips": form.chips(facets),
        "context": form.context(), "counts_free": False, "warnings": [],
        "next": None, "near": None, "place_credit": "",
    }  # fmt: skip


def _for_readers(warning: str) -> str:
    """A warning without the name of its parameter, which the page does not show."""
    return re.sub("^(q|at|sort|open)[:：] ?", "", warning)


def _heading(say: Wording, q: str, answer: Answer) -> str:
    kind = "results_count" if answer.total_relation == "exact" else "results_at_least"
    return say(f"{kind}_for", n=answer.total, q=q) if q else say(kind, n=answer.total)
