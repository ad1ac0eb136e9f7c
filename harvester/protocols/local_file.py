"""The file of a source, on this machine: fetched if it has an address, unpacked while it is read."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from harvester.fetching import Client, FetchError
from schemas.catalogue import Source

FREE = 64 << 20
"""Unpacked bytes that are allowed whatever the ratio."""
RATIO = 200
MOST = 64 << 30
_CHUNK = 1 << 20
_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".mrc", ".marc", ".mrk", ".xml", ".mrx", ".dat", ".iso")


def local_copy(source: Source, client: Client, folder: Path) -> Path:
    """Path of the source's file; one with an address is downloaded into the folder.

    Raises:
        FetchError: there is no such file, or it cannot be fetched or read.
    """
    if source.location.lower().startswith(("http://", "https://")):
        return client.download(source.location, folder / "file", {}).path
    path = Path(source.location.removeprefix("file://")).expanduser()
    if not path.is_file():
        kind = "is a folder, not a file" if path.is_dir() else "does not exist"
        raise FetchError(f"{path} {kind}: give the path of a file (absolute, or seen from the working directory)")
    return path


def digest_of(path: Path) -> str:
    """blake2b-128 of a file as it lies there, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@contextmanager
def open_unpacked(path: Path, member: str = "") -> Iterator[IO[bytes]]:
    """The content of a file, unpacked if its first bytes say that it is packed.

    Args:
        path: the file.
        member: which file of a zip file, where it holds several.

    Raises:
        FetchError: it cannot be read, is no sound archive, or unpacks to more than its size can honestly hold.
    """
    try:
        with path.open("rb") as file, _unpacking(file, member) as content:
            bounded = _Bounded(content, path.stat().st_size, content is not file)
            yield cast("IO[bytes]", io.BufferedReader(bounded, _CHUNK))
    except (OSError, EOFError, zipfile.BadZipFile, lzma.LZMAError, zlib.error) as error:
        raise FetchError(f"{path.name} cannot be read: {error}") from error


@contextmanager
def _unpacking(file: IO[bytes], member: str) -> Iterator[IO[bytes]]:
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        yield cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    elif magic.startswith(b"BZh"):
        yield cast("IO[bytes]", bz2.BZ2File(file))
    elif magic.startswith(b"\xfd7zXZ"):
        yield cast("IO[bytes]", lzma.LZMAFile(file))  # noqa: SIM115 - the caller owns the file
    elif magic.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(file) as archive:
            yield archive.open(_member(archive, member))
    else:
        yield file


def _member(archive: zipfile.ZipFile, wanted: str) -> zipfile.ZipInfo:
    names = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX")]
    if any(info.filename == "[Content_Types].xml" for info in names):
        raise FetchError("this is an office document: save the table as CSV (UTF-8) and give that file")
    if any(info.flag_bits & 1 for info in names):
        raise FetchError("the zip file is locked by a password: pack it without one")
    likely = [info for info in names if info.filename.lower().endswith(_SUFFIXES)] or names
    if wanted:
        likely = [info for info in names if wanted in (info.filename, info.filename.rpartition("/")[2])]
    if len(likely) != 1:
        found = ", ".join(info.filename for info in (likely or names)[:10])
        raise FetchError(
            f"the zip file has no file {wanted!r}; there are {found}"
            if wanted and not likely
            else f"the zip file holds {len(likely)} files ({found}): name one in the mapping file (member: NAME)"
        )
    return likely[0]


class _Bounded(io.RawIOBase):
    """Stops reading where a packed file unpacks to absurd sizes."""

    def __init__(self, content: IO[bytes], packed: int, is_packed: bool) -> None:
        self._content, self._read = content, 0
        self._limit = min(MOST, max(FREE, packed * RATIO)) if is_packed else MOST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        data = self._content.read(min(len(view), _CHUNK))
        self._read += len(data)
        if self._read > self._limit:
            raise OSError(f"it unpacks to more than {self._limit >> 20:,} MB, which no honest file of its size does")
        view[: len(data)] = data
        return len(data)
