"""What an error is about: the arguments, the token, the list that was asked for, or the server as a whole."""

from __future__ import annotations

from datetime import UTC, datetime

from harvester import windows
from harvester.fetching import FetchError, OversizeError, PatienceError, RefusedError, StatusError
from harvester.protocols.oai_sickle import OaiError, UnreadableAnswerError

_NOT_THE_LISTS = frozenset({401, 403, 404, 407, 410, 429, 503})
_GONE = frozenset({404, 410})
_ABOUT_ARGUMENTS = frozenset({400, 404, 410, 422})
"""What some servers answer to dates they do not like, or between which they have nothing."""
_NOT_THE_LISTS_ERRORS = frozenset(
    {"badVerb", "cannotDisseminateFormat", "idDoesNotExist", "noMetadataFormats", "noSetHierarchy"}
)


def is_of_token(error: FetchError, *, first: bool, resumed: bool, expires: str) -> bool:
    """Whether an answer to a token means that the server no longer knows it.

    Args:
        error: the answer.
        first: no list of this set was begun anew yet.
        resumed: the token is of an earlier run.
        expires: when the token expires, as the server said it.
    """
    if isinstance(error, OaiError) and error.code == "badResumptionToken":
        return True
    if isinstance(error, StatusError) and error.response.status in _GONE and first:
        return True
    until = windows.parse_stamp(expires)
    expired = (resumed and first) or (until is not None and until < datetime.now(UTC))
    return expired and isinstance(error, OaiError | StatusError | UnreadableAnswerError)


def is_of_arguments(error: FetchError) -> bool:
    """Whether a server may refuse the arguments, with an error of the protocol."""
    return isinstance(error, OaiError) and error.code == "badArgument"


def may_be_of_dates(error: FetchError) -> bool:
    """Whether a server may refuse the dates, with a status of HTTP in place of an error of the protocol."""
    return isinstance(error, StatusError) and error.response.status in _ABOUT_ARGUMENTS


def may_be_of_list(error: FetchError, *, later_page: bool) -> bool:
    """Whether less of a list may come where all of it does not: nothing speaks against the server as a whole.

    Args:
        error: the answer.
        later_page: it answers a token: the address is right, whatever it says of it.
    """
    if isinstance(error, PatienceError) or (isinstance(error, RefusedError) and not isinstance(error, OversizeError)):
        return False
    if isinstance(error, StatusError):
        return error.response.status not in _NOT_THE_LISTS - (_GONE if later_page else frozenset())
    return not (isinstance(error, OaiError) and error.code in _NOT_THE_LISTS_ERRORS)
