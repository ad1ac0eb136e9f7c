"""What is dear to read is read once for all who ask in a while, and anew after it, or after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from search_api import lately
from search_api.lately import Lately


def test_it_is_read_once_in_a_while_and_failures_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    answers: Iterator[int | Exception] = iter([1, 2, ValueError("away"), 3])
    monkeypatch.setattr(lately, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def read() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    value = Lately(read, 30)
    assert [value.value(), value.value()] == [1, 1]
    clock[0] += 30
    assert [value.value(), value.value()] == [2, 2]
    clock[0] += 31
    with pytest.raises(ValueError, match="away"):
        value.value()
    assert value.value() == 3
