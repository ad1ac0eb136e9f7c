"""What every request passes first and every response last: limits, HEAD, OPTIONS, headers, failures, log, metrics."""

from __future__ import annotations

import time
import uuid
from typing import Any

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api import access_log
from search_api.errors import ApiError, error_response
from search_api.headers import READS, ResponseHeaders, with_missing
from search_api.metrics import Metrics
from search_api.rate_limit import RateLimiter

BODY_CAP = 64 * 1024
BODY_CAPS = {"/availability": 8 * 1024 * 1024, "/register": 50 * 1024 * 1024}
"""Bytes of a request body, by the end of the path: a full batch of 10,000 states fits, and a catalogue's file."""
UNLIMITED = ("/static/",)
"""Parts of a page: they count with the page."""
log = structlog.stdlib.get_logger("lampway")


class Front:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, headers: ResponseHeaders, limiter: RateLimiter, metrics: Metrics) -> None:
        self.app, self.headers, self.limiter, self.metrics = app, headers, limiter, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        # Routes need to know GET only: HEAD is GET without its body (RFC 9110, 9.3.2).
        inner = {**scope, "method": "GET" if method == "HEAD" else method, "state": dict(scope.get("state", {}))}
        reply = _Reply(send, method, self.headers, inner["state"])
        began = time.perf_counter()
        try:
            self._admit(scope)
            await self.app(inner, _capped(scope, receive), reply)
        except Exception as error:
            await self._fail(error, inner, receive, reply)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(inner.get("route"), "path", "(none)")
            self.metrics.request(method, route, reply.status, seconds)
            access_log.log.info(
                "request",
                method=method,
                route=route,
                status=reply.status,
                bytes=reply.bytes,
                ms=round(seconds * 1000, 1),
                **access_log.describe(scope["query_string"]),
            )

    def _admit(self, scope: Scope) -> None:
        client = scope.get("client")
        wait = 0 if scope["path"].startswith(UNLIMITED) else self.limiter.wait(client[0] if client else None)
        if wait:
            raise ApiError("rate-limited", f"Ask again in {wait} s.", retry_after=wait)

    async def _fail(self, error: Exception, scope: Scope, receive: Receive, reply: _Reply) -> None:
        reference = ""
        if not isinstance(error, ApiError):
            reference = uuid.uuid4().hex[:12]
            log.error("failure", request=reference, path=access_log.place_of(scope), exc_info=error)
        if not reply.status:
            await error_response(error, Request(scope, receive), reference=reference)(scope, receive, reply)


class _Reply:
    """Sends what the application answers, completed; remembers status and size."""

    def __init__(self, send: Send, method: str, headers: ResponseHeaders, state: dict[str, Any]) -> None:
        self.status = self.bytes = 0
        self._state = state
        self._send, self._method, self._headers = send, method, headers
        self._mute = method == "HEAD"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._method == "OPTIONS" and self.status == 405:
                message = self._options(message)
            elif self.status == 405:
                message = {**message, "headers": [self._allow(*header) for header in message["headers"]]}
            sent = list(message["headers"])
            if self._state.get("private"):  # with a log-in, whatever the route says, also of what failed
                sent = [(name, value) for name, value in sent if name.lower() != b"cache-control"]
                sent.append((b"cache-control", b"no-store"))
            message = {**message, "headers": with_missing(sent, self._headers.of(self._method, sent))}
        elif message["type"] == "http.response.body":
            if self._mute:
                message = {**message, "body": b""}
            self.bytes += len(message.get("body", b""))
        await self._send(message)

    def _options(self, message: Message) -> Message:
        # The router's refusal of OPTIONS names the methods of the address: just what OPTIONS is to tell.
        allow = next((value.decode() for name, value in message["headers"] if name.lower() == b"allow"), "GET")
        self._mute, self.status = True, 204
        headers = [self._allow(b"allow", allow.encode())]
        headers += ResponseHeaders.preflight(allow + (", HEAD" if "GET" in allow else ""))
        return {"type": message["type"], "status": 204, "headers": headers}

    @staticmethod
    def _allow(name: bytes, value: bytes) -> tuple[bytes, bytes]:
        """A header; an Allow with what is answered here for every route."""
        if name.lower() != b"allow":
            return name, value
        allow = {*value.decode().replace(" ", "").split(","), "OPTIONS"}
        return name, ", ".join(sorted(allow | ({"HEAD"} if "GET" in allow else set()))).encode()


def _capped(scope: Scope, receive: Receive) -> Receive:
    """Receives a body up to the cap of its address and not a byte more."""
    if scope["method"] in READS:
        return receive
    cap = next((size for end, size in BODY_CAPS.items() if scope["path"].endswith(end)), BODY_CAP)
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > cap or (told.isdigit() and int(told) > cap):
            raise ApiError("too-large", f"At most {cap:,} bytes are taken at {scope['path']}; send it in parts.")
        return message

    return limited
