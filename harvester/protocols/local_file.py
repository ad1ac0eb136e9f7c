"""The file of a source, on this machine: fetched if it has an address, unpacked while it is read."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, cast

import msgspec

from harvester.fetching import Client, FetchError
from schemas.catalogue import Source

FREE = 64 << 20
"""Unpacked bytes that are allowed whatever the ratio."""
RATIO = 200
MOST = 64 << 30
_CHUNK = 1 << 20
_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".mrc", ".marc", ".mrk", ".xml", ".mrx", ".dat", ".iso")
_ABOUT = re.compile(
    r"(?:^|/)(?:read[ _-]?me|licen[cs]e|copying|changelog|lies[ _-]?mich|lisez[ _-]?moi|leggimi|l[eé]eme|说明)[^/]*$",
    re.IGNORECASE,
)
"""Files that tell about the others."""
_PACKED = (".gz", ".bz2", ".xz", ".zip")

Opened = Callable[[], AbstractContextManager[IO[bytes]]]


class Part(msgspec.Struct, frozen=True):
    """One file of a source that may be a folder or an archive of many."""

    name: str
    """Below the folder or inside the archive; "" where the source is one file."""
    opened: Opened
    """Opens its unpacked content, as often as it is called. Raises FetchError."""

    @property
    def prefix(self) -> str:
        """Before positions and numbers, which are those within the part."""
        return f"{self.name}: " if self.name else ""


def parts_of(path: Path) -> list[Part]:
    """The files of a folder or of a zip file, in the order of their names, or the one file that it is.

    Raises:
        FetchError: there is none, or the archive cannot be read.
    """
    if path.is_dir():
        inside = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if _may_hold_records(file))
        if not inside:
            raise FetchError(f"the folder {path} holds no file of records ({', '.join(_SUFFIXES)}, packed or not)")
        return [Part(name, partial(open_unpacked, path / name)) for name in inside]
    if path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
        likely = _likely(infos)
        if len(likely) > 1:
            if sum(info.file_size for info in likely) > _limit(path.stat().st_size):
                raise FetchError(f"{path.name} would unpack to more than an archive of its size honestly holds")
            names = sorted(info.filename for info in likely)
            return [Part(name, partial(open_unpacked, path, name)) for name in names]
    return [Part("", partial(open_unpacked, path))]


def _may_hold_records(file: Path) -> bool:
    name = file.name.lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix)
    hidden = any(part.startswith((".", "__MACOSX")) for part in file.parts[-2:])
    return file.is_file() and not hidden and (name.endswith(_SUFFIXES) or name != file.name.lower())


def local_copy(source: Source, client: Client, folder: Path) -> Path:
    """Path of the source's file, or folder of files; one with an address is downloaded into ``folder``.

    Raises:
        FetchError: there is no such file, or it cannot be fetched or read.
    """
    if source.location.lower().startswith(("http://", "https://")):
        client.download(source.location, folder / "file")
        return folder / "file"
    path = Path(source.location.removeprefix("file://")).expanduser()
    if not path.exists():
        raise FetchError(f"{path} does not exist: give a path that is absolute, or seen from the working directory")
    if path.is_dir() and source.protocol == "csv":
        raise FetchError(f"{path} is a folder: give the path of a table")
    return path


def digest_of(path: Path) -> str:
    """blake2b-128 of a file as it lies there, or of all files of a folder with their names, hexadecimal."""
    if path.is_file():
        with path.open("rb") as content:
            return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    whole = hashlib.blake2b(digest_size=16)
    for file in sorted(path.rglob("*")):
        if file.is_file():
            whole.update(f"{file.relative_to(path).as_posix()}\0{digest_of(file)}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


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
        why = getattr(error, "strerror", None) or error
        raise FetchError(f"{path.name or path} cannot be read: {why}") from error


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
    likely = _likely(names)
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


def _likely(infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Those files of an archive that may hold records."""
    likely = [info for info in infos if info.filename.lower().endswith(_SUFFIXES)] or infos
    return [info for info in likely if not _ABOUT.search(info.filename)] or likely


def _limit(packed: int) -> int:
    """Bytes that so many packed ones may honestly unpack to."""
    return min(MOST, max(FREE, packed * RATIO))


class _Bounded(io.RawIOBase):
    """Stops reading where a packed file unpacks to absurd sizes."""

    def __init__(self, content: IO[bytes], packed: int, is_packed: bool) -> None:
        self._content, self._read = content, 0
        self._limit = _limit(packed) if is_packed else MOST

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
