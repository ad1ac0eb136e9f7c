"""What a server tells about itself: Identify, ListMetadataFormats, ListSets. Lenient: a harvest goes on without."""

from __future__ import annotations

import re

import msgspec
from lxml import etree

from harvester.fetching import FetchError, PatienceError, RefusedError
from harvester.protocols.oai_pages import BadPageError, HarmfulPageError, iterate_sets, read_tree, text_of
from harvester.protocols.oai_repair import repaired_tree
from harvester.protocols.oai_sickle import Harvester, OaiError
from harvester.protocols.oai_tags import OAI

DAY, SECONDS = "YYYY-MM-DD", "YYYY-MM-DDThh:mm:ssZ"
MOST_SETS = 10_000

# Namespaces by which a server's formats are told apart, and the usual prefixes for servers that do not list them.
NAMESPACES: dict[str, tuple[str, ...]] = {
    "oai_dc": ("http://www.openarchives.org/OAI/2.0/oai_dc/",),
    "marcxml": ("http://www.loc.gov/MARC21/slim", "info:lc/xmlns/marcxchange-v1", "info:lc/xmlns/marcxchange-v2"),
    "mods": ("http://www.loc.gov/mods/v3",),
    "ead": ("urn:isbn:1-931666-22-9", "http://ead3.archivists.org/schema/"),
    "lido": ("http://www.lido-schema.org",),
    "edm": ("http://www.europeana.eu/schemas/edm/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    "qdc": ("http://purl.org/dc/terms/", "http://dspace.org/qualifieddc/", "http://worldcat.org/xmlschemas/qdc-1.0/"),
}
PREFIXES: dict[str, tuple[str, ...]] = {
    "oai_dc": ("oai_dc",),
    "marcxml": ("marcxml", "marc21", "marc", "MARC21-xml", "marc-xml", "marc_xml"),
    "mods": ("mods", "mods_v3"),
    "ead": ("ead", "oai_ead", "ead3"),
    "edm": ("edm", "ese_edm"),
    "qdc": ("qdc", "oai_qdc", "dcterms"),
}


class Identity(msgspec.Struct, kw_only=True):
    """What Identify says, with nothing believed that does not make sense."""

    repository_name: str = ""
    admin_email: str = ""
    granularity: str = ""
    """DAY, SECONDS, or "" when not said."""
    deleted_record: str = ""
    """no, transient, persistent, or "" when not said."""
    earliest: str = ""
    said_earliest: str = ""
    """earliestDatestamp, sensible or not."""
    protocol_version: str = ""
    base_url: str = ""
    response_date: str = ""
    trouble: str = ""
    """Why it could not be read; empty = it could."""


class MetadataFormat(msgspec.Struct, frozen=True):
    """A format that the server offers."""

    prefix: str
    namespace: str


def identify(harvester: Harvester) -> Identity:
    """Ask who the server is. A wrong answer is no reason to stop, a refused address is.

    Raises:
        RefusedError: the address may not be fetched.
        PatienceError: the server wants us to come later.
    """
    try:
        root = _ask(harvester, "Identify")
    except (PatienceError, RefusedError):
        raise
    except (FetchError, BadPageError) as error:
        return Identity(trouble=str(error))
    said = {
        name: text_of(root.find(f"{OAI}Identify/{OAI}{name}"))
        for name in (
            *("repositoryName", "adminEmail", "granularity", "deletedRecord", "earliestDatestamp"),
            *("protocolVersion", "baseURL"),
        )
    }
    granularity, earliest = said["granularity"].upper(), said["earliestDatestamp"]
    return Identity(
        repository_name=said["repositoryName"],
        admin_email=said["adminEmail"],
        granularity=DAY if granularity == DAY else SECONDS if granularity.startswith("YYYY-MM-DDT") else "",
        deleted_record=(said["deletedRecord"].lower() if said["deletedRecord"].lower() in _POLICIES else ""),
        response_date=text_of(root.find(f"{OAI}responseDate")),
        said_earliest=earliest,
        protocol_version=said["protocolVersion"],
        base_url=said["baseURL"],
        earliest=earliest if re.match(r"\d{4}-\d\d-\d\d", earliest) else "",
        trouble="" if root.find(f"{OAI}Identify") is not None else "the answer has no Identify element",
    )


_POLICIES = frozenset({"no", "transient", "persistent"})


def list_formats(harvester: Harvester) -> list[MetadataFormat]:
    """The formats the server offers.

    Raises:
        FetchError, BadPageError: it does not tell.
    """
    root = _ask(harvester, "ListMetadataFormats")
    return [
        MetadataFormat(text_of(item.find(OAI + "metadataPrefix")), text_of(item.find(OAI + "metadataNamespace")))
        for item in root.iterfind(f"{OAI}ListMetadataFormats/{OAI}metadataFormat")
    ]


def list_sets(harvester: Harvester, most: int = MOST_SETS) -> list[tuple[str, str]]:
    """(setSpec, name) of the server's sets; empty where it has none. After ``most`` no further page is asked for.

    Raises:
        FetchError, BadPageError: it does not tell.
    """
    found: list[tuple[str, str]] = []
    token = ""
    while len(found) < most:
        try:
            root = _ask(harvester, "ListSets", **({"resumptionToken": token} if token else {}))
        except OaiError as error:
            if error.code == "noSetHierarchy":
                return []
            raise
        known = set(found)
        page = [one for one in iterate_sets(root) if one not in known]
        found += page
        following = text_of(root.find(f"{OAI}ListSets/{OAI}resumptionToken"))
        if not following or not page:
            break
        token = following
    return found


def find_prefix(harvester: Harvester, format_: str, notes: list[str]) -> str:
    """The server's prefix for a format of ours; the usual one, and a note, where it does not list its formats.

    Raises:
        FetchError: it lists them, and this one is not among them; or the address is refused.
    """
    usual = PREFIXES.get(format_, (format_,))[0]
    try:
        offered = list_formats(harvester)
    except (PatienceError, RefusedError):
        raise
    except (FetchError, BadPageError) as error:
        notes.append(f"the server does not list its formats, trying {usual}: {error}")
        return usual
    prefix = choose_prefix(format_, offered)
    if offered and not prefix:
        names = ", ".join(item.prefix for item in offered)
        raise FetchError(
            f"{harvester.endpoint} does not offer {format_}; it offers {names}: choose another --format, "
            "or name the one that means the same with --prefix"
        )
    return prefix or usual


def choose_prefix(format_: str, offered: list[MetadataFormat]) -> str:
    """The server's prefix for one of our formats: by namespace, else by its usual names; "" when there is none."""
    for namespace in NAMESPACES.get(format_, ()):
        for item in offered:
            if _alike(item.namespace) == _alike(namespace):
                return item.prefix
    names = PREFIXES.get(format_, (format_,))
    return next((item.prefix for name in names for item in offered if item.prefix.lower() == name.lower()), "")


def _alike(namespace: str) -> str:
    """What is left of a namespace without what servers write in several ways."""
    return namespace.strip().removeprefix("https:").removeprefix("http:").rstrip("/#").lower()


def _ask(harvester: Harvester, verb: str, **arguments: str) -> etree._Element:
    data = harvester.raw(verb=verb, **arguments)
    try:
        root = read_tree(data)
    except HarmfulPageError:
        raise
    except BadPageError:
        root = repaired_tree(data)
    error = root.find(OAI + "error")
    if error is not None and root.find(OAI + verb) is None:
        raise OaiError(error.get("code") or "", text_of(error), harvester.endpoint)
    return root
