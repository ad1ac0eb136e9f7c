"""The access log: one JSON line a request, without who asked, what for, or where exactly they are."""

from __future__ import annotations

import logging
import sys
from urllib.parse import parse_qsl

import structlog
from starlette.types import Scope
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

log = structlog.stdlib.get_logger("lampway.access")
_COARSE_DEGREES = 1
"""Decimals kept of a position: about 11 km, enough to see where a service is used and nobody's home."""


def configure(level: int = logging.INFO) -> None:
    """Log as JSON lines on standard error, libraries too; called by the commands that run for long."""
    begin: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    end: list[Processor] = [
        # Without the local variables: what people typed, and secrets, would stand among them.
        ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(),
    ]
    foreign = logging.StreamHandler()
    foreign.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *begin],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end],
        )
    )
    logging.basicConfig(handlers=[foreign], level=logging.WARNING)
    structlog.configure(
        processors=[*begin, *end],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # the one of now: a caller may have replaced it
        cache_logger_on_first_use=False,
    )


def place_of(scope: Scope) -> str:
    """Where a request went: its path; of an address with a secret in it, which would open the same door, its form."""
    path = str(scope["path"])[:200]
    return str(getattr(scope.get("route"), "path", "")) if "secret" in scope.get("path_params", {}) else path


def describe(query_string: bytes) -> dict[str, object]:
    """What may be kept of a query string: which parameters there were, and a coarse position."""
    try:
        pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return {"parameters": "too many"}
    kept: dict[str, object] = {}
    if pairs:
        kept["parameters"] = sorted({name[:20] for name, _ in pairs if name.isidentifier()})
    for name, value in pairs:
        if name == "near" and (position := _coarse(value)):
            kept["near"] = position
    return kept


def _coarse(near: str) -> str:
    try:
        lat, lon = (round(float(part), _COARSE_DEGREES) for part in near.split(","))
    except ValueError:
        return ""
    return f"{lat},{lon}" if abs(lat) <= 90 and abs(lon) <= 360 else ""
