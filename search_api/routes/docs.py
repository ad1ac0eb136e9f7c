"""GET /api/docs: the description of the API to read and try, every file served from here; and the kinds of errors."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from search_api.errors import KINDS, ApiError

router = APIRouter(include_in_schema=False)
FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lampway API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="stylesheet" href="/api/docs/contrast.css">
<link rel="icon" href="/api/docs/favicon.png">
</head>
<body>
<noscript><p>The description is at <a href="/api/openapi.json">/api/openapi.json</a>.</p></noscript>
<main id="swagger-ui"></main>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset], validatorUrl: null
});
"""

_CONTRAST = """/* Swagger UI's colours, darkened to what people with weak eyes can read (WCAG 2.2, 1.4.3). */
.swagger-ui .opblock .opblock-summary-method { background: #24405c !important; }
.swagger-ui .info .title small, .swagger-ui .info .title small.version-stamp { background: #3b4151 !important; }
.swagger-ui a, .swagger-ui a.nostyle, .swagger-ui .info a, .swagger-ui .url { color: #24405c !important; }
.swagger-ui .btn.authorize, .swagger-ui .btn.authorize span { color: #17653a !important; }
.swagger-ui [class^="json-schema-2020-12"] { color: #3b4151 !important; }
.swagger-ui .opblock-deprecated *, .swagger-ui .prop-format, .swagger-ui .parameter__in { color: #3b4151 !important; }
"""


def _folder() -> Path:
    # The package is only the carrier of Swagger UI's files; importing it would change nothing for us.
    spec = find_spec("fastapi_offline")
    if spec is None or not spec.submodule_search_locations:
        raise ApiError("not-found", "Swagger UI's files are not installed; the description is at /api/openapi.json.")
    return Path(spec.submodule_search_locations[0]) / "static"


@router.get("/api/docs")
def read_docs() -> Response:
    """Swagger UI over our description."""
    return HTMLResponse(_PAGE)


@router.get("/api/docs/start.js")
def read_start() -> Response:
    """What begins the page: a file, because pages run no inline scripts."""
    return Response(_START, media_type="text/javascript")


@router.get("/api/docs/contrast.css")
def read_contrast() -> Response:
    """What makes its colours readable."""
    return Response(_CONTRAST, media_type="text/css")


@router.get("/api/docs/{name}")
def read_docs_file(name: str) -> Response:
    """A file of Swagger UI."""
    if name not in FILES:
        raise ApiError("not-found", f"No file {name!r}.")
    headers = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(_folder() / name, media_type=FILES[name], headers=headers)


@router.get("/api/problems/{kind}")
def read_problem(kind: str) -> Response:
    """What the ``type`` of a problem points at."""
    if kind not in KINDS:
        raise ApiError("not-found", f"No kind of problem {kind!r}; there are: {', '.join(KINDS)}.")
    status, title = KINDS[kind]
    return Response(f"{kind} (HTTP {status}): {title}.\n", media_type="text/plain; charset=utf-8")
