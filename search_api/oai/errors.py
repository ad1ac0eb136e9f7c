"""The error conditions of OAI-PMH 2.0 (section 3.6)."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "badArgument", "badResumptionToken", "badVerb", "cannotDisseminateFormat", "idDoesNotExist", "noRecordsMatch",
    "noSetHierarchy",
]  # fmt: skip


class OaiError(Exception):
    """Ends a request with an <error>; the message is for the people who run the harvester."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
