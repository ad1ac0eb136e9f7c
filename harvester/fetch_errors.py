"""What can go wrong while fetching. Every message says what, where and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvester.answers import Response


class FetchError(Exception):
    """The source gives nothing usable."""


class RefusedError(FetchError):
    """Refused by us, for safety; asking again does not help."""


class OversizeError(RefusedError):
    """The answer passes a limit; asking for less may help."""


class PatienceError(FetchError):
    """The source wants us to wait longer than this run may."""

    def __init__(self, message: str, resume_after: float) -> None:
        super().__init__(message)
        self.resume_after = resume_after
        """Seconds after which to go on."""


class StatusError(FetchError):
    """The server answers with an HTTP error."""

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.response = response
