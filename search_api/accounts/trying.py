"""Looks at what a stranger gave, in the background: one at a time for each, a few an hour, and not kept for long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import structlog

from config.settings import Settings
from search_api.accounts.outside import Outside
from search_api.rate_limit import Both, Hourly
from store import trials
from store.database import Database

log = structlog.stdlib.get_logger("lampway.trials")
AN_HOUR, AN_HOUR_OF_NETWORK, CHOICES_AN_HOUR = 10, 40, 60
_AT_ONCE = 2
"""Looks of one process at the same time; others wait their turn."""


class BusyError(Exception):
    """The person has one look under way."""


class Trials:
    """Begins looks and keeps what they found."""

    def __init__(self, database: Database, settings: Settings, outside: Outside | None) -> None:
        self._database, self._outside = database, outside
        self.uploads = settings.home / "uploads"
        """Folder of uploaded files, under names of ours."""
        self._hourly = Both(Hourly(AN_HOUR), Hourly(AN_HOUR_OF_NETWORK))
        self._choices = Hourly(CHOICES_AN_HOUR)
        self._under_way: set[str | None] = set()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="trial")

    def begin(self, client: str | None, location: str, file: Path | None = None) -> str | int:
        """Begin to look; returns the secret of the trial's page, or the seconds after which the person may try again.

        Raises:
            BusyError: a look of the person is under way.
        """
        if wait := self._claim(client, self._hourly):
            return wait
        with self._given_back_when_it_fails(client), self._database.begin(alone=False) as connection:
            secret = trials.add(connection, str(file) if file else location)
        self._threads.submit(self._look, client, secret, location, file)
        return secret

    def again(self, client: str | None, secret: str, location: str, mapping_text: str) -> int:
        """Look once more at the table of a trial, with other columns; returns the seconds to wait, 0 = it is begun.

        Raises:
            BusyError: a look of the person is under way.
        """
        if wait := self._claim(client, self._choices):
            return wait
        with self._given_back_when_it_fails(client), self._database.begin(alone=False) as connection:
            trials.begin_again(connection, secret)
        file = None if "://" in location else Path(location)
        self._threads.submit(self._look, client, secret, location, file, mapping_text)
        return 0

    def close(self) -> None:
        """End; what is under way is given up, its page says so."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _claim(self, client: str | None, limit: Both | Hourly) -> int:
        """Let the person have a look under way; else the seconds to wait."""
        with self._lock:
            if client in self._under_way:
                raise BusyError
            wait = limit.wait(client)
            if not wait:
                self._under_way.add(client)
            return wait

    @contextmanager
    def _given_back_when_it_fails(self, client: str | None) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._give_back(client)
            raise

    def _give_back(self, client: str | None) -> None:
        with self._lock:
            self._under_way.discard(client)

    def _look(self, client: str | None, secret: str, location: str, file: Path | None, mapping_text: str = "") -> None:
        found = b""
        try:
            if self._outside is not None:
                found = self._outside.probe(location, file, lambda steps: self._note(secret, steps), mapping_text)
        except Exception:
            log.exception("a trial could not be looked at")
        finally:
            self._give_back(client)
            with self._database.begin(alone=False) as connection:
                trials.finish(connection, secret, found)

    def _note(self, secret: str, steps: bytes) -> None:
        with self._database.begin(alone=False) as connection:
            trials.note(connection, secret, steps)
