"""The command ``lampway``, also as ``python -m lampway``: ends quietly while its parts are still being loaded."""

from __future__ import annotations

import os
import signal
from types import FrameType

STOPPED = 130
"""Exit status after Ctrl-C: 128 and the number of SIGINT, as shells have it."""


def stop(number: int, frame: FrameType | None) -> None:
    """End at once with one word: for moments in which nothing is under way."""
    os.write(2, b"lampway: stopped\n")
    os._exit(STOPPED)


def main() -> None:
    """Entry point of the console script: loading everything takes a second or two, in which nothing is done yet."""
    signal.signal(signal.SIGINT, stop)
    from lampway.cli import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    finally:
        signal.signal(signal.SIGINT, stop)  # all is done but for what the interpreter tidies up


if __name__ == "__main__":
    main()
