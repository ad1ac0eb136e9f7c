"""Answers a request of a harvester: the six verbs of OAI-PMH 2.0 over one snapshot of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from search_api.context import Context
from search_api.oai import identify, lists, sets
from search_api.oai.arguments import read_arguments, read_verb
from search_api.oai.errors import OaiError
from search_api.oai.identity import Identity
from search_api.oai.request import Request
from search_api.oai.xml import envelope, error_element
from search_api.renderers.xml import Element
from store import dated_works

_VERBS: dict[str, Callable[[Request], Element]] = {
    "GetRecord": lists.get_record,
    "Identify": identify.identify,
    "ListIdentifiers": lists.list_works,
    "ListMetadataFormats": identify.list_formats,
    "ListRecords": lists.list_works,
    "ListSets": sets.list_sets,
}


def answer(context: Context, pairs: Sequence[tuple[str, str]]) -> bytes:
    """The answer to a request, errors of the protocol included.

    Args:
        context: the context.
        pairs: all parameters of the request, in order.

    Raises:
        ApiError: nothing is set out here.
        StoreError: the store is away.
    """
    identity, registry = Identity(context.settings), context.registry()
    with dated_works.reading(context.database) as (connection, moment):
        echo: dict[str, str] = {}  # not after badVerb and badArgument (OAI-PMH 2.0, 3.2)
        try:
            verb = read_verb(pairs)
            arguments = read_arguments(verb, pairs)
            content = _VERBS[verb](Request(connection, moment, registry, identity, verb, arguments))
            echo = {"verb": verb, **arguments}
        except OaiError as error:
            content = error_element(error)
            if error.code not in ("badVerb", "badArgument"):
                echo = dict(pairs)
        return envelope(moment, identity.base_url, echo, content)
