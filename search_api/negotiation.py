"""Gives each client the format that its Accept header asks for, by leading it to the address that always gives it.

"/works/ID" asked for as RIS is answered by "/works/ID.ris", with that address in Content-Location. So negotiation is
one thing in one place, and routes know of no headers. Answers name the other formats in Link headers.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api import accept
from search_api.errors import ApiError
from search_api.renderers import formats_of
from search_api.renderers.addresses import alternates, subject_of
from search_api.renderers.base import Subject

JSON, HTML = "application/json", "text/html"
_LONGEST_QUERY = 300
"""Bytes of a query beyond which Link headers would burst the buffers of proxies; the page's head has them anyway."""


class Negotiation:
    """ASGI middleware next to the routes."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        """``base``: our own address without a slash at the end."""
        self.app, self._base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            ApiError: 406, the client takes none of our formats.
        """
        subject = subject_of(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if subject is None:
            await self.app(scope, receive, send)
            return
        path, query = quote(scope["path"]), scope["query_string"].decode("latin-1")
        target = _target(scope["path"], subject, Headers(scope=scope).get("accept", ""))

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._tell(MutableHeaders(raw=message["headers"]), message["status"], path, target, query)
            await send(message)

        if target != scope["path"]:
            scope["path"], scope["raw_path"] = target, quote(target).encode()
        await self.app(scope, receive, told)

    def _tell(self, headers: MutableHeaders, status: int, path: str, target: str, query: str) -> None:
        if "accept" not in headers.get("vary", "").lower().replace(" ", "").split(","):
            headers.add_vary_header("Accept")
        if status not in (200, 304):
            return
        if quote(target) != path:
            headers["Content-Location"] = f"{self._base}{quote(target)}{query and '?' + query}"
        if len(query) <= _LONGEST_QUERY:
            for one in alternates(path, query):
                headers.append("Link", f'<{self._base}{one.address}>; rel="alternate"; type="{one.media_type}"')


def _target(path: str, subject: Subject, header: str) -> str:
    """The path that gives the format wanted."""
    api = path.startswith("/api/")
    formats = {one.type: f"{path}.{one.suffix}" for one in reversed(formats_of(subject).values())}
    plain = {JSON: path} if api else {HTML: path, JSON: f"/api{path}"}
    offered = plain | {type_: target for type_, target in reversed(formats.items()) if type_ not in plain}
    chosen = accept.best(header, tuple(offered))
    if chosen is None:
        raise ApiError("not-acceptable", f"This address gives {', '.join(offered)}.")
    return offered[chosen]
