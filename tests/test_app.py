"""The chat page in a real browser: ask, read the quote, follow up, be refused; hostile text stays text."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from rag import Answer, Answered, Citation, Claim, Delta, Document, Hit, Passage, Retrieved, Settings
from tests.browser import PHONE, browser, expect, playwright, serving, visit
from vectorstore.records import DocumentInfo

__all__ = ["browser", "visit"]  # fixtures

# Gradio's queue summarises its events in ways that pandas 3 deprecates; one server runs in this process.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """`python app.py` on a new index, its first port taken: the lines it prints, the last of which has the address."""
    index = tmp_path_factory.mktemp("page") / "index"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "app.py", "--port", str(port), "--index", str(index)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line.rstrip())
                if "http://" in line:
                    break
            else:
                pytest.fail("app.py ended early:\n" + "\n".join(lines))
            yield lines
        finally:
            process.terminate()
            assert process.wait(10) == 0
            process.stdout.close()


@pytest.fixture
def address(running: list[str]) -> str:
    return re.search(r"http://\S+", running[-1])[0]


def get(url: str, path: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of one request, its path sent as it is."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}
    finally:
        connection.close()


def scrolls_sideways(page: playwright.Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.browser
def test_ask_read_follow_up_and_be_refused(address: str, visit) -> None:
    seen = visit(address)
    page = seen.page
    assert page.locator(".wj-ask").first.inner_text() == "量子院位于哪里？"

    page.locator(".wj-ask").first.click()
    first = page.locator('.wj-turn[data-turn="0"][aria-busy="false"]')
    expect(first.locator(".wj-text")).to_contain_text("中关村软件园")
    expect(first.locator(".wj-grounding")).to_have_text(re.compile(r"^(\d+)/\1 句有据 · 内置回答$"))
    mark = page.locator("#wj-source-0-1 mark")
    expect(mark.first).to_contain_text("中关村软件园")

    first.locator(".wj-chip").first.click()
    expect(page.locator(".wj-reader mark").first).to_contain_text("中关村软件园")
    expect(page.locator(".wj-reader mark").first).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator(".wj-reader")).to_be_hidden()

    second = seen.ask("它有多少全职科研人员？")
    expect(second.locator(".wj-understood")).to_contain_text("量子院")
    expect(second).to_contain_text("217")
    expect(page.locator("#wj-source-0-1")).to_be_hidden()
    first.locator(".wj-chip").first.click()
    expect(page.locator("#wj-source-0-1")).to_be_visible()

    refused = seen.ask("红烧肉怎么做？")
    expect(refused.locator(".wj-refusal")).to_contain_text("没有")
    expect(refused.locator(".wj-chip")).to_have_count(0)
    assert page.locator(".wj-section:not([hidden]) mark").count() == 0

    page.locator("#wj-new").click()
    expect(page.locator(".wj-welcome")).to_be_visible()
    expect(page.locator(".wj-turn")).to_have_count(0)
    seen.assert_quiet()


def remove_document(page: playwright.Page, name: str) -> None:
    """Remove a document in the list, which asks once more."""
    remove = page.locator(".wj-documents > li").filter(has_text=name).locator(".wj-remove")
    remove.click()
    expect(remove).to_have_text("确认移除")
    remove.click()


@pytest.mark.browser
def test_add_ask_replace_and_remove_a_document(address: str, visit, tmp_path: Path) -> None:
    seen = visit(address)
    page = seen.page
    page.get_by_role("tab", name="文档").click()
    note = tmp_path / "食堂通知.txt"
    note.write_text("食堂通知\n\n望京食堂自2024年3月5日起营业，由赵师傅负责。食堂每天供应三百份午餐。\n", "utf-8")
    picture = tmp_path / "照片.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    page.locator(".wj-drop input[type=file]").set_input_files([note, picture])
    expect(page.locator(".wj-documents > li")).to_have_count(3)
    expect(page.locator(".wj-rows .wj-done")).to_contain_text("食堂通知.txt")
    expect(page.locator(".wj-rows .wj-done")).to_contain_text("已收录，1 段")
    expect(page.locator(".wj-rows .wj-failed")).to_contain_text("照片.png")
    expect(page.locator(".wj-rows .wj-failed")).to_contain_text("不支持 .png 文件")

    page.get_by_role("tab", name="提问").click()
    answered = seen.ask("望京食堂由谁负责？")
    expect(answered).to_contain_text("赵师傅")
    page.get_by_role("tab", name="文档").click()

    page.locator(".wj-drop input[type=file]").set_input_files(note)
    expect(page.locator(".wj-rows .wj-done").last).to_contain_text("已经收录过，内容没有变")

    remove_document(page, "食堂通知.txt")
    expect(page.locator(".wj-documents > li")).to_have_count(2)
    seen.assert_quiet()


@pytest.mark.browser
def test_a_file_that_comes_while_the_page_looks_is_followed(address: str, visit, tmp_path: Path) -> None:
    seen = visit(address)
    page = seen.page
    note = tmp_path / "停车通知.txt"
    note.write_text("停车通知\n\n北门停车场每天早上六点开放。\n", "utf-8")
    arrived: list[str] = []
    page.on("response", lambda response: arrived.append(response.url) if "/upload?" in response.url else None)
    late: list[bool] = []

    def answer_late(route: playwright.Route) -> None:
        """What the server said before the file came, said after it came, once."""
        before = route.fetch()
        if not late:
            late.append(True)
            page.locator(".wj-drop input[type=file]").set_input_files(note)
            page.wait_for_timeout(1500)
        route.fulfill(response=before)

    page.route("**/rows?*", answer_late)
    page.reload()
    page.get_by_role("tab", name="文档").click()
    expect(page.locator(".wj-rows .wj-done")).to_contain_text("停车通知.txt")
    assert late and arrived
    page.unroute_all(behavior="ignoreErrors")
    remove_document(page, "停车通知.txt")
    expect(page.locator(".wj-documents > li")).to_have_count(2)
    seen.assert_quiet()


@pytest.mark.browser
def test_a_phone_in_english_and_the_dark(address: str, visit) -> None:
    seen = visit(address, viewport=PHONE, locale="en-GB", color_scheme="dark", has_touch=True)
    page = seen.page
    expect(page.locator("#wj-new")).to_have_text("New chat")
    expect(page.locator(".wj-welcome h2")).to_have_text("Ask your documents")
    assert page.locator("html").get_attribute("lang") == "en"
    assert not scrolls_sideways(page)
    answer = seen.ask("量子院位于哪里？")
    answer.locator(".wj-chip").first.tap()
    expect(page.locator(".wj-reader mark").first).to_be_in_viewport()
    page.locator(".wj-close").tap()
    expect(page.locator(".wj-reader")).to_be_hidden()
    expect(answer.locator(".wj-chip").first).to_be_in_viewport()
    chat, side = [page.locator(name).bounding_box() for name in ("#wj-chat", "#wj-side")]
    assert side["y"] >= chat["y"] + chat["height"]
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor")
        == "rgb(20, 24, 28)"
    )
    assert not scrolls_sideways(page)
    seen.assert_quiet()


@pytest.mark.browser
def test_the_language_switch_changes_everything_and_lasts(address: str, visit) -> None:
    seen = visit(address)
    page = seen.page
    answer = seen.ask("量子院位于哪里？")
    page.locator("#wj-language button").click()
    expect(page.locator("#wj-new")).to_have_text("New chat")
    expect(page.get_by_role("tab", name="Documents")).to_be_visible()
    expect(page.locator("#wj-ask textarea")).to_have_attribute("placeholder", "Ask your documents a question")
    expect(page.locator("#wj-language button")).to_have_text("中文")
    expect(answer.locator(".wj-grounding")).to_have_text("1 of 1 sentence proven · built-in answerer")
    assert page.locator("html").get_attribute("lang") == "en"
    page.reload()
    expect(page.locator("#wj-new")).to_have_text("New chat")
    expect(page.locator(".wj-brand h1")).to_have_text("Wenju")
    seen.assert_quiet()


@pytest.mark.browser
def test_it_says_what_it_does_and_moves_to_a_free_port(running: list[str]) -> None:
    said = "\n".join(running)
    assert "[2/2]" in said
    assert "2 documents are ready." in said
    assert re.search(r"Port \d+ is taken, using \d+ instead", said)


@pytest.mark.browser
def test_events_are_private_and_files_stay_where_they_are(address: str) -> None:
    status, body, headers = get(address, "/gradio_api/info")
    assert (status, json.loads(body)) == (200, {"named_endpoints": {}, "unnamed_endpoints": {}})
    assert "script-src-attr 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    for path in (ROOT / "app.py", ROOT / "seeds" / "004_2cd22e08cb3e0956.txt", Path("/etc/passwd")):
        assert get(address, f"/gradio_api/file={quote(str(path))}")[0] in (403, 404)
    assert get(address, "/gradio_api/file=../../../../etc/passwd")[0] in (400, 403, 404)


HOSTILE = (
    "<img src=x onerror=alert(1)> <script>alert(2)</script> [点](javascript:alert(3)) "
    "![图](http://192.0.2.1/x.png) </mark><iframe src='http://192.0.2.1/'></iframe> {{a}} ${alert(4)} "
    '" onload=alert(5)'
)
NAME = "<img src=x onerror=alert(6)>.txt"
TEXT = f"甲方案写道：{HOSTILE}。乙方案另有说法。"
PASSAGE = Passage("0" * 16 + ":0", "0" * 16, 0, NAME, HOSTILE, TEXT, 0, len(TEXT), None, "2024-01-01")
REPLY = Answer(
    text=f"甲方案写道：{HOSTILE}。[1]",
    refused=False,
    question="",
    standalone_question=HOSTILE,
    short=HOSTILE,
    claims=(Claim(f"甲方案写道：{HOSTILE}。", (1,), True),),
    citations=(Citation(1, NAME, HOSTILE, TEXT[:-8], 0, len(TEXT) - 8, PASSAGE, None, "2024-01-01", (6, 20)),),
    hits=(Hit(PASSAGE, 1.0),),
    model=HOSTILE,
    notice=HOSTILE,
)


class Hostile:
    """An assistant whose documents and model attack the page, slow when asked; the real one writes no such text."""

    def __init__(self, index: Path) -> None:
        self.settings = Settings(index=index)
        self.histories: list[Sequence[tuple[str, str]]] = []
        self.closed = threading.Event()

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo("0" * 16, NAME, NAME, HOSTILE, "2024-01-01", len(TEXT), 1, "")]

    def document(self, document_id: str) -> Document:
        return Document(document_id, NAME, NAME, HOSTILE, TEXT)

    def stream(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Iterator[object]:
        self.histories.append(history)
        yield Retrieved(question, REPLY.hits)
        try:
            for i in range(600 if question == "慢慢说" else 2):
                yield Delta(f"第{i}句。")
                time.sleep(0.05)
        finally:
            self.closed.set()
        yield Delta(HOSTILE)
        yield Answered(REPLY)


@pytest.fixture(scope="module")
def hostile(browser: playwright.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Hostile]]:
    """A page over the hostile assistant, served from this process."""
    assistant = Hostile(tmp_path_factory.mktemp("hostile"))
    with serving(assistant, 17860) as address:
        yield address, assistant


@pytest.mark.browser
def test_hostile_text_is_only_ever_text(hostile: tuple[str, Hostile], visit) -> None:
    seen = visit(hostile[0])
    page = seen.page
    turn = seen.ask(HOSTILE)
    for place in (turn.locator(".wj-question"), turn.locator(".wj-short"), turn.locator(".wj-text")):
        assert HOSTILE in place.inner_text()
    assert HOSTILE in page.locator("#wj-source-0-1").inner_text()
    assert NAME in page.locator("#wj-source-0-1 .wj-meta").inner_text()
    page.get_by_role("tab", name="文档").click()
    expect(page.locator(".wj-documents")).to_contain_text(NAME)
    ours = page.locator(".wj")
    for tag in ("img", "script", "iframe", "a:not([href^='/wenju/'])", "[onerror]", "[onload]", "[onmouseover]"):
        assert ours.locator(tag).count() == 0
    seen.assert_quiet()


@pytest.mark.browser
def test_stopping_keeps_the_draft_and_a_new_chat_ends_it(hostile: tuple[str, Hostile], visit) -> None:
    url, assistant = hostile
    seen = visit(url)
    page = seen.page
    page.locator("#wj-ask textarea").fill("慢慢说")
    page.locator("#wj-ask textarea").press("Enter")
    expect(page.locator(".wj-draft")).to_contain_text("第3句。")
    assistant.closed.clear()
    page.locator("#wj-ask .stop-button").click()
    expect(page.locator('.wj-turn[data-turn="0"]')).to_contain_text("已停止，以上内容未经核对。")
    assert "第3句。" in page.locator(".wj-draft").inner_text()
    assert assistant.closed.wait(10)
    expect(seen.ask("再问一次").locator(".wj-grounding")).to_contain_text("1/1 句有据")

    page.locator("#wj-ask textarea").fill("慢慢说")
    page.locator("#wj-ask textarea").press("Enter")
    expect(page.locator('.wj-turn[data-turn="2"] .wj-draft')).to_contain_text("第1句。")
    page.locator("#wj-new").click()
    expect(page.locator(".wj-welcome")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.locator(".wj-turn").count() == 0
    seen.assert_quiet()


@pytest.mark.browser
def test_a_new_chat_right_after_a_question_leaves_nothing_of_the_old_one(hostile: tuple[str, Hostile], visit) -> None:
    seen = visit(hostile[0])
    page = seen.page
    seen.ask("量子")
    page.locator("#wj-ask textarea").fill("慢慢说")
    # Both in one breath, before the question can show. Should the server hear the second first, the question begins
    # the new conversation, as it would a moment later.
    page.evaluate("for (const name of ['#wj-ask .submit-button', '#wj-new']) document.querySelector(name).click()")
    expect(page.locator(".wj-turn").filter(has_text="量子")).to_have_count(0)
    page.wait_for_timeout(500)
    expect(page.locator(".wj-turn").filter(has_text="量子")).to_have_count(0, timeout=1)
    seen.assert_quiet()


@pytest.mark.browser
def test_neither_blanks_nor_a_picked_candidate_are_sent(hostile: tuple[str, Hostile], visit) -> None:
    seen = visit(hostile[0])
    seen.page.locator("#wj-ask textarea").fill("  ")
    seen.page.locator("#wj-ask textarea").press("Enter")
    seen.page.wait_for_timeout(300)
    assert seen.page.locator("#wj-ask textarea").input_value() == "  "
    seen.page.locator("#wj-ask textarea").fill("量子")
    seen.page.locator("#wj-ask textarea").evaluate(
        """box => ["keydown", "keypress"].forEach((kind) => box.dispatchEvent(
            new KeyboardEvent(kind, {key: "Enter", isComposing: true, bubbles: true, cancelable: true})))"""
    )
    seen.page.wait_for_timeout(300)
    assert seen.page.locator("#wj-ask textarea").input_value() == "量子"
    assert seen.page.locator(".wj-turn").count() == 0
    seen.ask("量子")
    seen.assert_quiet()


@pytest.mark.browser
def test_sessions_do_not_see_each_other(hostile: tuple[str, Hostile], visit) -> None:
    url, assistant = hostile
    one, other = visit(url), visit(url)
    assistant.histories.clear()
    one.ask("甲的秘密")
    other.ask("乙的问题")
    one.ask("再说说")
    assert assistant.histories == [[], [], [("甲的秘密", REPLY.text)]]
    assert "甲的秘密" not in other.page.locator("body").inner_text()


def test_importing_the_page_starts_nothing() -> None:
    probe = "import sys, app; print([name for name in ('gradio', 'torch', 'langchain') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
