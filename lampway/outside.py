"""What the web service needs of the harvester: looks at addresses, proofs, and the way out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from config.settings import Settings
from harvester import proofs
from harvester.fetching import Client
from harvester.probe.probe import budget, probe
from harvester.removals import DecisionError, Noted, decide, withdraw
from harvester.restore import restore
from harvester.schedule import ScheduleError, check_cron
from schemas.catalogue import Source
from schemas.probe import Step
from schemas.registration import Finding, Way
from search_api.accounts.outside import Refusal
from store import leases
from store.database import Database
from store.leases import LeaseTakenError

_PROOF_S = 10.0


class Harvester:
    """Implements ``search_api.accounts.outside.Outside``."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings

    def probe(
        self, location: str, file: Path | None, on_steps: Callable[[bytes], None], mapping_text: str = ""
    ) -> bytes:
        """Look at an address or a file; JSON of the findings."""
        steps: list[Step] = []

        def tell(step: Step) -> None:
            steps.append(step)
            on_steps(_without(file, msgspec.json.encode(steps)))

        source = Source(id="trial", protocol="", location=str(file or location), format="", mapping_text=mapping_text)
        client = Client.from_settings(self._settings, budget=budget())
        try:
            found = probe(source, client, tell, trusted=file is not None)  # else a path would be read here
        finally:
            client.close()
        found.mapping_text = mapping_text
        return _without(file, msgspec.json.encode(found))

    def prove(self, way: Way, endpoint: str, token: str) -> Finding:
        """Look for a token once."""
        hasty = {"fetch_stall": _PROOF_S, "fetch_deadline": _PROOF_S, "fetch_patience": 0.0}
        client = Client.from_settings(self._settings.model_copy(update=hasty))
        client.tries = 1
        try:
            if way == "dns":
                found = proofs.by_dns(proofs.host_of(endpoint), token, self._settings.dns)
            elif way == "file":
                found = proofs.by_file(client, endpoint, token)
            else:
                found = proofs.by_description(client, endpoint, token)
        finally:
            client.close()
        return found

    def take_out(self, source: str) -> int:
        """Let all records of a paused source rest."""
        try:
            return withdraw(self._database, source)
        except LeaseTakenError as error:
            raise Refusal(str(error)) from error

    def bring_back(self, source: str) -> int:
        """Bring them back; 0 when nothing rests."""
        try:
            with leases.held(self._database, leases.of_harvest(source)):
                return restore(self._database, source)[0]
        except DecisionError:
            return 0
        except LeaseTakenError as error:
            raise Refusal(str(error)) from error

    def decide(self, run: int, *, approved: bool, noted: Noted) -> int:
        """Carry out or drop what a waiting run would remove."""
        try:
            return decide(self._database, run, approved=approved, noted=noted)
        except DecisionError as error:
            raise Refusal(str(error)) from error

    def check_schedule(self, cron: str) -> str:
        """A cron expression, tidied."""
        try:
            return check_cron(cron) if cron.strip() else ""
        except ScheduleError as error:
            raise Refusal(str(error)) from error


def _without(file: Path | None, found: bytes) -> bytes:
    """Without the path under which an uploaded file is kept: it is nobody's business, and no part of the words."""
    return found.replace(str(file).encode(), b"the file") if file else found
