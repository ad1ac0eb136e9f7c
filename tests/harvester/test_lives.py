"""A source followed over months: whatever happens to it, a complete run tells the truth, and a whole one heals."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("lampway_tests_lives", Path(__file__).parent / "lives.py")
assert _spec
assert _spec.loader
lives = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = lives
_spec.loader.exec_module(lives)

SEEDS = range(int(os.environ.get("LAMPWAY_TEST_LIVES", "4")))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_life(seed, oai, serve, database, client, monkeypatch):
    clock = lives.Clock()
    monkeypatch.setattr("harvester.protocols.oai_pmh.datetime", clock)
    monkeypatch.setattr("harvester.report.now_text", clock.text)
    life = lives.Life(oai, lambda *args, **more: _started(serve, oai, args, more), database, client, clock, seed)
    try:
        life.live(40)
    except AssertionError as error:
        error.add_note("\n".join(life.log[-40:]))
        raise


def _started(serve, oai, args, more):
    server = serve(*args, **more)
    server.__class__ = lives.server_of(oai)
    return server
