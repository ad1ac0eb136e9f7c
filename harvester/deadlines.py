"""Ends slow answers: a socket's own time limit starts anew with every byte that drips in, a watchdog's does not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_WATCH_EVERY_S = 0.2
_local = threading.local()


class Watched:
    """One request under a deadline."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self.expired = False

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.ends_at - time.monotonic()

    def hold(self, connected: socket.socket) -> None:
        """Watch over a connection, by a handle of our own: the connection's may be closed before its answer is read."""
        with self._lock:
            self._drop()
            self._socket = connected.dup()

    def expire(self) -> None:
        """End the connection."""
        self.expired = True
        with self._lock, suppress(OSError):  # gone meanwhile, which is what was wanted
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Watchdog:
    """One thread for all requests, asleep while there are none; a timer each would cost more than a small request."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._watched: set[Watched] = set()
        self._changed = threading.Condition()

    def add(self, watched: Watched) -> None:
        with self._changed:
            self._watched.add(watched)
            if self._thread is None or not self._thread.is_alive():  # a process that was forked has none any more
                self._thread = threading.Thread(target=self._run, name="fetch-deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()

    def drop(self, watched: Watched) -> None:
        with self._changed:
            self._watched.discard(watched)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._watched:
                    self._changed.wait()
                now = time.monotonic()
                late = [watched for watched in self._watched if watched.ends_at < now]
            for watched in late:
                watched.expire()
            time.sleep(_WATCH_EVERY_S)


_watchdog = _Watchdog()


@contextmanager
def deadline(seconds: float) -> Iterator[Watched]:
    """All requests of this thread inside the block end within ``seconds``; then ``expired`` is true."""
    watched = Watched(time.monotonic() + seconds)
    _local.watched = watched
    _watchdog.add(watched)
    try:
        yield watched
    finally:
        _watchdog.drop(watched)
        watched.release()
        _local.watched = None


def current() -> Watched | None:
    """The deadline that this thread works under."""
    watched: Watched | None = getattr(_local, "watched", None)
    return watched
