"""Whether a place is open: three states, as words in answers and as numbers in tables and in the ranking."""

from __future__ import annotations

from typing import Literal

OpenState = Literal["open", "closed", "unknown"]
CLOSED, OPEN, UNKNOWN = 0, 1, 2
OPEN_STATES: tuple[OpenState, ...] = ("closed", "open", "unknown")
"""The words of the numbers."""
