"""Answers that a point in time has given: it never changes, so neither do they."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Memory:
    """The latest answers of each kind, by what was asked. Threads may share it."""

    def __init__(self, sizes: dict[str, int]) -> None:
        """``sizes``: how many answers are kept of each kind."""
        self._sizes = sizes
        self._kept: dict[str, OrderedDict[Hashable, Any]] = {kind: OrderedDict() for kind in sizes}
        self._lock = threading.Lock()

    def knows(self, kind: str, asked: Hashable) -> bool:
        """Whether the answer is kept."""
        with self._lock:
            return asked in self._kept[kind]

    def keep(self, kind: str, asked: Hashable, answer: Any) -> None:
        """Keep an answer; the one that was not needed for longest goes."""
        with self._lock:
            kept = self._kept[kind]
            kept[asked] = answer
            kept.move_to_end(asked)
            if len(kept) > self._sizes[kind]:
                kept.popitem(last=False)

    def once(self, kind: str, asked: Hashable, ask: Callable[[], Any]) -> Any:
        """The answer that is kept, else the one that asking gives; an error is not kept."""
        with self._lock:
            kept = self._kept[kind]
            if asked in kept:
                kept.move_to_end(asked)
                return kept[asked]
        answer = ask()
        self.keep(kind, asked, answer)
        return answer

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            for kept in self._kept.values():
                kept.clear()
