"""XML as we write it: elements, text that XML can hold, and the envelope of every answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from search_api.oai.errors import OaiError

OAI = "http://www.openarchives.org/OAI/2.0/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
Element = Any
"""An lxml element; lxml brings no types."""
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OURS: Any = {None: OAI}
_SCHEMA_LOCATION = f"{{{XSI}}}schemaLocation"


def clean(text: str) -> str:
    """The text without what XML 1.0 cannot hold at all: control characters, halves of characters."""
    return _FORBIDDEN.sub("", text)


def root(tag: str, prefix: str | None, namespace: str, schema: str, more: Mapping[str, str] | None = None) -> Element:
    """An element that begins a vocabulary of its own, with the address of its schema."""
    names: Any = {prefix: namespace, **(more or {}), "xsi": XSI}
    element = etree.Element(f"{{{namespace}}}{tag}", nsmap=names)
    element.set(_SCHEMA_LOCATION, f"{namespace} {schema}")
    return element


def add(parent: Element, name: str, text: str = "", /, **attributes: str) -> Element:
    """A child in its parent's namespace."""
    child = add_in(parent, etree.QName(parent).namespace, name, text)
    for attribute, value in attributes.items():
        child.set(attribute, clean(value))
    return child


def add_in(parent: Element, namespace: str, name: str, text: str = "") -> Element:
    """A child in a namespace."""
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    if text:
        child.text = clean(text)
    return child


def envelope(moment: str, base_url: str, request: Mapping[str, str], content: Element) -> bytes:
    """A whole answer.

    Args:
        moment: of the answer, ``2026-11-24T10:00:00Z``.
        base_url: of the provider.
        request: verb and arguments; empty when they cannot be repeated.
        content: the verb's element, or that of an error.
    """
    answer = root("OAI-PMH", None, OAI, OAI + "OAI-PMH.xsd")
    add(answer, "responseDate", moment)
    add(answer, "request", base_url, **request)
    answer.append(content)
    return bytes(etree.tostring(answer, xml_declaration=True, encoding="UTF-8"))


def verb_element(verb: str) -> Element:
    """The element that holds a verb's answer."""
    return etree.Element(f"{{{OAI}}}{verb}", nsmap=_OURS)


def error_element(error: OaiError) -> Element:
    """The element that tells of an error."""
    element = etree.Element(f"{{{OAI}}}error", nsmap=_OURS, code=error.code)
    element.text = clean(str(error))
    return element
