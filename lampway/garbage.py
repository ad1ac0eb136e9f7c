"""How the processes of Lampway collect garbage."""

from __future__ import annotations

import gc


def settle() -> None:
    """Leave what is loaded by now alone, and look for cycles a hundred times less often.

    Records, works and documents hold no cycles, but each makes a hundred small containers: with Python's own threshold
    every seventh would start a search, which costs a harvest 5 to 10 % and the index, which holds thousands of
    documents at a time, 30 %.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
