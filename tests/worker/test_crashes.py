"""Builder, worker and server are killed in the middle, on each engine: nothing is lost, no answer is a mixture."""

from __future__ import annotations

import itertools
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from indexer.engines import ENGINES

COUNT = 120


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


class Searcher:
    """A client that asks for the words of two editions of a catalogue, again and again."""

    def __init__(self, address: str) -> None:
        self.address, self.stop, self.seen, self.troubles = address, threading.Event(), [], []
        self.asked = 0

    def run(self) -> None:
        for word in itertools.cycle(("before", "after")):
            if self.stop.is_set():
                return
            try:
                answer = get(f"{self.address}/api/search?q={word}&limit=5")
                self.seen.append((word, answer["total"]))
            except Exception as error:
                self.troubles.append(repr(error))
            self.asked += 1


@contextmanager
def searching(address: str) -> Iterator[Searcher]:
    client = Searcher(address)
    thread = threading.Thread(target=client.run)
    thread.start()
    try:
        yield client
    finally:
        client.stop.set()
        thread.join()


def stocked(installation: Any, server: Any) -> None:
    installation.run("sources", "add", "oai", server.url, "--institution", "lib", "--id", "s")
    installation.run("harvest", "s")
    installation.run("index")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_client_sees_no_error_and_no_mixture_while_builders_are_killed(
    installation: Any, serve: Any, oai: Any, until: Any
) -> None:
    server = serve([oai.item(n, f"edition before {n}") for n in range(COUNT)], page=50)
    stocked(installation, server)
    _, address = installation.serve()
    with searching(address) as client:
        until(lambda: client.asked > 4)
        server.items = [
            oai.item(n, f"edition after {n}", datestamp="2024-06-02T00:00:00Z") for n in range(COUNT)
        ]  # fmt: skip
        installation.run("harvest", "s")
        for rest in (0.9, 1.4):
            builder = installation.start("index", "--rebuild")
            time.sleep(rest)
            builder.kill()
            builder.wait()
        installation.run("index", "--rebuild")
        installation.run("index", "--rebuild")  # cleans up what the killed ones left
        asked = client.asked
        until(lambda: client.asked > asked + 4)
    assert client.troubles == []
    assert {total for _, total in client.seen} == {0, COUNT}
    for word, changed in (("before", [COUNT, 0]), ("after", [0, COUNT])):
        steps = [total for total, _ in itertools.groupby(total for asked, total in client.seen if asked == word)]
        assert steps == changed  # from one whole generation to the other, once
    assert installation.json("index", "verify", "--all")["compared"] == COUNT


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_worker_that_is_killed_again_and_again_loses_and_doubles_nothing(
    installation: Any, serve: Any, oai: Any, until: Any
) -> None:
    server = serve([oai.item(n, f"edition before {n}") for n in range(COUNT)], page=5)
    server.script = lambda arguments, times: time.sleep(0.1)
    installation.run("sources", "add", "oai", server.url, "--institution", "lib", "--id", "s")
    begun = installation.start("harvest", "s")
    until(lambda: len(server.lists()) >= 2)
    begun.kill()
    begun.wait()
    for pages in (6, 12):  # wherever it is then: between harvesting, merging and indexing
        worker = installation.start("worker")
        until(lambda pages=pages: len(server.lists()) >= pages)
        worker.kill()
        worker.wait()
    server.script = None
    installation.run("worker", "--once")
    report = installation.json("harvest", "report", "s")
    counted = report["new"] + report["changed"] + report["unchanged"] + report["deleted"] + report["quarantined"]
    assert (report["status"], report["new"], counted) == ("complete", COUNT, report["received"])
    found = installation.json("index", "verify", "--all")
    assert (found["stored"], found["indexed"], found["compared"], found["waiting"]) == (COUNT, COUNT, COUNT, 0)


def test_what_a_server_acknowledged_survives_its_death(installation: Any, serve: Any, oai: Any) -> None:
    stocked(installation, serve([oai.item(n, f"edition before {n}") for n in range(30)], page=50))
    key = installation.run("keys", "add", "lib").split()[0]
    process, address = installation.serve()
    acknowledged = []
    for n in range(20):
        body = json.dumps([{"record": f"oai:test:{n}", "state": "available", "service": "loan"}]).encode()
        asked = urllib.request.Request(
            f"{address}/api/institutions/lib/availability", body, method="PUT",
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(asked, timeout=20) as answer:
            acknowledged += json.loads(answer.read())["results"]
    process.kill()
    process.wait()
    assert acknowledged == ["stored"] * 20
    _, address = installation.serve()
    assert get(f"{address}/api/search?q=before&available=true&service=loan&limit=100")["total"] == 20
