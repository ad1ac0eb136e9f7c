"""The other database and the other engine under real processes: what a worker harvests ends in the same answers."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from config.settings import Settings

COUNT = 45
QUESTIONS: tuple[dict[str, str], ...] = (
    {"q": "harbour", "near": "51.51,-0.1", "limit": "50", "facets": "type,language,decade,institution"},
    {"q": "harbour 7"},
    {"q": "lights", "open": "true"},
    {"sort": "title", "limit": "10"},
    {"q": "harbour", "sort": "near", "near": "51.51,-0.1"},
)
OF_THE_MOMENT = ("checked_at", "reason", "age", "next")
"""Two installations harvest at two moments."""


def answers(address: str) -> list[Any]:
    found = []
    for params in QUESTIONS:
        asked = f"{address}/api/search?{urlencode(params | {'at': '2026-11-24T10:00Z'})}"
        with urllib.request.urlopen(asked, timeout=60) as answer:
            body = json.loads(answer.read())
        assert body["exact"]
        found.append(steady(body))
    return found


def steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: steady(v) for key, v in value.items() if key not in OF_THE_MOMENT}
    if isinstance(value, list):
        return [steady(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value


def test_a_worker_on_postgresql_and_a_server_on_elasticsearch(
    installed: Callable[..., Any],
    engine_settings: Callable[..., Settings],
    postgresql_url: str,
    tmp_path: Path,
    serve: Any,
    oai: Any,
    until: Any,
) -> None:
    items = [oai.item(n, f"Harbour {n}{' lights' * (n % 3)}") for n in range(COUNT)]
    small, large = serve(items, page=20), serve(items, page=20)
    cluster = engine_settings("elasticsearch", tmp_path / "cluster")
    with ExitStack() as stack:
        one = stack.enter_context(installed("one"))
        one.run("sources", "add", "oai", small.url, "--institution", "lib", "--id", "s")
        one.run("harvest", "s")
        one.run("index")

        worker = stack.enter_context(installed("worker", LAMPWAY_DATABASE_URL=postgresql_url))
        worker.run("sources", "add", "oai", large.url, "--institution", "lib", "--id", "s")
        killed = threading.Event()
        large.script = lambda arguments, _: killed.wait(60) and None
        dying = worker.start("harvest", "s")
        until(lambda: large.requests)
        dying.kill()
        dying.wait()
        killed.set()
        worker.run("worker", "--once")
        report = worker.json("harvest", "report", "s")
        assert (report["run"], report["status"], report["new"]) == (1, "complete", COUNT)
        assert worker.json("worker", "--status")["leases"] == []
        assert worker.json("search", "harbour")["total"] == COUNT

        beside = stack.enter_context(
            installed(
                "beside",
                LAMPWAY_DATABASE_URL=postgresql_url,
                LAMPWAY_ENGINE="elasticsearch",
                LAMPWAY_ELASTICSEARCH_URL=" ".join(cluster.elasticsearch_url),
                LAMPWAY_ELASTICSEARCH_PREFIX=cluster.elasticsearch_prefix,
            )
        )
        beside.run("worker", "--once")
        (_, here), (_, there) = one.serve(), beside.serve()
        expected = answers(here)
        assert answers(there) == expected
        assert [answer["total"] for answer in expected[:2]] == [COUNT, 1]
        found = beside.json("index", "verify", "--all")
        assert (found["stored"], found["indexed"], found["compared"], found["waiting"]) == (COUNT, COUNT, COUNT, 0)
