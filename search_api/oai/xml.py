"""The envelope of every answer of the provider."""

from __future__ import annotations

from collections.abc import Mapping

from search_api.oai.errors import OaiError
from search_api.renderers.text import writable
from search_api.renderers.xml import Element, branch, document, located, root

OAI = "http://www.openarchives.org/OAI/2.0/"


def envelope(moment: str, base_url: str, request: Mapping[str, str], content: Element) -> bytes:
    """A whole answer.

    Args:
        moment: of the answer, ``2026-11-24T10:00:00Z``.
        base_url: of the provider.
        request: verb and arguments; empty when they cannot be repeated.
        content: the verb's element, or that of an error.
    """
    answer = located(f"{{{OAI}}}OAI-PMH", {None: OAI}, OAI + "OAI-PMH.xsd")
    branch(answer, "responseDate", moment)
    branch(answer, "request", base_url, **request)
    answer.append(content)
    return document(answer)


def verb_element(verb: str) -> Element:
    """The element that holds a verb's answer."""
    return root(f"{{{OAI}}}{verb}", {None: OAI})


def error_element(error: OaiError) -> Element:
    """The element that tells of an error."""
    element = root(f"{{{OAI}}}error", {None: OAI}, code=error.code)
    element.text = writable(str(error))
    return element
