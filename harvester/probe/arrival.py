"""What is at an address: an OAI-PMH server, a file, or a web page that may lead to one."""

from __future__ import annotations

import re
from itertools import islice

from harvester.budget import SpentError
from harvester.fetching import FetchError, PatienceError, RefusedError, Response, StatusError
from harvester.probe.endpoints import bare, candidates
from harvester.probe.kind import NOTHING, WEB_PAGE, Kind
from harvester.probe.look import TRIES, Look, told
from harvester.probe.recognise import HEAD, recognise
from harvester.protocols.oai_sickle import Harvester
from schemas.said import say

OAI = Kind("an OAI-PMH server", "oai")
_MOST_TRIED = 40
_CLOSED = frozenset({401, 403, 407, 429, 503})
"""HTTP statuses of an address that is right, but closed to us."""
_MOST_IDENTITY = 256 << 10
_ASKED_OF_ITS_OWN = ("Identify", "ListMetadataFormats")
"""Of an address that somebody gave; a guess is asked for Identify only."""
_ROOT = re.compile(rb"<(?:[\w.-]+:)?OAI-PMH\b")
"""Where an answer begins, whatever a program has written before it."""


def arrive(look: Look) -> tuple[str, Kind]:
    """Where to go on: an address and what is there. Where nothing is, the kind has no protocol, and that was told.

    Raises:
        FetchError: the address may not be asked, not now, or there is nobody.
    """
    given = look.source.location
    if look.source.protocol == "oai" and _is_oai(look, bare(given), *_ASKED_OF_ITS_OWN):
        return bare(given), OAI
    page: Response | None = None
    failed: FetchError | None = None
    try:
        page = look.client.beginning(given, HEAD)
    except (RefusedError, PatienceError, SpentError):
        raise
    except FetchError as error:  # the base URL of a server may lead nowhere without its arguments
        failed = error
    kind = recognise(page.content) if page else WEB_PAGE
    is_file = kind.protocol not in {"html", "", "oai"}
    if is_file and page and b"OAI-PMH" not in page.content[:2000]:  # else it may be a pasted request for records
        return given, kind
    if _is_oai(look, bare(given), *_ASKED_OF_ITS_OWN):
        return bare(given), OAI
    if is_file:
        return given, kind
    if failed and not (isinstance(failed, StatusError) and failed.response.status not in _CLOSED):
        raise failed
    if failed:
        return _search(look, page, look.in_words(failed))
    return _search(look, page, say("it is {kind}", kind=kind.words), "" if kind == WEB_PAGE else kind.mend)


def _search(look: Look, page: Response | None, said: str, mend: str = "") -> tuple[str, Kind]:
    given = look.source.location
    tried = 0
    look.client.tries = 1
    try:
        for url in islice(candidates(page.url if page else given, page.content if page else b""), _MOST_TRIED):
            tried += 1
            if _is_oai(look, url):
                registered = bool(look.source.protocol)
                look.tell(
                    "found", "bad" if registered else "good",
                    say("nothing to harvest at {given} ({said}); an OAI-PMH server is at {url}",
                        given=given[:300], said=said, url=url),
                    say("change the source's address to {url}", url=url) if registered else "", endpoint=url,
                )  # fmt: skip
                return url, OAI
    except SpentError as error:
        said = say("{said}; {error}", said=said, error=told(error))
    finally:
        look.client.tries = TRIES
    words = say(
        "nothing to harvest at {given} ({said}); {n:,} other likely addresses of its site were tried",
        given=given[:300], said=said, n=tried,
    )  # fmt: skip
    mend = mend or "ask the institution for the base URL of its OAI-PMH server, or for a file"
    look.tell("found", "bad", words, mend)
    return "", NOTHING


def _is_oai(look: Look, url: str, *verbs: str) -> bool:
    """Whether an address answers Identify, or one of some verbs, in OAI-PMH, whatever its HTTP status."""
    harvester = Harvester(url, look.client, limit=_MOST_IDENTITY)
    for verb in verbs or ("Identify",):
        try:
            content = harvester.raw(verb=verb).replace(b"\0", b"")
        except (SpentError, PatienceError):
            raise
        except FetchError:  # one guess among many: that it fails says enough
            continue
        root = _ROOT.search(content, 0, HEAD)
        if recognise(content[root.start() :] if root else content).protocol == "oai":
            return True
    return False
