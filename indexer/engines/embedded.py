"""The embedded engine: tantivy indexes in folders, one a generation, and a pointer file that names the live one.

    index_home/live                     name of the live generation, replaced as a whole
    index_home/building                 lock of the one builder; the system frees it when the builder dies
    index_home/<generation>/            the index; with the file "finished" it is whole and may be promoted

Every process looks at the pointer and reloads when it takes a snapshot, so a promotion or a write anywhere is seen at
the next search. A folder without "finished" is the rest of a build that was cut off.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from tantivy import Index, IndexWriter, Query

from indexer.engines.base import EngineError, EngineUnavailableError, Health
from indexer.engines.embedded_query import NUMBER, REBUILD, build_schema, register, to_tantivy, told
from indexer.engines.embedded_snapshot import EmbeddedSnapshot
from schemas.document import Document

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
_BUILD_HEAP = 64_000_000
_WRITE_HEAP = 32_000_000
"""Bytes a thread; more makes building no faster."""
_LOCK_PATIENCE_S = 60.0
_FINISHED = "finished"


class EmbeddedEngine:
    """See ``indexer.engines.base.SearchEngine``."""

    name = "embedded"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._open: tuple[str, Index] | None = None

    def open_generation(self, name: str) -> EmbeddedWriter:
        """Begin a generation. Raises EngineError when another build is running or the name is taken."""
        return EmbeddedWriter(self._home, self._folder(name), name)

    def promote(self, name: str) -> None:
        """Make a finished generation the live one. Raises EngineError when it is not finished."""
        if not (self._folder(name) / _FINISHED).exists():
            raise EngineError(f"generation {name} is not finished, it cannot go live")
        _write_durably(self._home / "live", name)

    def generations(self) -> list[str]:
        """Names of all generations, unfinished ones too, by name."""
        if not self._home.is_dir():
            return []
        return sorted(path.name for path in self._home.iterdir() if path.is_dir() and _NAME.fullmatch(path.name))

    def live(self) -> str:
        """Name of the live generation; "" before the first."""
        try:
            return (self._home / "live").read_text("utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise EngineError(f"cannot read {self._home / 'live'}: {error}; {REBUILD}") from error

    def drop(self, name: str) -> None:
        """Delete a generation that is not live."""
        if name == self.live():
            raise EngineError(f"generation {name} is live, it cannot be dropped")
        folder = self._folder(name)
        if folder.exists():
            doomed = folder.with_name(f".dropped-{name}")
            shutil.rmtree(doomed, ignore_errors=True)
            folder.rename(doomed)
        for rest in self._home.glob(".dropped-*"):
            shutil.rmtree(rest, ignore_errors=True)

    def write(self, documents: Sequence[Document], deleted: Sequence[int]) -> None:
        """Replace documents and delete numbers in the live generation, all or nothing."""
        if not documents and not deleted:
            return
        with self._lock:
            _, index = self._current()
        schema = index.schema
        latest = {document.number: document for document in documents}
        gone = sorted({*deleted, *latest})
        with told("be written"):
            writer = _writer(index, _WRITE_HEAP, 1)
            try:
                index.reload()
                before = index.searcher()
                found_before: Any = before.search(Query.term_set_query(schema, NUMBER, gone), 1)
                for number in gone:
                    writer.delete_documents_by_term(NUMBER, number)
                for document in latest.values():
                    writer.add_document(to_tantivy(document, schema))
                writer.commit()
            except BaseException:
                writer.rollback()  # a writer that met an error would accept documents and lose them silently
                raise
            finally:
                writer.wait_merging_threads()
            index.reload()
            expected = before.num_docs - found_before.count + len(latest)
            found = index.searcher().num_docs
        if expected != found:
            raise EngineError(f"the search index holds {found} works instead of {expected} after a write; {REBUILD}")

    def snapshot(self) -> EmbeddedSnapshot:
        """A view of the live generation as it is now."""
        with self._lock:
            name, index = self._current()
        with told("be opened"):
            return EmbeddedSnapshot(name, index.searcher(), index.schema)

    def health(self) -> Health:
        """Whether the live generation can be opened, and what it holds."""
        try:
            with self._lock:
                name, index = self._current()
            return Health(True, self.name, name, int(index.searcher().num_docs))
        except Exception as error:  # whatever it is, health tells it instead of raising it
            return Health(False, self.name, "", 0, str(error))

    def close(self) -> None:
        """Forget the opened index; its files close with the last snapshot."""
        with self._lock:
            self._open = None

    def _current(self) -> tuple[str, Index]:
        """The live generation, opened and brought up to date."""
        for attempt in (1, 2, 3):
            name = self.live()
            if not name:
                raise EngineError("there is no search index yet: run `lampway index`")
            try:
                with told("be opened"):
                    if self._open is None or self._open[0] != name:
                        self._open = name, _open(self._folder(name))
                    self._open[1].reload()
            except EngineError:
                self._open = None
                if attempt == 3 or name == self.live():  # else it was replaced and dropped while we opened it
                    raise
            else:
                return self._open
        raise AssertionError

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise EngineError(f"{name!r} is no name of a generation; {REBUILD}")
        return self._home / name


class EmbeddedWriter:
    """Fills one new generation; see ``indexer.engines.base.GenerationWriter``."""

    def __init__(self, home: Path, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        home.mkdir(parents=True, exist_ok=True)
        self._building: IO[str] | None = (home / "building").open("w")
        try:
            fcntl.flock(self._building, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._building.close()
            raise EngineError("another build of the search index is running: wait for it to end") from error
        try:
            folder.mkdir()
            self._schema = build_schema()
            with told("be made"):
                self._index = Index(self._schema, path=str(folder), reuse=False)
                register(self._index)
                self._writer: IndexWriter | None = _writer(self._index, _BUILD_HEAP, min(4, os.cpu_count() or 1))
        except FileExistsError as error:
            self._release()
            raise EngineError(f"there is a generation {name} already") from error
        except BaseException:
            self._release()
            raise
        self._added = 0

    def add(self, documents: Iterable[Document]) -> int:
        """Write documents; after an error the generation is given up."""
        if self._writer is None:
            raise EngineError(f"generation {self.name} is finished or given up")
        before = self._added
        try:
            with told("be written"):
                for document in documents:
                    self._writer.add_document(to_tantivy(document, self._schema))
                    self._added += 1
        except BaseException:
            self.abandon()
            raise
        return self._added - before

    def finish(self) -> int:
        """Make all durable, merge, and check that every document arrived."""
        if self._writer is None:
            raise EngineError(f"generation {self.name} is finished or given up")
        try:
            with told("be written"):
                self._writer.commit()
                self._writer.wait_merging_threads()
                self._writer = None
                self._index.reload()
                found = int(self._index.searcher().num_docs)
            if found != self._added:
                raise EngineError(f"generation {self.name} holds {found} works instead of {self._added}: build again")
            _write_durably(self._folder / _FINISHED, str(found))
        except BaseException:
            self.abandon()
            raise
        self._release()
        return found

    def abandon(self) -> None:
        """Drop what was built; nothing to do after finish."""
        if self._building is None:
            return
        if self._writer is not None:
            with told("be given up"):
                self._writer.rollback()
            self._writer = None
        shutil.rmtree(self._folder, ignore_errors=True)
        self._release()

    def _release(self) -> None:
        if self._building is not None:
            self._building.close()  # closing the file frees the lock
            self._building = None


def _open(folder: Path) -> Index:
    if not (folder / _FINISHED).exists():
        raise EngineError(f"the search index {folder} is missing or incomplete: {REBUILD}")
    index = Index.open(str(folder))
    register(index)
    index.config_reader("manual")
    return index


def _writer(index: Index, heap: int, threads: int) -> Any:
    """The one writer of an index; waits while another process writes."""
    until = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            return index.writer(heap * threads, threads)
        except ValueError as error:
            if "LockBusy" not in str(error):
                raise
            if time.monotonic() > until:
                raise EngineUnavailableError("another process is writing to the search index: try again") from error
            time.sleep(0.05)


def _write_durably(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
