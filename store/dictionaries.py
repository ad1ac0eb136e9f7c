"""Compresses what a source's records have in common once: a dictionary for each source and kind of value.

Names of elements, formulas and places come again in every record of a source. With a dictionary trained on its first
page a record takes a third of the room and of the time. A frame names its dictionary, so that rows need not; one is
never changed and goes only with its source.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import zstandard
from sqlalchemy import Connection, bindparam, insert, select

from store import codec, prepared
from store.database import StoreError
from store.tables import dictionaries

Holds = Literal["raw", "record"]
T = TypeVar("T")
_LEVEL = 3
_SIZE = 32 << 10
_FEWEST_SAMPLES, _MOST_SAMPLES = 64, 128
_LONGEST_SAMPLE = 8 << 10
_SEGMENT, _DMER = 1024, 8
"""Of the trainer, in bytes. Where it looks for the best itself it takes three times as long, and finds none better."""
_MOST_KEPT = 128
"""Of dictionaries made ready in a thread; each is worth some hundred kilobytes."""


class _Ready(threading.local):
    """Compressors and decompressors by dictionary: contexts are not thread safe, and dear to make."""

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressors: dict[int, zstandard.ZstdDecompressor] = {}


_ready = _Ready()
# Made once: every page of a harvest asks them.
_NAME = select(dictionaries.c.id).where(
    dictionaries.c.source == bindparam("number"), dictionaries.c.holds == bindparam("kind")
)
_DATA = select(dictionaries.c.data).where(dictionaries.c.id == bindparam("name")).limit(1)


class UnknownDictionaryError(StoreError):
    """A value needs a dictionary that the database does not have: part of the database was lost."""


def packer(connection: Connection, source: int, holds: Holds, values: Sequence[bytes]) -> Callable[[bytes], bytes]:
    """What compresses values of a source; its dictionary is made when so many values come at once for the first time.

    Use it in this transaction only: if that is rolled back, the dictionary is, too.

    Args:
        connection: in a write transaction.
        source: number of the source.
        holds: the kind of value.
        values: what is going to be compressed.
    """
    id_ = prepared.scalar(connection, _NAME, number=source, kind=holds) or _train(connection, source, holds, values)
    if not id_:
        return codec.compress
    compressor = _ready.compressors.get(id_)
    if compressor is None:
        trained = _stored(connection, id_)
        trained.precompute_compress(level=_LEVEL)
        compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=trained)
        _keep(_ready.compressors, id_, compressor)
    return compressor.compress


def unpack(connection: Connection, data: bytes) -> bytes:
    """What a packer, or ``codec.compress``, compressed.

    Raises:
        UnknownDictionaryError: its dictionary is not in the database.
    """
    id_ = zstandard.get_frame_parameters(data).dict_id
    if not id_:
        return codec.decompress(data)
    decompressor = _ready.decompressors.get(id_)
    if decompressor is None:
        decompressor = zstandard.ZstdDecompressor(dict_data=_stored(connection, id_))
        _keep(_ready.decompressors, id_, decompressor)
    return decompressor.decompress(data)


def _stored(connection: Connection, id_: int) -> zstandard.ZstdCompressionDict:
    data = connection.scalar(_DATA, {"name": id_})
    if data is None:
        raise UnknownDictionaryError(
            f"the dictionary {id_} of compressed records is missing in the database: restore it from a backup"
        )
    return zstandard.ZstdCompressionDict(bytes(data))


def _train(connection: Connection, source: int, holds: Holds, values: Sequence[bytes]) -> int:
    """The name of a new dictionary, stored; 0 where there is too little to learn from."""
    step = max(1, len(values) // _MOST_SAMPLES)
    samples: list[Any] = [value[:_LONGEST_SAMPLE] for value in values[::step]][:_MOST_SAMPLES]
    if len(samples) < _FEWEST_SAMPLES:
        return 0
    try:
        trained = zstandard.train_dictionary(_SIZE, samples, k=_SEGMENT, d=_DMER)
    except zstandard.ZstdError:
        return 0  # values so short or so alike that nothing is to be had
    id_, data = trained.dict_id(), trained.as_bytes()
    # The name is a hash of the content: sources with the same first page share it.
    others = connection.scalars(select(dictionaries.c.data).where(dictionaries.c.id == id_))
    if any(bytes(other) != data for other in others):
        return 0
    connection.execute(insert(dictionaries).values(source=source, holds=holds, id=id_, data=data))
    return id_


def _keep(ready: dict[int, T], id_: int, made: T) -> None:
    if len(ready) >= _MOST_KEPT:
        ready.clear()
    ready[id_] = made
