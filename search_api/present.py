"""Hits: the works of a page with the holding that answers best, every signal's score, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.answer import Hit, Signal
from schemas.query import SearchRequest
from schemas.work import Work
from search_api.best_holding import BestHoldings
from search_api.ranking.combine import Measure
from search_api.ranking.known_item import SCORES, Kind
from search_api.ranking.reasons import Reasons
from search_api.ranking.rules import Rules
from search_api.web.addresses import safe_url
from store import works
from store.column_view import View
from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The works of a page in their order, with what the ranking found."""

    numbers: NDArray[np.int64]
    text: NDArray[np.float64]
    known: Mapping[int, Kind]
    """Number -> how a known item is known."""
    text_kind: str
    """Key of the reason of the signal "text" where it is not a share of the best match; else ""."""


def present(
    database: Database, request: SearchRequest, page: Page, view: View, measure: Measure, rules: Rules
) -> list[Hit]:
    """The hits of a page; works that have vanished from the store meanwhile are left out."""
    reasons = Reasons(request.lang)
    with database.connect() as connection:
        found = works.by_numbers(connection, page.numbers.tolist())
        best = BestHoldings(connection, request, page.numbers, view, measure, reasons)
    hits = []
    for position, number in enumerate(page.numbers.tolist()):
        if number not in found:
            continue
        signals = {"text": _text(page, position, rules, reasons, explain=request.explain)} | best.signals(
            position, rules
        )
        if number in page.known:
            reason = reasons.say(f"known_{page.known[number]}")
            signals["known_item"] = Signal(
                score=SCORES[page.known[number]], weight=rules.weights.known_item, reason=reason
            )
        hits.append(_hit(found[number], best, position, signals, explain=request.explain))
    return hits


def _text(page: Page, position: int, rules: Rules, reasons: Reasons, *, explain: bool) -> Signal:
    score = float(page.text[position])
    reason = ""
    if explain:
        key = page.text_kind or ("text_best" if score >= 1 else "text")
        reason = reasons.say(key, percent=round(100 * score))
    return Signal(score=score, weight=rules.weights.text, reason=reason)


def _hit(work: Work, best: BestHoldings, position: int, signals: dict[str, Signal], *, explain: bool) -> Hit:
    score = sum(signal.weight * signal.score for signal in signals.values())
    if not explain:
        for signal in signals.values():
            signal.reason = ""
    holdings, institutions = best.counts(position)
    return Hit(
        id=work.id,
        title=work.title,
        creators=[creator.name for creator in work.creators],
        year=work.year,
        type=work.type,
        languages=work.languages,
        isbns=work.isbns,
        score=score,
        signals=signals,
        best=best.best(position),
        holdings_count=holdings,
        institutions_count=institutions,
        number=work.number,
        part=work.part,
        other_titles=work.other_titles,
        publisher=work.publisher,
        description=work.description,
        thumbnail=safe_url(work.thumbnail),
        unit_id=work.unit_id,
        path=work.path,
    )
