"""Gives every answer to a read a strong entity tag, and 304 to those who have it already (RFC 9110, 8.8.3, 13.1.2)."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.json_response import digest_of

_KEPT = {"cache-control", "content-language", "content-location", "date", "etag", "expires", "link", "vary"} | {
    "content-type"  # by which the policy is chosen that browsers put in the place of the one they have
}
"""Headers of an answer that its 304 repeats (RFC 9110, 15.4.5)."""


class EntityTags:
    """ASGI middleware over the uncompressed answers of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Tagging(send, Headers(scope=scope).get("if-none-match", "")))


class _Tagging:
    def __init__(self, send: Send, known: str) -> None:
        self._send, self._known = send, known
        self._start: Message | None = None
        self._silent = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            headers = MutableHeaders(raw=start["headers"])
            # What comes in pieces is not held back for a digest; it has a tag of its own or none.
            if "etag" not in headers and not message.get("more_body"):
                headers["ETag"] = f'"{digest_of(message.get("body", b""))}"'
            if "etag" in headers and has_tag(self._known, headers["etag"]):
                self._silent = True
                headers.add_vary_header("Accept-Encoding")  # as the compressed answer that it stands for says
                kept = [(name, value) for name, value in headers.raw if name.decode("latin-1") in _KEPT]
                await self._send({**start, "status": 304, "headers": kept})
                await self._send({"type": "http.response.body", "body": b""})
            else:
                await self._send(start)
        if not self._silent:
            await self._send(message)


def has_tag(header: str, tag: str) -> bool:
    """Whether an If-None-Match header names a tag. It compares weakly: proxies that compress weaken strong tags."""
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return header.strip() == "*" or tag.removeprefix("W/") in tags
