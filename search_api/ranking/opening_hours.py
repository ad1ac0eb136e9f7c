"""Signal "open": whether the door is open at the moment of arrival, and if not, how long the wait is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from schemas.hours_table import HoursTable
from schemas.open_states import CLOSED, OPEN, UNKNOWN
from search_api.ranking.rules import OpenRules
from search_api.registry import Registry

NO_REASON, TOO_FAR, TOO_LATE, SHUT = 0, 1, 2, 3
FIRST_EPOCH = int(datetime(1902, 1, 1, tzinfo=UTC).timestamp())
LAST_EPOCH = int(datetime(2195, 1, 1, tzinfo=UTC).timestamp())
_MOST_CHANGES = 4
"""Changes looked at until the next opening: closed, by appointment, closed, open."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening at arrival, by institution number. Epochs are seconds since 1970, 0 = not known."""

    state: NDArray[np.int8]
    score: NDArray[np.float64]
    until: NDArray[np.int64]
    """When it closes, where it is open."""
    opens: NDArray[np.int64]
    """When it opens next, where it is closed."""
    why: NDArray[np.int8]
    """NO_REASON, or why it is not simply what the hours say."""
    last_entry: NDArray[np.int64]
    """When the last visitor is let in on that day, where that is known."""


def opening(
    registry: Registry,
    table: HoursTable,
    arrival: NDArray[np.int64],
    journey_s: NDArray[np.float64],
    rules: OpenRules,
) -> Opening:
    """Opening of all institutions, each at its own moment of arrival."""
    numbers = np.arange(registry.size)
    far = journey_s > rules.longest_journey_h * 3600
    arrival = np.where(far, arrival - journey_s.astype(np.int64), arrival)  # else evaluated weeks ahead for nothing
    state, change = states_at(table, numbers, arrival)
    why = np.zeros(registry.size, np.int8)
    last_entry = np.where(
        (state == OPEN) & (change > 0) & (registry.last_entry_s > 0), change - registry.last_entry_s, 0
    )
    late = (last_entry > 0) & (arrival > last_entry)
    if registry.entry is not None:
        has, entry_table = registry.entry
        let_in, entry_ends = states_at(entry_table, numbers, arrival)
        shut_out = has & (state == OPEN) & (let_in == CLOSED)
        missed = np.flatnonzero(shut_out)
        last_entry[missed] = _last_let_in(table, entry_table, missed, arrival[missed])
        late |= shut_out
        last_entry = np.where(has & (let_in == OPEN), entry_ends, last_entry)
    closes = np.where(state == OPEN, change, 0)
    state[late], why[late] = CLOSED, TOO_LATE
    opens = np.where(state == CLOSED, change, 0)
    waiting = np.flatnonzero(opens > 0)
    opens[waiting] = _next_opening(table, waiting, opens[waiting])
    state[far], why[far] = UNKNOWN, TOO_FAR
    state[registry.shut], why[registry.shut], opens[registry.shut] = CLOSED, SHUT, 0
    opens[state != CLOSED] = 0
    score = _scores(state, arrival, closes, opens, rules)
    score[0] = 0.0  # nowhere: there is no door
    return Opening(state, score, np.where(state == OPEN, closes, 0), opens, why, last_entry)


def states_at(
    table: HoursTable, numbers: NDArray[np.int64], epochs: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """States and next changes (see ``HoursTable.at``); unknown in years for which no calendar is kept."""
    known = (epochs > FIRST_EPOCH) & (epochs < LAST_EPOCH)
    state, change = table.at(numbers, np.where(known, epochs, table.first))
    return np.where(known, state, np.int8(UNKNOWN)), np.where(known, change, 0)


def _last_let_in(
    table: HoursTable, entry_table: HoursTable, numbers: NDArray[np.int64], arrival: NDArray[np.int64]
) -> NDArray[np.int64]:
    """When people were let in for the last time in the opening during which one arrives; 0 = not known."""
    last, opened = entry_table.since(numbers, arrival), table.since(numbers, arrival)
    return np.where(last > opened, last, 0)


def _next_opening(table: HoursTable, numbers: NDArray[np.int64], epochs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first change to open at or after these changes; 0 = none is known."""
    found = np.zeros(len(numbers), np.int64)
    left = np.arange(len(numbers))
    for _ in range(_MOST_CHANGES):
        state, change = states_at(table, numbers[left], epochs[left])
        is_open = state == OPEN
        found[left[is_open]] = epochs[left[is_open]]
        epochs[left] = change
        left = left[~is_open & (change > 0)]
        if not len(left):
            break
    return found


def _scores(
    state: NDArray[np.int8],
    arrival: NDArray[np.int64],
    closes: NDArray[np.int64],
    opens: NDArray[np.int64],
    rules: OpenRules,
) -> NDArray[np.float64]:
    left_min = np.where(closes > 0, (closes - arrival) / 60, np.inf)
    is_open = rules.closing + (1 - rules.closing) * np.clip(left_min / rules.enough_min, 0, 1)
    wait_h = np.maximum(opens - arrival, 0) / 3600
    later = np.where(opens > 0, rules.later / (1 + wait_h / rules.wait_scale_h), 0.0)
    return np.select([state == OPEN, state == CLOSED], [is_open, later], rules.unknown)
