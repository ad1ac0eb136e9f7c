"""The Elasticsearch client: made from the settings, its JSON by msgspec, its failures told in our words."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from elasticsearch import ApiError, Elasticsearch, TransportError, UnsupportedProductError
from elasticsearch.serializer import JsonSerializer

from config.settings import Settings
from indexer.engines.base import EngineError, EngineUnavailableError

BUSY = frozenset((429, 502, 503, 504))
"""Statuses that pass: too much to do, a node on its way down or up."""
_TIMEOUT_S = 30.0
_PRODUCT = "x-elastic-product"


class _Json(JsonSerializer):
    """JSON several times faster than the standard library's; answers of 1,000 hits are read all the time."""

    mimetype = "application/vnd.elasticsearch+json"

    def dumps(self, data: Any) -> bytes:
        return data if isinstance(data, bytes) else msgspec.json.encode(data)

    def loads(self, data: bytes) -> Any:
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError:
            return super().loads(data)  # raises what the client expects, with the text


def connect(settings: Settings) -> Elasticsearch:
    """A client for all hosts of the settings; nothing is sent yet.

    Raises:
        EngineError: the file with the CA certificate cannot be used.
    """
    hosts = list(settings.elasticsearch_url)
    more: dict[str, Any] = {}
    if settings.elasticsearch_ca is not None and any(host.startswith("https") for host in hosts):
        try:
            more["ssl_context"] = ssl.create_default_context(cafile=str(settings.elasticsearch_ca))
        except (OSError, ssl.SSLError) as error:
            raise EngineError(
                f"LAMPWAY_ELASTICSEARCH_CA={settings.elasticsearch_ca} is no file with a CA certificate: {error}"
            ) from error
    return Elasticsearch(
        hosts,
        api_key=settings.elasticsearch_api_key or None,
        request_timeout=_TIMEOUT_S,
        max_retries=max(2, len(hosts)),  # a host that is down is passed over
        retry_on_status=(502, 503, 504),
        serializers={_Json.mimetype: _Json()},
        **more,
    )


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what the client raises into EngineError; ``what`` was to be done, as "be searched"."""
    try:
        yield
    except UnsupportedProductError as error:
        raise EngineError(_NOT_IT) from error
    except ApiError as error:
        raise in_words(what, error.status_code, _headers(error), error.body) from error
    except TransportError as error:
        raise EngineUnavailableError(f"{_address(error)}: {_reason(error)}") from error
    except (TypeError, ValueError, UnicodeError) as error:
        raise EngineError(f"Elasticsearch cannot {what}: {error}") from error


_NOT_IT = "what answers at LAMPWAY_ELASTICSEARCH_URL is not Elasticsearch: set it to the address of your cluster"
_OLD = "LAMPWAY_ELASTICSEARCH_URL leads to a version of Elasticsearch that is too old: 9 or newer is needed"


def is_of_elasticsearch(error: ApiError) -> bool:
    """Whether it was Elasticsearch that answered so, and not some other server at its address."""
    return bool(error.meta.headers.get(_PRODUCT) == "Elasticsearch")


def in_words(what: str, status: int, headers: Any, body: Any) -> EngineError:
    """The error of an answer, with what to do about it."""
    kind, reason = _cause(body)
    if kind == "cluster_block_exception":
        return _blocked(what, status, reason)
    if status == 401:
        return EngineError(
            f"Elasticsearch does not let us in: set LAMPWAY_ELASTICSEARCH_API_KEY to a valid key ({reason})"
        )
    if status == 403:
        return EngineError(
            f"LAMPWAY_ELASTICSEARCH_API_KEY has no permission to {what}: give its role the privilege `all` on the "
            f"indices of LAMPWAY_ELASTICSEARCH_PREFIX ({reason})"
        )
    if status in BUSY:
        return EngineUnavailableError(f"Elasticsearch cannot {what} now: {status} {reason}; try again")
    if headers is not None and headers.get(_PRODUCT) != "Elasticsearch":
        return EngineError(_NOT_IT)
    if kind == "media_type_header_exception":
        return EngineError(f"{_OLD} ({reason})")
    if status == 404:  # a point in time or an index that went away between two calls
        return EngineUnavailableError(f"Elasticsearch cannot {what}: {reason}; try again")
    return EngineError(f"Elasticsearch cannot {what}: {status} {kind}: {reason}")


def _blocked(what: str, status: int, reason: str) -> EngineError:
    if "disk usage exceeded" in reason:
        return EngineUnavailableError(
            f"Elasticsearch cannot {what}: its disk is too full, so the index is read-only; free disk space or add a "
            f"node, and it goes on by itself ({reason})"
        )
    if status == 503:
        return EngineUnavailableError(f"Elasticsearch cannot {what} now: the cluster is not ready ({reason})")
    return EngineError(
        f"Elasticsearch cannot {what}: the index is blocked ({reason}); somebody set it read-only: take the setting "
        "index.blocks.* away"
    )


def _cause(body: Any) -> tuple[str, str]:
    """Kind and words of an error: of the cause at its root, which says more than the whole."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return "", str(error)[:300]
    deeper = error.get("root_cause") or [error]
    inner = error.get("caused_by") or {}
    kind, reason = deeper[0].get("type") or error.get("type") or "", deeper[0].get("reason") or error.get("reason")
    if inner.get("reason") and inner["reason"] not in str(reason):
        reason = f"{reason}: {inner['reason']}"
    return str(kind), str(reason or kind)[:500]


def _headers(error: ApiError) -> Any:
    return error.meta.headers


def _reason(error: TransportError) -> str:
    words = str(error.errors[-1] if error.errors else error.message)
    return re.sub(r"^.*\bcaused by: \w+\(.*?\): |\)$", "", words)[:300]


def _address(error: TransportError) -> str:
    if type(error).__name__ == "TlsError":
        return (
            "the certificate of LAMPWAY_ELASTICSEARCH_URL is not trusted: set LAMPWAY_ELASTICSEARCH_CA to its CA file"
        )
    if type(error).__name__ == "ConnectionTimeout":
        return "Elasticsearch (LAMPWAY_ELASTICSEARCH_URL) does not answer in time"
    return "Elasticsearch (LAMPWAY_ELASTICSEARCH_URL) cannot be reached"
