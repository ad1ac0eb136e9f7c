"""Words about opening hours in several languages, and the tokens of a text that speaks of them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal[
    "days", "holidays", "months", "time", "to", "and", "end", "closed", "appointment", "always", "except", "school",
    "last", "ordinal", "noise", "other",
]  # fmt: skip
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "zh")
WEEK = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

_DAY_NAMES = {
    "en": "mondays? mon mo/tuesdays? tues? tu/wednesdays? weds? we/thursdays? thurs? thur? th/fridays? fri fr"
    "/saturdays? sat sa/sundays? sun su",
    "de": "montags? mo/dienstags? di/mittwochs? mi/donnerstags? do/freitags? fr/samstags? sonnabends? sa"
    "/sonntags? sonn so",
    "fr": "lundis? lun lu/mardis? mar ma/mercredis? mer me/jeudis? jeu je/vendredis? ven ve/samedis? sam sa"
    "/dimanches? dim di",
    "es": "lunes lun/martes mar/miercoles mie/jueves jue/viernes vie/sabados? sab/domingos? dom",
    "it": "lunedi lun/martedi mar/mercoledi mer/giovedi gio/venerdi ven/sabato sab/domenica dom",
    "nl": "maandags? ma/dinsdags? di/woensdags? wo/donderdags? do/vrijdags? vr/zaterdags? za/zondags? zo",
    "pt": "segundas?(?:-feiras?)? seg/tercas?(?:-feiras?)? ter/quartas?(?:-feiras?)? qua/quintas?(?:-feiras?)? qui"
    "/sextas?(?:-feiras?)? sex/sabados? sab/domingos? dom",
    "zh": "/".join(f"(?:周|週|星期|礼拜|禮拜){day}" for day in ("一", "二", "三", "四", "五", "六", "[日天]")),
}
_GROUPS = {
    range(7): "daily|every ?day|all week|7 days(?: a week)?|taglich|jeden tag|tous les jours|todos los dias|diario"
    "|tutti i giorni|dagelijks|todos os dias|每天|每日",
    range(5): "weekdays|weekday|working days|werktags|jours ouvrables|laborables|giorni feriali|werkdagen|工作日",
    (5, 6): "weekends?|am wochenende|wochenenden?|week-?ends?|fines? de semana|周末|週末|双休日|周六日",
}
_MONTH_NAMES = (
    "january|jan|januar|janvier|enero|gennaio|januari|janeiro",
    "february|feb|februar|fevrier|febrero|febbraio|februari|fevereiro",
    "march|marz|mars|marzo|maart|marco", "april|apr|avril|abril|aprile", "may|mai|mayo|maggio|mei|maio",
    "june|jun|juni|juin|junio|giugno|junho", "july|jul|juli|juillet|julio|luglio|julho",
    "august|aug|aout|agosto|augustus", "september|sept|sep|septembre|septiembre|settembre|setembro",
    "october|oct|oktober|okt|octobre|octubre|ottobre|outubro", "november|nov|novembre|noviembre|novembro",
    "december|dec|dezember|dez|decembre|diciembre|dicembre|dezembro",
)  # fmt: skip
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("always", r"24 ?/ ?7|(?:open )?24 ?-?(?:hours|hrs|h|stunden|heures|horas|ore|uur)(?! ?\d)(?: a day)?"
     r"|round the clock|rund um die uhr|全天|24小时"),
    ("appointment", "(?:open )?by(?: prior)? (?:appointment|arrangement)(?: only)?|nach (?:vereinbarung|absprache)"
     "|auf anfrage|sur (?:rendez-vous|rdv)|con cita(?: previa)?|su appuntamento|op afspraak|预约"),
    ("school", "school holidays|term ?time|(?:schul)?ferien|vacances(?: scolaires)?|schoolvakanties|寒暑假|寒假|暑假"),
    ("holidays", "(?:(?:and|und|et|on) )?(?:public|bank|national|legal|statutory|federal) holidays?|holidays?"
     "|(?:gesetzliche )?feiertagen?|feiertags|(?:jours )?feries?|festivos|(?:giorni )?festivi|feestdagen|feriados|ph"
     "|法定节假日|国家法定节假日|节假日|公众假期|节日"),
    ("closed", "closed|shut|off|geschlossen|ruhetag|ferme(?:e|es|s)?|cerrado|chius[oai]|gesloten|fechado"
     "|闭馆|休馆|不开放|休息|关闭|閉館"),
    ("last", "last (?:entry|admission|entrance)|letzter einlass|derniere (?:entree|admission)"
     "|ultima (?:entrada|admision)|ultimo ingresso|laatste toegang|停止入[馆場场]|最后入[馆場场]|停止检票"),
    ("except", "except(?: for)?|ausser|sauf|excepto|salvo|eccetto|tranne|behalve|exceto"),
    ("to", "to|until|till?|through|thru|bis|a|au|al|alle|hasta|tot(?: en met)?|t/m|ate|as|至|到"),
    ("and", "and|und|et|y|e|en|sowie|ed|or|oder|ou|和|及|与"),
    ("noise", "open(?:s|ing|ed)?|hours?|times?|from|on|at|the|only|every|each|of|geoffnet|offnungszeiten|von|vom|uhr"
     "|am|jeweils|ouvert(?:e|ure)?|horaires?|de|du|le|les|des|abierto|horarios?|los|las|el|del|aperto|orari[o]?|dal"
     "|dalle|dalla|ore|il|van|om|uur|openingstijden|aberto|das|hrs|h|daily hours|library|museum|星期|开放时间|开放"
     "|开馆时间|开馆|营业时间|时间|对外"),
)  # fmt: skip
_TIME = (
    r"(?:(?P<zh>上午|早上|下午|晚上|中午|晚)\s*)?(?P<hour>\d{1,2})(?!\d)"
    r"(?:(?:[:.点點时時]|\s?h\s?)(?P<minute>[0-5]\d)(?!\d)分?|[点點时時](?P<half>半)?)?(?::[0-5]\d(?!\d))?"
    r"(?:\s*(?P<half_day>[ap]\.?\s?m\b\.?|(?<=\d)[ap]\b))?(?:\s*(?:uhr|h)\b)?"
    r"|(?P<military>[0-2]\d[0-5]\d)(?!\d)(?:\s*(?:h|hrs|hours)\b)?"
    r"|(?P<noon>\bnoon\b|\bmidday\b|\bmittags?\b|\bmidi\b)|(?P<midnight>\bmidnight\b|\bmitternacht\b|\bminuit\b)"
)


class Token(NamedTuple):
    """One meaning in a text, with its place."""

    kind: Kind
    start: int
    text: str
    days: tuple[int, ...] = ()
    """Weekdays (0 = Monday), or the month (1..12)."""
    minutes: int = 0
    """Of a time: minutes since midnight as written."""
    half: Literal["", "am", "pm"] = ""
    plain: bool = False
    """The time is written without a leading zero or with an hour up to 12, so it may mean the afternoon."""


def folded(text: str) -> str:
    """The text in lower case without accents and typographic variants, character for character."""
    return "".join(_fold(character) for character in text)


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    if character in "–—―‐‑‒−－~～〜":
        return "-"
    plain = unicodedata.normalize("NFKD", character)[:1].lower()
    if len(plain) != 1:
        return character
    return {"，": ",", "、": ",", "；": ";", "：": ":", "。": ";", "ß": "s", "\t": " ", "\r": " "}.get(plain, plain)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {language: re.compile(_pattern(language)) for language in LANGUAGES}


def _pattern(language: str) -> str:
    parts = [rf"(?P<{kind}>{_bounded(words)})" for kind, words in _KINDS[:3]]
    parts += [rf"(?P<group{place}>{_bounded(words)})" for place, words in enumerate(_GROUPS.values())]
    days = _DAY_NAMES[language].split("/")
    parts += [rf"(?P<day{place}>{_bounded(words.replace(' ', '|'))}\.?)" for place, words in enumerate(days)]
    if language != "zh":
        parts += [rf"(?P<zhday{place}>{words})" for place, words in enumerate(_DAY_NAMES["zh"].split("/"))]
    parts += [rf"(?P<month{place}>{_bounded(words)}\.?)" for place, words in enumerate(_MONTH_NAMES, 1)]
    parts += [r"(?P<ordinal>\d{1,2}(?:st|nd|rd|th|er)\b)", rf"(?P<time>{_TIME})"]
    parts += [rf"(?P<{kind}>{_bounded(words)})" for kind, words in _KINDS[3:]]
    parts += [r"(?P<bare>[一二三四五六日天](?!月|号))", r"(?P<dash>-)", r"(?P<list>[,&/+])", r"(?P<stop>[;|\n()])"]
    parts += [r"(?P<mark>[^\w\s])", r"(?P<word>[^\W\d_]+|\w)"]
    return "|".join(parts)


def _bounded(words: str) -> str:
    """Latin words end where they end; Chinese ones stand beside each other."""
    latin = "|".join(word for word in words.split("|") if word.isascii())
    other = "|".join(word for word in words.split("|") if not word.isascii())
    return "|".join(part for part in (rf"\b(?:{latin})\b" if latin else "", other) if part)


def tokens(text: str, language: str = "") -> list[Token]:
    """The meanings in a text; without a language, in the one that knows most of its words."""
    plain = folded(text)
    if language or not any(character.isalpha() for character in plain):
        return _tokens(plain, language or "en")
    return min((_tokens(plain, tried) for tried in LANGUAGES), key=_strangeness)


def _strangeness(found: list[Token]) -> int:
    return sum(token.kind == "other" for token in found) * 2 - sum(token.kind == "days" for token in found)


def _tokens(plain: str, language: str) -> list[Token]:
    found: list[Token] = []
    for match in _patterns()[language].finditer(plain):
        start, text = match.start(), match[0]
        name = next(group for group in _patterns()[language].groupindex if match[group] is not None)
        if name.startswith(("day", "zhday")):
            found.append(Token("days", start, text, (int(name[-1]),)))
        elif name.startswith("group"):
            found.append(Token("days", start, text, tuple(list(_GROUPS)[int(name[5:])])))
        elif name.startswith("month"):
            found.append(Token("months", start, text, (int(name[5:]),)))
        elif name == "bare" and any(token.kind == "days" for token in found[-3:]):
            found.append(Token("days", start, text, ("一二三四五六日天".index(text) % 7,)))
        elif name == "time":
            found.append(_time(match))
        elif name == "ordinal":
            found.append(Token("ordinal", start, text, minutes=int(text[:-2])))
        elif name == "mark":
            continue
        else:
            kinds = {"dash": "to", "list": "and", "stop": "end", "bare": "other", "word": "other"}
            found.append(Token(kinds.get(name, name), start, text))  # type: ignore[arg-type]  # names of kinds
    return found


def _time(match: re.Match[str]) -> Token:
    start, text = match.start(), match[0]
    if match["noon"] or match["midnight"]:
        return Token("time", start, text, minutes=(12 if match["noon"] else 24) * 60)
    if match["military"]:
        digits = match["military"]
        return Token("time", start, text, minutes=int(digits[:2]) * 60 + int(digits[2:]))
    hour, minute = int(match["hour"]), 30 if match["half"] else int(match["minute"] or 0)
    half: Literal["", "am", "pm"] = ""
    if match["half_day"]:
        half = "am" if match["half_day"].startswith("a") else "pm"
    elif match["zh"]:
        half = "am" if match["zh"] in ("上午", "早上") else "pm"
    plain = not half and not match["hour"].startswith("0") and hour <= 12
    return Token("time", start, text, minutes=hour * 60 + minute, half=half if hour <= 12 else "", plain=plain)
