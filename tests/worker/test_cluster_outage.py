"""Three real nodes: one dies and nobody notices; all die and changes wait; they come back and all is there."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from config.settings import Settings


@pytest.fixture
def installation(
    tmp_path: Path, elasticsearch_cluster: Any, engine_settings: Callable[..., Settings], installed: Callable[..., Any]
) -> Iterator[Any]:
    urls = elasticsearch_cluster.urls
    chosen = engine_settings("elasticsearch", tmp_path / "home", elasticsearch_url=urls)
    with installed(
        LAMPWAY_ENGINE="elasticsearch",
        LAMPWAY_ELASTICSEARCH_URL=urls,
        LAMPWAY_ELASTICSEARCH_PREFIX=chosen.elasticsearch_prefix,
        LAMPWAY_ELASTICSEARCH_SHARDS="3",
    ) as made:
        yield made


def asked(url: str) -> tuple[int, Any, Any]:
    """Status, headers and body of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


def test_a_cluster_loses_one_node_then_all_and_comes_back(
    installation: Any, elasticsearch_cluster: Any, serve: Any, oai: Any, until: Any
) -> None:
    nodes = elasticsearch_cluster.nodes
    server = serve([oai.item(n, f"harbour {n}") for n in range(40)], page=50)
    installation.run("sources", "add", "oai", server.url, "--institution", "lib", "--id", "s")
    installation.run("harvest", "s")
    worker = installation.start("worker")
    until(lambda: "indexed" in installation.log(worker), 60)
    _, address = installation.serve()
    search = f"{address}/api/search?q=harbour"

    def total() -> int:
        status, _, body = asked(search)
        return int(body["total"]) if status == 200 else -1

    until(lambda: total() == 40, 60)

    nodes[0].kill()
    server.items += [oai.item(n, f"harbour {n}", datestamp="2024-06-02T00:00:00Z") for n in range(40, 60)]
    installation.run("harvest", "s")
    until(lambda: total() == 60, 90)  # written and found with two nodes
    nodes[0].start().wait()
    with Elasticsearch(elasticsearch_cluster.urls.split(",")) as client:
        client.options(request_timeout=90).cluster.health(wait_for_status="green", wait_for_nodes="3", timeout="60s")
    assert total() == 60

    for node in nodes:
        node.kill()
    until(lambda: asked(search)[0] == 503, 90)
    status, headers, body = asked(search)
    assert (status, headers["Content-Type"]) == (503, "application/problem+json")
    assert int(headers["Retry-After"]) > 0
    assert body["status"] == 503
    server.items += [oai.item(n, f"harbour {n}", datestamp="2024-06-03T00:00:00Z") for n in range(60, 90)]
    server.items[0] = oai.item(0, "lighthouse", datestamp="2024-06-03T00:00:00Z")
    installation.run("harvest", "s")
    until(lambda: "changes wait in the store" in installation.log(worker), 90)
    until(lambda: installation.json("worker", "--status")["works_waiting"] >= 31, 60)

    for node in nodes:
        node.start()
    for node in nodes:
        node.wait()
    until(lambda: "the engine is back" in installation.log(worker), 120)
    until(lambda: total() == 89, 90)
    worker.terminate()
    assert worker.wait(60) == 0
    found = installation.json("index", "verify", "--all")
    assert (found["stored"], found["indexed"], found["compared"], found["waiting"]) == (90, 90, 90, 0)
