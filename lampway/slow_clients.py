"""Ends connections whose client neither sends its request nor takes its answer: each holds an open file for as long.

A proxy in front does the same where there is one. uvicorn itself only ends those that are idle between two requests.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with patience that ends."""

    within_s = 30.0
    """For the head of a request, and without any progress of an answer."""
    least_rate = 4096
    """Bytes a second: a request may take so much longer as it is long, so that a slow line can send a file."""
    look_s = 5.0
    """Between two looks at a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It counts from now."""
        super().connection_made(transport)
        self._received, self._since = 0, self.loop.time()
        self._sending, self._stalled = True, 0.0
        self._next_look = self.loop.call_later(self.look_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to look at."""
        self._next_look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count it."""
        self._received += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins, on a connection that may have had others."""
        if not self._sending:
            self._received, self._since, self._sending = 0, self.loop.time(), True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """It is here; how long the answer takes is ours to see to."""
        self._sending = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not take what is sent."""
        self._stalled = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It does."""
        self._stalled = 0.0
        super().resume_writing()

    def _look(self) -> None:
        now = self.loop.time()
        late = self._sending and now - self._since > self.within_s + self._received / self.least_rate
        if late or (self._stalled and now - self._stalled > self.within_s):
            self.transport.abort()
        else:
            self._next_look = self.loop.call_later(self.look_s, self._look)
