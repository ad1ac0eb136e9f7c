"""Three real nodes: one dies, searches and writes go on; it comes back, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from config.settings import Settings
from indexer.analysis import field_tokens
from indexer.engines.elasticsearch import ElasticsearchEngine
from schemas.document import Document
from schemas.query import Clause, EngineQuery


def document(number: int) -> Document:
    return Document(
        number=number, title=field_tokens(["word"]), creator=field_tokens([]), subject=field_tokens([]),
        text=field_tokens([]), type="book", language=[], isbn=[], identifier=[], title_key=[], institution=[1],
        year=None, sort_title="word",
    )  # fmt: skip


def test_a_node_dies_and_comes_back(
    elasticsearch_cluster: Any, engine_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = engine_settings(
        "elasticsearch", tmp_path, elasticsearch_url=elasticsearch_cluster.urls, elasticsearch_shards=3
    )
    engine, word = ElasticsearchEngine(settings), EngineQuery(clauses=(Clause(tokens=("word",)),))
    writer = engine.open_generation("g1")
    writer.add(document(number) for number in range(1, 3001))
    writer.finish()
    engine.promote("g1")
    node = elasticsearch_cluster.nodes[0]
    node.kill()
    engine.write([document(10_000)], [1])
    assert engine.snapshot().count(word) == 3000
    assert engine.snapshot().search_text(word, 5).numbers.tolist() == [2, 3, 4, 5, 6]
    node.start().wait()
    with Elasticsearch(list(settings.elasticsearch_url)) as client:
        client.options(request_timeout=90).cluster.health(wait_for_status="green", wait_for_nodes="3", timeout="60s")
    assert engine.snapshot().count(word) == 3000
    assert engine.health().ok
    engine.close()
