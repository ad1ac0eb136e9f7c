"""The one client for outside addresses: guarded, bounded in time and size, patient, polite."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests
import urllib3

from config.settings import Settings
from harvester import bodies, credentials
from harvester.addresses import Allowed, BlockedError, GuardedAdapter
from harvester.answer_words import cause, hint, retry_after, shown, untrusted
from harvester.answers import Response
from harvester.bodies import BodyError, TooLargeError
from harvester.budget import Budget
from harvester.credentials import Credentials, same_place
from harvester.deadlines import Watched, deadline
from harvester.fetch_errors import FetchError, OversizeError, PatienceError, RefusedError, StatusError
from harvester.politeness import Patience, Turns
from harvester.sender import Sender
from schemas.catalogue import Source

__all__ = [
    "Client",
    "FetchError",
    "OversizeError",
    "PatienceError",
    "RefusedError",
    "Response",
    "StatusError",
]

MAX_PAGE = 64 << 20
MAX_FILE = 4 << 30
MAX_REDIRECTS = 5
LEAST_SILENCE_S = 1800.0
_TRIES = 5
_CONNECT_S = 30.0
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONG_URL = 6000
_turns = Turns()


def longest_silence(deadline: float, patience: float) -> float:
    """Seconds without a page after which a run hangs: any answer and all waiting are over long before that."""
    return max(LEAST_SILENCE_S, 2 * (deadline + patience))


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
        home: Path | None = None,
        authorities: Path | None = None,
        budget: Budget | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a client.

        Args:
            allow: hosts or address blocks that may be private.
            stall: seconds without a byte.
            deadline: seconds for one whole answer, redirects included.
            patience: seconds of all waiting in one run, and of the attempts that made it necessary.
            pause: seconds between two requests to one host, whichever client of the process makes them.
            contact: mail address or URL in the User-Agent.
            home: folder of the key that logins are sealed with; None = none can be opened.
            authorities: PEM file with certificates to trust beside the usual ones.
            budget: what all its requests together may take; None = as much as they need.
            sleep: how to wait; one that raises ends the run there.
        """
        self._budget = budget
        self._deadline, self._pause, self._home = deadline, pause, home
        self._sleep = sleep
        self._patience = Patience(budget.seconds(patience) if budget else patience, sleep)
        self._login: Credentials | None = None
        self._handshake: requests.auth.AuthBase | None = None
        self._login_home = ""
        self.silence = longest_silence(deadline, patience)
        """Seconds without a page after which a run hangs."""
        self.tries = _TRIES
        """How often a request is made before it is given up. Fewer where the trouble is known."""
        self._sender = Sender(
            f"Lampway/{version('lampway')} (catalogue harvester{contact and '; '}{contact})",
            {scheme: GuardedAdapter(Allowed(allow), authorities) for scheme in ("http://", "https://")},
            timeout=(min(_CONNECT_S, stall), stall),
        )

    @classmethod
    def from_settings(
        cls, settings: Settings, sleep: Callable[[float], None] = time.sleep, budget: Budget | None = None
    ) -> Client:
        """The client as the operator configured it; ``sleep`` is how it waits, ``budget`` what it may take in all."""
        return cls(
            allow=settings.fetch_allow,
            stall=settings.fetch_stall,
            deadline=settings.fetch_deadline,
            patience=settings.fetch_patience,
            pause=settings.fetch_pause,
            contact=settings.contact or settings.public_url,
            home=settings.home,
            authorities=settings.fetch_ca,
            budget=budget,
            sleep=sleep,
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._sender.close()

    def begin(self, source: Source) -> None:
        """Begin a run over a source: nothing was waited yet, its own login, none of another's cookies.

        Raises:
            FetchError: its login cannot be opened.
        """
        self._patience.refill()
        self.tries = _TRIES
        self._sender.forget()
        self._login = credentials.of(source, self._home)
        self._handshake = self._login.handshake() if self._login else None
        self._login_home = source.location

    def wait(self, attempt: int, trouble: str, asked: float | None = None) -> None:
        """Wait before asking again; see ``Patience.wait``. Raises PatienceError."""
        self._patience.wait(attempt, trouble, asked)

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_PAGE,
        final: Callable[[Response], bool] = lambda _: False,
        post: bool = False,
        ends: bytes = b"",
    ) -> Response:
        """Fetch a page whole; parameters too long for an address are sent by POST.

        Args:
            url: http or https.
            params: added to the query, encoded once.
            headers: sent to the first host only, never to where a redirect leads.
            limit: bytes of the answer.
            final: tells an answer that shall not be asked for again whatever its status (a protocol's own error).
            post: send the parameters by POST however short they are.
            ends: what a whole answer ends with: one that does is taken, whatever length the server announced.

        Raises:
            RefusedError: address, scheme, size or redirect is not acceptable.
            StatusError: the server answers with an error and keeps to it.
            FetchError: no whole answer came.
        """
        packing = {"Accept-Encoding": "gzip, deflate", **(headers or {})}

        def read(answer: requests.Response) -> bytes:
            parts: list[bytes] = []
            pieces = self._counted(bodies.read(answer.raw, answer.headers, self._room(limit), sniff=True))
            try:
                for piece in pieces:  # one by one: what came before an error counts
                    parts.append(piece)  # noqa: PERF402
            except (BodyError, requests.RequestException, urllib3.exceptions.HTTPError, OSError):
                if not ends or not b"".join(parts[-2:]).rstrip().endswith(ends):
                    raise
            return b"".join(parts)

        response = self._ask(url, params, packing, read, final, post=post)
        if response.status >= 400 and not final(response):
            raise StatusError(f"{shown(response.url)} answers {response.status}{hint(response.status)}", response)
        return response

    def beginning(self, url: str, most: int) -> Response:
        """Fetch a file's first bytes, as they are stored there, at most ``most``; the rest never crosses the wire.

        Raises:
            FetchError: see ``get``.
        """
        cut = False

        def read(answer: requests.Response) -> bytes:
            nonlocal cut
            parts = self._counted(bodies.read(answer.raw, answer.headers, MAX_FILE, sniff=False))
            room = self._room(most)
            content = bodies.beginning(parts, room + 1)
            cut = len(content) > room
            return content[:room]

        response = self._ask(url, None, {"Accept-Encoding": "gzip, deflate"}, read, lambda _: False)
        if response.status >= 400:
            raise StatusError(f"{shown(response.url)} answers {response.status}{hint(response.status)}", response)
        response.cut = cut
        return response

    def download(self, url: str, to: Path) -> None:
        """Fetch a file to a path, which is replaced in one step when the whole file is there.

        Raises:
            FetchError: see ``get``.
        """
        part = to.with_name(to.name + ".part")

        def read(answer: requests.Response) -> bytes:
            if answer.status_code == 200:
                with part.open("wb") as file:
                    for piece in self._counted(bodies.read(answer.raw, answer.headers, MAX_FILE, sniff=False)):
                        file.write(piece)
            return b""

        try:
            response = self._ask(url, None, {"Accept-Encoding": "gzip, deflate"}, read, lambda _: False)
            if response.status != 200:
                raise StatusError(f"{shown(response.url)} answers {response.status}{hint(response.status)}", response)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)

    def _ask(
        self,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        read: Callable[[requests.Response], bytes],
        final: Callable[[Response], bool],
        *,
        post: bool = False,
    ) -> Response:
        """One answer, asked for again while that may help and the patience lasts."""
        trouble = ""
        for attempt in range(self.tries):
            asked_wait: float | None = None
            began = time.monotonic()
            try:
                response = self._follow(url, params, headers, read, post=post)
            except TooLargeError as error:
                raise OversizeError(f"{shown(url)} refused: {error}") from None
            except BlockedError as error:
                raise RefusedError(self._hide(f"{shown(url)} refused: {error}")) from None
            except BodyError as error:
                trouble = f"{shown(url)} sends no whole answer: {error}"
            except requests.exceptions.SSLError as error:
                raise FetchError(f"{shown(url)}: {untrusted(error)}") from None
            except (requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError) as error:
                raise FetchError(self._hide(f"{shown(url)} is no address: {cause(error)}")) from None
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                trouble = self._hide(f"{shown(url)} cannot be reached: {cause(error)}")
            else:
                if response.status not in _RETRIED or final(response) or attempt == self.tries - 1:
                    return response
                trouble = f"{shown(response.url)} answers {response.status}"
                asked_wait = retry_after(response.headers)
            self._patience.spend(time.monotonic() - began)
            if attempt < self.tries - 1:
                self._patience.wait(attempt, trouble, asked_wait)
        raise FetchError(f"{trouble} (asked {self.tries} times)")

    def _follow(
        self,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        read: Callable[[requests.Response], bytes],
        *,
        post: bool = False,
    ) -> Response:
        """Send a request and follow its redirects by hand, each address checked anew."""
        start, moved, permanent = url, "", True
        long = params is not None and sum(len(k) + len(v) for k, v in params.items()) > _LONG_URL
        method, query, form = ("POST", None, params) if long or post else ("GET", params, None)
        seconds = self._budget.seconds(self._deadline) if self._budget else self._deadline
        with deadline(seconds) as watched:
            for _ in range(MAX_REDIRECTS + 1):
                _check(url)
                if pause := _turns.take(urlsplit(url).netloc, self._pause):
                    self._sleep(pause)
                at_home = url == start or same_place(start, url)
                sent = {k: v for k, v in headers.items() if at_home or k == "Accept-Encoding"}
                try:
                    with self._send(method, url, query, form, sent) as answer:
                        target = answer.headers.get("location", "").strip()
                        if answer.status_code not in _REDIRECTS or not target:
                            return self._whole(answer, read, watched, moved)
                        url = _joined(url, target)
                except (BodyError, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                    if watched.expired:
                        raise FetchError(
                            f"{shown(url)} sends too slowly: no whole answer in {seconds:.3g} s "
                            "(LAMPWAY_FETCH_DEADLINE)"
                        ) from error
                    raise
                url = self._login.stripped(url) if self._login else url
                permanent = permanent and answer.status_code in {301, 308}
                left, kept = _without(url, params or {})
                moved = left if permanent else ""
                if answer.status_code == 303:
                    method, form = "GET", None
                # A server that moves and forgets the arguments means them to be kept.
                query = params if method == "GET" and not kept else None
        raise BlockedError(f"more than {MAX_REDIRECTS} redirects, the last to {shown(url)}")

    def _whole(
        self, answer: requests.Response, read: Callable[[requests.Response], bytes], watched: Watched, moved: str
    ) -> Response:
        """An answer with its body, which is read here."""
        content = read(answer)
        if watched.expired:  # without a length, a socket shut down looks like the end
            raise BodyError("cut off")
        return Response(
            status=answer.status_code,
            url=self._login.stripped(answer.url) if self._login else answer.url,
            headers={name.lower(): value for name, value in answer.headers.items()},
            content=content,
            moved_to=moved,
        )

    def _send(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        headers: dict[str, str],
    ) -> requests.Response:
        """One request, with the login where the address is the source's own."""
        arguments, auth = dict(query or {}), None
        if self._login and same_place(self._login_home, url):
            self._login.apply(headers, arguments)
            auth = self._handshake
        return self._sender.send(method, url, query=arguments, form=form, headers=headers, auth=auth)

    def _room(self, most: int) -> int:
        return self._budget.room(most) if self._budget else most

    def _counted(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        for part in parts:
            if self._budget:
                self._budget.take(len(part))
            yield part

    def _hide(self, text: str) -> str:
        return self._login.hide(text) if self._login else text


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        raise BlockedError(f"it redirects to {target[:300]!r}, which is no address") from None


def _without(url: str, params: Mapping[str, str]) -> tuple[str, bool]:
    """An address without some parameters, and whether it had any of them."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    others = [(name, value) for name, value in pairs if name not in params]
    return parts._replace(query=urlencode(others), fragment="").geturl(), len(others) < len(pairs)


@lru_cache(maxsize=256)
def _check(url: str) -> None:
    """Raise BlockedError where no request can go; a list asks for one address again and again."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BlockedError(f"{url[:300]!r} is no address") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise BlockedError(f"{shown(url)} is not an http or https address")
    if parts.username or parts.password:
        raise BlockedError("the address carries a user name or password, which would show in logs")
