"""OAI-PMH pages made beforehand and a small server for them, in a process of its own: the harvest benchmark's source.

The records are written here from word lists, in the sizes of real ones: oai_dc about 2 KB and 25 elements, MARCXML
about 4 KB and 80 elements.
"""

from __future__ import annotations

import random
import socket
import ssl
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import certifi
import trustme


def _words(text: str) -> list[str]:
    return text.split()


LATIN = _words(
    "history library archive manuscript letters collection survey parish town council records "
    "maps plans photographs portrait landscape church bridge harbour railway journey notes on "
    "the of and in a from with studies modern ancient medieval royal society proceedings annual "
    "report volume edition revised illustrated catalogue museum "
)
GERMAN = _words("Geschichte der Stadt und des Landes Bücher Größe für Übersicht Österreich Beiträge zur Musik Gemälde ")
FRENCH = _words("histoire générale de la bibliothèque éléments recueil œuvres complètes siècle forêt château évêque ")
FINNISH = _words("kirjasto kokoelma valokuva käsikirjoitus näyttely yhdistys pöytäkirja työväen yliopisto järvi ")
RUSSIAN = _words("история библиотека рукопись собрание сочинений каталог выставка портрет город музей")
CHINESE = _words("圖書館目錄 中國古籍善本 歴史研究 民國時期 地方志 书法 考古學報告 文学全集")
LANGUAGES = ["eng"] * 55 + ["ger"] * 15 + ["fre"] * 12 + ["fin"] * 8 + ["rus"] * 6 + ["chi"] * 4
WORDS = {"eng": LATIN, "ger": GERMAN, "fre": FRENCH, "fin": FINNISH, "rus": RUSSIAN, "chi": CHINESE}
NAMES = _words("Smith Müller García Dubois Virtanen Иванов Nguyễn O'Brien Šimić Rossi Andersson Wang")
GIVEN = _words("Anna José Pekka Élise Олег Hans Mary Thị Seán Marija Jürgen Chiara Lars Wei")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><responseDate>2026-11-01T00:00:00Z</responseDate>'
    '<request verb="ListRecords">http://127.0.0.1/oai</request>'
)
NAMESPACES = {"oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/", "marcxml": "http://www.loc.gov/MARC21/slim"}


def record(format_: str, number: int) -> str:
    """One <record>; every fiftieth is deleted."""
    dice = _Dice(number * 2654435761 % 2**32)
    dice.language = dice.choice(LANGUAGES)
    dead = number % 50 == 49
    status = ' status="deleted"' if dead else ""
    header = (
        f"<header{status}><identifier>oai:bench.example.org:{number}</identifier>"
        f"<datestamp>20{dice.randint(10, 25)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}T08:30:00Z</datestamp>"
        f"<setSpec>col_{number % 7}</setSpec></header>"
    )
    body = "" if dead else f"<metadata>{(_dc if format_ == 'oai_dc' else _marc)(dice, number)}</metadata>"
    return f"<record>{header}{body}</record>"


class _Dice(random.Random):
    """Chance with a language."""

    language = "eng"


def _some(dice: _Dice, low: int, high: int) -> str:
    words = WORDS[dice.language]
    return " ".join(dice.choice(words) for _ in range(dice.randint(low, high)))


def _person(dice: _Dice) -> str:
    return f"{dice.choice(NAMES)}, {dice.choice(GIVEN)}"


def _dc(dice: _Dice, number: int) -> str:
    fields = [("title", _some(dice, 4, 12)), *(("creator", _person(dice)) for _ in range(dice.randint(1, 3)))]
    fields += [("subject", _some(dice, 1, 4)) for _ in range(dice.randint(4, 8))]
    fields += [("description", _some(dice, 40, 110)), ("publisher", _some(dice, 1, 3)), ("contributor", _person(dice))]
    fields += [("date", str(dice.randint(1850, 2024))), ("type", "Text"), ("format", "application/pdf")]
    fields += [
        ("identifier", f"https://bench.example.org/{number}"),
        ("identifier", f"doi:10.5555/x.{number}"),
        ("identifier", f"ISBN {_isbn(number)}"),
        ("source", _some(dice, 3, 8)),
        ("language", dice.language),
        ("relation", f"https://bench.example.org/rel/{number % 999}"),
        ("coverage", _some(dice, 1, 3)),
        ("rights", "https://creativecommons.org/licenses/by/4.0/"),
    ]
    inner = "\n".join(f"<dc:{name}>{escape(value)}</dc:{name}>" for name, value in fields)
    return (
        f'<oai_dc:dc xmlns:oai_dc="{NAMESPACES["oai_dc"]}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ '
        f'http://www.openarchives.org/OAI/2.0/oai_dc.xsd">\n{inner}\n</oai_dc:dc>'
    )


def _marc(dice: _Dice, number: int) -> str:
    year, language = dice.randint(1850, 2024), dice.language
    control = [
        ("001", f"{number:09d}"),
        ("003", "BENCH"),
        ("008", f"920219s{year}    fi            000 0 {language}  "),
    ]
    data: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("020", "  ", [("a", _isbn(number)), ("q", "pbk.")]),
        ("035", "  ", [("a", f"(BENCH){number:09d}")]),
        ("040", "  ", [("a", "BENCH"), ("b", "eng"), ("e", "rda")]),
        ("041", "0 ", [("a", language)]),
        ("082", "04", [("a", f"{number % 999:03d}.5"), ("2", "23")]),
        ("100", "1 ", [("a", _person(dice) + ","), ("d", "1921-1999,"), ("e", "author.")]),
        ("245", "10", [("a", _some(dice, 3, 8) + " :"), ("b", _some(dice, 2, 7) + " /"), ("c", _person(dice) + ".")]),
        ("264", " 1", [("a", "Helsinki :"), ("b", _some(dice, 1, 3) + ","), ("c", f"{year}.")]),
        ("300", "  ", [("a", f"{dice.randint(20, 800)} p. :"), ("b", "ill. ;"), ("c", "24 cm.")]),
        ("336", "  ", [("a", "text"), ("b", "txt"), ("2", "rdacontent")]),
        ("337", "  ", [("a", "unmediated"), ("b", "n"), ("2", "rdamedia")]),
        ("338", "  ", [("a", "volume"), ("b", "nc"), ("2", "rdacarrier")]),
        ("490", "1 ", [("a", _some(dice, 2, 5) + " ;"), ("v", str(dice.randint(1, 90)))]),
        ("500", "  ", [("a", _some(dice, 5, 20) + ".")]),
        ("520", "  ", [("a", _some(dice, 20, 60) + ".")]),
    ]
    data += [
        ("650", " 7", [("a", _some(dice, 1, 4)), ("2", "yso"), ("0", f"http://example.org/p{number % 3000}")])
        for _ in range(dice.randint(2, 5))
    ]
    data += [
        ("700", "1 ", [("a", _person(dice) + ","), ("e", "editor.")]),
        ("710", "2 ", [("a", _some(dice, 2, 5) + ".")]),
        ("856", "40", [("u", f"https://bench.example.org/{number}"), ("y", "Link")]),
        ("852", "  ", [("a", "BENCH"), ("b", f"H{number % 90}"), ("h", f"{number % 90}.{number % 9}")]),
    ]
    lines = ["<leader>01142cam a2200301 a 4500</leader>"]
    lines += [f'<controlfield tag="{tag}">{escape(value)}</controlfield>' for tag, value in control]
    for tag, indicators, fields in data:
        inner = "".join(f'<subfield code="{code}">{escape(value)}</subfield>' for code, value in fields)
        lines.append(f'<datafield tag="{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">{inner}</datafield>')
    return f'<record xmlns="{NAMESPACES["marcxml"]}" type="Bibliographic">\n' + "\n".join(lines) + "\n</record>"


def _isbn(number: int) -> str:
    body = f"978{number % 10**9:09d}"
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10
    return f"{body}{check}"


def pages(format_: str, total: int, size: int) -> list[bytes]:
    """All pages of a list, with tokens that are page numbers."""
    made = []
    for start in range(0, total, size):
        inner = "\n".join(record(format_, number) for number in range(start, min(start + size, total)))
        token = str(start // size + 1) if start + size < total else ""
        token = f'<resumptionToken completeListSize="{total}" cursor="{start}">{token}</resumptionToken>'
        made.append(f"{HEAD}<ListRecords>\n{inner}\n{token}</ListRecords></OAI-PMH>\n".encode())
    return made


def serve(total: int, size: int, formats: Sequence[str], folder: Path | None = None) -> None:
    """Serve ``/oai_dc`` and ``/marcxml`` on a free port, which is printed, until standard input ends.

    Args:
        total: records of each list.
        size: records of a page.
        formats: which of the two.
        folder: speak https, and write ``bundle.pem`` there: the usual authorities and our own.
    """
    ready = {format_: pages(format_, total, size) for format_ in formats}
    tls = _certified(folder) if folder else None
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)

    def answer(format_: str, arguments: dict[str, list[str]]) -> bytes:
        verb = arguments.get("verb", [""])[0]
        if verb == "ListRecords":
            return ready[format_][int(arguments.get("resumptionToken", ["0"])[0])]
        if verb == "ListMetadataFormats":
            inner = (
                f"<metadataFormat><metadataPrefix>{format_}</metadataPrefix><schema>x</schema><metadataNamespace>"
                f"{NAMESPACES[format_]}</metadataNamespace></metadataFormat>"
            )
        else:
            inner = (
                "<repositoryName>Bench</repositoryName><deletedRecord>persistent</deletedRecord>"
                "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity>"
            )
        return f"{HEAD}<{verb}>{inner}</{verb}></OAI-PMH>".encode()

    def talk(connection: socket.socket) -> None:
        if tls:
            connection = tls.wrap_socket(connection, server_side=True)
        # Who asks may be killed while we answer.
        with suppress(ConnectionError), connection, connection.makefile("rb") as lines:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while request := lines.readline():
                while lines.readline().strip():
                    pass
                target = urlsplit(request.split()[1].decode())
                body = answer(target.path.strip("/"), parse_qs(target.query))
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                )

    def accept() -> None:
        while True:
            threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def _certified(folder: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "own.pem"))
    (folder / "bundle.pem").write_text(Path(certifi.where()).read_text() + (folder / "own.pem").read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


if __name__ == "__main__":
    count, page_size, format_names, *where = sys.argv[1:]
    serve(int(count), int(page_size), format_names.split(","), Path(where[0]) if where else None)
