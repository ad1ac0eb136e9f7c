"""What can be wrong with a question. How it is told over HTTP is in ``search_api.errors``."""

from __future__ import annotations


class BadParameterError(ValueError):
    """A parameter cannot be used. ``message`` says what is wrong with it and what would do."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter, self.message = parameter, message


class DiagnosticError(ValueError):
    """A question by SRU cannot be answered: the number of a diagnostic of the standard, and what it is about."""

    def __init__(self, number: int, details: str = "") -> None:
        super().__init__(f"{number}: {details}")
        self.number, self.details = number, details
