"""What a book is bound in, or read on, from a source's own words for it ("pbk.", "精装", "Gebundene Ausgabe")."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Binding = Literal["hardcover", "paperback", "ebook", "audiobook"]

_WORDS: dict[Binding, str] = {
    "ebook": r"e-?books?|epubs?|pdf|kindle|electronic|online|on-line|elektronis\w+|électronique|en ligne|electrónico"
    r"|elettronico|электронн\w+|电子\w*|電子\w*",
    "audiobook": r"audio-?books?|audio|hörbuch|livre audio|audiolibro|mp3|cds?|аудио\w*|有声\w*|有聲\w*",
    "paperback": r"paper-?backs?|pbks?|pb|soft-?covers?|soft|trade paper|broch\w*|br|kart|kartoniert\w*|taschenbuch|tb"
    r"|rústica|rust|brossura|häftad|pocket|мягк\w*|обл|平装|平裝|ペーパーバック|文庫",
    "hardcover": r"hard-?(?:covers?|backs?|bound)|hbks?|hb|hc|cloth|cased|lib(?:rary)? ?bdg|relié|rel|gebunden\w*"
    r"|geb|gb|pp|pappband|festeinband|leinen|ln|cartonné|cartoné|rilegato|inbunden|inb|tapa dura|в пер|перепл\w*"
    r"|精装|精裝|ハードカバー",
}
_PATTERNS: tuple[tuple[Binding, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)) for name, words in _WORDS.items()
)


@lru_cache(maxsize=4096)
def binding_of(words: str) -> Binding | None:
    """The binding that words tell; None when they tell none, or two that exclude each other."""
    found = [name for name, pattern in _PATTERNS if pattern.search(words)]
    return found[0] if len(found) == 1 else None
