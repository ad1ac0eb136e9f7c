"""Headers of every response: what browsers may do with it (security) and who may read it (CORS)."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.settings import Settings

READS = ("GET", "HEAD", "OPTIONS")
RawHeaders = list[tuple[bytes, bytes]]


class ResponseHeaders:
    """Builds the headers once, from the settings; no header depends on what the client sent."""

    def __init__(self, settings: Settings) -> None:
        common = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin"}
        if settings.public_url.startswith("https://"):
            common["Strict-Transport-Security"] = "max-age=31536000"
        tiles = _origin(settings.map_tiles)
        page = (
            f"default-src 'self'; img-src 'self' data:{' ' + tiles if tiles else ''}; object-src 'none'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        self._page = _raw(common | {"Content-Security-Policy": page, "Permissions-Policy": "geolocation=(self)"})
        data = common | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
        self._private = _raw(data)
        self._public = _raw(data | {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"})

    def of(self, method: str, sent: RawHeaders) -> RawHeaders:
        """Headers for a response: of a page, of data that any page may use, or of an answer to one client alone.

        Args:
            method: of the request.
            sent: what the route has set: what is for one client says so (Cache-Control: private or no-store) or sets a
                cookie, and is never open to other origins.
        """
        told = {name.lower(): value.lower() for name, value in sent}
        if told.get(b"content-type", b"").startswith(b"text/html"):
            return self._page
        kept = told.get(b"cache-control", b"")
        private = b"set-cookie" in told or b"private" in kept or b"no-store" in kept
        return self._public if method in READS and not private else self._private

    @staticmethod
    def preflight(allow: str) -> RawHeaders:
        """What a browser wants to know before it sends a request from another origin."""
        reads = ", ".join(method for method in READS if method in allow or method == "OPTIONS")
        return _raw(
            {
                "Access-Control-Allow-Methods": reads,
                "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match",
                "Access-Control-Max-Age": "86400",
            }
        )


def with_missing(headers: RawHeaders, more: RawHeaders) -> RawHeaders:
    """``headers`` and those of ``more`` that a route has not set itself."""
    present = {name.lower() for name, _ in headers}
    return [*headers, *((name, value) for name, value in more if name not in present)]


def _raw(headers: dict[str, str]) -> RawHeaders:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _origin(tiles: str) -> str:
    """Origin of a tile address as CSP writes it; a placeholder for the subdomain ("{s}.") becomes "*."."""
    parts = urlsplit(tiles.replace("{s}", "*"))
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
