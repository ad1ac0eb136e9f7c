"""The log of what runs for long is JSON, a line an event, whoever wrote it."""

from __future__ import annotations

import json
import subprocess
import sys

_LOG = """
import logging
from search_api import access_log

access_log.configure()
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
logging.getLogger("somebody.else").info("not heard")
try:
    secret = "planted"
    1 / 0
except ZeroDivisionError:
    logging.getLogger("sqlalchemy.pool").exception("lost")
"""


def test_what_libraries_say_is_json_too_and_shows_no_local_variable() -> None:
    done = subprocess.run([sys.executable, "-c", _LOG], capture_output=True, text=True, check=True)
    first, second = (json.loads(line) for line in done.stderr.splitlines())
    assert (first["event"], first["logger"], first["level"]) == (
        "Invalid HTTP request received.", "uvicorn.error", "warning",
    )  # fmt: skip
    assert (second["event"], second["level"]) == ("lost", "error")
    assert second["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert second["timestamp"].endswith("Z")
    assert "planted" not in done.stderr
