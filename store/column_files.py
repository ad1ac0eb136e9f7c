"""The files of the columns: a base for all works, an overlay for those changed since, and the pointer that names both.

A base is never changed once it is named; a new version is a new folder, and the pointer is replaced in one rename. So
a reader sees one version whole, and may keep an old one mapped after its files are gone.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from store.column_rows import TYPES, Rows, concatenate

POINTER = "current.json"
_OFFSETS = "offsets"


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """Which files make up the columns, and up to where the store's changes are in them."""

    base: str
    overlay: str = ""
    serial: int = 1
    version: int = 0
    """Of ``availability``: later changes are applied by each reader."""
    run: int = 0
    """Latest harvest run whose confirmations are in."""
    changes: int = 0
    """Of ``work_changes``: up to where changed works are in."""
    registry: str = ""
    """Digest of what places holdings and limits their states: names, codes and services of institutions."""
    registry_at: str = ""
    """When the registry was changed last before that."""


class Base(msgspec.Struct, frozen=True):
    """A mapped base. Holdings of work n are the rows offsets[n]..offsets[n + 1]. Writes stay private to the process."""

    offsets: NDArray[np.int64]
    institution: NDArray[np.int32]
    state: NDArray[np.uint32]
    record: NDArray[np.int64]
    ordinal: NDArray[np.int32]

    @property
    def works(self) -> int:
        """One more than the highest work number."""
        return len(self.offsets) - 1


EMPTY = Base(np.zeros(1, np.int64), *(np.zeros(0, type_) for type_ in TYPES.values()))


def read_pointer(home: Path) -> Pointer | None:
    """The current pointer; None before the first build."""
    try:
        return msgspec.json.decode((home / POINTER).read_bytes(), type=Pointer)
    except FileNotFoundError:
        return None


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """One writer at a time, over all processes; the lock goes with its process."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_base(home: Path, name: str, parts: Iterable[Rows]) -> int:
    """Write a base from rows in ascending order of works, without holding them all; returns the number of holdings."""
    folder = home / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    ends: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
    next_work, holdings = 0, 0
    with ExitStack() as files:
        out = {column: files.enter_context((folder / column).open("wb")) for column in TYPES}
        for rows in parts:
            if not len(rows.numbers):
                continue
            counts = np.zeros(int(rows.numbers[-1]) + 1 - next_work, np.int64)
            counts[rows.numbers - next_work] = rows.counts
            ends.append(holdings + np.cumsum(counts))
            next_work, holdings = int(rows.numbers[-1]) + 1, int(ends[-1][-1])
            for column, file in out.items():
                getattr(rows, column).tofile(file)
    np.concatenate(ends).tofile(folder / _OFFSETS)
    return holdings


def open_base(home: Path, name: str) -> Base:
    """Map a base, copy on write."""
    folder = home / name
    return Base(_map(folder / _OFFSETS, np.int64), *(_map(folder / column, type_) for column, type_ in TYPES.items()))


def _map(file: Path, type_: type) -> NDArray[Any]:
    if not file.stat().st_size:
        return np.zeros(0, type_)
    return np.memmap(file, dtype=type_, mode="c").view(np.ndarray)  # indexing the subclass costs several times as much


def write_overlay(home: Path, name: str, rows: Rows) -> None:
    """Write an overlay: works with count 0 are gone."""
    with (home / name).open("wb") as file:
        np.savez(file, **{column: getattr(rows, column) for column in Rows.__struct_fields__})


def read_overlay(home: Path, name: str) -> Rows:
    """Read an overlay into memory; "" = none."""
    if not name:
        return concatenate([])
    with np.load(home / name) as stored:
        return Rows(*(stored[column] for column in Rows.__struct_fields__))


def point(home: Path, pointer: Pointer, before: Pointer | None) -> None:
    """Make a version the current one; what neither it nor the one before needs is deleted."""
    temporary = home / f"{POINTER}.new"
    temporary.write_bytes(msgspec.json.encode(pointer))
    temporary.replace(home / POINTER)
    kept = {POINTER, "lock", pointer.base, pointer.overlay} | ({before.base, before.overlay} if before else set())
    for path in home.iterdir():
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def merged(base: Base, overlay: Rows, block: int = 200_000) -> Iterator[Rows]:
    """All rows of a base under its overlay, in blocks of works."""
    last = max(base.works, int(overlay.numbers[-1]) + 1 if len(overlay.numbers) else 0)
    starts = np.concatenate([[0], np.cumsum(overlay.counts)])
    for first in range(0, last, block):
        numbers = np.arange(first, min(first + block, last), dtype=np.int64)
        begin, end = np.zeros(len(numbers), np.int64), np.zeros(len(numbers), np.int64)
        old = numbers[: max(0, base.works - first)]
        begin[: len(old)], end[: len(old)] = base.offsets[old], base.offsets[old + 1]
        low, high = np.searchsorted(overlay.numbers, [first, first + len(numbers)])
        changed = overlay.numbers[low:high] - first
        begin[changed] = starts[low:high] + len(base.institution)
        end[changed] = starts[low + 1 : high + 1] + len(base.institution)
        counts = end - begin
        rows = expand(begin, counts)
        kept = counts > 0
        yield Rows(
            numbers[kept],
            counts[kept],
            *(take(getattr(base, column), getattr(overlay, column), rows) for column in TYPES),
        )


def works_at(base: Base, overlay: Rows, institutions: Sequence[int]) -> set[int]:
    """Numbers of the works that have holdings at some institutions."""
    rows = np.flatnonzero(np.isin(base.institution, institutions))
    found = set((np.searchsorted(base.offsets, rows, side="right") - 1).tolist())
    rows = np.flatnonzero(np.isin(overlay.institution, institutions))
    return found | set(np.repeat(overlay.numbers, overlay.counts)[rows].tolist())


def expand(begin: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """All positions of ranges, one range after another."""
    total = np.cumsum(counts)
    size = int(total[-1]) if len(total) else 0
    positions: NDArray[np.int64] = np.repeat(begin - (total - counts), counts) + np.arange(size)
    return positions


def take(base: NDArray[Any], overlay: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Values at rows, where those beyond the base are the overlay's."""
    size = len(base)
    if not len(overlay) or not len(rows) or int(rows.max()) < size:
        return base[rows]
    beyond = rows >= size
    values = np.empty(len(rows), base.dtype)
    values[~beyond] = base[rows[~beyond]]
    values[beyond] = overlay[rows[beyond] - size]
    return values
