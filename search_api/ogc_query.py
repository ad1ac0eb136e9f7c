"""The questions of the OGC API as searches of ours: boxes, dates, identifiers."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

import msgspec

from search_api import cursor
from search_api.context import Context
from search_api.given import given_works
from search_api.institutions import Box, inside
from search_api.lookup import works_meant
from search_api.parameters import box, one
from search_api.problems import BadParameterError
from search_api.ranking.rules import load_rules
from search_api.renderers.base import Described
from search_api.rendering import results_of
from search_api.understand import LONGEST_Q, understand
from search_api.views import Moved
from store import dated_works
from store import works as works_store

MOST_IDS = 100
_MOMENT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)?)?)?")
_ALONE = ("q", "bbox", "datetime", "type")
Params = dict[str, list[str]]
Years = tuple[int | None, int | None]
Found = tuple[Described, str]
"""A work with the moment of its last change ("" = not known)."""


def bbox(params: Params) -> Box | None:
    """The box asked for; heights, which six numbers give, do not matter here.

    Raises:
        BadParameterError: it is none.
    """
    numbers = one(params, "bbox").split(",")
    if len(numbers) == 6:
        return box({"bbox": [",".join((*numbers[:2], *numbers[3:5]))]})
    return box(params)


def years(text: str) -> Years:
    """The first and last year of a moment or an interval; None = open.

    Raises:
        BadParameterError: it is neither.
    """
    if not text:
        return None, None
    ends = text.split("/")
    found = [None if end in ("", "..") and len(ends) == 2 else _year(end, text) for end in ends[:2]]
    low, high = found[0], found[-1]
    if len(ends) > 2 or (low is not None and high is not None and low > high):
        raise BadParameterError("datetime", _no_time(text))
    return low, high


def _year(text: str, whole: str) -> int:
    found = _MOMENT.fullmatch(text)
    if found:
        with suppress(ValueError):  # no such day
            return date(int(found[1]), int(found[2] or 1), int(found[3] or 1)).year
    raise BadParameterError("datetime", _no_time(whole))


def _no_time(text: str) -> str:
    return f"{text[:60]!r} is neither a time (1813, 1813-01-28, 1813-01-28T00:00:00Z) nor an interval of two (1800/..)"


def institution_ids(context: Context, params: Params) -> set[str] | None:
    """Ids of the institutions that are asked for by name; None = they are not."""
    wanted = [set(_values(params, "ids"))] if "ids" in params else []
    if "externalIds" in params:
        codes = {value.lower().removeprefix("isil:") for value in _values(params, "externalIds")}
        by_isil = context.registry().by_isil
        wanted.append({by_isil[code].id for code in codes & by_isil.keys()})
    return set.intersection(*wanted) if wanted else None


def works(
    context: Context, params: Params, lang: str, years: Years, *, limit: int, offset: int
) -> tuple[list[Found], int, int]:
    """A page of works, how many there are, and how many of them can be paged through.

    Raises:
        BadParameterError: a parameter cannot be used.
        EngineError: the engine does not answer.
    """
    if "ids" in params or "externalIds" in params:
        if others := [name for name in _ALONE if name in params]:
            raise BadParameterError(others[0], "cannot be asked for together with ids or externalIds")
        chosen = _named(context, params, lang)
        return chosen[offset : offset + limit], len(chosen), len(chosen)
    plain = understand(context, {name: params[name] for name in ("q", "type") if name in params}, lang)
    question = msgspec.structs.replace(plain, literal=True, year_from=years[0], year_to=years[1], limit=limit)
    if (around := bbox(params)) is not None:
        held_by = tuple(row.id for row in context.registry().institutions if inside(row, around))
        if not held_by:
            return [], 0, 0
        question = msgspec.structs.replace(question, institution=held_by)
    deepest = load_rules().pools.depth
    found = results_of(context, cursor.beyond(question, min(offset, deepest), context.clock()))
    total = found.answer.total
    return [(work, found.changed.get(work.number, "")) for work in found.works], total, min(total, deepest)


def work(context: Context, id_: str) -> Found | Moved | None:
    """One work as others get it; Moved when it became part of another, None when there is none."""
    with context.database.connect() as connection:
        found = None if "\0" in id_ else works_store.get(connection, id_)
        if isinstance(found, str):
            return Moved(found)
        told = given_works(connection, {found.number: found} if found else {})
        return next(((each, dated_works.dated(connection, [n]).get(n, "")) for n, each in told.items()), None)


def _named(context: Context, params: Params, lang: str) -> list[Found]:
    """Works by our ids, by numbers, or by the identifiers of their records."""
    wanted: list[set[str]] = []
    if "ids" in params:
        wanted.append(set(_values(params, "ids")))
    if "externalIds" in params:
        values = _values(params, "externalIds")
        meant = works_meant(context, values)
        others = {id_ for value in values if not meant[value] for id_ in _identified(context, value, lang)}
        wanted.append(others | {each.work for several in meant.values() for each in several})
    ids = [id_ for id_ in set.intersection(*wanted) if "\0" not in id_]
    with context.database.connect() as connection:
        known = works_store.known(connection, ids)
        living = given_works(connection, works_store.by_numbers(connection, sorted(known.values())))
        dates = dated_works.dated(connection, list(living))
    found: dict[str, Found] = {each.id: (each, dates.get(number, "")) for number, each in living.items()}
    for id_ in known.keys() - found.keys():  # became part of another, or went
        moved = work(context, id_)
        each = work(context, moved.id) if isinstance(moved, Moved) else None
        if isinstance(each, tuple):
            found[each[0].id] = each
    return [found[id_] for id_ in sorted(found)]


def _identified(context: Context, identifier: str, lang: str) -> list[str]:
    """Ids of works that carry an identifier of another scheme ("doi:10.1000/182")."""
    value = identifier.partition(":")[2]
    if not value:
        return []
    question = understand(context, {"q": [value[:LONGEST_Q]]}, lang)
    return [each.id for each in results_of(context, question).works if identifier in each.identifiers]


def _values(params: Params, name: str) -> list[str]:
    values = [part.strip() for value in params[name] for part in value.split(",") if part.strip()]
    if len(values) > MOST_IDS:
        raise BadParameterError(name, f"{len(values)} are too many; at most {MOST_IDS}")
    return values
