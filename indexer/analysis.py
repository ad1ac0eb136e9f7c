"""The one analysis of text: for the index and the query, for every field and every engine.

A text becomes tokens: words of folded letters and digits, and in scripts written without blanks the overlapping pairs
of characters. They stand in their order, so that phrases are found; after them come the *other forms*, by which the
same text may be asked for: single characters, joined and parted compounds (e-mail, email), initials without dots (J. R.
R., jrr), umlauts spelt out (Müller, mueller). There is no stemming. Nothing here raises, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from indexer.analysis_folding import CJK, UNSPACED, WORD, fold, spelt_out
from schemas.identifiers import isbn13
from schemas.query import Clause

SENTINEL = "_end_"
"""Last token of every analysed field. No text gives it: tokens hold no underscore."""

MAX_TOKEN = 64
"""Longer words are cut, in the index and the query alike: no engine takes terms of any length."""

MAX_FIELD_TOKENS = 10_000

MAX_TITLE_KEY = 300
"""Characters; some sources put whole tables of contents into the title."""

_ELIDED = frozenset(
    re.findall(r"\w+", "c d j l m n qu s t jusqu lorsqu puisqu quoiqu dell nell sull dall all coll un gl degl")
)  # before an apostrophe in French and Italian: l'étranger, dell'arte
_NEVER_JOINED = frozenset(("un", "une", "est"))
"""After such a letter: else whoever asks for Dune, Lune or nest would find every d'une, l'une and n'est."""
_PIECE = re.compile(
    rf"(?P<run>[{UNSPACED}]+)|(?P<sign>[a-z](?:\+\+|#)(?!\w))|(?P<word>{WORD}(?:['\u2019]{WORD})*)|(?P<and>&)"
)
_INITIALS = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.(?:\s*[^\W\d_]\.)+|[A-Z](?: [A-Z])+(?![^\W_]))")
_LONG_CHUNK = 60
_UMLAUT = re.compile("[äöüøåÄÖÜØÅ]|[aouAOU]\u0308|[aA]\u030a")


def tokens(text: str) -> list[str]:
    """Tokens of one value as they are indexed, without the sentinel."""
    main: list[str] = []
    other: list[str] = []
    for chunk in text.split():
        first, rest = _chunk(chunk) if len(chunk) < _LONG_CHUNK else _chunk.__wrapped__(chunk)
        main += first
        other += rest
    if "." in text or " " in text:
        other += [_joined(initials) for initials in _INITIALS.findall(text)]
    return main + other


def field_tokens(texts: Iterable[str], least: int = 1) -> list[str]:
    """Tokens of all values of a field, ended by the sentinel.

    Args:
        texts: the values.
        least: tokens that the field has at least, filled up with sentinels: shorter fields score alike.
    """
    found: list[str] = []
    for text in texts:
        if not text:
            continue
        found += _short_tokens(text) if len(text) < _LONG_CHUNK else tokens(text)
        if len(found) > MAX_FIELD_TOKENS:
            del found[MAX_FIELD_TOKENS:]
            break
    return found + [SENTINEL] * max(least - len(found), 1)


@lru_cache(maxsize=65_536)
def _short_tokens(text: str) -> tuple[str, ...]:
    """Tokens of a value that many works may have: a subject, a name, a publisher, a year."""
    return tuple(tokens(text))


@lru_cache(maxsize=200_000)
def _chunk(chunk: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tokens of a text without blanks, and its other forms."""
    main: list[str] = []
    other: list[str] = []
    words: list[str] = []
    for piece in _PIECE.finditer(fold(chunk)):
        text = piece.group()
        if piece.lastgroup == "run":
            main += pairs(text)
            other += text if len(text) > 1 else ()
        elif piece.lastgroup == "sign":
            main.append(text)
            other.append(text[0])
        elif piece.lastgroup == "and":
            if chunk == "&":
                main.append("and")
        else:
            word, forms = _apostrophes(text)
            words.append(word)
            main.append(word[:MAX_TOKEN])
            other += [form[:MAX_TOKEN] for form in forms]
    if 2 <= len(words) <= 3 and "-" in chunk and all(word.isalpha() for word in words):
        other.append("".join(words)[:MAX_TOKEN])
    if _UMLAUT.search(chunk):
        other += [p.group()[:MAX_TOKEN] for p in _PIECE.finditer(spelt_out(chunk)) if p.group() not in main]
    return tuple(main), tuple(other)


def pairs(run: str) -> list[str]:
    """Overlapping pairs of characters; a single one stands for itself."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _apostrophes(text: str) -> tuple[str, tuple[str, ...]]:
    """A word with apostrophes as one token, and its other forms: Turner's = turner, l'art = art, O'Brien = obrien."""
    if "'" not in text and "\u2019" not in text:
        return text, ()
    parts = re.split("['\u2019]", text)
    if parts[-1] == "s":
        return "".join(parts[:-1]), ("".join(parts),)
    if len(parts[-1]) > 1 and all(part in _ELIDED for part in parts[:-1]):
        return parts[-1], () if parts[-1] in _NEVER_JOINED else ("".join(parts),)
    return "".join(parts), tuple(parts)


def _joined(initials: str) -> str:
    return "".join(re.findall(WORD, fold(initials)))[:MAX_TOKEN]


_ARTICLES = frozenset(
    re.findall(r"\w+", "the a an der die das ein eine le la les un une el los las il gli lo het een den det")
)
_ELIDED_ARTICLE = re.compile("^(?:l|un)['\u2019](?=\\w\\w)")
_GAP_IN_RUN = re.compile(rf"(?<=[{CJK}]) (?=[{CJK}])")


_PLAIN = re.compile(rf"[{UNSPACED}]+|{WORD}")
_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")
_SPECIAL = re.compile("['\u2019+#&]")


@lru_cache(maxsize=65_536)
def title_key(text: str) -> str:
    """A whole title as one comparable string: folded, without punctuation, leading article and blanks between Chinese.

    Empty when nothing is left of it; cut at MAX_TITLE_KEY characters.
    """
    folded = fold(text)
    if _SPECIAL.search(folded):
        words = _title_words(_ELIDED_ARTICLE.sub("", folded.lstrip(" \"'([\u2018\u201c")))
    else:
        words = _PLAIN.findall(folded)
    if len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    key = " ".join(words)
    return (key if key.isascii() else _GAP_IN_RUN.sub("", key))[:MAX_TITLE_KEY]


def _title_words(folded: str) -> list[str]:
    words = []
    for piece in _PIECE.finditer(folded):
        if piece.lastgroup == "word":
            words.append(_apostrophes(piece.group())[0])
        else:
            words.append("and" if piece.lastgroup == "and" else piece.group())
    return words


_SUBTITLE = re.compile(r"\s*[:：=;/]\s+|\s[–—-]\s")


def title_keys(text: str) -> tuple[str, ...]:
    """The keys under which a title may be asked for: whole, and without what follows a colon or a dash."""
    whole = title_key(text)
    parts = _SUBTITLE.split(text, maxsplit=1)
    short = title_key(parts[0]) if len(parts) > 1 else whole
    return tuple(dict.fromkeys(key for key in (whole, short) if key))


def sort_title(text: str) -> str:
    """What sort=title orders by: the title key, at most 60 characters."""
    return title_key(text)[:60]


_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\W_]+(?=\d)")
_SEPARATOR = re.compile(r"[^\w-]|_|(?<!\d)-|-(?!\d)")


def identifier_key(text: str) -> str:
    """An identifier or shelf-mark folded so that blanks, hyphens and case do not matter.

    A separator between two digits stays, as "-": "AGM/1/12" and "AGM/11/2" are two things.
    """
    folded = fold(text)
    return folded if folded.isalnum() else _SEPARATOR.sub("", _BETWEEN_DIGITS.sub("-", folded))


FIELDS = {
    "title": "title", "ti": "title", "题名": "title", "标题": "title", "书名": "title",
    "author": "creator", "creator": "creator", "au": "creator", "作者": "creator", "责任者": "creator",
    "subject": "subject", "su": "subject", "主题": "subject",
    "isbn": "isbn", "issn": "isbn",
}  # fmt: skip
"""Words before a colon that name a field, folded."""

MAX_CLAUSES = 64
MAX_BEGINNINGS = 4

_WEAK = frozenset(("the", "of", "and"))
"""Left out of a query that says more than these: catalogues write "Art of war" and "The art of war" alike."""
_BEFORE_NAMES = frozenset(("by", "von", "par"))
"""Left out between other words: "Emma by Jane Austen" asks for a title and a name, which no catalogue joins so."""
_ASKED = re.compile(
    r"(?:(?P<field>[^\W\d_]{2,8})[:：]\s?(?=[^\s:：]))?"
    r"(?:\"(?P<p1>[^\"]*)\"|[“”„](?P<p2>[^“”]*)[“”]|«(?P<p3>[^»]*)»"
    r"|「(?P<p4>[^」]*)」|『(?P<p5>[^』]*)』"
    r"|(?P<initials>(?<![^\W_])[^\W\d_]\.(?:\s*[^\W\d_]\.)+)|(?P<chunk>\S+))"
)


def query_clauses(text: str) -> tuple[Clause, ...]:
    """What a query asks for: words, "phrases", field:words (see ``FIELDS``) and begin* of words, without repetitions.

    A hyphenated word and a run of Chinese, Japanese, Korean or Thai are one clause of several tokens each. ISBNs and
    other identifiers are words here; only ``isbn:`` asks for one. No text gives an error; one without words no clause.
    """
    found: list[Clause] = []
    for match in _ASKED.finditer(text):
        phrase = next((match[f"p{i}"] for i in range(1, 6) if match[f"p{i}"] is not None), None)
        name = match["field"]
        field = FIELDS.get(fold(name)) if name else None
        if name and not field:
            found += _plain(name, None)
        if phrase is not None:
            found += _phrase(phrase, field)
        elif match["initials"]:
            found.append(Clause(tokens=(_joined(match["initials"]),), field=field))
        else:
            found += _plain(match["chunk"], field)
    return tuple(dict.fromkeys(_few_beginnings(_without_weak(found))))[:MAX_CLAUSES]


def _few_beginnings(clauses: list[Clause]) -> list[Clause]:
    """Beginnings cost most: of several those of one letter are words, and so are all after the first MAX_BEGINNINGS."""
    begun = [clause for clause in clauses if clause.prefix]
    if len(begun) < 2:
        return clauses
    kept = [clause for clause in begun if len(clause.tokens[-1]) > 1][:MAX_BEGINNINGS]
    return [
        Clause(tokens=clause.tokens, field=clause.field, phrase=clause.phrase, prefix=clause in kept)
        for clause in clauses
    ]


def loosened(clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    """The same with every token a clause of its own: for the second try, when all clauses together find nothing."""
    parted = (
        Clause(tokens=(t,), field=c.field, prefix=c.prefix and t == c.tokens[-1]) for c in clauses for t in c.tokens
    )
    return tuple(dict.fromkeys(parted))[:MAX_CLAUSES]


def says_something(clause: Clause) -> bool:
    """Whether a clause of one token is more than an article, a particle or an initial, which are in everything."""
    token = clause.tokens[0]
    return not (token in _ARTICLES or (len(token) < 3 and token.isalpha() and not _UNSPACED_CHARACTER.match(token)))


def _phrase(text: str, field: str | None) -> list[Clause]:
    if field == "isbn":
        return _plain(text, field)
    words = tuple(token for chunk in text.split() for token in _chunk(chunk)[0])
    return [Clause(tokens=words, field=field, phrase=len(words) > 1)] if words else []


def _plain(chunk: str, field: str | None) -> list[Clause]:
    if field == "isbn":
        number = identifier_key(chunk).replace("-", "")
        return [Clause(tokens=(isbn13(number) or number.upper(),), field=field)] if number else []
    clauses = []
    for part in chunk.split("-") if chunk.count("-") > 2 else [chunk]:
        pieces = [p for p in _PIECE.finditer(fold(part)) if p.lastgroup != "and" or part == "&"]
        if len(pieces) > 1 and "-" in part and all(p.lastgroup == "word" for p in pieces):
            clauses.append(Clause(tokens=_chunk(part)[0], field=field))
            continue
        for piece in pieces:
            if piece.lastgroup == "run":
                clauses.append(Clause(tokens=tuple(pairs(piece.group())), field=field))
                continue
            word = _chunk(piece.group())[0][0]
            clauses.append(Clause(tokens=(word,), field=field, prefix=fold(part).endswith(piece.group() + "*")))
    return clauses


def _without_weak(clauses: list[Clause]) -> list[Clause]:
    kept = [clause for position, clause in enumerate(clauses) if not _is_weak(clause, position, len(clauses))]
    return kept or clauses


def _is_weak(clause: Clause, position: int, count: int) -> bool:
    if clause.field or len(clause.tokens) > 1:
        return False
    word = clause.tokens[0]
    if position == 0:
        return word in _WEAK or word in ("a", "an")
    return word in _WEAK or (word in _BEFORE_NAMES and position < count - 1)
