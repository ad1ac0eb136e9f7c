"""``lampway demo``: the sample city, from nothing to a served page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lampway import demo as sample_city
from lampway.console import FAILED, fail


def demo(
    serve: Annotated[bool, typer.Option(help="Serve pages and API afterwards.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65534, help="Port of the pages; 0 = any free one.")] = 8000,
    home: Annotated[Path | None, typer.Option(help="Folder of the demo's data; ./var/demo when not given.")] = None,
) -> None:
    """Harvest, index and serve a sample city of libraries, museums and archives; your own data is not touched.

    Example: lampway demo --port 8080
    """
    try:
        sample_city.run(home, port, serve=serve)
    except KeyboardInterrupt:
        fail("stopped; run `lampway demo` again and it goes on from here", FAILED)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.command("demo")(demo)
