"""OAI-PMH by Sickle's protocol layer, with our own client below it and our own reading of pages above it.

Sickle gives the verbs, their arguments and the walk along resumption tokens. It neither fetches (its requests know no
limits) nor parses (it parses in recovery mode, so that a page cut in half is a successful last page).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sickle import Sickle
from sickle.iterator import BaseOAIIterator
from sickle.models import ResumptionToken
from sickle.response import OAIResponse

from harvester.answer_words import shown
from harvester.fetching import MAX_PAGE, Client, FetchError, Response, StatusError
from harvester.protocols.oai_encoding import as_utf8, believed, charset_of
from harvester.protocols.oai_pages import BadPageError, ForeignPageError, HarmfulPageError, OaiPage, read_page
from harvester.protocols.oai_repair import repair

_TRIES = 4
_END = b"OAI-PMH>"
_CODES = (
    *("badArgument", "badResumptionToken", "badVerb", "cannotDisseminateFormat", "idDoesNotExist"),
    *("noRecordsMatch", "noMetadataFormats", "noSetHierarchy"),
)
_WANTS_POST = frozenset({405, 413, 414, 431})
_MAY_WANT_POST = frozenset({400, 403, 404})
_LONG = 1500
"""Characters of arguments from which an error may be about nothing but their length: some servers take 2,048 in all."""


class OaiError(FetchError):
    """The server answers with an error of the protocol."""

    def __init__(self, code: str, text: str, where: str, response_date: str = "") -> None:
        self.code = _code(code, text)
        self.response_date = response_date
        super().__init__(f"{where} answers {code or 'an error without code'}{': ' if text else ''}{text}")


class UnreadableAnswerError(FetchError):
    """What comes is no OAI-PMH, however often it is asked for."""

    def __init__(self, message: str, content: bytes = b"") -> None:
        super().__init__(message)
        self.content = content
        """What came instead."""


class PageResponse(OAIResponse):  # type: ignore[misc]
    """An answer that has been read already, once."""

    def __init__(self, response: Response, params: dict[str, str], page: OaiPage) -> None:
        super().__init__(response, params)
        self.page = page


class PageIterator(BaseOAIIterator):  # type: ignore[misc]
    """Walks the pages of a list. Start it in the middle with ``ListRecords(resumptionToken=saved)``."""

    resumption_token: ResumptionToken | None

    def _next_response(self) -> None:
        params = self.params
        if self.resumption_token:
            params = {"verb": self.verb, "resumptionToken": self.resumption_token.token, **self.sickle.with_tokens}
        self.oai_response = self.sickle.answered(**params)
        page = self.oai_response.page
        self.resumption_token = ResumptionToken(page.token.text) if page.token and page.token.text else None

    def next(self) -> OaiPage:
        """The next page.

        Raises:
            StopIteration: the last one had no token.
            FetchError: it cannot be had.
        """
        if self.oai_response is None:
            if self.resumption_token is None:
                raise StopIteration
            self._next_response()
        page: OaiPage = self.oai_response.page
        self.oai_response = None
        return page


class Harvester(Sickle):  # type: ignore[misc]
    """Sickle over our client."""

    def __init__(self, endpoint: str, client: Client, *, limit: int = MAX_PAGE) -> None:
        """Make one.

        Args:
            endpoint: the base URL.
            client: fetches.
            limit: bytes of an answer.
        """
        super().__init__(endpoint, iterator=PageIterator)
        self.client, self._limit = client, limit
        self.moved_to = ""
        """Where the server says it has moved for good."""
        self.last_headers: Mapping[str, str] = {}
        """HTTP headers of the last answer, by small names."""
        self.by_post = False
        """This server wants its arguments by POST."""
        self.with_tokens: dict[str, str] = {}
        """Arguments that this server wants beside a resumption token, against the protocol."""

    def raw(self, **params: str) -> bytes:
        """The bytes of an answer, for the small verbs. Raises FetchError."""
        return self._fetch(params).content

    def harvest(self, **params: str) -> PageResponse:
        """One page, read strictly; asked for again when it is not whole, then mended where nothing can be lost by it.

        Raises:
            FetchError: the page cannot be had or read.
        """
        trouble, content = "", b""
        tries = min(_TRIES, self.client.tries)
        for attempt in range(tries):
            response = self._fetch(params)
            content = response.content
            try:
                return PageResponse(response, params, _read(content))
            except HarmfulPageError as error:
                raise UnreadableAnswerError(f"{self._place(params)} sends a page that is refused: {error}") from None
            except ForeignPageError as error:
                trouble, foreign = str(error), b"OAI-PMH" not in as_utf8(content[:65536])
            except BadPageError as error:
                trouble, foreign = str(error), False
            if attempt and not foreign:  # not the network then: the page itself is so
                try:
                    return PageResponse(
                        response, params, repair(content, charset_of(response.headers.get("content-type", "")))
                    )
                except BadPageError as error:
                    trouble = str(error)
            if attempt < tries - 1:
                self.client.wait(attempt, f"{self._place(params)} sends a page that is {trouble}")
        raise UnreadableAnswerError(f"{self._place(params)} sends a page that cannot be read: {trouble}", content)

    def answer(self, verb: str, **arguments: str) -> OaiPage:
        """One answer to one request; raises like ``answered``."""
        page: OaiPage = self.answered(verb=verb, **arguments).page
        return page

    def answered(self, verb: str, **arguments: str) -> PageResponse:
        """A page that answers what was asked.

        Raises:
            FetchError: it cannot be had; an OaiError where the server says so itself.
        """
        response = self.harvest(verb=verb, **arguments)
        page = response.page
        if page.errors and not (page.records or page.broken):
            raise OaiError(*page.errors[0], self.endpoint, page.response_date)
        if page.verb != verb:
            raise UnreadableAnswerError(f"{self.endpoint} answers a request for {verb} with {page.verb or 'nothing'}")
        return response

    def _sent(self, params: dict[str, str], *, post: bool) -> Response:
        return self.client.get(self.endpoint, params, limit=self._limit, final=_is_answer, post=post, ends=_END)

    def _place(self, params: dict[str, str]) -> str:
        """The request, for whoever wants to see the same."""
        return shown(f"{self.endpoint}?{urlencode(params)}")

    def _fetch(self, params: dict[str, Any]) -> Response:
        try:
            response = self._sent(params, post=self.by_post)
        except StatusError as error:
            status = error.response.status
            long = sum(map(len, params.values())) > _LONG
            if self.by_post or not (status in _WANTS_POST or (long and status in _MAY_WANT_POST)):
                raise
            try:
                response = self._sent(params, post=True)
            except StatusError:
                if status == 414:
                    raise FetchError(f"{error}: the resumption token is too long for this server") from None
                raise error from None
            self.by_post = True
        self.last_headers = response.headers
        if response.moved_to:
            self.moved_to = response.moved_to
        return response


def _read(content: bytes) -> OaiPage:
    """A page read strictly, in the encoding that it surely has."""
    truth = believed(content)
    page = read_page(content if truth is None else truth)
    if truth is not None:
        page.repairs.append("read as UTF-8 what is said to be in another encoding, and is not")
    return page


def _is_answer(response: Response) -> bool:
    """An answer of OAI-PMH counts whatever HTTP status it is sent with, but where that says when to come again."""
    if response.status in {429, 503} and "retry-after" in response.headers:
        return False
    content = response.content
    return b"OAI-PMH" in content[:2000] and (content[-200:].rstrip().endswith(_END) or b"<error" in content[:20000])


def _code(code: str, text: str) -> str:
    """One of the protocol's own codes where that is meant, in whatever case, or where it stands in the text only."""
    said = code.strip()
    for name in _CODES:
        if said.lower() == name.lower() or (not said and name.lower() in text.lower()):
            return name
    return said
