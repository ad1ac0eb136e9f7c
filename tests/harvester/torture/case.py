"""What a torture case is: a server, what changes between runs, and how each run and the store must end."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

N = 40


class World:
    """What one case plays in. ``oai`` is the module tests/oai_server.py."""

    def __init__(self, oai: Any, serve: Callable[..., Any]) -> None:
        self.oai, self.serve = oai, serve
        self.server: Any = None
        self.location = ""
        """Where the source is, if not at the server's own address."""
        self.fields: dict[str, Any] = {}
        """Of the source: sets, login ..."""
        self.client: dict[str, Any] = {}
        """Options of the client."""
        self.authorities: bytes = b""
        """Certificates to trust."""
        self.login = ""
        self.kept: dict[str, Any] = {}
        """What the case itself wants to remember."""

    def items(self, count: int = N, **changes: Any) -> list[Any]:
        return [self.oai.item(n, **changes) for n in range(count)]

    def start(self, items: Any = None, **options: Any) -> Any:
        """Start the case's server: 40 records in pages of ten unless told otherwise."""
        self.server = self.serve(self.items() if items is None else items, **options)
        return self.server

    def spoil(self, fault: Callable[[bytes, int], Any], at: int = 20, **options: Any) -> Any:
        """Start a server whose page at offset ``at`` goes through ``fault(right bytes, times asked)``; None = right."""

        def script(arguments: dict[str, str], times: int) -> Any:
            offset = arguments.get("resumptionToken", "").rpartition("|")[2] or "0"
            if arguments.get("verb") != "ListRecords" or offset != str(at):
                return None
            answer = fault(self.server.right(arguments), times)
            return self.oai.Answer(answer) if isinstance(answer, bytes | str) else answer

        return self.start(script=script, **options)

    def truth(self) -> dict[str, str]:
        """What the server has now: identifier -> title of its living records (in the asked sets)."""
        sets = self.fields.get("sets")
        return {
            one.identifier: one.title
            for one in self.server.items
            if not one.deleted and one.title and (not sets or any(name in sets for name in one.sets))
        }


@dataclass
class Outcome:
    """How a case ended."""

    world: World
    reports: list[Any]
    stored: dict[str, str]
    """Identifier -> title of the living records of the store."""

    @property
    def said(self) -> str:
        """All that the last run says."""
        report = self.reports[-1]
        return "\n".join([f"{loss.reason} {loss.record}" for loss in report.losses] + report.notes)


Step = Callable[[World], None]


@dataclass
class Case:
    """One case."""

    number: str
    title: str
    does: str
    """What the server does, in words."""
    ours: str
    """What Lampway does, in words."""
    build: Callable[[World], Any]
    ends: tuple[str, ...] = ("complete",)
    """Status of each run."""
    steps: tuple[tuple[Step | None, bool], ...] = ()
    """Before each further run: what changes, and whether the run asks for everything."""
    says: str = ""
    """What the last run must say, a regular expression."""
    missing: Callable[[World], set[str]] = field(default=lambda _: set())
    """Records that cannot be in the store; ``says`` tells of them."""
    extra: Callable[[World], set[str]] = field(default=lambda _: set())
    """Records that are in the store though the server has them no more, for a person has to decide."""
    check: Callable[[Outcome], None] = field(default=lambda _: None)


CASES: dict[str, Case] = {}


def case(number: str, title: str, does: str, ours: str, build: Callable[[World], Any], **more: Any) -> None:
    """Add a case to the list."""
    assert number not in CASES
    CASES[number] = Case(number, title, does, ours, build, **more)


def reset(data: bytes) -> Callable[[Any], None]:
    """Half of an answer, then a reset of the connection."""

    def send(connection: Any) -> None:
        import socket

        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) // 2])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return send


def stall(data: bytes, seconds: float) -> Callable[[Any], None]:
    """Half of an answer, then silence."""

    def send(connection: Any) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) // 2])
        threading.Event().wait(seconds)

    return send
