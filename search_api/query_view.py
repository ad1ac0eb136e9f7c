"""What was understood, as the answer says it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.answer import Hit
from schemas.query import SearchRequest
from search_api.messages import text
from search_api.respelling import WORD, words_in
from search_api.retrieve import Retrieval

_ALWAYS = ("q", "at", "mode", "sort", "limit", "lang")
_IF_SET = (
    "within_km", "open", "available", "service", "kind", "type", "language", "year_from", "year_to", "institution",
)  # fmt: skip


def place_credit(request: SearchRequest) -> str:
    """Who found the place asked from, in words, where the terms of the place service want it said; else empty."""
    if not request.near_attribution:
        return ""
    return text(request.lang, "search.place_by", name=request.near_name, attribution=request.near_attribution)


def query_view(
    request: SearchRequest, understood: Retrieval, hits: Sequence[Hit], warnings: Sequence[str]
) -> dict[str, Any]:
    """The request in words of the API: filters only where they are set.

    Args:
        request: the question.
        understood: what was made of it.
        hits: of the page; a respelt word is shown as they write it.
        warnings: besides those of the request.
    """
    found: dict[str, Any] = {name: getattr(request, name) for name in _ALWAYS}
    found |= {name: value for name in _IF_SET if (value := getattr(request, name)) not in (None, False, ())}
    if request.near is not None:
        found["near"] = {"lat": request.near.lat, "lon": request.near.lon, "name": request.near_name}
        if request.near_source:
            found["near"]["source"] = request.near_source
        if request.near_attribution:
            found["near"]["attribution"] = request.near_attribution
    if request.at_zone:
        found["timezone"] = request.at_zone
    if understood.identifier:
        found["identifier"] = understood.identifier
    if understood.asked != request.q:
        found["respelt"] = respelt = _as_written(understood.asked, request.q, hits)
        warnings = [text(request.lang, f"search.{understood.said}", q=request.q, respelt=respelt), *warnings]
    if understood.query.match == "any":
        found["match"] = "any"
    return found | {"warnings": [*request.warnings, *warnings]}


def _as_written(respelt: str, asked: str, hits: Sequence[Hit]) -> str:
    """A respelt question with its new words as titles and creators have them: the index knows them only folded."""
    written: dict[str, str] = {}
    for hit in hits:
        for word, token in words_in(" ".join([hit.title, *hit.creators, *hit.other_titles])):
            written.setdefault(token, word)
    kept = {word for word, _ in words_in(asked)}

    def shown(word: str) -> str:
        if word in kept or (not word.isascii() and word in asked):  # of scripts without blanks also a part
            return word
        return written.get(next(words_in(word), ("", ""))[1], word)

    return WORD.sub(lambda match: shown(match[0]), respelt)
