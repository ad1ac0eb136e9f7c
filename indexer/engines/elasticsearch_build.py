"""The Elasticsearch engine's builder: fills one new index beside the live one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from elasticsearch import BadRequestError, Elasticsearch

from indexer.engines.base import EngineError
from indexer.engines.elasticsearch_bulk import Feeder, write_action
from indexer.engines.elasticsearch_client import told
from indexer.engines.elasticsearch_lock import BuilderLock
from indexer.engines.elasticsearch_mapping import building, mapping, serving
from schemas.document import Document

_COPIES_WITHIN_S = 300
log = structlog.stdlib.get_logger("lampway.elasticsearch")


def meta(prefix: str, generation: str, *, finished: bool) -> dict[str, Any]:
    """What an index says of itself. The stamp is another one after every write, so that readers see that one was."""
    return {"lampway": prefix, "generation": generation, "finished": finished, "stamp": secrets.token_hex(8)}


def mark(client: Elasticsearch, index: str, values: dict[str, Any]) -> None:
    """Make an index say this of itself, on all nodes."""
    if not client.indices.put_mapping(index=index, meta=values).body.get("acknowledged"):
        raise EngineError(f"the cluster did not confirm the state of index {index}: try again")


def refresh(client: Elasticsearch, index: str) -> None:
    """Make all that was written visible, on every copy."""
    shards = client.options(request_timeout=_COPIES_WITHIN_S).indices.refresh(index=index).body["_shards"]
    if shards["failed"]:
        raise EngineError(f"{shards['failed']} of {shards['total']} parts of index {index} could not be refreshed")


class ElasticsearchWriter:
    """Fills one new generation; see ``indexer.engines.base.GenerationWriter``.

    Documents are sent while the next ones are made: what the cluster refuses is told by a later ``add`` or ``finish``.
    """

    def __init__(self, client: Elasticsearch, prefix: str, name: str, shards: int, replicas: int) -> None:
        self.name = name
        self._client, self._prefix, self._replicas = client, prefix, replicas
        self._index = f"{prefix}-{name}"
        self._added = 0
        self._open = True
        self._lock = BuilderLock(client, prefix)
        try:
            with told("make an index"):
                self._create(shards)
        except BaseException:
            self._lock.release()
            raise
        self._feeder = Feeder(client, self._index)

    def add(self, documents: Iterable[Document]) -> int:
        """Write documents; after an error the generation is given up."""
        before = self._added
        self._guarded(lambda: self._feeder.add(self._counted(documents)))
        return self._added - before

    def finish(self) -> int:
        """Make all durable and visible, check that every document arrived, and wait for the copies."""
        self._guarded(self._complete)
        self._open = False
        self._lock.release()
        return self._added

    def abandon(self) -> None:
        """Drop what was built; nothing to do after finish."""
        if not self._open:
            return
        self._open = False
        self._feeder.stop()
        try:
            with told("be given up"):
                self._client.indices.delete(index=self._index, ignore_unavailable=True)
        except EngineError as error:  # the next build cleans up; what led here is told instead
            log.warning("an unfinished index is left behind", index=self._index, error=str(error))
        finally:
            self._lock.release()

    def _create(self, shards: int) -> None:
        try:
            self._client.indices.create(
                index=self._index,
                mappings=mapping(meta(self._prefix, self.name, finished=False)),
                settings=building(shards),
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
            raise EngineError(f"there is a generation {self.name} already") from error

    def _counted(self, documents: Iterable[Document]) -> Iterable[bytes]:
        for document in documents:
            yield write_action(document)
            self._added += 1

    def _guarded(self, work: Callable[[], None]) -> None:
        if not self._open:
            raise EngineError(f"generation {self.name} is finished or given up")
        try:
            with told("be written"):
                self._lock.check()
                work()
        except BaseException:
            self.abandon()
            raise

    def _complete(self) -> None:
        self._feeder.finish()
        refresh(self._client, self._index)
        found = int(self._client.count(index=self._index).body["count"])
        if found != self._added:
            raise EngineError(f"generation {self.name} holds {found} works instead of {self._added}: build again")
        slow = self._client.options(request_timeout=2 * _COPIES_WITHIN_S)
        slow.indices.put_settings(index=self._index, settings=serving(self._replicas))
        slow.indices.flush(index=self._index, wait_if_ongoing=True)
        health = slow.cluster.health(
            index=self._index,
            wait_for_status="green",
            timeout=f"{_COPIES_WITHIN_S}s",
            wait_for_no_initializing_shards=True,
        )
        if health.body["timed_out"]:
            log.warning("the new index has not all its copies yet", index=self._index, status=health.body["status"])
        self._lock.check()
        mark(self._client, self._index, meta(self._prefix, self.name, finished=True))
