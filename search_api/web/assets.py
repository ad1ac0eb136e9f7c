"""Static files: ours and Leaflet's (from its PyPI package), addressed by content so that they may be kept long."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, no-cache"


def _files() -> dict[str, Traversable]:
    """Every file that may be served, by its path under /static: a list made once, so no path can lead outside."""
    own = resources.files("search_api.web").joinpath("static")
    # The package's module imports Django; its files are found without importing it.
    leaflet = resources.files("js_lib_leaflet").joinpath("static", "js_lib_leaflet")
    found = {file.name: file for file in own.iterdir() if file.is_file()}
    found |= {f"leaflet/{name}": leaflet.joinpath(name) for name in ("leaflet.js", "leaflet.css")}
    found |= {f"leaflet/images/{file.name}": file for file in leaflet.joinpath("images").iterdir()}
    return {path: file for path, file in found.items() if path.rpartition(".")[2] in _TYPES}


@lru_cache(maxsize=1)
def _loaded() -> dict[str, tuple[bytes, str, str]]:
    """Path -> (content, media type, digest). A few hundred kilobytes, read once."""
    loaded = {}
    for path, file in _files().items():
        content = file.read_bytes()
        media_type = _TYPES[path.rpartition(".")[2]]
        loaded[path] = (content, media_type, hashlib.blake2b(content, digest_size=8).hexdigest())
    return loaded


def address(path: str) -> str:
    """The address of a static file, with its digest.

    Raises:
        KeyError: there is no such file: a mistake in a template.
    """
    return f"/static/{path}?v={_loaded()[path][2]}"


def content(path: str) -> bytes:
    """What is in a static file.

    Raises:
        KeyError: there is no such file.
    """
    return _loaded()[path][0]


def serve(request: Request, path: str) -> Response | None:
    """A static file with ETag; kept for ever when asked for by its digest. None: there is no such file."""
    if path not in _loaded():
        return None
    content, media_type, digest = _loaded()[path]
    headers = {
        "ETag": f'"{digest}"',
        "Cache-Control": _FOR_EVER if request.query_params.get("v") == digest else _ASK_AGAIN,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)
