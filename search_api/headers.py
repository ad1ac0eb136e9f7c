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

    def of(self, path: str, method: str) -> RawHeaders:
        """Headers for a response. Public reads of the API may be used by any page; nothing else may."""
        if not path.startswith("/api/") or path.startswith("/api/docs"):
            return self._page
        return self._public if method in READS else self._private

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
