"""Writes rows as JSON Lines to a file or standard output, for every ``export`` command."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from lampway.console import fail


def write_json_lines(file: str, rows: Iterable[object]) -> int | None:
    """Write rows, one a line.

    Args:
        file: path, replaced as a whole when all is written; a pipe or device is written to; "-" = standard output.
        rows: values that msgspec can encode.

    Returns:
        How many rows; None when the reader of standard output has gone away.
    """
    if file == "-":
        try:
            count = _write(sys.stdout.buffer, rows)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # `| head` has seen enough
            sys.stdout = None
            return None
        return count
    path = Path(file)
    if path.is_symlink() and path.is_file():
        path = path.resolve()
    part = path.with_name(path.name + ".part")
    try:
        if path.exists() and not path.is_file():  # a pipe or a device, which a file must not take the place of
            with path.open("wb") as out:
                return _write(out, rows)
        with part.open("wb") as out:
            count = _write(out, rows)
        part.replace(path)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(out: BinaryIO, rows: Iterable[object]) -> int:
    encode = msgspec.json.Encoder(order="deterministic").encode
    count = 0
    for row in rows:
        out.write(encode(row) + b"\n")
        count += 1
    return count
