"""The worker as an operator meets it: real processes, a real repository, signals."""

from __future__ import annotations

import json
import signal
import threading
from typing import Any

import pytest


def add(installation: Any, server: Any, *more: str) -> None:
    installation.run("sources", "add", "oai", server.url, "--institution", "lib", "--id", "s", *more)


def cut_off(installation: Any, server: Any, until: Any) -> None:
    """Leave a run of the source behind that died: the worker owes it a run at once."""
    before = len(server.requests)
    harvest = installation.start("harvest", "s")
    until(lambda: len(server.requests) > before)
    harvest.kill()
    harvest.wait()


def titles(installation: Any) -> int:
    return int(installation.json("search", "Título")["total"])


def test_once_takes_up_what_was_cut_off_indexes_and_ends(installation: Any, serve: Any, oai: Any, until: Any) -> None:
    held = threading.Event()

    def stall(arguments: dict[str, str], _: int) -> Any:
        if "resumptionToken" in arguments:
            held.wait(60)

    server = serve([oai.item(n) for n in range(1, 31)], script=stall)
    add(installation, server)
    harvest = installation.start("harvest", "s")
    until(lambda: len(server.lists()) == 2)
    harvest.kill()
    harvest.wait()
    held.set()
    installation.run("worker", "--once")
    report = installation.json("harvest", "report", "s")
    assert (report["run"], report["status"], report["received"], report["new"]) == (1, "complete", 30, 30)
    assert titles(installation) == 30
    assert [request.get("resumptionToken") is None for request in server.lists()].count(True) == 1  # nothing twice


def test_a_harvested_page_is_found_within_seconds_and_a_stop_keeps_the_place(
    installation: Any, serve: Any, oai: Any, until: Any
) -> None:
    begin, go_on = threading.Event(), threading.Event()

    def stall(arguments: dict[str, str], _: int) -> Any:
        (go_on if "resumptionToken" in arguments else begin).wait(60)

    server = serve([oai.item(n) for n in range(1, 31)], script=stall)
    add(installation, server)
    cut_off(installation, server, until)
    begin.set()
    worker = installation.start("worker")
    until(lambda: '"merged": 10' in installation.log(worker))
    assert titles(installation) == 10  # while the harvest goes on
    status = installation.json("worker", "--status")
    assert {lease["name"].split()[0] for lease in status["leases"] if lease["alive"]} >= {"worker", "harvest"}
    worker.send_signal(signal.SIGTERM)
    until(lambda: "worker stops" in installation.log(worker))
    go_on.set()
    assert worker.wait(30) == 0
    log = [json.loads(line) for line in installation.log(worker).splitlines() if line.startswith("{")]
    events = [line["event"] for line in log]
    assert "a run is taken over" in events
    assert "harvest stops after its page" in events
    assert installation.json("worker", "--status")["leases"] == []
    assert installation.json("harvest", "report", "s")["received"] == 20
    installation.run("worker", "--once")
    report = installation.json("harvest", "report", "1")
    assert (report["status"], report["received"]) == ("complete", 30)
    assert titles(installation) == 30


def test_a_second_signal_ends_at_once_and_nothing_is_lost(installation: Any, serve: Any, oai: Any, until: Any) -> None:
    go_on = threading.Event()
    server = serve([oai.item(n) for n in range(1, 21)], script=lambda arguments, _: go_on.wait(60) and None)
    add(installation, server)
    cut_off(installation, server, until)
    worker = installation.start("worker")
    until(lambda: len(server.requests) == 2)
    worker.send_signal(signal.SIGINT)
    until(lambda: "worker stops" in installation.log(worker))
    worker.send_signal(signal.SIGINT)
    assert worker.wait(10) == 128 + signal.SIGINT
    go_on.set()
    installation.run("worker", "--once")
    assert titles(installation) == 20


def test_two_workers_harvest_a_source_once(installation: Any, serve: Any, oai: Any, until: Any) -> None:
    server = serve([oai.item(n) for n in range(1, 201)])
    add(installation, server)
    go_on = threading.Event()
    server.script = lambda arguments, _: go_on.wait(60) and None
    cut_off(installation, server, until)
    workers = [installation.start("worker"), installation.start("worker")]
    for worker in workers:
        until(lambda worker=worker: "worker begins" in installation.log(worker))
    go_on.set()
    until(lambda: any("harvest ended" in installation.log(worker) for worker in workers))
    until(lambda: titles(installation) == 200)
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(30) for worker in workers] == [0, 0]
    assert sum(installation.log(worker).count("harvest ended") for worker in workers) == 1
    tokens = [request["resumptionToken"] for request in server.lists() if "resumptionToken" in request]
    assert len(tokens) == len(set(tokens)) == 19


def test_a_paused_source_is_left_alone_and_a_bad_cron_is_refused(installation: Any, serve: Any, oai: Any) -> None:
    server = serve([oai.item(1)])
    add(installation, server)
    installation.run("sources", "pause", "s")
    installation.run("worker", "--once")
    assert server.requests == []
    (run,) = installation.json("worker", "--status")["next_runs"]
    assert (run["paused"], run["at"]) == (True, "")
    installation.run("sources", "resume", "s")
    assert "next: " in installation.run("sources", "schedule", "s", "30 2 * * 0", "--window", "22:00-06:00")
    installation.run("sources", "schedule", "s", "0 0 31 2 *", status=2)
    installation.run("sources", "schedule", "nobody", "0 3 * * *", status=2)


@pytest.mark.parametrize("name", ["LAMPWAY_SCHEDULE", "LAMPWAY_HARVEST_HOURS", "LAMPWAY_TIMEZONE"])
def test_a_setting_that_cannot_be_used_is_named(installation: Any, name: str) -> None:
    installation.environment[name] = "at night"
    installation.run("worker", "--once", status=2)
