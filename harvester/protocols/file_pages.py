"""Pages of a file: what CSV and MARC files have in common. A file is the whole list of its source, read anew each time,
unless the source says that it holds changes only.

Reading again is what makes the counts of every run right; what did not change costs a comparison of hashes. A cut-off
run reads the file again, too, and leaves out what it has stored already, as long as the file is still the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from harvester.fetching import Client, FetchError
from harvester.protocols.base import Page
from harvester.protocols.local_file import Part, digest_of, local_copy, parts_of
from schemas.catalogue import Quarantined, RawRecord, Source
from store.sources import SourceState

PAGE = 500


class Loss(msgspec.Struct, frozen=True):
    """Something of the file that did not come and that no quarantined record stands for."""

    reason: str


Event = RawRecord | Quarantined | Loss
Events = Callable[[Path, list[str], Path], Iterator[Event]]
"""Reads a file: its path, the run's notes to add to, a folder for temporary files."""


Found = TypeVar("Found")


def each_part(
    path: Path, notes: list[str], read: Callable[[Part, list[str]], Iterator[Found]]
) -> Iterator[tuple[Part, Found | Loss]]:
    """What a reader finds in each file of a folder or an archive, with the file; one that cannot be read is a loss.

    Raises:
        FetchError: a source of one file cannot be read, or none of many can.
    """
    parts = parts_of(path)
    failed = 0
    for part in parts:
        told: list[str] = []
        try:
            for found in read(part, told):
                yield part, found
        except FetchError as error:
            failed += 1
            if failed == len(parts):
                raise
            yield part, Loss(f"{part.prefix}{error}")
        finally:
            notes += [f"{part.prefix}{note}" for note in told]


class FileFetch:
    """One run over a file."""

    def __init__(
        self, source: Source, state: SourceState, checkpoint: dict[str, Any], client: Client, read: Events
    ) -> None:
        self._source, self._checkpoint, self._client, self._read = source, checkpoint, client, read
        self.state = state
        self.whole = not source.delta
        self.losses: list[str] = []
        self.notes: list[str] = []

    def pages(self) -> Iterator[Page]:
        """Pages of the file, in its order. Raises FetchError when it cannot be read on."""
        with tempfile.TemporaryDirectory(prefix="lampway-") as folder:
            path = local_copy(self._source, self._client, Path(folder))
            digest = digest_of(path)
            before = self._checkpoint.get("digest", digest)  # of a run that was cut off; the file may be another by now
            done = self._checkpoint.get("done", 0) if before == digest else 0
            for page in self._pages(path, digest, done, Path(folder)):
                page.anew, before = before != digest, digest
                yield page

    def _pages(self, path: Path, digest: str, done: int, folder: Path) -> Iterator[Page]:
        records: list[RawRecord] = []
        quarantined: list[Quarantined] = []
        count = 0
        for event in self._read(path, self.notes, folder):
            if isinstance(event, Loss):
                self.losses.append(event.reason)
                self.whole = False
                continue
            count += 1
            if count <= done:
                continue
            if isinstance(event, RawRecord):
                records.append(event)
            else:
                quarantined.append(event)
            if len(records) + len(quarantined) >= PAGE:
                yield Page(records=records, quarantined=quarantined, checkpoint={"done": count, "digest": digest})
                records, quarantined = [], []
        checkpoint = {"done": count, "digest": digest}
        yield Page(records=records, quarantined=quarantined, checkpoint=checkpoint, last=True)
