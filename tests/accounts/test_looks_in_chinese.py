"""What a look finds is told in the language of the page: every sentence of the harvest, and what real looks say."""

from __future__ import annotations

import ast
import html
import re
import string
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvester.probe
from harvester.formats import csv_plan
from harvester.protocols import csv_file, marc_file
from schemas import hours, institution_edit, institution_rules, registration
from schemas.registration import Proposal
from schemas.said import Said, english, phrase_of, say
from search_api.accounts import registering
from search_api.availability import items, targets
from search_api.messages import catalogue
from search_api.web.sentences import told
from store import accounts, registrations

PROBE = Path(harvester.probe.__file__).parent
FILES = [*sorted(PROBE.glob("*.py")), Path(csv_file.__file__)]
ENTRY = [
    *sorted(Path(hours.__file__).parent.glob("hours*.py")),
    *(Path(module.__file__) for module in (institution_rules, institution_edit, items, targets)),
]
"""What speaks of hours, entries and states that were typed on a page."""
NOT_ON_PAGES = {"first_look.py", "endpoints.py"}
NO_SENTENCES = {
    "cut off", "cannot be reached", "with care", "PowerPoint Document", "Dublin Core", "qualified Dublin Core",
    "holdings record",
    "{id: row, constants: {title: '-'}}",
}  # fmt: skip
PATTERNS = re.compile(r"\|.*\||\w\|\w|\|<")


def sentences(source: str) -> set[str]:
    """Texts of a module that are said: no docstrings, parts of other texts, or patterns."""
    tree = ast.parse(source)
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.JoinedStr):
            calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            left_out |= set() if calls else {id(part) for part in ast.walk(node)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in left_out
             and isinstance(node.value, str) and " " in node.value.strip()}  # fmt: skip
    return {text for text in texts if not PATTERNS.search(text)} - NO_SENTENCES


def known(text: str) -> str:
    texts = catalogue("zh")
    return str(texts.get(f"look.{text}") or texts.get(f"look.{phrase_of(text).text}") or "")


@pytest.mark.parametrize("file", [file for file in FILES if file.name not in NOT_ON_PAGES], ids=lambda file: file.name)
def test_every_sentence_of_a_look_is_translated_with_its_values(file: Path) -> None:
    for text in sentences(file.read_text()):
        chinese = known(text)
        assert chinese, f"{file.name} says {text!r}, which search_api/messages/zh/look.yaml does not have"
        if chinese == catalogue("zh").get(f"look.{text}"):
            fields = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in (text, chinese)]
            assert fields[0] == fields[1], text


@pytest.mark.parametrize("file", ENTRY, ids=lambda file: file.name)
def test_every_sentence_about_an_entry_is_translated_with_its_values(file: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id == "say":
            text = ast.literal_eval(call.args[0])
            chinese = known(text)
            assert chinese, f"{file.name} says {text!r}, which search_api/messages/zh/look.yaml does not have"
            fields = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in (text, chinese)]
            assert fields[0] == fields[1], text


def test_no_translation_is_left_over() -> None:
    said = {
        text
        for file in (*FILES, *ENTRY, Path(csv_plan.__file__), Path(marc_file.__file__))
        for text in sentences(file.read_text())
    }
    said |= {phrase_of(text).text for text in said}
    words = [key.removeprefix("look.") for key in catalogue("zh") if key.startswith("look.") and " " in key[5:].strip()]
    made = [word for word in words if word not in said]
    source = "".join(
        file.read_text()
        for file in (*FILES, *ENTRY, *map(Path, (registering.__file__, registration.__file__, csv_plan.__file__)))
    )
    for word in made:  # put together of others: "a file of {name} records"
        assert all(
            part in source for part in re.split(r"(?:MODS|LIDO|EAD|RDF|, or |, and |qualified Dublin Core)", word)
        ), word


def test_sentences_within_sentences() -> None:
    words = say("it is {kind}, not what {name} files are", kind="a web page", name="<csv>")
    assert words == "it is a web page, not what <csv> files are"
    assert isinstance(words, Said)
    assert english(words.phrase) == words
    assert told(words, words.phrase, "zh") == "这是网页，不是 <bdi>&lt;csv&gt;</bdi> 文件"
    assert told(words, words.phrase, "en") == "it is a web page, not what &lt;csv&gt; files are"
    assert told("a {new} <word>", None, "zh") == '<span lang="en">a {new} &lt;word&gt;</span>'
    doubts = say(
        "{words}; but {doubts}", words=say("it has no records"), doubts=[say("it has no sets"), say("(not said)")]
    )
    assert told(doubts, doubts.phrase, "zh") == "没有记录；但是它没有集合；（未说明）"


def looked_at(browser: Any, **sent: Any) -> str:
    answer = browser.post("/register?lang=zh", **sent)
    assert answer.status_code == 303, answer.text
    for _ in range(600):
        page = browser.get(answer.headers["location"])
        if "http-equiv" not in page.text:
            return str(page.text)
        time.sleep(0.05)
    raise AssertionError("the look did not end")


def steps(page: str) -> str:
    found = re.search(r'<ul class="steps">(.*?)</ul>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_a_server_that_works_is_told_in_chinese_only(visitor: Any, library: Any) -> None:
    page = looked_at(visitor(), data={"address": library.home})
    assert 'lang="en"' not in steps(page)
    assert "OAI-PMH 服务器位于" in page
    assert "查看的 7 条记录中有 7 条可以读取" in page


def test_what_is_wrong_with_a_server_is_told_in_chinese(visitor: Any, library: Any) -> None:
    library.oai.items[2] = replace(library.oai.items[2], metadata="<x/>")
    right = library.oai.right
    library.oai.right = lambda asked: (
        b"<OAI-PMH><error" if "resumptionToken" in asked or asked["verb"] == "ListSets"
        else right(asked).replace(b"<protocolVersion>2.0", b"<protocolVersion>1.1")
    )  # fmt: skip
    page = looked_at(visitor(), data={"address": library.url})
    assert "其协议版本是 <bdi>1.1</bdi>，不是 2.0" in page
    assert "它没有列出集合：其应答无法读取：" in steps(page)
    mixed = re.findall(r'<span lang="en">(.*?)</span>', steps(page))
    assert mixed  # what only the reader of the answer can say stays as it is, and is marked
    assert all(page.partition(words)[0].endswith('：<span lang="en">') for words in map(html.escape, mixed)), mixed


def test_files_are_told_in_chinese(visitor: Any) -> None:
    table = b"id,title,shelf mark of old\n1,Harbours,x\n2,,y\n"
    page = looked_at(visitor(), data={"address": ""}, files={"file": ("b.csv", table, "text/csv")})
    assert "这是表格（CSV）" in page
    assert 'lang="en"' not in steps(page)
    problems = html.unescape(page[page.index('id="problems"') : page.index("</table>")])
    assert "没有题名" in problems
    bare = {"file": ("b.csv", b"Nr;Was\n1;Harbours\n", "text/csv")}
    page = looked_at(visitor("203.0.113.11"), data={"address": ""}, files=bare)
    assert "没有识别出题名" in steps(page)
    assert 'lang="en"' not in steps(page)
    page = looked_at(
        visitor("203.0.113.10"), data={"address": ""}, files={"file": ("a.pdf", b"%PDF-1.4 x", "text/csv")}
    )
    assert "PDF 文档" in steps(page)
    assert "请索取目录本身" in steps(page)


def test_what_speaks_against_an_act_is_told_in_chinese(person: Any, context: Any) -> None:
    ada = person("ada@example.org", north="editor")
    with context.database.begin() as connection:
        number = accounts.by_email(connection, "ada@example.org").number
        wanted = Proposal(location="https://n.example/oai", protocol="oai", format="oai_dc", institution="north")
        made = registrations.add(connection, number, "probed", wanted)
    page = f"/registrations/{made.id}"
    assert "此操作已不可行" in ada.post(f"{page}/pause?lang=zh").text
    assert "That is not possible any more" in ada.post(f"{page}/pause").text
    assert "撤出的内容已永久删除" in ada.post(f"{page}/return?lang=zh").text
    with context.database.begin() as connection:
        registering.proven(connection, context.settings, made, "vouched", "boss@example.org")
        registering.pause(connection, made, "lampway", reason=registration.PROOF_MISSING)
    assert "缺少控制权证明" in ada.get(f"{page}?lang=zh").text
    answer = ada.post("/i/north/entry?lang=zh", data={"opening_hours": "now and then", "email": "nobody"})
    assert answer.status_code == 422
    assert "无法理解此开放时间" in answer.text
    assert "这不是邮箱地址" in answer.text
    assert "其中没有说明何时开放（第 1 个字符）；请按 OSM 的写法" in answer.text
    assert '<span lang="en">' not in answer.text
    answer = ada.post("/i/north/entry?lang=zh", data={"first-1": "2026-12-24", "last-1": "2026-12-20"})
    assert "结束早于开始" in answer.text
    answer = ada.post("/i/north/availability?lang=zh", data={"thing": "<nothing>", "state": "available"})
    assert answer.status_code == 422
    assert "没有记录 <bdi>&lt;nothing&gt;</bdi>" in answer.text
    plain = ada.post("/i/north/entry", data={"opening_hours": "now and then"}).text
    assert "write it as in OSM" in plain
    assert "{why}" not in plain
