"""The best places for one thing that somebody else's page shows, known by ISBN, ISSN or title."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from indexer.analysis import title_keys
from schemas.query import EngineQuery, SearchRequest, Terms
from schemas.work import Work
from search_api.context import Context
from search_api.problems import BadParameterError
from search_api.typed_numbers import KINDS, Kind, typed_number
from search_api.views import HoldingView, WorkView
from search_api.works import work_asked_for
from store import works
from store.institutions import fold

MOST_NUMBERS = 50
_MOST_WORKS = 1000
_MOST_JUDGED = 20


class Nearby(msgspec.Struct, kw_only=True):
    """The places, best first, one an institution. Not ``matched``: nothing here is that; nothing else is offered."""

    matched: bool
    by: str
    """isbn, issn or title."""
    number: str = ""
    """The ISBN or ISSN that this is about, in its one form."""
    works_count: int = 0
    """Works that match; with several (a common title without a creator) the one to be had best is shown."""
    id: str | None = None
    title: str = ""
    creators: list[str] = msgspec.field(default_factory=list)
    year: int | None = None
    places: list[HoldingView] = msgspec.field(default_factory=list)
    institutions_count: int = 0
    others: list[Nearby] = msgspec.field(default_factory=list)
    """Where several numbers were asked for: the answers about those after the first, in their order."""
    warnings: list[str] = msgspec.field(default_factory=list)


def nearby_each(context: Context, question: SearchRequest, kind: Kind, numbers: Sequence[str], limit: int) -> Nearby:
    """Best places for several things: the answer about the first, with those about the others.

    Raises:
        BadParameterError: one of the numbers is not valid, or there are too many.
        EngineError: the engine does not answer.
    """
    if len(numbers) > MOST_NUMBERS:
        raise BadParameterError(kind, f"{len(numbers)} numbers are too many; at most {MOST_NUMBERS}")
    bare = msgspec.structs.replace(question, warnings=())
    asked = [typed_number(kind, number, question.lang) for number in numbers]
    isbns, issns = (asked if kind == name else [""] * len(asked) for name in KINDS)
    first, *others = (
        nearby(context, bare if n else question, isbn=isbns[n], issn=issns[n], title="", creator="", limit=limit)
        for n in range(len(asked))
    )
    first.others = others
    return first


def nearby(
    context: Context,
    question: SearchRequest,
    *,
    isbn: str,
    issn: str,
    title: str,
    creator: str,
    limit: int,
    for_others: bool = True,
) -> Nearby:
    """Best places for the work that matches best.

    Args:
        context: the context.
        question: from where, when and how (the rest of it is not looked at).
        isbn: ISBN-10 or 13; wins over the others.
        issn: ISSN; wins over the title.
        title: whole title.
        creator: a name that must be among the creators, when given with a title.
        limit: places.
        for_others: without what withheld sources say, and who has it by their word only.

    Raises:
        BadParameterError: nothing is asked for, or a number is not valid.
        EngineError: the engine does not answer.
    """
    by, field, keys = _keys(isbn, issn, title, question.lang)
    snapshot = context.engine.snapshot()
    fitting: list[Work] = []
    for key in keys:  # of a title first the whole of it, then without its subtitle
        numbers = snapshot.all_matches(EngineQuery(filters=(Terms(field, (key,)),)), _MOST_WORKS).tolist()
        with context.database.connect() as connection:
            rows = works.by_numbers(connection, sorted(numbers))
        fitting = [work for work in rows.values() if by != "title" or _made_by(work, creator)]
        if fitting:
            break
    best: WorkView | None = None
    untold = 0
    for work in fitting[:_MOST_JUDGED]:
        view = work_asked_for(context, work.id, question, for_others=for_others)
        untold += view is None
        if isinstance(view, WorkView) and (best is None or _top(view) > _top(best)):
            best = view
    found = Nearby(
        matched=best is not None,
        by=by,
        number="" if by == "title" else keys[0],
        works_count=len(fitting) - untold,
        warnings=list(question.warnings),
    )
    if best is not None:
        found.id, found.title, found.year = best.id, best.title, best.year
        found.creators = [creator.name for creator in best.creators]
        found.places = one_each(best.holdings)[:limit]
        found.institutions_count = best.institutions_count
    return found


def _keys(isbn: str, issn: str, title: str, lang: str) -> tuple[str, str, tuple[str, ...]]:
    """What it is known by, the field that holds that, and the values to try in turn."""
    if isbn:
        return "isbn", "isbn", (typed_number("isbn", isbn, lang),)
    if issn:
        return "issn", "isbn", (typed_number("issn", issn, lang).replace("-", ""),)
    keys = title_keys(title)
    if not keys:
        raise BadParameterError("isbn", "give isbn, issn or title")
    return "title", "title_key", keys


def _made_by(work: Work, creator: str) -> bool:
    words = set(fold(creator).split())
    return not words or any(words <= set(fold(other.name).split()) for other in work.creators)


def _top(view: WorkView) -> float:
    return max((holding.score for holding in view.holdings), default=-1.0)


def one_each(holdings: list[HoldingView]) -> list[HoldingView]:
    """The best holding of each institution, in their order; those of unknown places stay."""
    seen: set[str | None] = set()
    kept = []
    for holding in holdings:
        place = holding.best.institution_id
        if place is None or place not in seen:
            seen.add(place)
            kept.append(holding)
    return kept
