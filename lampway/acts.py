"""The audit of what is done by command: each act names the person at the machine."""

from __future__ import annotations

import getpass
import os
from contextlib import suppress

from schemas.account import Act
from store import audit
from store.database import Connection


def operator() -> str:
    """Name of the machine's user who gives the command: who logged in, also behind sudo; else whose process it is."""
    with suppress(OSError):  # no terminal
        return os.getlogin()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return f"user {os.getuid()}"


def actor() -> str:
    """Who acts, as the audit has it."""
    return f"command ({operator()})"


def note_act(connection: Connection, action: str, thing: str, institution: str = "", **detail: str) -> None:
    """Write the line of an act, in its transaction; details that are empty are left out."""
    told = {name: value[:500] for name, value in detail.items() if value}
    audit.write(connection, Act(actor=actor(), action=action, thing=thing, institution=institution, detail=told))
