"""OpenSearch 1.1: the description by which browsers and other programs learn to search here, and suggestions."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import msgspec

from search_api.messages import LANGUAGES, text
from search_api.renderers import atom, xml
from search_api.renderers.atom import OPENSEARCH
from search_api.suggest import Suggestions
from search_api.web import assets

DESCRIPTION_TYPE = "application/opensearchdescription+xml"
SUGGESTIONS_TYPE = "application/x-suggestions+json"
_GEO = "http://a9.com/-/opensearch/extensions/geo/1.0/"
_RESULTS = "/opensearch/results?q={searchTerms}&count={count?}&startIndex={startIndex?}&lang={language?}"


def description(base: str, lang: str, *, geo: bool = False) -> bytes:
    """The description of the search, or that of the search from a position.

    They are two, because some clients do not take a template with parameters of an extension at all.

    Args:
        base: our own address without a slash at the end.
        lang: of the texts.
        geo: from a position; the templates then need one.
    """
    prefixes: dict[str | None, str] = {None: OPENSEARCH} | ({"geo": _GEO} if geo else {})
    root = xml.root(f"{{{OPENSEARCH}}}OpenSearchDescription", prefixes)
    xml.add(root, "ShortName", text(lang, "feeds.opensearch_name"))
    about = text(lang, "feeds.opensearch_about")
    xml.add(root, "Description", f"{about} {text(lang, 'feeds.opensearch_geo_about')}" if geo else about)
    xml.add(root, "LongName", text(lang, "feeds.opensearch_long"))
    if geo:
        around = "&lat={geo:lat}&lon={geo:lon}&radius={geo:radius?}"
        xml.branch(root, "Url", type=atom.MEDIA_TYPE, template=f"{base}{_RESULTS}{around}")
        xml.branch(
            root, "Url", type=atom.MEDIA_TYPE, template=f"{base}{_RESULTS}&name={{geo:name}}&radius={{geo:radius?}}"
        )
    else:
        xml.branch(root, "Url", type="text/html", template=f"{base}/search?q={{searchTerms}}&lang={{language?}}")
        xml.branch(root, "Url", type=atom.MEDIA_TYPE, template=f"{base}{_RESULTS}", indexOffset="1")
        template = f"{base}/opensearch/suggestions?q={{searchTerms}}"
        xml.branch(root, "Url", type=SUGGESTIONS_TYPE, rel="suggestions", template=template)
    own = f"{base}/opensearch-geo.xml" if geo else f"{base}/opensearch.xml"
    xml.branch(root, "Url", type=DESCRIPTION_TYPE, rel="self", template=own)
    xml.add(root, "Image", f"{base}{assets.address('favicon.svg')}", type="image/svg+xml")
    xml.branch(root, "Query", role="example", searchTerms="pride and prejudice")
    for language in LANGUAGES:
        xml.add(root, "Language", language)
    xml.add(root, "OutputEncoding", "UTF-8")
    xml.add(root, "InputEncoding", "UTF-8")
    return xml.document(root)


def suggestions(found: Suggestions, base: str, lang: str) -> bytes:
    """What is being typed, completed: [typed, [texts], [descriptions], [addresses]]; titles lead to their works."""
    rows = [
        (
            word.text,
            text(lang, "feeds.suggested_works", count=word.works),
            f"{base}/search?{urlencode([('q', word.text)])}",
        )
        for word in found.words
    ]
    rows += [
        (title.title, ", ".join(title.creators), f"{base}/works/{quote(title.id, safe='')}") for title in found.titles
    ]
    return msgspec.json.encode([found.q, *map(list, zip(*rows, strict=True))] if rows else [found.q, [], [], []])
