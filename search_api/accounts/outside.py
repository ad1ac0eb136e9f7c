"""What registering needs of the harvester, which this package never sees: handed in by whoever starts the service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from schemas.registration import Finding, Way
from store.database import Connection


class Refusal(Exception):  # noqa: N818 - it is an answer
    """It cannot be done; the message says why, in words for the person who asked."""


class Outside(Protocol):
    """Asks outside addresses, through the guarded client only, and changes what was harvested."""

    def probe(
        self, location: str, file: Path | None, on_steps: Callable[[bytes], None], mapping_text: str = ""
    ) -> bytes:
        """Look at an address or an uploaded file within 60 s and 5 MB; JSON of what was found (``schemas.probe``).

        ``on_steps`` is told the steps so far, as a JSON list; ``mapping_text`` says what the columns of a table are.
        """

    def prove(self, way: Way, endpoint: str, token: str) -> Finding:
        """Look for a token once, by "dns", "file" or "description"."""

    def take_out(self, source: str) -> int:
        """Let all records of a paused source rest in their graves; returns how many.

        Raises:
            Refusal: it is done, or undone, elsewhere just now.
        """

    def bring_back(self, source: str) -> int:
        """Bring them back while they rest; returns how many.

        Raises:
            Refusal: they are taken out just now.
        """

    def decide(self, run: int, *, approved: bool, noted: Callable[[Connection, int], None]) -> int:
        """Carry out or drop what a waiting run would remove; returns how many records.

        ``noted`` is told that number in the transaction of the act, and writes its line of the audit.

        Raises:
            Refusal: there is nothing to decide.
        """

    def check_schedule(self, cron: str) -> str:
        """A cron expression, tidied.

        Raises:
            Refusal: it is none.
        """
