"""What only the embedded engine can suffer: lost or damaged folders, killed builders and writers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from indexer.analysis import field_tokens
from indexer.engines.base import EngineError
from indexer.engines.embedded import EmbeddedEngine
from schemas.document import Document
from schemas.query import Clause, EngineQuery

ROOT = Path(__file__).parents[2]
EVERYTHING = EngineQuery()


def document(number: int, title: str = "word") -> Document:
    return Document(
        number=number, title=field_tokens([title]), creator=field_tokens([]), subject=field_tokens([]),
        text=field_tokens([]), type="book", language=["en"], isbn=[], identifier=[], title_key=[title],
        institution=[1], year=2000, sort_title=title,
    )  # fmt: skip


@pytest.fixture
def engine(settings: Settings) -> Iterator[EmbeddedEngine]:
    opened = EmbeddedEngine(settings.index_home)
    writer = opened.open_generation("g1")
    writer.add(document(number) for number in range(1, 101))
    writer.finish()
    opened.promote("g1")
    yield opened
    opened.close()


def test_a_lost_index_says_what_to_do(engine: EmbeddedEngine, settings: Settings) -> None:
    assert engine.snapshot().count(EVERYTHING) == 100
    shutil.rmtree(settings.index_home / "g1")
    fresh = EmbeddedEngine(settings.index_home)
    for each in (engine, fresh):
        with pytest.raises(EngineError, match="lampway index --rebuild"):
            each.snapshot()
        with pytest.raises(EngineError, match="lampway index --rebuild"):
            each.write([document(1)], [])
        assert not each.health().ok
        assert "lampway index --rebuild" in each.health().message


def test_a_damaged_index_says_what_to_do(engine: EmbeddedEngine, settings: Settings) -> None:
    for path in (settings.index_home / "g1").glob("*"):
        if path.suffix in (".term", ".idx", ".fast", ".store", ".json"):
            path.write_bytes(b"garbage")
    fresh = EmbeddedEngine(settings.index_home)
    assert not fresh.health().ok
    with pytest.raises(EngineError, match="lampway index --rebuild"):
        fresh.snapshot()


@pytest.mark.parametrize("pointer", ["../../etc", "no such", "\x00", ""])
def test_a_strange_pointer_is_not_followed(engine: EmbeddedEngine, settings: Settings, pointer: str) -> None:
    (settings.index_home / "live").write_text(pointer)
    with pytest.raises(EngineError, match="lampway index"):
        engine.snapshot()
    assert not engine.health().ok


KILLED = """
import sys, os
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from test_embedded_engine import document
from indexer.engines.embedded import EmbeddedEngine
engine = EmbeddedEngine(Path(sys.argv[1]))
print("ready", flush=True)
if sys.argv[2] == "build":
    writer = engine.open_generation("g2")
    number = 0
    while True:
        number += 1
        writer.add([document(number, "killed")])
        if number == 5000: print("busy", flush=True)
round = 0
while True:
    round += 1
    engine.write([document(n, f"round{{round}}") for n in range(1, 51)], [])
    print("done", round, flush=True)
"""


def start(settings: Settings, what: str) -> subprocess.Popen[str]:
    code = KILLED.format(root=str(ROOT), tests=str(Path(__file__).parent))
    return subprocess.Popen(
        [sys.executable, "-c", code, str(settings.index_home), what], stdout=subprocess.PIPE, text=True
    )


def test_a_killed_build_harms_nobody(engine: EmbeddedEngine, settings: Settings) -> None:
    child = start(settings, "build")
    assert child.stdout
    while "busy" not in child.stdout.readline():
        pass
    with pytest.raises(EngineError, match="running"):
        engine.open_generation("g3")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert engine.snapshot().count(EVERYTHING) == 100
    with pytest.raises(EngineError):
        engine.promote("g2")
    assert engine.generations() == ["g1", "g2"]
    engine.drop("g2")
    assert engine.generations() == ["g1"]
    writer = engine.open_generation("g3")
    writer.add([document(1)])
    assert writer.finish() == 1


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_killed_writer_leaves_one_whole_write(engine: EmbeddedEngine, settings: Settings, after: int) -> None:
    child = start(settings, "write")
    assert child.stdout
    told = 0
    while told < after:
        line = child.stdout.readline()
        told = int(line.split()[1]) if line.startswith("done") else told
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    view = engine.snapshot()
    assert view.count(EVERYTHING) == 100
    per_round = [view.count(EngineQuery(clauses=(Clause(tokens=(f"round{r}",)),))) for r in range(told, told + 3)]
    assert sorted(per_round) == [0, 0, 50]
    engine.write([document(1, "after")], [])
    assert engine.snapshot().count(EngineQuery(clauses=(Clause(tokens=("after",)),))) == 1


def test_searches_go_on_while_others_write_and_promote(engine: EmbeddedEngine, settings: Settings) -> None:
    stop = threading.Event()
    seen: list[int] = []
    errors: list[BaseException] = []

    def search() -> None:
        reader = EmbeddedEngine(settings.index_home)
        while not stop.is_set():
            try:
                view = reader.snapshot()
                seen.append(view.count(EVERYTHING))
                if len(view.search_text(EVERYTHING, 10).numbers) != 10:
                    raise AssertionError("a page was short")
            except BaseException as error:  # the test reports it
                errors.append(error)
                return

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 30
    while len(seen) < len(threads) and not errors:
        assert time.monotonic() < until, "nobody has searched"
        time.sleep(0.01)
    for generation in range(2, 8):
        writer = engine.open_generation(f"g{generation}")
        writer.add(document(number) for number in range(1, 101))
        writer.finish()
        engine.promote(f"g{generation}")
        engine.drop(f"g{generation - 1}")
        engine.write([document(5, "five")], [])
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(seen) == {100}
    assert [path.name for path in settings.index_home.glob(".*")] == []
