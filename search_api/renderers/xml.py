"""Building XML: elements whose text is fit for XML whatever a catalogue wrote, and empty ones left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from lxml import etree

from search_api.renderers.text import writable

Element = etree._Element
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def root(tag: str, prefixes: dict[str | None, str], /, **attributes: str) -> Element:
    """A root element. ``tag``: with its namespace, "{uri}name"; ``prefixes``: prefix (None = default) -> namespace."""
    return etree.Element(tag, _clean(attributes), nsmap=cast("Any", prefixes))


def add(parent: Element, tag: str, text: str, /, **attributes: str) -> None:
    """Add a child, unless its text is empty. Attributes without a value are left out; ``tag`` as in ``branch``."""
    if text := writable(text).strip():
        branch(parent, tag, text, **attributes)


def located(tag: str, prefixes: dict[str | None, str], schema: str) -> Element:
    """A root element that says where the schema of its namespace is."""
    element = root(tag, prefixes | {"xsi": XSI})
    element.set(f"{{{XSI}}}schemaLocation", f"{etree.QName(tag).namespace} {schema}")
    return element


def branch(parent: Element, tag: str, text: str = "", /, **attributes: str) -> Element:
    """Add a child, empty or not. A ``tag`` without a namespace ("{uri}name") is of that of its parent."""
    namespace = etree.QName(parent).namespace
    if namespace and not tag.startswith("{"):
        tag = f"{{{namespace}}}{tag}"
    child = etree.SubElement(parent, tag, _clean(attributes))
    if text:
        child.text = writable(text.replace("\r", " "))
    return child


def around(tag: str, elements: Iterable[Element], prefixes: dict[str | None, str] | None = None) -> Element:
    """An element around others."""
    outer = root(tag, prefixes or {})
    outer.extend(elements)
    return outer


def prune(parent: Element, child: Element) -> None:
    """Take a child away again that came to nothing."""
    if not len(child) and not child.text:
        parent.remove(child)


def document(element: Element) -> bytes:
    """The bytes of a document."""
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")


def _clean(attributes: dict[str, str]) -> dict[str, str]:
    return {name: text for name, value in attributes.items() if (text := writable(value).strip())}
