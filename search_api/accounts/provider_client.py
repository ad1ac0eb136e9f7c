"""HTTP to the operator's log-in provider (OpenID Connect): short, small, without redirects.

Why not the guarded client: the provider is the operator's choice and often stands in the own network, which that client
refuses; and it only reads, while codes are sent. What the provider names (tokens, keys) must be https or its own host.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests

_STALL_S, _WHOLE_S = 5.0, 10.0
_MOST_BYTES = 262_144


class ProviderError(Exception):
    """The provider did not answer as the standard says; the message is for the log, never for the person."""


class ProviderClient:
    """Asks one provider."""

    def __init__(self, issuer: str) -> None:
        self._origin = urlsplit(issuer)[:2]

    def get(self, url: str, *, token: str = "") -> dict[str, Any]:
        """A JSON object; ``token`` is sent as the access token.

        Raises:
            ProviderError: there is none.
        """
        return self._ask("GET", url, headers={"Authorization": f"Bearer {token}"} if token else {})

    def post(self, url: str, form: dict[str, str], login: tuple[str, str] | None) -> dict[str, Any]:
        """Send a form, with the client's own log-in.

        Raises:
            ProviderError: no JSON object comes back.
        """
        return self._ask("POST", url, data=form, auth=login)

    def _ask(self, method: str, url: str, **how: Any) -> dict[str, Any]:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts[:2] != self._origin:
            raise ProviderError(f"{url[:200]!r} is neither https nor at the provider's own address")
        until, body = time.monotonic() + _WHOLE_S, b""
        how["headers"] = {"User-Agent": f"Lampway/{version('lampway')}", "Accept": "application/json"} | how.get(
            "headers", {}
        )
        try:
            with requests.Session() as session:
                session.trust_env = False
                own = session.request(method, url, timeout=_STALL_S, stream=True, allow_redirects=False, **how)
                with own as response:
                    for chunk in response.iter_content(16_384):
                        body += chunk
                        if len(body) > _MOST_BYTES or time.monotonic() > until:
                            raise ProviderError("the answer is too long or too slow")
                    status = response.status_code
            found = msgspec.json.decode(body, type=dict[str, Any])
        except (requests.RequestException, ValueError) as error:
            raise ProviderError(f"{parts.netloc}{parts.path}: {type(error).__name__}") from None
        if status != requests.codes.ok:
            raise ProviderError(f"{parts.netloc}{parts.path}: {status} {str(found.get('error', ''))[:80]}")
        return found
