"""Which of our copies the items of a live answer are: by the copy's name, else by place, else by call number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from schemas.catalogue import STATES, Availability
from search_api.availability.base import LiveItem
from store.availability import Fact
from store.holdings import PlacedHolding
from store.institutions import Resolver


def facts_of(items: Sequence[LiveItem], copies: Sequence[PlacedHolding], resolver: Resolver, home: str) -> list[Fact]:
    """What an answer says about the copies of one record.

    Args:
        items: the answer's copies of that record.
        copies: ours, all at the institution asked or its branches.
        resolver: the registry.
        home: id of the institution asked.
    """
    by_key = {copy.holding.key: copy for copy in copies if copy.holding.key}
    together: dict[int, list[Availability]] = {}
    facts: list[Fact] = []
    for item in items:
        if item.key in by_key:
            copy = by_key[item.key]
            facts += [_fact(copy, _number(copy), item.key, state) for state in item.states]
        elif number := _place(item, copies, resolver, home):
            together.setdefault(number, []).extend(item.states)
    for number, states in together.items():
        facts += [_fact(copies[0], number, "", state) for state in _best(states)]
    return facts


def _place(item: LiveItem, copies: Sequence[PlacedHolding], resolver: Resolver, home: str) -> int:
    numbers = {_number(copy) for copy in copies}
    for name in item.places:
        found = resolver.resolve(home, "", name)
        if found and found.id != home and found.number in numbers:
            return found.number
    if len(numbers) == 1:
        return numbers.pop()
    same = {_number(copy) for copy in copies if _call(copy.holding.call_number) == _call(item.call_number)}
    return same.pop() if len(same) == 1 and item.call_number else 0


def _best(states: Iterable[Availability]) -> list[Availability]:
    """The best state of each service over several copies; of two that are expected the one that comes back first."""
    best: dict[str, Availability] = {}
    for state in states:
        if state.service not in best or _rank(state) < _rank(best[state.service]):
            best[state.service] = state
    return list(best.values())


def _rank(state: Availability) -> tuple[int, str]:
    return STATES.index(state.state), state.due or "9999"


def _number(copy: PlacedHolding) -> int:
    return copy.institution.number if copy.institution else 0


def _call(text: str) -> str:
    return "".join(text.split()).casefold()


def _fact(copy: PlacedHolding, institution: int, holding: str, state: Availability) -> Fact:
    assert state.checked_at is not None  # noqa: S101 - adapters set it
    return Fact(
        record=copy.record_id,
        institution=institution,
        holding=holding,
        service=state.service,
        state=state.state,
        due=state.due,
        how="live",
        checked_at=state.checked_at.astimezone(UTC).isoformat(timespec="seconds"),
    )
