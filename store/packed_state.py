"""The state of a holding in one uint32: four services of three bits, and the quarter hour in which that was true.

One aligned word is written in one store, so that a reader never sees half of a change. Services of one holding that
were checked at different times become rows of their own (see ``store.column_rows``), so one time is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from schemas.catalogue import SERVICES, STATES, Availability

EPOCH = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
QUARTER_S = 900
QUARTER_SHIFT = 3 * len(SERVICES)
_LAST_QUARTER = (1 << (32 - QUARTER_SHIFT)) - 1
"""20 bits of quarter hours reach to November 2044; times outside are kept at the nearer end."""

CODES = {state: code for code, state in enumerate(STATES, start=1)}
"""Code of a state; 0 = nothing is said about the service."""
UNKNOWN_CODE = CODES["unknown"]


def quarter_of(moment: datetime) -> int:
    """The quarter hour of a moment since EPOCH, at least 1 (0 = no time known)."""
    return max(1, min(_LAST_QUARTER, int(moment.timestamp() - EPOCH) // QUARTER_S))


def pack(states: Iterable[Availability], quarter: int) -> int:
    """One word from the states of services, all true in that quarter hour; of two for one service the first counts."""
    word = quarter << QUARTER_SHIFT
    for availability in states:
        shift = 3 * SERVICES.index(availability.service)
        if not (word >> shift) & 7:
            word |= CODES[availability.state] << shift
    return word


def codes_of(words: NDArray[np.uint32], service: str) -> NDArray[np.uint32]:
    """The codes of one service in many words; 0 = nothing said."""
    return (words >> np.uint32(3 * SERVICES.index(service))) & np.uint32(7)


def silent(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Where nothing is said about any service."""
    nothing: NDArray[np.bool_] = (words & np.uint32((1 << QUARTER_SHIFT) - 1)) == 0
    return nothing


def quarters_of(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The quarter hours in many words; 0 = no time known."""
    return words >> np.uint32(QUARTER_SHIFT)


def checked_at(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """When the states were true, seconds since 1970: the beginning of the quarter hour; 0 = not known."""
    quarters = quarters_of(words).astype(np.int64)
    return np.where(quarters > 0, quarters * QUARTER_S + EPOCH, 0)
