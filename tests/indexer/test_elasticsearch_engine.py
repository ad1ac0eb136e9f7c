"""What only a cluster can suffer: refused keys and items, full disks, cut lines, killed builders; on real nodes."""

from __future__ import annotations

import importlib.util
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trustme
from elasticsearch import Elasticsearch

from config.settings import Settings, SettingsError, load_settings
from indexer.analysis import field_tokens
from indexer.engines import elasticsearch_bulk
from indexer.engines.base import EngineError, EngineUnavailableError
from indexer.engines.elasticsearch import ElasticsearchEngine
from schemas.document import Document
from schemas.query import Clause, EngineQuery

ROOT = Path(__file__).parents[2]
EVERYTHING = EngineQuery()
WORD = EngineQuery(clauses=(Clause(tokens=("word",)),))


def document(number: int, title: str = "word", **given: Any) -> Document:
    values: dict[str, Any] = {
        "number": number, "title": field_tokens([title]), "creator": field_tokens([]), "subject": field_tokens([]),
        "text": field_tokens([]), "type": "book", "language": ["en"], "isbn": [], "identifier": [],
        "title_key": [title], "institution": [1], "year": 2000, "sort_title": title,
    }  # fmt: skip
    return Document(**(values | given))


def too_long(number: int) -> Document:
    """What the server itself refuses: a term longer than any can be."""
    return document(number, identifier=["x" * 40_000])


def fill(engine: ElasticsearchEngine, name: str, titles: list[str]) -> None:
    writer = engine.open_generation(name)
    writer.add(document(number, title) for number, title in enumerate(titles, 1))
    writer.finish()
    engine.promote(name)


@pytest.fixture(scope="module")
def proxies() -> ModuleType:
    name = "lampway_tests_elasticsearch_proxy"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "servers" / "elasticsearch_proxy.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def settings(tmp_path: Path, engine_settings: Callable[..., Settings]) -> Settings:
    return engine_settings("elasticsearch", tmp_path)


@pytest.fixture
def proxy(proxies: Any, elasticsearch_url: str) -> Iterator[Any]:
    opened = proxies.Proxy(elasticsearch_url)
    yield opened
    opened.close()


@pytest.fixture
def engine(proxy: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ElasticsearchEngine]:
    """An engine that reaches its cluster through the proxy, and tries again soon."""
    monkeypatch.setattr(elasticsearch_bulk, "PAUSE_S", 0.01)
    opened = ElasticsearchEngine(settings.model_copy(update={"elasticsearch_url": (proxy.url,)}))
    yield opened
    opened.close()


@pytest.fixture
def cluster(settings: Settings) -> Iterator[Elasticsearch]:
    with Elasticsearch(list(settings.elasticsearch_url)) as client:
        yield client


def engine_at(settings: Settings, url: str, **more: Any) -> ElasticsearchEngine:
    return ElasticsearchEngine(settings.model_copy(update={"elasticsearch_url": (url,)} | more))


def test_items_refused_for_now_are_sent_again_alone(engine: ElasticsearchEngine, proxy: Any) -> None:
    fill(engine, "g1", ["word"] * 50)
    refusals: Counter[str] = Counter()

    def refuse(id_: str) -> int:
        refusals[id_] += 1
        return 429 if id_ in ("7", "60") and refusals[id_] < 4 else 0

    proxy.refuse_items = refuse
    proxy.bulk_ids.clear()
    engine.write([document(number) for number in range(1, 61)], [])
    assert engine.snapshot().count(EVERYTHING) == 60
    assert [len(ids) for ids in proxy.bulk_ids] == [60, 2, 2, 2]
    assert set(proxy.bulk_ids[-1]) == {"7", "60"}


def test_a_queue_that_stays_full_is_told_and_nothing_is_taken_for_written(
    engine: ElasticsearchEngine, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_bulk, "TRIES", 3)
    fill(engine, "g1", ["word"])
    proxy.refuse_items = lambda id_: 429 if id_ == "2" else 0
    with pytest.raises(EngineUnavailableError, match="work 2"):
        engine.write([document(2), document(3)], [])
    proxy.refuse_items = lambda id_: 0
    engine.write([document(2), document(3)], [])
    assert engine.snapshot().count(EVERYTHING) == 3


def test_whole_requests_that_fail_are_sent_again(engine: ElasticsearchEngine, proxy: Any, proxies: Any) -> None:
    fill(engine, "g1", ["word"])
    for trouble in (
        proxies.trouble(503, "unavailable_shards_exception", "primary shard is not active", path="/_bulk", times=2),
        proxies.trouble(429, "circuit_breaking_exception", "Data too large", path="/_bulk", times=2),
        proxies.cut(path="/_bulk", times=2),
    ):
        proxy.trouble = trouble
        engine.write([document(1, "anew"), document(2)], [])
        assert engine.snapshot().count(EVERYTHING) == 2


def test_items_refused_for_good_are_named(engine: ElasticsearchEngine) -> None:
    fill(engine, "g1", ["word"])
    with pytest.raises(EngineError, match=r"work 5.*parse field \[identifier\].*1 more of 3"):
        engine.write([document(1, "anew"), too_long(5), too_long(6)], [])
    writer = engine.open_generation("g2")
    writer.add([too_long(5)])
    with pytest.raises(EngineError, match="work 5"):
        writer.finish()
    assert engine.generations() == ["g1"]


def test_a_cluster_that_is_not_there_is_told(settings: Settings) -> None:
    gone = engine_at(settings, "http://127.0.0.1:9")
    for ask in (gone.live, gone.snapshot, gone.generations, lambda: gone.write([document(1)], [])):
        with pytest.raises(EngineUnavailableError, match=r"LAMPWAY_ELASTICSEARCH_URL.*cannot be reached"):
            ask()
    assert not gone.health().ok
    assert "cannot be reached" in gone.health().message
    gone.close()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {"Content-Type": "text/html"}, b"<h1>Hello</h1>"), "is not Elasticsearch"),
        ((404, {"Content-Type": "text/html"}, b"<h1>Not found</h1>"), "is not Elasticsearch"),
        ((200, {"Content-Type": "application/json"}, b'{"x": {"mappings": {"_meta": {}}}}'), "is not Elasticsearch"),
    ],
)
def test_something_else_is_not_taken_for_elasticsearch(
    engine: ElasticsearchEngine, proxy: Any, answer: Any, message: str
) -> None:
    proxy.trouble = lambda method, path: answer
    with pytest.raises(EngineError, match=message):
        engine.snapshot()
    assert message in engine.health().message


@pytest.mark.parametrize(
    ("status", "kind", "reason", "error", "message"),
    [
        (400, "media_type_header_exception", "Accept version must be either version 8 or 7, but found 9",
         EngineError, "too old: 9 or newer"),
        (403, "security_exception", "action [indices:data/read/search] is unauthorized for API key",
         EngineError, "LAMPWAY_ELASTICSEARCH_API_KEY has no permission"),
        (429, "circuit_breaking_exception", "Data too large", EngineUnavailableError, "try again"),
        (503, "no_shard_available_action_exception", "no shard is there", EngineUnavailableError, "try again"),
        (503, "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];",
         EngineUnavailableError, "not ready"),
        (500, "illegal_state_exception", "who knows", EngineError, "who knows"),
    ],
)  # fmt: skip
def test_troubles_of_a_cluster_are_told_in_words(
    engine: ElasticsearchEngine,
    proxy: Any,
    proxies: Any,
    status: int,
    kind: str,
    reason: str,
    error: type,
    message: str,
) -> None:
    fill(engine, "g1", ["word"])
    snapshot = engine.snapshot()
    proxy.trouble = proxies.trouble(status, kind, reason)
    for ask in (engine.live, engine.generations, lambda: snapshot.search_text(WORD, 5)):
        with pytest.raises(EngineError, match=message) as told:
            ask()
        assert type(told.value) is error
    assert not engine.health().ok
    proxy.trouble = proxies.trouble(status, kind, reason, times=0)
    assert snapshot.search_text(WORD, 5).numbers.tolist() == [1]


def test_a_full_disk_is_told_and_writing_goes_on_when_there_is_room(
    engine: ElasticsearchEngine, cluster: Elasticsearch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster's own flood-stage block, set by hand; it is lifted by itself when there is room."""
    monkeypatch.setattr(elasticsearch_bulk, "TRIES", 2)
    fill(engine, "g1", ["word"])
    index, block = f"{settings.elasticsearch_prefix}-g1", "index.blocks.read_only_allow_delete"
    cluster.indices.put_settings(index=index, settings={block: True})
    with pytest.raises(EngineUnavailableError, match="disk is too full"):
        engine.write([document(2)], [])
    assert engine.snapshot().count(EVERYTHING) == 1, "searches go on"
    cluster.indices.put_settings(index=index, settings={block: None})
    engine.write([document(2)], [])
    assert engine.snapshot().count(EVERYTHING) == 2
    cluster.indices.put_settings(index=index, settings={"index.blocks.write": True})
    with pytest.raises(EngineError, match=r"blocked.*take the setting"):
        engine.write([document(3)], [])
    cluster.indices.put_settings(index=index, settings={"index.blocks.write": None})


def test_keys_certificates_and_several_hosts(
    proxies: Any, elasticsearch_url: str, settings: Settings, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    guarded = proxies.Proxy(elasticsearch_url, api_key="c2VjcmV0", tls=context)
    try:
        key = {"elasticsearch_api_key": "c2VjcmV0"}
        right = engine_at(settings, guarded.url, elasticsearch_ca=tmp_path / "ca.pem", **key)
        fill(right, "g1", ["word"])
        assert right.snapshot().count(WORD) == 1
        right.close()
        hosts = ("https://127.0.0.1:9", guarded.url)
        passed_over = engine_at(settings, "", elasticsearch_url=hosts, elasticsearch_ca=tmp_path / "ca.pem", **key)
        assert [passed_over.snapshot().count(WORD) for _ in range(3)] == [1, 1, 1]
        passed_over.close()
        wrong_key = engine_at(settings, guarded.url, elasticsearch_ca=tmp_path / "ca.pem", elasticsearch_api_key="bm8=")
        with pytest.raises(EngineError, match="set LAMPWAY_ELASTICSEARCH_API_KEY"):
            wrong_key.live()
        wrong_key.close()
        stranger = engine_at(settings, guarded.url, **key)
        with pytest.raises(EngineError, match="LAMPWAY_ELASTICSEARCH_CA"):
            stranger.live()
        stranger.close()
    finally:
        guarded.close()
    with pytest.raises(EngineError, match=r"LAMPWAY_ELASTICSEARCH_CA=.*nothing\.pem"):
        engine_at(settings, "https://127.0.0.1:9", elasticsearch_ca=tmp_path / "nothing.pem")


@pytest.mark.parametrize("url", ["", "127.0.0.1:9200", "ftp://x.example", "https://user:word@x.example", "http://a b?"])
def test_addresses_that_cannot_be_are_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="LAMPWAY_ELASTICSEARCH_URL"):
        load_settings(elasticsearch_url=url, _env_file=None)


def test_a_port_may_be_left_out() -> None:
    settings = load_settings(elasticsearch_url="https://a.example, http://b.example:9200", _env_file=None)
    assert settings.elasticsearch_url == ("https://a.example:443", "http://b.example:9200")


def test_what_was_asked_before_is_not_asked_again_until_something_changes(
    engine: ElasticsearchEngine, proxy: Any
) -> None:
    fill(engine, "g1", ["word", "word two"])
    first = engine.snapshot().search_text(WORD, 20)
    assert engine.snapshot().count(WORD) == 2
    proxy.asked.clear()
    assert engine.snapshot().search_text(WORD, 20).numbers.tolist() == first.numbers.tolist()
    assert engine.snapshot().count(WORD) == 2
    assert [asked.split("?")[0].rpartition("/")[2] for asked in proxy.asked] == ["_mapping"] * 2
    engine.write([document(3)], [1])
    assert engine.snapshot().search_text(WORD, 20).numbers.tolist() == [3, 2]
    assert engine.snapshot().count(WORD) == 2


def test_what_is_expected_is_asked_in_one_request(engine: ElasticsearchEngine, proxy: Any) -> None:
    fill(engine, "g1", ["word", "word two", "other"])
    snapshot, browse = engine.snapshot(), EngineQuery()
    proxy.asked.clear()
    snapshot.expect([(WORD, 20), (browse, 2)], [WORD, EVERYTHING])
    snapshot.expect([(WORD, 20)], [WORD])
    assert len(proxy.asked) == 1
    told = snapshot.search_text(WORD, 20), snapshot.search_text(browse, 2), snapshot.count(WORD)
    assert len(proxy.asked) == 1
    snapshot.forget()
    alone = snapshot.search_text(WORD, 20), snapshot.search_text(browse, 2), snapshot.count(WORD)
    assert len(proxy.asked) == 4
    assert [(c.numbers.tolist(), c.scores.tolist()) for c in told[:2]] == [
        (c.numbers.tolist(), c.scores.tolist()) for c in alone[:2]
    ]
    assert told[2] == alone[2] == 2


def test_an_expectation_that_fails_leaves_the_error_to_the_question(
    engine: ElasticsearchEngine, cluster: Elasticsearch
) -> None:
    fill(engine, "g1", ["word"])
    snapshot = engine.snapshot()
    snapshot.close()
    snapshot.expect([(WORD, 20)], [WORD])
    with pytest.raises(EngineUnavailableError, match="try again"):
        snapshot.count(WORD)


def test_a_snapshot_that_lay_too_long_is_replaced(
    engine: ElasticsearchEngine, cluster: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, "g1", ["word"])
    old = engine.snapshot()
    old.close()
    with pytest.raises(EngineUnavailableError, match="try again"):
        old.count(WORD)
    monkeypatch.setattr(old, "_used", time.monotonic() - 3600)
    assert engine.snapshot().count(WORD) == 1


def test_points_in_time_are_closed_with_their_last_search(
    engine: ElasticsearchEngine, proxy: Any, settings: Settings
) -> None:
    def closed() -> int:
        return sum(asked == "DELETE /_pit" for asked in proxy.asked)

    def wait_for(number: int) -> None:
        give_up = time.monotonic() + 20
        while closed() < number:
            assert time.monotonic() < give_up, proxy.asked
            time.sleep(0.01)

    fill(engine, "g1", ["word"])
    used = engine.snapshot()
    assert used.count(WORD) == 1
    engine.write([document(2)], [])
    assert engine.snapshot().count(WORD) == 2
    used.forget()
    assert used.count(WORD) == 1  # a search under way still sees what it saw
    assert closed() == 0
    del used
    wait_for(1)
    engine.write([document(3)], [])
    assert engine.snapshot().count(WORD) == 3
    wait_for(2)
    other = engine_at(settings, proxy.url)
    assert other.snapshot().count(WORD) == 3
    other.close()
    assert closed() == 3


def test_two_services_share_a_cluster(engine: ElasticsearchEngine, settings: Settings) -> None:
    """One's prefix is the beginning of the other's: neither sees nor drops what is not its own."""
    fill(engine, "g1", ["word"])
    longer = settings.model_copy(update={"elasticsearch_prefix": f"{settings.elasticsearch_prefix}-town"})
    other = ElasticsearchEngine(longer)
    fill(other, "g1", ["word", "word"])
    assert engine.generations() == other.generations() == ["g1"]
    fill(engine, "g2", ["word", "word", "word"])
    assert [each.snapshot().count(EVERYTHING) for each in (engine, other)] == [3, 2]
    assert (engine.live(), other.live()) == ("g2", "g1")
    other.close()


def test_a_builder_that_was_killed_is_followed_at_once(engine: ElasticsearchEngine, settings: Settings) -> None:
    fill(engine, "g1", ["word"])
    script = """
import sys
from config.settings import load_settings
from indexer.engines.elasticsearch import ElasticsearchEngine
url, prefix = sys.argv[1:]
settings = load_settings(elasticsearch_url=url, elasticsearch_prefix=prefix, _env_file=None)
writer = ElasticsearchEngine(settings).open_generation("g2")
print("building", flush=True)
sys.stdin.read()
"""
    builder = subprocess.Popen(
        [sys.executable, "-c", script, settings.elasticsearch_url[0], settings.elasticsearch_prefix],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True,
    )  # fmt: skip
    assert builder.stdin
    assert builder.stdout
    assert builder.stdout.readline() == "building\n"
    with pytest.raises(EngineError, match=rf"another build.*running.*{builder.pid}"):
        engine.open_generation("g3")
    os.kill(builder.pid, signal.SIGKILL)
    builder.wait()
    builder.stdin.close()
    builder.stdout.close()
    assert engine.generations() == ["g1", "g2"]
    with pytest.raises(EngineError, match="not finished"):
        engine.promote("g2")
    engine.drop("g2")
    fill(engine, "g3", ["word", "word"])
    assert engine.snapshot().count(EVERYTHING) == 2


def test_searches_go_on_through_builds_promotions_and_clean_up(engine: ElasticsearchEngine, settings: Settings) -> None:
    """Generation n holds n works named "word" and nothing else: no answer may mix two of them."""
    fill(engine, "g1", ["word g1"])
    reader, done, seen, failed = ElasticsearchEngine(settings), threading.Event(), [], []

    def search() -> None:
        while not done.is_set():
            try:
                snapshot = reader.snapshot()
                of = snapshot.generation
                found = snapshot.search_text(WORD, 100).numbers.tolist()
                named = snapshot.count(EngineQuery(clauses=(Clause(tokens=(of,)),)))
                seen.append((of, len(found), named, snapshot.count(EVERYTHING)))
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(2, 6):
        fill(engine, f"g{number}", [f"word g{number}"] * number)
        for old in engine.generations():
            if old not in (f"g{number}", f"g{number - 1}"):
                engine.drop(old)
    done.set()
    for thread in threads:
        thread.join()
    reader.close()
    assert failed == []
    assert {name for name, *_ in seen} >= {"g1", "g5"} - ({"g5"} if len(seen) < 20 else set())
    for name, *counts in seen:
        assert counts == [int(name[1:])] * 3
