"""Bulk writing: a few requests at a time, what is refused for now sent again, what is refused for good told."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer.engines.base import EngineError
from indexer.engines.elasticsearch_client import BUSY, in_words, told
from indexer.engines.elasticsearch_mapping import source
from schemas.document import Document

CHUNK = 1000
"""Actions of one request."""
CHUNK_BYTES = 4_000_000
UNDER_WAY = 4
"""Requests at a time; whoever writes faster waits."""
TRIES = 8
PAUSE_S = 0.25
"""Before the second try; twice as long before each further one, a minute in all."""
_TIMEOUT_S = 120
_WANTED = "errors,items.*.status,items.*.error"


def write_action(document: Document) -> bytes:
    """Write a document under its number.

    Raises:
        TypeError, ValueError, UnicodeEncodeError: a value does not fit its field.
    """
    return b'{"index":{"_id":"%d"}}\n%b\n' % (document.number, source(document))


def delete_action(number: int) -> bytes:
    """Delete a number, whether it is there or not."""
    return b'{"delete":{"_id":"%d"}}\n' % number


def send(client: Elasticsearch, index: str, actions: Sequence[bytes]) -> None:
    """Do all actions, once each however often they must be sent: the same number is the same document.

    Raises:
        EngineUnavailableError: the cluster has no room for them, or is away, after many tries.
        EngineError: some are refused for good; the message names the first.
    """
    left: Sequence[Any] = actions
    refused: list[tuple[bytes, dict[str, Any]]] = []
    patient = client.options(request_timeout=_TIMEOUT_S, max_retries=0)
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
        final = attempt == TRIES - 1
        try:
            answer = patient.bulk(index=index, operations=left, filter_path=_WANTED, require_alias=False).body
        except (ApiError, TransportError) as error:
            passes = not isinstance(error, ApiError) or error.status_code in BUSY
            if final or not passes or "TlsError" in type(error).__name__:
                with told("be written"):
                    raise
            continue
        if not answer["errors"]:
            break
        again: list[bytes] = []
        for action, item in zip(left, answer["items"], strict=True):
            outcome = next(iter(item.values()))
            if "error" not in outcome:
                continue
            if outcome["status"] in BUSY and not final:
                again.append(action)
            else:
                refused.append((action, outcome))
        left = again
        if not left:
            break
    if refused:
        raise _refusal(refused, len(actions))


def _refusal(refused: list[tuple[bytes, dict[str, Any]]], of: int) -> EngineError:
    action, outcome = refused[0]
    number = action.split(b'"_id":"', 1)[1].split(b'"', 1)[0].decode()
    told_ = in_words(f"write work {number}", int(outcome["status"]), None, {"error": outcome["error"]})
    more = f"; {len(refused) - 1} more of {of} are refused too" if len(refused) > 1 else ""
    return type(told_)(f"{told_}{more}")


class Feeder:
    """Sends a stream of actions to an index in chunks, several at a time. An error ends it."""

    def __init__(self, client: Elasticsearch, index: str) -> None:
        self._client, self._index = client, index
        self._pool = ThreadPoolExecutor(UNDER_WAY, thread_name_prefix="elasticsearch bulk")
        self._sent: deque[Future[None]] = deque()
        self._chunk: list[bytes] = []
        self._bytes = 0

    def add(self, actions: Iterable[bytes]) -> None:
        """Send actions, or keep them until a chunk is full; raises what an earlier chunk met."""
        for action in actions:
            self._chunk.append(action)
            self._bytes += len(action)
            if len(self._chunk) >= CHUNK or self._bytes >= CHUNK_BYTES:
                self._send()

    def finish(self) -> None:
        """Wait until all is written."""
        self._send()
        while self._sent:
            self._sent.popleft().result()
        self._pool.shutdown()

    def stop(self) -> None:
        """Send no more, and wait for what is under way."""
        self._chunk, self._bytes = [], 0
        self._pool.shutdown(cancel_futures=True)

    def _send(self) -> None:
        while len(self._sent) >= UNDER_WAY or (self._sent and self._sent[0].done()):
            self._sent.popleft().result()
        if self._chunk:
            self._sent.append(self._pool.submit(send, self._client, self._index, self._chunk))
            self._chunk, self._bytes = [], 0
