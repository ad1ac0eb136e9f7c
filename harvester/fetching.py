"""The one client for outside addresses: guarded, bounded in time and size, patient, polite."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
import requests
import urllib3

from config.settings import Settings
from harvester import bodies
from harvester.addresses import Allowed, BlockedError, GuardedAdapter, deadline
from harvester.answer_words import cause, hint, retry_after, shown
from harvester.bodies import BodyError, TooLargeError

MAX_PAGE = 64 << 20
MAX_FILE = 4 << 30
MAX_REDIRECTS = 5
_TRIES = 5
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 300.0
"""Of one wait, whatever Retry-After asks: beyond it we ask again, and give up when the patience of the run ends."""
_CONNECT_S = 30.0
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONG_URL = 6000


class FetchError(Exception):
    """The source gives nothing usable; the message says what, where and how to mend it."""


class RefusedError(FetchError):
    """Refused by us, for safety; asking again does not help."""


class StatusError(FetchError):
    """The server answers with an HTTP error."""

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.response = response


class Response(msgspec.Struct, kw_only=True):
    """A whole answer."""

    status: int
    url: str
    """Where it came from, after redirects."""
    headers: Mapping[str, str]
    content: bytes = b""
    moved_to: str = ""
    """Where a permanent redirect (301, 308) led, without the query; empty = it did not move."""


class Download(msgspec.Struct, kw_only=True):
    """A fetched file."""

    changed: bool
    """False: the server says it is the file the validators name; nothing was written."""
    path: Path
    validators: dict[str, str]
    digest: str = ""
    """blake2b-128 of the file, hexadecimal; empty when not changed."""


class Client:
    """Fetches pages and files. One object serves one thread; its patience is refilled at the start of each run."""

    def __init__(
        self,
        *,
        allow: tuple[str, ...] = (),
        stall: float = 60,
        deadline: float = 600,
        patience: float = 900,
        pause: float = 0.2,
        contact: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a client.

        Args:
            allow: hosts or address blocks that may be private.
            stall: seconds without a byte.
            deadline: seconds for one whole answer, redirects included.
            patience: seconds of all waiting in one run.
            pause: seconds between two requests to one host.
            contact: mail address or URL in the User-Agent.
            sleep: replaced in tests only.
        """
        self._stall, self._deadline, self._patience, self._pause = stall, deadline, patience, pause
        self._sleep = sleep
        self._waited = 0.0
        self._last_asked: dict[str, float] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, .netrc or certificates that the environment slips in
        self._session.headers["User-Agent"] = (
            f"Lampway/{version('lampway')} (catalogue harvester{contact and '; '}{contact})"
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, GuardedAdapter(Allowed(allow)))

    @classmethod
    def from_settings(cls, settings: Settings) -> Client:
        """The client as the operator configured it."""
        return cls(
            allow=settings.fetch_allow,
            stall=settings.fetch_stall,
            deadline=settings.fetch_deadline,
            patience=settings.fetch_patience,
            pause=settings.fetch_pause,
            contact=settings.contact or settings.public_url,
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def refill_patience(self) -> None:
        """Begin a run: nothing was waited yet."""
        self._waited = 0.0

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_PAGE,
        final: Callable[[Response], bool] = lambda _: False,
    ) -> Response:
        """Fetch a page whole; parameters too long for an address are sent by POST.

        Args:
            url: http or https.
            params: added to the query, encoded once.
            headers: sent to the first host only, never to where a redirect leads.
            limit: bytes of the answer.
            final: tells an answer that shall not be asked for again whatever its status (a protocol's own error).

        Raises:
            RefusedError: address, scheme, size or redirect is not acceptable.
            StatusError: the server answers with an error and keeps to it.
            FetchError: no whole answer came.
        """
        packing = {"Accept-Encoding": "gzip, deflate", **(headers or {})}

        def read(answer: requests.Response) -> bytes:
            return b"".join(bodies.read(answer.raw, answer.headers, limit, sniff=True))

        response = self._ask(url, params, packing, read, final)
        if response.status >= 400 and not final(response):
            raise StatusError(f"{shown(response.url)} answers {response.status}{hint(response.status)}", response)
        return response

    def download(self, url: str, to: Path, validators: Mapping[str, str] | None = None) -> Download:
        """Fetch a file to a path, unless it is still the one the validators name.

        Args:
            url: http or https.
            to: replaced in one step when the whole file is there.
            validators: what an earlier download returned (etag, last_modified).

        Raises:
            FetchError: see ``get``.
        """
        known = validators or {}
        asked = {"If-None-Match": known.get("etag", ""), "If-Modified-Since": known.get("last_modified", "")}
        part = to.with_name(to.name + ".part")
        hashes: list[Any] = []

        def read(answer: requests.Response) -> bytes:
            if answer.status_code != 200:
                return b""
            hashes.append(hashlib.blake2b(digest_size=16))
            with part.open("wb") as file:
                for piece in bodies.read(answer.raw, answer.headers, MAX_FILE, sniff=False):
                    hashes[-1].update(piece)
                    file.write(piece)
            return b""

        try:
            sent = {"Accept-Encoding": "gzip, deflate", **{name: value for name, value in asked.items() if value}}
            response = self._ask(url, None, sent, read, lambda _: False)
            if response.status == 304:
                return Download(changed=False, path=to, validators=dict(known))
            if response.status != 200:
                raise StatusError(f"{shown(response.url)} answers {response.status}{hint(response.status)}", response)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
        given = {"etag": response.headers.get("etag", ""), "last_modified": response.headers.get("last-modified", "")}
        kept = {name: value for name, value in given.items() if value}
        return Download(changed=True, path=to, validators=kept, digest=hashes[-1].hexdigest())

    def _ask(
        self,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        read: Callable[[requests.Response], bytes],
        final: Callable[[Response], bool],
    ) -> Response:
        """One answer, asked for again while that may help and the patience lasts."""
        trouble = ""
        for attempt in range(_TRIES):
            asked_wait: float | None = None
            try:
                response = self._follow(url, params, headers, read)
            except (BlockedError, TooLargeError) as error:
                raise RefusedError(f"{shown(url)} refused: {error}") from None
            except BodyError as error:
                trouble = f"{shown(url)} sends no whole answer: {error}"
            except requests.exceptions.SSLError as error:
                raise FetchError(f"{shown(url)}: the TLS certificate does not hold ({cause(error)})") from None
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                trouble = f"{shown(url)} cannot be reached: {cause(error)}"
            else:
                if response.status not in _RETRIED or final(response) or attempt == _TRIES - 1:
                    return response
                trouble = f"{shown(response.url)} answers {response.status}"
                asked_wait = retry_after(response.headers)
            if attempt < _TRIES - 1:
                self.wait(attempt, trouble, asked_wait)
        raise FetchError(f"{trouble} (asked {_TRIES} times)")

    def wait(self, attempt: int, trouble: str, asked: float | None = None) -> None:
        """Wait before asking again, within the patience of the run.

        Args:
            attempt: how often it failed already, from 0: each wait is about twice the last.
            trouble: what is wrong, for the message.
            asked: seconds the server wants us to wait.

        Raises:
            FetchError: the patience is used up.
        """
        left = self._patience - self._waited
        if left <= 0:
            waits = f", wants us to wait {asked:,.0f} s" if asked else ""
            raise FetchError(
                f"{trouble}{waits}; the patience of this run is used up ({self._patience:g} s, "
                "LAMPWAY_FETCH_PATIENCE): harvest again later, it goes on where it stopped"
            )
        own = _FIRST_WAIT_S * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
        seconds = min(own if asked is None else max(asked, 0.05), _LONGEST_WAIT_S, left)
        self._waited += seconds
        self._sleep(seconds)

    def _follow(
        self,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        read: Callable[[requests.Response], bytes],
    ) -> Response:
        """Send a request and follow its redirects by hand, each address checked anew."""
        sent, first_host, moved, permanent = headers, urlsplit(url).netloc, "", True
        long = params is not None and sum(len(k) + len(v) for k, v in params.items()) > _LONG_URL
        method, query, form = ("POST", None, params) if long else ("GET", params, None)
        with deadline(self._deadline) as watched:
            for _ in range(MAX_REDIRECTS + 1):
                _check(url)
                self._be_polite(urlsplit(url).netloc)
                try:
                    answer = self._session.request(
                        method,
                        url,
                        params=query,
                        data=form,
                        headers=dict(sent),
                        stream=True,
                        allow_redirects=False,
                        timeout=(min(_CONNECT_S, self._stall), self._stall),
                    )
                    with answer:
                        if not answer.is_redirect:
                            content = read(answer)
                            if watched.expired:  # without a length, a socket shut down looks like the end
                                raise BodyError("cut off")
                            lower = {name.lower(): value for name, value in answer.headers.items()}
                            return Response(
                                status=answer.status_code,
                                url=answer.url,
                                headers=lower,
                                content=content,
                                moved_to=moved,
                            )
                        url = urljoin(answer.url, answer.headers["location"])
                except (BodyError, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                    if watched.expired:
                        raise FetchError(
                            f"{shown(url)} sends too slowly: no whole answer in {self._deadline:g} s "
                            "(LAMPWAY_FETCH_DEADLINE)"
                        ) from error
                    raise
                permanent = permanent and answer.status_code in {301, 308}
                moved = url.partition("?")[0] if permanent else ""
                query = None
                if answer.status_code not in {307, 308}:
                    method, form = "GET", None
                if urlsplit(url).netloc != first_host:
                    sent = {name: value for name, value in headers.items() if name == "Accept-Encoding"}
        raise BlockedError(f"more than {MAX_REDIRECTS} redirects, the last to {shown(url)}")

    def _be_polite(self, host: str) -> None:
        wait = self._last_asked.get(host, -1e9) + self._pause - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._last_asked[host] = time.monotonic()


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BlockedError(f"{shown(url)} is not an http or https address")
    if parts.username or parts.password:
        raise BlockedError("the address carries a user name or password, which would show in logs")
