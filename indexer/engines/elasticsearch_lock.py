"""The lock of the one builder of a cluster's index, whatever machine it runs on: a document with a heartbeat."""

from __future__ import annotations

import threading
from typing import Any

import structlog
from elasticsearch import ApiError, BadRequestError, ConflictError, Elasticsearch, NotFoundError, TransportError

from indexer.engines.base import EngineError
from indexer.engines.elasticsearch_client import told
from store.database import now_text
from store.leases import HEARTBEAT_S, disown, is_dead, new_owner, words_of

_ID = "builder"
_KEPT = {"type": "keyword", "index": False, "doc_values": False}

log = structlog.stdlib.get_logger("lampway.elasticsearch")


class BuilderLock:
    """Held from its making until ``release``; a dead builder's lock is taken over, at once on the same machine."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client, self._index = client, f"{prefix}-lock"
        self._owner = new_owner()
        self._at: dict[str, Any] = {}
        self._lost = False
        self._stop = threading.Event()
        try:
            with told("take the lock of the builder"):
                self._take(prefix)
        except BaseException:
            disown(self._owner)
            raise
        self._heart = threading.Thread(target=self._beat, daemon=True, name="elasticsearch builder lock")
        self._heart.start()

    def check(self) -> None:
        """Raises EngineError when another builder took the lock over, because this one was silent for too long."""
        if self._lost:
            raise EngineError("another build of the search index took over, as this one gave no sign of life")

    def release(self) -> None:
        """Give it back; once is enough. Where the cluster is away it counts as a dead builder's from now on."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._heart.join()
        disown(self._owner)
        if self._lost:
            return
        try:
            self._client.delete(index=self._index, id=_ID, **self._at)
        except (ApiError, TransportError) as error:
            log.warning("the lock of the builder could not be given back", error=str(error))

    def _take(self, prefix: str) -> None:
        mapping = {
            "dynamic": "strict",
            "_meta": {"lampway": prefix},
            "properties": {"owner": _KEPT, "beat_at": _KEPT},
        }
        try:
            self._client.indices.create(
                index=self._index,
                mappings=mapping,
                settings={"number_of_shards": 1, "auto_expand_replicas": "0-1"},
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
        try:
            self._note(self._client.create(index=self._index, id=_ID, document=self._document()).body)
        except ConflictError:
            self._take_over()

    def _take_over(self) -> None:
        running = "another build of the search index is running"
        try:
            held = self._client.get(index=self._index, id=_ID).body
            owner, beat_at = held["_source"]["owner"], held["_source"]["beat_at"]
            if not is_dead(owner, beat_at):
                raise EngineError(f"{running}: {words_of(owner, beat_at)}; wait for it to end")
            self._note(held)
            self._note(self._client.index(index=self._index, id=_ID, document=self._document(), **self._at).body)
        except (NotFoundError, ConflictError) as error:
            raise EngineError(f"{running}: it has just begun or ended; try again") from error

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            try:
                self._note(self._client.index(index=self._index, id=_ID, document=self._document(), **self._at).body)
            except (ConflictError, NotFoundError):
                self._lost = True
                return
            except (ApiError, TransportError) as error:  # the build itself meets the same trouble and tells it
                log.warning("the lock of the builder could not be renewed", error=str(error))

    def _document(self) -> dict[str, str]:
        return {"owner": self._owner, "beat_at": now_text()}

    def _note(self, answer: dict[str, Any]) -> None:
        self._at = {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
