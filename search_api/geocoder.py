"""Asks the operator's place service (one that speaks Nominatim's API) where a place is that the registry does not know.

A slow or broken service costs a search three seconds at most, and soon nothing. What people ask is never logged.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from importlib.metadata import version
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import requests
import structlog
from geopy.adapters import BaseSyncAdapter
from geopy.exc import GeocoderParseError, GeocoderServiceError
from geopy.geocoders import Nominatim

from config.settings import Settings
from schemas.query import Point
from search_api.availability.circuit import Circuits

TIME_BOX_S = 2.0
PAUSE_S = 1.0
"""Between two requests: the usage policy of public services. Who would wait longer than this is refused."""
REST_S = 60.0
"""How long a service is left alone that failed several times in a row."""
KEPT_S = 86_400.0
MOST_KEPT = 10_000
LONGEST_TEXT = 200
_LONGEST_NAME = 120
_MOST_BYTES = 262_144
_SERVICE = "place service"
log = structlog.stdlib.get_logger("lampway.geocoder")


class PlaceServiceError(Exception):
    """The place service did not answer, or may not be asked now."""


class _Found(msgspec.Struct):
    """What is read of an entry of the answer; Nominatim writes numbers as text."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    display_name: str = ""


class _Adapter(BaseSyncAdapter):  # type: ignore[misc]
    """HTTP for geopy, which by itself follows redirects, heeds proxies and reads without end."""

    def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> object:
        try:
            found = msgspec.json.decode(
                self.get_text(url, timeout=timeout, headers=headers), type=list[_Found], strict=False
            )
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # geopy takes an entry without a position for 0,0, so rubbish must not come as far as that.
            raise GeocoderParseError("no list of places") from None
        return msgspec.to_builtins(found)

    def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:
        until, body = time.monotonic() + timeout, b""
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False) as response:
                if response.status_code != requests.codes.ok:
                    raise GeocoderServiceError(f"status {response.status_code}")
                for chunk in response.iter_content(16_384):
                    body += chunk
                    if len(body) > _MOST_BYTES or time.monotonic() > until:
                        raise GeocoderServiceError("the answer is too long or too slow")
        return body.decode()


class Geocoder:
    """Finds places by name. Safe for threads; answers, also "no such place", are kept for a day."""

    def __init__(
        self,
        url: str,
        *,
        contact: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: of the service, without the "/search".
            contact: mail address or URL for the User-Agent.
            clock: seconds, for cache, circuit and turns.
            sleep: waits for a turn.
        """
        for talkative in ("geopy", "urllib3"):  # below errors they log addresses, and so what is asked
            logging.getLogger(talkative).setLevel(logging.ERROR)
        parts = urlsplit(url)
        agent = f"Lampway/{version('lampway')} (place look-up{contact and '; '}{contact})"
        self._service = Nominatim(
            scheme=parts.scheme, domain=parts.netloc + parts.path, user_agent=agent, adapter_factory=_Adapter
        )
        self._clock, self._sleep = clock, sleep
        self._circuits = Circuits(clock, first_rest=REST_S, longest_rest=REST_S)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[float, tuple[Point, str] | None]] = OrderedDict()
        self._next_turn = clock()

    @classmethod
    def from_settings(cls, settings: Settings) -> Geocoder | None:
        """The service that the settings name; None when they name none."""
        if not settings.geocoder:
            return None
        return cls(settings.geocoder, contact=settings.contact or settings.public_url)

    def find(self, text: str, lang: str) -> tuple[Point, str] | None:
        """Position and name of a place; None when the service knows none.

        Args:
            text: name, address or postcode.
            lang: language in which the place is named, BCP 47.

        Raises:
            PlaceServiceError: no answer in time, rubbish, or too many questions at once.
        """
        key = (" ".join(text.casefold().split()), lang)
        if len(text) > LONGEST_TEXT:
            return None
        if (kept := self._recall(key)) is not None:
            return kept[0]
        self._wait_for_turn()
        if (kept := self._recall(key)) is not None:  # somebody else asked meanwhile
            return kept[0]
        try:
            found = self._ask(text, lang)
        except Exception as error:
            self._circuits.failed(_SERVICE)
            log.warning("place service failed", reason=type(error).__name__)  # its words may repeat what was asked
            raise PlaceServiceError("the place service did not answer") from None
        self._circuits.succeeded(_SERVICE)
        with self._lock:
            self._kept[key] = self._clock(), found
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _recall(self, key: tuple[str, str]) -> tuple[tuple[Point, str] | None] | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._clock() - kept[0] > KEPT_S:
                return None
            self._kept.move_to_end(key)
            return (kept[1],)

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = self._clock()
            turn = max(now, self._next_turn)
            if turn - now > PAUSE_S:
                raise PlaceServiceError("too many places are asked for at once")
            if not self._circuits.may_ask(_SERVICE):
                raise PlaceServiceError("the place service is left alone for a while")
            self._next_turn = turn + PAUSE_S
        self._sleep(turn - now)

    def _ask(self, text: str, lang: str) -> tuple[Point, str] | None:
        """Ask in a thread of its own: a server that sends a header byte by byte outlasts every timeout of a socket."""
        future: Future[tuple[Point, str] | None] = Future()

        def run() -> None:
            try:
                place = self._service.geocode(text, language=lang, timeout=TIME_BOX_S)
                future.set_result(
                    place and (Point(lat=place.latitude, lon=place.longitude), _name(place.address, text))
                )
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True, name=_SERVICE).start()
        return future.result(timeout=TIME_BOX_S)


def _name(told: str, asked: str) -> str:
    """The place's name as one printable line."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in told).split()) or asked
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"
