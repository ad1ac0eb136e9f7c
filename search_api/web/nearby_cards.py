"""The nearest places that have a thing, in words: for the widget and the frame on other people's pages.

The words are those of our own pages, made by the same functions: no other page calls available what ours do not.
"""

from __future__ import annotations

import msgspec

from schemas.query import SearchRequest
from search_api.context import Context
from search_api.nearby import Nearby, nearby, one_each
from search_api.places import place_name
from search_api.problems import BadParameterError
from search_api.query_view import place_credit
from search_api.renderers.base import Frame
from search_api.renderers.states import told
from search_api.views import HoldingView, Moved, WorkView
from search_api.web.cards import best_facts, best_way
from search_api.web.facts import Tone
from search_api.web.wording import Times, Wording
from search_api.works import work_asked_for

KINDS = ("isbn", "issn", "title", "work")
PLACES = 3
MOST = 50
"""Things in one question."""
MOST_LETTERS = 500


class CardFact(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a place's line; ``tone`` is its colour, the words say the same."""

    text: str
    tone: Tone
    note: str = ""


class CardPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place that has it: whether it can be had, whether the door is open on arrival, how far it is."""

    name: str
    address: str
    """Of the institution's page here; "" where the registry does not know it."""
    state: str
    open: str
    facts: list[CardFact]


class NearbyCard(msgspec.Struct, kw_only=True):
    """The answer about one thing."""

    want: str
    """As it was asked for: "isbn:9780141439518"."""
    matched: bool = False
    title: str = ""
    address: str = ""
    """Of the work's page here, for the same place; "" = nothing matched."""
    places: list[CardPlace] = msgspec.field(default_factory=list)
    institutions_count: int = 0
    credit: str = ""
    """Whom to name for the position."""
    problem: str = ""
    """Why it cannot be looked for, in words."""


class NearbyCards(msgspec.Struct, kw_only=True):
    """The answers, in the order of the questions."""

    cards: list[NearbyCard]
    warnings: list[str] = msgspec.field(default_factory=list)


def cards_for(context: Context, question: SearchRequest, wants: list[str], frame: Frame) -> NearbyCards:
    """The answers about things.

    Args:
        context: the context.
        question: from where, when and how.
        wants: "isbn:…", "issn:…", "title:…" or "work:…", at most MOST.
        frame: with our own address and the language.

    Raises:
        BadParameterError: there are none or too many, or one is none of these.
        EngineError: the engine does not answer.
    """
    if not 1 <= len(wants) <= MOST:
        raise BadParameterError("want", f"give 1 to {MOST} things, as in want=isbn:9780141439518")
    known = {want: _card(context, question, want, frame) for want in dict.fromkeys(wants)}
    found = NearbyCards(cards=[known[want] for want in wants])
    found.warnings = list(question.warnings)
    return found


def _card(context: Context, question: SearchRequest, want: str, frame: Frame) -> NearbyCard:
    kind, _, value = want.partition(":")
    if kind not in KINDS or not value.strip() or len(value) > MOST_LETTERS:
        raise BadParameterError("want", f"{want[:60]!r} is none of {', '.join(f'{name}:…' for name in KINDS)}")
    try:
        holdings, work = _holdings(context, question, kind, value.strip())
    except BadParameterError as error:
        return NearbyCard(want=want, problem=error.message)
    if work is None:
        return NearbyCard(want=want)
    say, times = Wording(frame.lang), Times(question.at, context.clock())
    near = f"?near={question.near.lat:.2f},{question.near.lon:.2f}" if question.near else ""
    return NearbyCard(
        want=want,
        matched=True,
        title=work.title,
        address=frame.work(work.id or "") + near,
        places=[_place(holding, say, times, question, frame) for holding in holdings[:PLACES]],
        institutions_count=work.institutions_count,
        credit=place_credit(question),
    )


def _holdings(
    context: Context, question: SearchRequest, kind: str, value: str
) -> tuple[list[HoldingView], Nearby | WorkView | None]:
    if kind == "work":
        view = work_asked_for(context, value, question, for_others=True)
        if isinstance(view, Moved):
            return _holdings(context, question, kind, view.id)
        return (one_each(view.holdings), view) if view else ([], None)
    isbn, issn, title = (value if name == kind else "" for name in ("isbn", "issn", "title"))
    found = nearby(context, question, isbn=isbn, issn=issn, title=title, creator="", limit=PLACES)
    return found.places, found if found.matched else None


def _place(holding: HoldingView, say: Wording, times: Times, question: SearchRequest, frame: Frame) -> CardPlace:
    best = holding.best
    way = best_way(best, say, mode=question.mode, near=question.near is not None)
    facts = [*best_facts(best, say, times), *([way] if way else [])]
    return CardPlace(
        name=place_name(best) or say("place_unknown"),
        address=frame.institution(best.institution_id) if best.institution_id else "",
        state=told(best.state, best.checked_at, times.later),
        open=best.open,
        facts=[CardFact(text=fact.text, tone=fact.tone, note=fact.note) for fact in facts],
    )
