"""The federation served on loopback, for clients that others wrote."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import uvicorn

from config.settings import load_settings
from search_api.app import create_app
from search_api.context import open_context

STARTS_WITHIN_S = 20


@pytest.fixture(scope="session")
def service(federation_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the federation's service, which is its public address too; nothing may be changed in it."""
    home = shutil.copytree(federation_home, tmp_path_factory.mktemp("service") / "home")
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    now = datetime.fromisoformat("2026-11-23T10:00:00+00:00")
    context = open_context(load_settings(home=home, public_url=address, _env_file=None), clock=lambda: now)
    server = uvicorn.Server(uvicorn.Config(create_app(context), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    give_up = time.monotonic() + STARTS_WITHIN_S
    while not server.started:
        assert time.monotonic() < give_up, "the server did not start"
        time.sleep(0.02)
    yield address
    server.should_exit = True
    thread.join(timeout=STARTS_WITHIN_S)
    listening.close()
    context.close()
