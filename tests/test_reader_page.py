"""Reading and documents in a real browser: the whole source at its quote, pages with boxes, uploads, collections."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document as WordDocument

from rag import Assistant
from tests.browser import PHONE, browser, expect, playwright, serving, visit
from tests.test_accessibility import serious
from tests.test_pdf_pages import lines, make

__all__ = ["browser", "visit"]  # fixtures

# Gradio's queue summarises its events in ways that pandas 3 deprecates; the server runs in this process.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

HOSTILE = "<img src=x onerror=alert(1)>"
QUOTE = "青河机械厂的二号车间于2023年9月投入使用，面积为12000平方米，配有"


@pytest.fixture(scope="module")
def address(browser: playwright.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over a small PDF, a document of 200,000 characters, and one of each other format."""
    docs = tmp_path_factory.mktemp("阅读") / "docs"
    docs.mkdir()
    filler = [(60, 760 - 19 * i, f"第{i}条说明车间里的日常安排，并由负责人签字确认。") for i in range(20)]
    make(
        docs / "报告.pdf",
        lines(*filler),
        lines((60, 700, QUOTE), (60, 681, "六条生产线。"), (60, 640, f"表格：{HOSTILE}")),
        lines(*filler),
    )
    long = [f"第{i}回说的是园中往事，光阴流转，各人自有感叹，不在话下。𠮷" for i in range(6000)]
    long[4000] = "望京食堂自2024年3月5日起营业，由赵师傅负责。"
    (docs / "长篇.txt").write_text("\n".join(long), "utf-8")
    (docs / "计划.md").write_text(
        f"# 星火计划\n\n星火计划的预算为3000万元。\n\n| 甲 | {HOSTILE} |\n|---|---|\n| 乙 | 丙 |\n"
    )
    (docs / "园.html").write_text("<h1>植物园</h1><p>臺北植物園創立於1896年，園長是林志明。</p>", "utf-8")
    word = WordDocument()
    word.add_paragraph("采购合同的金额为860万元，交货日期为2024年6月30日。")
    word.save(docs / "合同.docx")
    with Assistant.build(docs, index=docs.parent / "index") as assistant, serving(assistant, 18860) as url:
        yield url


def test_the_page_of_a_pdf_with_its_quote_boxed(address: str, visit) -> None:
    seen = visit(address)
    page = seen.page
    turn = seen.ask("青河机械厂二号车间面积是多少？")
    chip = turn.locator(".wj-chip").first
    before = chip.bounding_box()
    chip.hover()
    expect(page.locator(".wj-peek mark")).to_contain_text("12000平方米")
    expect(page.locator(".wj-peek")).to_contain_text("报告.pdf")
    assert chip.bounding_box() == before  # the preview moves nothing
    page.keyboard.press("Escape")
    expect(page.locator(".wj-peek")).to_be_hidden()

    chip.click()
    picture = page.locator('.wj-sheet[data-page="2"] img')
    expect(picture).to_be_in_viewport()
    page.wait_for_function("(img) => img.complete && img.naturalWidth >= 800", arg=picture.element_handle())
    assert page.locator('.wj-sheet[data-page="2"] .wj-quoted').count() == 2
    expect(page.locator(".wj-quoted").first).to_be_in_viewport()
    expect(page.locator(".wj-leaf-at")).to_have_text("2 / 3")
    # The box lies where the line was drawn: from 60 of 595 points across, its line at 700 of 842 from below.
    sheet, box = picture.bounding_box(), page.locator(".wj-quoted").first.bounding_box()
    assert box["x"] - sheet["x"] == pytest.approx(60 / 595 * sheet["width"], abs=2)
    assert box["y"] < sheet["y"] + (842 - 700) / 842 * sheet["height"] < box["y"] + box["height"]
    assert serious(page) == []
    page.locator('[data-do="larger"]').click()
    assert page.locator('.wj-sheet[data-page="2"]').bounding_box()["width"] > 1.4 * sheet["width"]
    page.locator('[data-do="leaf-on"]').click()
    expect(page.locator(".wj-leaf-at")).to_have_text("3 / 3")

    page.locator('[data-do="text"]').click()
    expect(page.locator(".wj-lines mark strong")).to_have_text("12000平方米")
    expect(page.locator(".wj-lines mark").first).to_be_in_viewport()
    expect(page.locator(".wj-lines")).to_contain_text(HOSTILE)
    assert page.locator(".wj-lines img").count() == 0
    with page.expect_download() as download:
        page.locator(".wj-tool[download]").click()
    assert download.value.suggested_filename == "报告.pdf"
    seen.assert_quiet()


def test_a_long_document_is_read_in_windows_and_searched(address: str, visit) -> None:
    seen = visit(address)
    page = seen.page
    seen.ask("望京食堂由谁负责？").locator(".wj-chip").first.click()
    expect(page.locator(".wj-lines mark strong")).to_have_text("赵师傅")
    expect(page.locator(".wj-lines mark").first).to_be_in_viewport()
    assert page.locator(".wj-lines p").count() < 800
    body = page.locator(".wj-reader-body")
    body.evaluate("(body) => { body.scrollTop = body.scrollHeight; }")
    expect(page.locator(".wj-window")).not_to_have_count(1)
    shown = page.locator(".wj-lines p").all_inner_texts()
    first = int(shown[0][1 : shown[0].index("回")])
    expected = [f"第{first + i}回" if first + i != 4000 else "望京食堂" for i in range(len(shown))]
    assert [text[: len(start)] for text, start in zip(shown, expected, strict=True)] == expected

    page.locator(".wj-find input").fill("第5９９９回")  # half and full width, far from here
    expect(page.locator(".wj-find-at")).to_have_text("1 / 1")
    expect(page.locator(".wj-lines p").filter(has_text="第5999回")).to_be_in_viewport()
    found = page.evaluate("[...CSS.highlights.get('wj-here')].map(String)")
    assert found == ["第5999回"]

    page.reload()
    expect(page.locator(".wj-lines mark strong")).to_have_text("赵师傅")
    page.locator(".wj-close").click()
    expect(page.locator(".wj-reader")).to_be_hidden()
    page.reload()
    page.wait_for_timeout(1000)
    assert page.locator(".wj-reader:visible").count() == 0
    seen.assert_quiet()


def test_every_format_opens_at_its_quote_and_citations_follow_each_other(address: str, visit) -> None:
    seen = visit(address)
    page = seen.page
    for question, fact in (
        ("星火计划的预算是多少？", "3000万元"),
        ("臺北植物園的園長是誰？", "林志明"),
        ("采购合同的金额是多少？", "860万元"),
    ):
        turn = seen.ask(question)
        turn.locator(".wj-chip").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".wj-reader mark").first).to_contain_text(fact)
        expect(turn.locator(".wj-chip").first).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("Escape")
        expect(page.locator(".wj-reader")).to_be_hidden()
        expect(turn.locator(".wj-chip").first).to_be_focused()
    seen.assert_quiet()


def test_a_sheet_on_a_phone_closes_back_to_where_the_reader_was(address: str, visit) -> None:
    seen = visit(address, viewport=PHONE, locale="en-GB", color_scheme="dark", has_touch=True)
    page = seen.page
    for question in ("望京食堂由谁负责？", "星火计划的预算是多少？", "青河机械厂的二号车间面积是多少？"):
        turn = seen.ask(question)
    page.wait_for_timeout(600)
    top = turn.locator(".wj-chip").first.bounding_box()
    turn.locator(".wj-chip").first.tap()
    expect(page.locator(".wj-quoted").first).to_be_in_viewport()
    sheet = page.locator(".wj-reader").bounding_box()
    assert (sheet["x"], sheet["y"], sheet["width"], sheet["height"]) == (0, 0, 390, 844)
    page.locator('[data-do="text"]').tap()
    expect(page.locator(".wj-lines mark").first).to_be_in_viewport()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.wj-reader') !== null")
    page.go_back()
    expect(page.locator(".wj-reader")).to_be_hidden()
    assert turn.locator(".wj-chip").first.bounding_box() == top
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    seen.assert_quiet()


def test_an_archive_its_progress_and_what_is_done_with_the_list(address: str, visit, tmp_path: Path) -> None:
    seen = visit(address)
    page = seen.page
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{HOSTILE}.txt", "恶意的名字。")
        archive.writestr("会议/纪要.txt", "会议定于三月五日召开，由钱师傅主持。")
        archive.writestr("../外面.txt", "evil")
    (tmp_path / "资料.zip").write_bytes(packed.getvalue())
    page.get_by_role("tab", name="文档").click()
    expect(page.locator(".wj-documents > li")).to_have_count(5)
    page.locator(".wj-drop input").set_input_files(tmp_path / "资料.zip")
    expect(page.locator(".wj-rows")).to_contain_text("3 / 3 个文件")
    expect(page.locator(".wj-rows .wj-failed")).to_contain_text("它的路径指向压缩包之外")
    expect(page.locator(".wj-documents > li")).to_have_count(7)
    assert serious(page) == []
    assert page.locator("#wj-library img").count() == 0
    page.locator('[data-rows="clear"]').click()
    expect(page.locator(".wj-rows")).to_be_hidden()

    page.locator("#wj-library [type=search]").fill("會議")
    expect(page.locator(".wj-documents > li")).to_have_count(1)
    page.locator(".wj-documents .wj-title").click()
    expect(page.locator(".wj-reader .wj-lines")).to_contain_text("钱师傅主持")
    page.keyboard.press("Escape")
    page.locator("#wj-library [type=search]").fill("资料")
    expect(page.locator(".wj-documents > li")).to_have_count(2)
    page.locator("[data-all]").check()
    remove = page.locator(".wj-list-head .wj-remove")
    remove.click()
    expect(remove).to_have_text("确认移除")
    remove.click()
    expect(page.locator(".wj-list")).to_have_text("没有找到。")
    seen.assert_quiet()


def test_collections_are_each_tabs_own_choice(address: str, visit, tmp_path: Path) -> None:
    one, two = visit(address), visit(address)
    page = one.page
    page.get_by_role("tab", name="文档").click()
    page.locator(".wj-form summary").click()
    page.locator(".wj-form input").fill("甲方<b>")
    page.locator(".wj-form button").click()
    expect(page.locator(".wj-shelf-said")).to_have_text("名字里不能有 < >")
    page.locator(".wj-form input").fill("甲方资料")
    page.locator(".wj-form button").click()
    expect(page.locator(".wj-shelf h2")).to_have_text("甲方资料")
    expect(page.locator("#wj-collection select")).to_have_value("甲方资料")
    (tmp_path / "甲.txt").write_text("甲方联系人是孙晓，电话是62550001。", "utf-8")
    page.locator(".wj-drop input").set_input_files(tmp_path / "甲.txt")
    expect(page.locator(".wj-documents > li")).to_have_count(1)
    page.get_by_role("tab", name="提问").click()
    expect(page.locator(".wj-welcome")).to_contain_text("1 份文档")
    turn = one.ask("甲方联系人是谁？")
    expect(turn.locator(".wj-short")).to_have_text("孙晓")
    turn.locator(".wj-chip").first.click()
    expect(page.locator(".wj-reader mark").first).to_contain_text("孙晓")
    page.keyboard.press("Escape")
    expect(two.ask("甲方联系人是谁？")).not_to_contain_text("孙晓")

    page.reload()
    expect(page.locator("#wj-collection select")).to_have_value("甲方资料")
    expect(page.locator(".wj-turn .wj-short")).to_have_text("孙晓")
    page.locator("#wj-collection select").select_option("")
    expect(page.locator(".wj-welcome")).to_contain_text("5 份文档")
    # A kept conversation brings its collection along.
    page.locator("#wj-history button").click()
    page.locator(".wj-kept-title").click()
    expect(page.locator(".wj-turn .wj-short")).to_have_text("孙晓")
    expect(page.locator("#wj-collection select")).to_have_value("甲方资料")
    page.locator(".wj-turn .wj-chip").first.click()
    expect(page.locator(".wj-reader mark").first).to_contain_text("孙晓")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="文档").click()
    delete = page.locator('[data-shelf="delete"]')
    delete.click()
    expect(delete).to_have_text("确认删除它和其中 1 份文档")
    delete.click()
    expect(page.locator(".wj-shelf h2")).to_have_text("默认集合")
    expect(page.locator("#wj-collection select")).to_have_count(0)
    one.assert_quiet()
