"""Conversations in a real browser: copied, changed, asked again, judged; kept, found, renamed, exported, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.cases import read_questions
from rag import Assistant, Settings
from rag.ui.keep import diary_folder
from tests.browser import PHONE, browser, expect, serving, visit
from tests.llm_server import ScriptedServer

__all__ = ["browser", "visit"]  # fixtures

# Gradio's queue summarises its events in ways that pandas 3 deprecates.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

NOTE = "食堂通知\n\n望京食堂自2024年3月5日起营业，由赵师傅负责。食堂每天供应三百份午餐。\n"


@pytest.fixture(scope="module")
def canteen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("canteen")
    (folder / "食堂通知.txt").write_text(NOTE, "utf-8")
    with Assistant.build(folder / "食堂通知.txt", settings=Settings(index=folder / "index")) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def address(browser, canteen: Assistant) -> Iterator[str]:
    with serving(canteen, 18860) as url:
        yield url


def test_copy_edit_ask_again_and_judge(address: str, visit) -> None:
    seen = visit(address, permissions=["clipboard-read", "clipboard-write"])
    page = seen.page
    first = seen.ask("望京食堂由谁负责？")
    first.locator("[data-copy]").click()
    expect(first.locator("[data-copy]")).to_have_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "赵师傅负责。[^1]" in copied
    assert "[^1]: “" in copied

    seen.ask("食堂每天供应多少份午餐？")
    first.locator("[data-edit]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("望京食堂什么时候开始营业？")
    page.keyboard.press("Enter")
    expect(first.locator(".wj-question")).to_have_text("望京食堂什么时候开始营业？")
    expect(first.locator(".wj-short")).to_contain_text("2024年3月5日")
    expect(page.locator(".wj-turn")).to_have_count(1)
    first.locator("[data-retry]").click()
    expect(page.locator('.wj-turn[aria-busy="false"] .wj-short')).to_contain_text("2024年3月5日")

    first.locator('[data-rate="bad"]').click()
    page.locator(".wj-right").fill("赵师傅")
    page.locator('[data-reason="wrong"]').click()
    expect(page.locator(".wj-thanks")).to_have_text("记下了，已成为一道评测题。")
    expect(first.locator('[data-rate="bad"]')).to_have_attribute("aria-pressed", "true")

    refused = seen.ask("红烧肉怎么做？")
    refused.locator("[data-rephrase]").click()
    expect(page.locator("#wj-ask textarea")).to_be_focused()
    assert page.locator("#wj-ask textarea").input_value() == "红烧肉怎么做？"
    refused.locator("[data-go]").click()
    expect(page.locator("#wj-library")).to_be_visible()
    seen.assert_quiet()


def test_a_conversation_is_kept_found_renamed_exported_and_deleted(address: str, visit, tmp_path: Path) -> None:
    seen = visit(address)
    page = seen.page
    seen.ask("望京食堂由谁负责？")
    seen.ask("它什么时候开始营业？")
    page.wait_for_function("sessionStorage.getItem('wenju_current')")
    page.wait_for_timeout(200)
    page.reload()
    expect(page.locator(".wj-turn")).to_have_count(2)
    page.locator(".wj-chip").first.click()
    expect(page.locator("#wj-side mark, .wj-reader mark").first).to_be_visible()
    expect(page.locator(".wj-gone")).to_have_count(0)
    expect(seen.ask("望京食堂由谁负责？")).to_contain_text("赵师傅")

    page.locator("#wj-new").click()
    expect(page.locator(".wj-welcome")).to_be_visible()
    seen.ask("红烧肉怎么做？")
    opener = page.locator("#wj-history button")
    opener.click()
    rows = page.locator(".wj-kept-list li")
    expect(rows).to_have_count(2)
    page.locator(".wj-search").fill("赵师傅")
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="改名").click()
    rows.locator("input").fill("<img src=x onerror=alert(1)>食堂")
    rows.locator("input").press("Enter")
    expect(rows.locator(".wj-kept-title")).to_have_text("<img src=x onerror=alert(1)>食堂")
    rows.locator(".wj-kept-title").click()
    expect(page.locator(".wj-turn")).to_have_count(3)

    opener.click()
    with page.expect_download() as download:
        page.locator('[data-export="md"]').click()
    assert "赵师傅" in Path(download.value.path()).read_text("utf-8")
    with page.expect_download() as download:
        page.locator('[data-export="json"]').click()
    exported = tmp_path / "对话.json"
    download.value.save_as(exported)

    first = rows.filter(has_text="食堂")
    first.locator(".wj-danger").click()
    first.get_by_role("button", name="确认删除").click()
    expect(page.locator(".wj-welcome")).to_be_visible()
    page.locator(".wj-search").fill("")
    expect(rows).to_have_count(1)

    hostile = json.loads(exported.read_text("utf-8"))
    hostile["turns"][0]["sources"] = hostile["turns"][0]["error"] = "<img src=x onerror=alert(2)>"
    hostile["turns"][0]["answer"]["short"] = hostile["turns"][0]["question"] = "<script>alert(3)</script>"
    hostile["turns"][0]["answer"]["citations"][0]["quote"] = "从未有过的引文"
    exported.write_text(json.dumps(hostile), "utf-8")
    for file, said in ((exported, "已导入。"), (Path(__file__), "这不是导出的对话")):
        with page.expect_file_chooser() as chooser:
            page.locator("[data-bring]").click()
        chooser.value.set_files(file)
        expect(page.locator(".wj-kept [role=status]")).to_contain_text(said)
    rows.filter(has_text="食堂").locator(".wj-kept-title").click()
    expect(page.locator(".wj-question").first).to_have_text("<script>alert(3)</script>")
    expect(page.locator(".wj-gone")).to_have_count(1)
    assert page.locator(".wj img, .wj script").count() == 0
    seen.assert_quiet()


def test_on_disk_conversations_lie_beside_the_index(canteen: Assistant, browser, visit, tmp_path: Path) -> None:
    kept_here = canteen.using(canteen.settings.model_copy(update={"keep": "disk"}))
    with serving(kept_here, 18960) as url:
        seen = visit(url)
        answer = seen.ask("望京食堂由谁负责？")
        answer.locator('[data-rate="bad"]').click()
        seen.page.locator(".wj-right").fill("赵师傅")
        seen.page.locator('[data-reason="wrong"]').click()
        expect(seen.page.locator(".wj-thanks")).to_be_visible()
        again = visit(url)
        again.page.locator("#wj-history button").click()
        again.page.locator(".wj-kept-title").click()
        expect(again.page.locator(".wj-turn .wj-thanks")).to_be_visible()
    folder = diary_folder(canteen.settings.index)
    assert [question.question for question in read_questions(folder / "feedback.jsonl")] == ["望京食堂由谁负责？"]
    seen.assert_quiet()


def test_no_browser_sees_what_another_keeps(address: str, visit) -> None:
    one, other = visit(address), visit(address, viewport=PHONE, locale="en-GB")
    one.ask("望京食堂由谁负责？")
    one.page.wait_for_function("sessionStorage.getItem('wenju_current')")
    other.page.locator("#wj-history button").click()
    expect(other.page.locator(".wj-kept [role=status]")).to_have_text("No conversations yet.")
    assert "望京" not in other.page.locator(".wj-kept").inner_text()
    other.page.keyboard.press("Escape")
    expect(other.page.locator("#wj-history button")).to_be_focused()


def test_keys_reach_the_field_and_the_drawer(address: str, visit) -> None:
    seen = visit(address)
    page = seen.page
    page.locator("#wj-ask textarea").evaluate("box => box.blur()")
    page.keyboard.press("/")
    expect(page.locator("#wj-ask textarea")).to_be_focused()
    page.keyboard.type("望京食堂")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("由谁负责？")
    assert page.locator("#wj-ask textarea").input_value() == "望京食堂\n由谁负责？"
    page.keyboard.press("Enter")
    expect(page.locator('.wj-turn[aria-busy="false"]')).to_contain_text("赵师傅")
    expect(page.locator(".wj-unseen")).to_contain_text("赵师傅")  # what a screen reader is told
    page.reload()
    expect(page.locator(".wj-turn")).to_be_visible()
    assert page.evaluate("document.querySelector('a, button, input, textarea').className") == "wj-skip"
    page.locator(".wj-skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#wj-ask textarea")).to_be_focused()
    seen.assert_quiet()


def test_a_visitor_chooses_a_model_for_the_visit_only(address: str, visit) -> None:
    with ScriptedServer() as server:
        one, other = visit(address), visit(address)
        page = one.page
        page.get_by_role("tab", name="模型").click()
        page.get_by_label("由谁回答").click()
        page.get_by_role("option", name="其他").click()
        page.get_by_role("textbox", name="模型名").fill("honest")
        page.get_by_role("textbox", name="服务地址").fill(server.url)
        page.get_by_label("密钥").fill("sk-geheim-12345678")
        assert page.get_by_label("密钥").get_attribute("type") == "password"
        page.get_by_role("button", name="测试").click()
        expect(page.locator("#wj-model-status")).to_contain_text("可用")
        page.get_by_role("button", name="使用").click()
        expect(page.locator("#wj-model-status")).to_have_text("现在由 openai:honest 回答。")
        page.get_by_role("tab", name="提问").click()
        expect(one.ask("望京食堂由谁负责？").locator(".wj-grounding")).to_contain_text("openai:honest")
        expect(other.ask("望京食堂由谁负责？").locator(".wj-grounding")).to_contain_text("内置回答")
        kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
        assert "geheim" not in kept
        page.reload()
        page.get_by_role("tab", name="模型").click()
        expect(page.locator("#wj-model-status")).to_have_text("现在由 内置回答 回答。")
        assert "geheim" not in page.content()
        one.assert_quiet()


def test_feedback_is_evaluated_on_the_page(address: str, visit) -> None:
    seen = visit(address)
    page = seen.page
    page.get_by_role("tab", name="评测").click()
    page.get_by_label("我的反馈").check()
    page.get_by_role("button", name="开始").click()
    expect(page.locator("#wj-eval-state")).to_contain_text("还没有反馈题")
    page.get_by_role("tab", name="提问").click()
    answer = seen.ask("望京食堂由谁负责？")
    answer.locator('[data-rate="bad"]').click()
    page.locator(".wj-right").fill("赵师傅")
    page.locator('[data-reason="incomplete"]').click()
    expect(page.locator(".wj-thanks")).to_be_visible()
    page.get_by_role("tab", name="评测").click()
    page.get_by_role("button", name="开始").click()
    expect(page.locator("#wj-eval-state")).to_contain_text("1 题，由内置回答作答")
    expect(page.locator(".wj-figures tbody tr").first).to_contain_text("100.0")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载完整报告").click()
    assert "望京食堂由谁负责？" in Path(download.value.path()).read_text("utf-8")
    seen.assert_quiet()
