"""Sends one request: with the session's cookies, never following a redirect, and prepared once where it repeats."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from urllib.parse import urlencode

import requests
from requests.adapters import BaseAdapter


class Sender:
    """One session. Serves one thread."""

    def __init__(self, agent: str, transports: Mapping[str, BaseAdapter], timeout: tuple[float, float]) -> None:
        """Make a sender.

        Args:
            agent: the User-Agent.
            transports: by the beginning of the addresses that each is for.
            timeout: seconds for a connection, and without a byte.
        """
        self._session, self._timeout = _Session(), timeout
        self._session.trust_env = False  # no proxy, .netrc or certificates that the environment slips in
        self._session.headers["User-Agent"] = agent
        for beginning, transport in transports.items():
            self._session.mount(beginning, transport)
        self._model: requests.PreparedRequest | None = None
        self._model_of: tuple[object, ...] = ()

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def forget(self) -> None:
        """Forget all cookies."""
        self._session.cookies.clear()

    def send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str],
        form: Mapping[str, str] | None,
        headers: Mapping[str, str],
        auth: requests.auth.AuthBase | None,
    ) -> requests.Response:
        """Send a request; the body of its answer is still to be read.

        Raises:
            requests.RequestException: no answer came.
        """
        if method == "GET" and not auth and not self._session.cookies and "#" not in url:
            request = self._alike(url, query, headers)
        else:
            full = requests.Request(method, url, params=query, data=form, headers=headers, auth=auth)
            request = self._session.prepare_request(full)
        return self._session.send(request, stream=True, allow_redirects=False, proxies={}, timeout=self._timeout)

    def _alike(self, url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> requests.PreparedRequest:
        """A request that may differ from the last one in its query only: preparing costs a third of a small request."""
        if self._model is None or self._model_of != (url, *headers.items()):
            self._model = self._session.prepare_request(requests.Request("GET", url, headers=headers))
            self._model_of = (url, *headers.items())
        request = copy.copy(self._model)
        if query:
            request.url = f"{request.url}{'&' if '?' in (request.url or '') else '?'}{urlencode(query)}"
        return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the body of a redirect whole, to no end, and it may have none."""
