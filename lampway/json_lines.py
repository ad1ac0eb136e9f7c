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
        file: path, replaced as a whole when all is written; "-" = standard output.
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
    part = path.with_name(path.name + ".part")
    try:
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
