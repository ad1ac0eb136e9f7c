"""From a web page to the OAI-PMH address that is likely behind it: its links, and the usual paths of common systems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from lxml import etree

from schemas.domains import site_of

_ARGUMENTS = frozenset({"verb", "metadataPrefix", "set", "from", "until", "resumptionToken", "identifier"})
_OAI = re.compile(r"(?i)(?:^|[/._?=&-])oai(?:[-_]?pmh|2d?|cat|server|[-_]?provider)?(?:$|[/._?=&;-])|verb=Identify")
_MOST_LINKS = 10
_ALMA = re.compile(r"\b\d{2}[A-Z][A-Z0-9]+_[A-Z0-9]+\b(?=[:/&\"'\s]|$)")
"""How Alma and Primo name an institution; it stands in their OAI-PMH address."""

PATHS: dict[str, tuple[str, ...]] = {
    "dspace": ("/oai/request", "/server/oai/request", "/dspace-oai/request", "/oai/openaire"),
    "eprints": ("/cgi/oai2",),
    "open journal systems": ("/index/oai", "/index.php/index/oai", "/ojs/index.php/index/oai", "/oai"),
    "open monograph press": ("/index/oai", "/index.php/index/oai"),
    "koha": ("/cgi-bin/koha/oai.pl",),
    "omeka": ("/oai-pmh-repository/request", "/oai", "/oai-pmh"),
    "islandora": ("/oai2", "/oai/request"),
    "drupal": ("/oai2", "/oai/request", "/oai"),
    "vufind": ("/OAI/Server", "/vufind/OAI/Server"),
    "invenio": ("/oai2d",),
    "evergreen": ("/opac/extras/oai/biblio", "/opac/extras/oai/authority"),
    "contentdm": ("/oai/oai.php",),
    "dataverse": ("/oai",),
    "atom": ("/index.php/;oai", "/;oai"),
    "archivesspace": ("/oai",),
    "collectiveaccess": ("/service.php/OAI", "/index.php/service/OAI"),
    "samvera": ("/catalog/oai",),
    "blacklight": ("/catalog/oai",),
    "wordpress": ("/wp-oai/", "/oai"),
    "opus": ("/oai",),
    "kitodo": ("/oai/", "/index.php?eID=oai"),
    "goobi": ("/viewer/oai", "/oai"),
    "pmb": ("/oai.php", "/ws/connector_out.php"),
    "zenodo": ("/oai2d",),
}
"""Words by which systems give themselves away in their pages -> where they serve OAI-PMH."""
USUAL = (
    "/oai", "/oai/request", "/server/oai/request", "/oai2", "/oai-pmh", "/cgi/oai2", "/index/oai",
    "/index.php/index/oai", "/cgi-bin/koha/oai.pl", "/oai2d", "/OAI/Server", "/catalog/oai", "/oai/oai.php",
    "/oai-pmh-repository/request", "/oai.php", "/oaipmh", "/oai/provider", "/api/oai", "/opac/extras/oai/biblio",
    "/view/oai/request", "/service.php/OAI", "/;oai",
)  # fmt: skip
"""Paths that are tried whatever the page says, the commonest first."""


def candidates(address: str, page: bytes) -> Iterator[str]:
    """Base URLs to try, the likeliest first; all of the page's own site.

    Args:
        address: of the page.
        page: its HTML; b"" when there is none.
    """
    seen = {bare(address)}
    for url in _likely(address, page):
        if url not in seen and same_site(address, url):
            seen.add(url)
            yield url


def bare(url: str) -> str:
    """A base URL: without the arguments of OAI-PMH and without fragment."""
    parts = urlsplit(url.strip())
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in _ARGUMENTS]
    return parts._replace(query=urlencode(kept), fragment="").geturl()


def same_site(first: str, second: str) -> bool:
    """Whether two addresses are of one site (``schemas.domains``): nobody else is asked because a page says so."""
    one, other = _host(first), _host(second)
    if not one or not other or urlsplit(second).scheme not in {"http", "https"}:
        return False
    return one == other or (bool(site_of(one)) and site_of(one) == site_of(other))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _likely(address: str, page: bytes) -> Iterator[str]:
    text = page[: 1 << 20].decode("utf-8", "replace").lower()
    links, generator = _links(address, page)
    yield from links
    systems = [name for name in PATHS if name in generator] + [name for name in PATHS if name in text]
    parts = urlsplit(address)
    roots = [f"{parts.scheme}://{parts.netloc}"]
    # Systems often live in a folder: /repository/handle/1 has its OAI-PMH at /repository/oai.
    folder = parts.path.strip("/").split("/")[0]
    if folder and "." not in folder:
        roots.append(f"{roots[0]}/{folder}")
    for code in dict.fromkeys(_ALMA.findall(address) + _ALMA.findall(page[: 1 << 20].decode("latin-1"))):
        for root in (roots[0], roots[0].replace(".primo.", ".alma.")):
            yield f"{root}/view/oai/{code}/request"
    for path in dict.fromkeys(path for name in systems for path in PATHS[name]):
        for root in roots:
            yield root + path
    for root in roots:
        for path in USUAL:
            yield root + path


def _links(address: str, page: bytes) -> tuple[list[str], str]:
    """Addresses in the page that look like OAI-PMH, and what it says it was made with."""
    try:
        root: Any = etree.fromstring(page, etree.HTMLParser(no_network=True, huge_tree=False))
    except (etree.XMLSyntaxError, ValueError):
        return [], ""
    if root is None:
        return [], ""
    generator = " ".join(
        str(meta.get("content") or "") for meta in root.iter("meta") if str(meta.get("name")).lower() == "generator"
    )
    found: list[str] = []
    for element in root.iter("a", "link", "form", "area"):
        target = str(element.get("href") or element.get("action") or "")
        words = "".join(element.itertext()) if element.tag == "a" else ""
        if _OAI.search(target) or re.search(r"(?i)\boai\b", words):
            try:
                found.append(bare(urljoin(address, target)))
            except ValueError:
                continue
    text = "".join(root.itertext("p", "li", "td", "dd", "code", "pre", "div", "span"))
    found += [bare(url) for url in re.findall(r"https?://[^\s<>\"']+", text) if _OAI.search(url)]
    return list(dict.fromkeys(found))[:_MOST_LINKS], generator.lower()
