"""The Elasticsearch engine: an index a generation in a cluster, and an alias that names the live one.

    <prefix>                 alias of the live generation
    <prefix>-<generation>    an index; its ``_meta`` says whose it is, whether it is finished, and if it was written to
    <prefix>-lock            the lock of the one builder

A snapshot asks the cluster which generation is live and whether it was written to; if neither changed, the point in
time is the same as before, and so are the answers that were asked for already. A point in time is closed when the last
search that uses it is over. It needs no plug-in and no module: any cluster of version 9 will do.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from config.settings import Settings
from indexer.engines.base import EngineError, Health
from indexer.engines.elasticsearch_build import ElasticsearchWriter, mark, meta, refresh
from indexer.engines.elasticsearch_bulk import CHUNK, delete_action, send, write_action
from indexer.engines.elasticsearch_client import connect, is_of_elasticsearch, told
from indexer.engines.elasticsearch_snapshot import KEEP_ALIVE, ElasticsearchSnapshot
from schemas.document import Document

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
_QUICK_S = 5.0
"""Within which a cluster says which index is live, which takes it a millisecond: one that hangs shall not keep those
who search, and the probes of the service, waiting as long as a search may take."""
_NONE_YET = "there is no search index yet: run `lampway index`"


class ElasticsearchEngine:
    """See ``indexer.engines.base.SearchEngine``."""

    name = "elasticsearch"

    def __init__(self, settings: Settings) -> None:
        self._client = connect(settings)
        self._quick = self._client.options(request_timeout=_QUICK_S)
        self._prefix = settings.elasticsearch_prefix
        self._shards, self._replicas = settings.elasticsearch_shards, settings.elasticsearch_replicas
        self._lock = threading.Lock()
        self._current: tuple[str, str, ElasticsearchSnapshot] | None = None
        self._closer = ThreadPoolExecutor(1, "close points in time")

    def open_generation(self, name: str) -> ElasticsearchWriter:
        """Begin a generation. Raises EngineError when another build is running or the name is taken."""
        self._index(name)
        return ElasticsearchWriter(self._client, self._prefix, name, self._shards, self._replicas)

    def promote(self, name: str) -> None:
        """Make a finished generation the live one, in one step. Raises EngineError when it is not finished."""
        index = self._index(name)
        with told("be promoted"):
            if not self._own(index).get(name, {}).get("finished"):
                raise EngineError(f"generation {name} is not finished, it cannot go live")
            actions: list[dict[str, Any]] = [
                {"remove": {"index": f"{self._prefix}-*", "alias": self._prefix, "must_exist": False}},
                {"add": {"index": index, "alias": self._prefix, "is_write_index": True}},
            ]
            if not self._client.indices.update_aliases(actions=actions).body.get("acknowledged"):
                raise EngineError(f"the cluster did not confirm that generation {name} is live: try again")

    def generations(self) -> list[str]:
        """Names of all generations, unfinished ones too, by name."""
        with told("be listed"):
            return sorted(self._own(f"{self._prefix}-*"))

    def live(self) -> str:
        """Name of the live generation; "" before the first."""
        with told("be found"):
            return str(self._live().get("generation", ""))

    def drop(self, name: str) -> None:
        """Delete a generation that is not live."""
        index = self._index(name)
        if name == self.live():
            raise EngineError(f"generation {name} is live, it cannot be dropped")
        with told("be dropped"):
            self._client.indices.delete(index=index, ignore_unavailable=True)

    def write(self, documents: Sequence[Document], deleted: Sequence[int]) -> None:
        """Replace documents and delete numbers in the live generation.

        Values that fit no field are found before anything is sent. What is cut off in the middle can be written again.
        """
        if not documents and not deleted:
            return
        latest = {document.number: document for document in documents}
        with told("be written"):
            actions = [write_action(document) for document in latest.values()]
            actions += [delete_action(number) for number in sorted({*deleted} - latest.keys())]
            name = self.live()
            if not name:
                raise EngineError(_NONE_YET)
            index = self._index(name)
            for first in range(0, len(actions), CHUNK):
                send(self._client, index, actions[first : first + CHUNK])
            refresh(self._client, index)
            mark(self._client, index, meta(self._prefix, name, finished=True))

    def snapshot(self) -> ElasticsearchSnapshot:
        """A view of the live generation as it is now."""
        with told("be searched"):
            for attempt in (1, 2, 3):
                live = self._live(self._quick)
                if not live:
                    raise EngineError(_NONE_YET)
                key = live["generation"], live["stamp"]
                current = self._current
                if current and current[:2] == key and current[2].lives():
                    return current[2]
                try:
                    opened = self._client.open_point_in_time(index=self._index(key[0]), keep_alive=KEEP_ALIVE)
                except NotFoundError:  # replaced and dropped while we opened it
                    if attempt == 3:
                        raise
                    continue
                found = ElasticsearchSnapshot(self._client, key[0], opened.body["id"])
                # Searches in other threads may use the one before: it is closed when the last of them lets it go.
                weakref.finalize(found, self._close_point, opened.body["id"]).atexit = False
                with self._lock:
                    self._current = (*key, found)
                return found
        raise AssertionError

    def health(self) -> Health:
        """Whether the cluster answers from the live generation, and what it holds."""
        try:
            with told("be found"):
                name = str(self._live(self._quick).get("generation", ""))
            if not name:
                return Health(False, self.name, "", 0, _NONE_YET)
            with told("be counted"):
                answer = self._quick.count(index=self._index(name), ignore_unavailable=False).body
            failed = answer["_shards"]["failed"]
            message = f"{failed} of {answer['_shards']['total']} parts of the index do not answer" if failed else ""
            return Health(not failed, self.name, name, int(answer["count"]), message)
        except Exception as error:  # whatever it is, health tells it instead of raising it
            return Health(False, self.name, "", 0, str(error))

    def close(self) -> None:
        """Let the cluster forget our points in time, and close the connections."""
        with self._lock:
            self._current = None
        self._closer.shutdown()
        self._client.close()

    def _close_point(self, point: str) -> None:
        """Let the cluster forget a point in time, in a thread of its own: whoever let go of it does not wait."""
        with suppress(RuntimeError):  # the engine is closed: it is forgotten by itself soon
            self._closer.submit(self._close_now, point)

    def _close_now(self, point: str) -> None:
        with suppress(EngineError), told("be closed"):  # it is forgotten by itself soon
            self._client.options(ignore_status=404).close_point_in_time(id=point)

    def _index(self, name: str) -> str:
        if not _NAME.fullmatch(name) or name == "lock":
            raise EngineError(f"{name!r} is no name of a generation")
        return f"{self._prefix}-{name}"

    def _live(self, client: Elasticsearch | None = None) -> dict[str, Any]:
        found = list(self._own(self._prefix, client).values())
        if len(found) > 1:
            raise EngineError(f"the alias {self._prefix} names several indices: remove all but one")
        return found[0] if found else {}

    def _own(self, target: str, client: Elasticsearch | None = None) -> dict[str, dict[str, Any]]:
        """What our generations among some indices say of themselves, by generation."""
        try:
            answer = (client or self._client).indices.get_mapping(index=target, filter_path="*.mappings._meta")
        except NotFoundError as error:
            if not is_of_elasticsearch(error):
                raise
            return {}
        metas = (index["mappings"]["_meta"] for index in answer.body.values())
        return {m["generation"]: m for m in metas if m.get("lampway") == self._prefix and "generation" in m}
