"""Looks for the token by which somebody shows that an endpoint is theirs: in DNS, in a file, in Identify.

The token says for which registration; where it is found says whose. Each look is one request through the guarded
client, or one question to DNS.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from dns.exception import DNSException
from dns.rdtypes.txtbase import TXTBase
from dns.resolver import NXDOMAIN, NoAnswer, Resolver
from lxml import etree

from harvester.fetching import Client, FetchError
from schemas.domains import site_of
from schemas.registration import Finding

LABEL = "_lampway-challenge"
WELL_KNOWN = "/.well-known/lampway-challenge/"
_LARGEST_FILE = 1024
_LARGEST_IDENTIFY = 256 << 10
_DNS_S = 8.0


def host_of(endpoint: str) -> str:
    """The host of an endpoint, "" where it has none."""
    return urlsplit(endpoint).hostname or ""


def by_dns(host: str, token: str, servers: tuple[str, ...] = ()) -> Finding:
    """Look for ``lampway-challenge=TOKEN`` among the TXT records of the host, then of the site it belongs to.

    What stands at the site (library.example.org's example.org) holds for all its hosts; never is a name asked that many
    strangers share (co.uk, github.io).

    Args:
        host: of the endpoint.
        token: to look for.
        servers: "address:port" of the name servers to ask; the system's when empty.
    """
    site = site_of(host)
    names = [f"{LABEL}.{name}" for name in dict.fromkeys((host.lower().rstrip("."), site)) if name]
    if not site:
        names = names[:1]
    codes: list[str] = []
    for name in names:
        codes.append(_txt(name, token, servers))
        if codes[-1] == "fits":
            return Finding(code="fits", where=name)
    code = "other" if "other" in codes else "unreachable" if set(codes) == {"unreachable"} else "missing"
    return Finding(code=code, where=" / ".join(names))


def by_file(client: Client, endpoint: str, token: str) -> Finding:
    """Look for a file with the token as its content at the host of the endpoint; it may not lead to another host."""
    parts = urlsplit(endpoint)
    address = f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{quote(token)}"
    try:
        answer = client.get(address, {}, limit=_LARGEST_FILE, final=lambda _: True)
    except FetchError:
        return Finding(code="unreachable", where=address)
    if answer.status != 200 or urlsplit(answer.url).netloc != parts.netloc:
        return Finding(code="missing", where=address)
    return Finding(code="fits" if answer.content.strip() == token.encode() else "other", where=address)


def by_description(client: Client, endpoint: str, token: str) -> Finding:
    """Look for the token in the ``description`` elements of the server's own Identify."""
    try:
        answer = client.get(endpoint, {"verb": "Identify"}, limit=_LARGEST_IDENTIFY, final=lambda _: True)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(answer.content, parser)
    except FetchError:
        return Finding(code="unreachable", where=endpoint)
    except etree.XMLSyntaxError:
        return Finding(code="other", where=endpoint)
    found = any(token in "".join(str(text) for text in element.itertext()) for element in root.iter("{*}description"))
    return Finding(code="fits" if found else "missing", where=endpoint)


def _txt(name: str, token: str, servers: tuple[str, ...]) -> str:
    resolver = Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [server.rpartition(":")[0] or server for server in servers]
        resolver.port = int(servers[0].rpartition(":")[2]) if ":" in servers[0] else 53
    try:
        answer = resolver.resolve(name, "TXT", lifetime=_DNS_S, search=False)
    except (NXDOMAIN, NoAnswer):
        return "missing"
    except DNSException:
        return "unreachable"
    # One TXT record may come in several strings, which belong together (RFC 7208, 3.3).
    texts = [b"".join(row.strings).decode("ascii", "replace") for row in answer if isinstance(row, TXTBase)]
    words = {word for text in texts for word in text.split()}
    if f"lampway-challenge={token}" in words or f"token={token}" in words:
        return "fits"
    return "other" if any("lampway-challenge=" in text or "token=" in text for text in texts) else "missing"
