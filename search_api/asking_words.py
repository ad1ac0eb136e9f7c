"""Words with which people ask for a thing, around what they ask for: "where can I borrow … today", "a book about …".

They are left out only where nothing has all words of a question, and only where they can hardly be a title's own: a
single "the" or "find" is not enough.
"""

from __future__ import annotations

import re

from indexer.analysis import title_key

_GET = r"(?:borrow|get|find|buy|read|see|rent|loan|have|order)"
_COPY = r"(?:copy|copies|edition|editions|books?|novels?|ebooks?|something|anything|information|literature)"
_BEFORE = (
    # English
    r"(?:hi|hello|hey|please|excuse me)\b[\s,]*",
    rf"(?:where|how) (?:can|could|do|may|might) (?:i|we|you|one) {_GET}\b",
    r"where (?:is|are|to find|to get|to borrow)\b",
    rf"(?:can|could|may) (?:i|we|you) (?:please )?(?:{_GET}|help me find|tell me where|show me)\b",
    r"(?:do|does) (?:you|they|any\w*|the library|a library) (?:\w+ )?(?:have|own|hold|lend)\b",
    r"(?:is|are) there (?=an?\b|any\b|the\b|copies\b)",
    r"(?:(?:i'?m|i am|we'?re|we are) )?(?:looking|searching) for\b",
    r"(?:i|we)(?:'d| would)? (?:want|need|like|wish)\b(?: to (?:read|borrow|find|get|see|have))?",
    r"(?:show|find|give) me\b", r"who has\b", r"search(?: for)?\b",
    rf"(?:(?:an?|any|some|the|good|best) )*{_COPY} (?:about|on|by|from|regarding)\b",
    r"(?:(?:an?|any|some|the) )*(?:copy|copies) of\b",
    # German
    r"(?:hallo|bitte)\b[\s,]*",
    r"wo (?:kann|finde|bekomme|gibt)(?: (?:ich|man|wir|es))?\b",
    r"(?:haben|hat|habt) (?:sie|ihr|jemand)\b", r"gibt es\b", r"ich (?:suche|möchte|brauche|will)\b",
    r"(?:(?:ein|das|die|gute) )*(?:bücher|buch|romane?|literatur) (?:über|von|zu|zum|zur)\b",
    # French
    r"(?:bonjour|s'il vous plaît)\b[\s,]*",
    r"où (?:puis-je|peut-on|est-ce que je peux) (?:trouver|emprunter|lire|acheter)\b",
    r"(?:avez|auriez)[- ]vous\b", r"je (?:cherche|veux|voudrais|recherche)(?: (?:lire|emprunter|trouver))?\b",
    r"(?:(?:un|des|le|les) )*(?:livres?|romans?|ouvrages?) (?:sur|de|d'|par)",
    # Spanish and Italian
    r"(?:dónde|donde) (?:puedo|se puede) (?:encontrar|leer|pedir prestado)\b", r"(?:tienen|hay|busco|quiero leer)\b",
    r"(?:(?:un|una|los|el) )*(?:libros?|novelas?) (?:sobre|de|por|acerca de)\b",
    r"(?:cerco|avete|dove posso trovare)\b", r"(?:(?:un|il|i|dei) )*(?:libr[io]|romanz[io]) (?:su|di|sulla?|sul)\b",
    # Russian
    r"(?:где (?:можно )?(?:взять|найти|почитать|купить)|ищу|хочу (?:почитать|прочитать))\b",
    r"книг[аиу] (?:о|об|про)\b",
    # Chinese
    r"(?:请问|請問|你好)[，,\s]*", r"(?:我)?(?:想要?|需要|要)(?:借阅|借|看|找|读|讀|買|买)(?:一?本)?",
    r"(?:在)?(?:哪里|哪儿|哪裡|哪)(?:可以|能|可|有)?(?:借阅|借|看到?|找到?|买到?)?(?:到)?",
    r"(?:有没有|有沒有|怎么借|怎樣借)", r"(?:关于|關於|介绍|介紹)",
)  # fmt: skip
_AFTER = (
    r"(?:please|thanks|thank you|right now|now|today|tonight|tomorrow|nearby|online|pdf|epub|ebooks?)",
    r"(?:books?|novels?|audiobooks?|paperback|hardback|hardcover|full text|free download|download)",
    r"near (?:me|here|by|(?:the |my )?(?:station|home|school|university|work|centre|center))",
    r"(?:to|for) (?:borrow|loan|read)",
    r"in (?:the|my|a|your) library", r"(?:is |are )?(?:available|in stock)", r"written by",
    r"(?:ausleihen|leihen|finden|kaufen|lesen|bitte|heute|buch|bücher|roman)", r"in (?:der|meiner) (?:nähe|bibliothek)",
    r"(?:s'il vous plaît|aujourd'hui|livres?|près d'ici)", r"(?:libros?|novela|hoy|cerca de mí|per favore|libr[io])",
    r"(?:сегодня|рядом|книг[аи]|пожалуйста)",
    r"(?:的书|的書|这本书|這本書|一书|一書)", r"(?:在)?(?:哪里|哪儿|哪裡|哪)(?:可以|能|可)?(?:借阅|借|看|有|买)?到?",
    r"(?:有吗|有嗎|吗|嗎|呢)",
)  # fmt: skip
_NEAR = r"(?:near|close to|next to|in)(?: (?!and\b|or\b)\w+){1,3}"
"""A place, where the question begins with asking."""
_FIRST = re.compile(rf"^[\s\W]*(?:{'|'.join(_BEFORE)})", re.IGNORECASE)
_BOOK = re.compile(
    r"^(?:the )?(?:book|novel|buch|roman|livre|libro|novela|книга)\s+(?!of\b|about\b|de\b|von\b)"
    r"|\s+(?:the )?(?:books?|novels?|buch|roman|livre|libro|novela|paperback|hardcover|книга)$"
    r"|(?:这本书|這本書|一书|一書)$",
    re.IGNORECASE,
)
_SPLIT = r"(?:(?<=[\s\W])|(?<=[\u3400-\u9fff]))"
_LAST = re.compile(rf"{_SPLIT}(?:{'|'.join(_AFTER)})[\s\W]*$", re.IGNORECASE)
_LAST_OR_PLACE = re.compile(rf"{_SPLIT}(?:{'|'.join(_AFTER)}|{_NEAR})[\s\W]*$", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(?:books?|vol(?:ume)?s?|part|no|number|nr|band|teil|tome|tomo|книга|том)\b\.? *#?(?=\d)", re.IGNORECASE
)
_LEFT = re.compile(r"^(?:an?|the|some|any|ein(?:e|en)?|der|die|das|den|le|la|les|un|une|el)\s+(?=\S)", re.IGNORECASE)
_MOST = 6
"""Rounds: hello + where can I find + a copy of."""


def without_asking(text: str) -> list[str]:
    """A question without the words around what is asked for, the longest first; nothing where there are none.

    What stands before is left out first: what stands after may be the end of a title.
    """
    begun = _stripped(text, _FIRST)
    ended = _stripped(begun, _LAST if begun == text else _LAST_OR_PLACE)
    found = (" ".join(_NUMBERED.sub("", left).split()) for left in (begun, ended))
    asked = re.findall(r"\w+", text)
    return [left for left in dict.fromkeys(found) if (words := re.findall(r"\w+", left)) and words != asked]


def without_book(text: str) -> str:
    """A question without a "book" or "novel" at its end or beginning; "" where there is none, or one word is left.

    "Song book" and "domesday book" are asked for as often as the book of one word; a year or number is a title.
    """
    left = _BOOK.sub("", text.strip(" \t.,;:!?"))
    words = re.findall(r"\w+", left)
    enough = (len(words) > 1 and title_key(left).count(" ") > 0) or left.isdigit() or re.search("[\u3400-\u9fff]", left)
    return left if words and enough and words != re.findall(r"\w+", text) else ""


def _stripped(text: str, around: re.Pattern[str]) -> str:
    for _ in range(_MOST):
        shorter = around.sub("", text).strip(" \t,.;:!?？。，")
        if shorter == text or not re.search(r"\w", shorter):
            break
        text = _LEFT.sub("", shorter) if around is _FIRST else shorter
    return text
