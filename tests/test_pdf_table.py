"""Tables of PDFs: files made here, ruled and not, rows and places worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table

from rag.documents import load_document
from rag.loaders.pdf_layout import Box, Layout, Piece
from rag.loaders.pdf_table import find_tables
from rag.pdf_pages import find_boxes

SONG = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(SONG))
PLAIN: list[Any] = [("FONT", (0, 0), (-1, -1), SONG, 10)]
RULED = [*PLAIN, ("GRID", (0, 0), (-1, -1), 0.5, colors.black)]
THREE_LINES = [*PLAIN, *(("LINEBELOW", (0, row), (-1, row), 1, colors.black) for row in (0, -1))]
RIGHT = [*PLAIN, ("ALIGN", (1, 0), (-1, -1), "RIGHT")]
PRICES = [["票种", "周末价格", "平日价格"], ["成人票", "45元", "40元"], ["夜场票", "38元", "30元"]]


def words(text: str) -> Paragraph:
    return Paragraph(text, ParagraphStyle("words", fontName=SONG, fontSize=10, leading=14, wordWrap="CJK"))


def table(rows: list[list[Any]], style: list[Any], width: int = 90) -> Table:
    return Table(rows, colWidths=[width] * len(rows[0]), style=style)


def lines(path: Path, *flow: Flowable) -> list[str]:
    SimpleDocTemplate(str(path)).build(list(flow))
    return load_document(path).text.split("\n")


@pytest.mark.parametrize("style", [RULED, PLAIN, THREE_LINES, RIGHT], ids=["ruled", "bare", "three lines", "right"])
def test_rows_carry_the_names_of_their_columns(tmp_path: Path, style: list[Any]) -> None:
    assert lines(tmp_path / "a.pdf", words("票价如下。"), table(PRICES, style), words("夜场到21:00。")) == [
        "票价如下。",
        "票种 | 周末价格 | 平日价格",
        "票种：成人票；周末价格：45元；平日价格：40元",
        "票种：夜场票；周末价格：38元；平日价格：30元",
        "夜场到21:00。",
    ]


def test_a_line_below_the_names_marks_them_where_there_are_no_figures(tmp_path: Path) -> None:
    rows = [["组", "头", "事"], ["研发组", "张伟", "产品设计"], ["财务组", "王芳", "核算"]]
    named = ["组 | 头 | 事", "组：研发组；头：张伟；事：产品设计", "组：财务组；头：王芳；事：核算"]
    assert lines(tmp_path / "a.pdf", table(rows, THREE_LINES)) == named
    ground = [*PLAIN, ("BACKGROUND", (0, 0), (-1, 0), colors.lightgrey)]
    assert lines(tmp_path / "b.pdf", table(rows, ground)) == named
    assert not any("：" in line for line in lines(tmp_path / "c.pdf", table(rows, PLAIN)))


def test_cells_of_several_lines_and_merged_cells(tmp_path: Path) -> None:
    rows = [
        ["地区", "2023年", "", "备注"],
        ["", "人口", "产值", ""],
        ["江北", "7", "8", words("统计口径与往年相同不含代管地区")],
        ["江南", "9", "10", ""],
    ]
    style = [*RULED, ("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (2, 0)), ("SPAN", (3, 0), (3, 1))]
    assert lines(tmp_path / "a.pdf", table(rows, style))[2:] == [
        "地区：江北；2023年 人口：7；2023年 产值：8；备注：统计口径与往年相同不含代管地区",
        "地区：江南；2023年 人口：9；2023年 产值：10",
    ]


def test_a_cell_of_several_lines_without_rules(tmp_path: Path) -> None:
    rows = [["产品", "数量", "说明"], ["甲", "3", words("外壳用不锈钢制成并附一年保修")], ["乙", "5", "无"]]
    style = [*PLAIN, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 12)]
    assert lines(tmp_path / "a.pdf", table(rows, style, 80))[1:] == [
        "产品：甲；数量：3；说明：外壳用不锈钢制成并附一年保修",
        "产品：乙；数量：5；说明：无",
    ]


@pytest.mark.parametrize("repeated", [0, 1])
@pytest.mark.parametrize("style", [RULED, PLAIN], ids=["ruled", "bare"])
def test_a_table_that_goes_on_over_pages(tmp_path: Path, style: list[Any], repeated: int) -> None:
    path = tmp_path / "a.pdf"
    people = [["工号", "姓名", "电话"], *([f"A{i:03}", f"员工{i}", f"6255{i:04}"] for i in range(1, 90))]
    made = lines(path, Table(people, colWidths=[90] * 3, style=style, repeatRows=repeated), words("以上。"))
    assert made[0] == "工号 | 姓名 | 电话"
    assert made[1:-1] == [f"工号：A{i:03}；姓名：员工{i}；电话：6255{i:04}" for i in range(1, 90)]
    document = load_document(path)
    assert len(document.pages) == 3
    for row in (1, 40, 85):
        start = document.text.index(f"工号：A{row:03}")
        at = document.text.index(f"6255{row:04}")
        page = document.page_at(at)
        assert page is not None
        (box,) = find_boxes(path, document, at, at + 8)[page]
        # 270 of 595.3 points stand in the middle; the third column begins 180 and 6 points further on.
        assert 595.3 * box.left == pytest.approx(162.6 + 186, abs=1)
        assert 595.3 * box.right < 162.6 + 186 + 8 * 5 + 1
        assert len(find_boxes(path, document, start, at + 8)[page]) == 3  # number, name, phone; no name of a column


@pytest.mark.parametrize(
    "rows",
    [
        [["姓名", "张伟", "性别", "男"], ["籍贯", "河北", "民族", "汉"], ["学历", "本科", "职称", "讲师"]],  # a form
        [["张伟", "王芳", "李娜"], ["赵磊", "黄强", "周杰"], ["吴刚", "郑和", "孙武"]],
        [["第一章 总则", "1"], ["第二章 机构", "5"], ["第三章 财务", "12"]],
    ],
)
@pytest.mark.parametrize("style", [RULED, PLAIN], ids=["ruled", "bare"])
def test_what_names_no_columns_stays_as_it_is(tmp_path: Path, rows: list[list[str]], style: list[Any]) -> None:
    assert not any("：" in line or "|" in line for line in lines(tmp_path / "a.pdf", table(rows, style)))


def test_prose_in_two_columns_stays_as_it_is(tmp_path: Path) -> None:
    left = "左栏的文字写到这里为止，|还有第二行接着往下说，|第三行说明项目的进度，|最后一行是结论与2023年。"
    right = "右栏讲的是另外一件事情，|负责人对此作了说明，|第三行提到12项要求，|到此全部结束。"
    rows = [list(pair) for pair in zip(left.split("|"), right.split("|"), strict=True)]
    made = "".join(lines(tmp_path / "a.pdf", table(rows, PLAIN, 200)))
    assert "：" not in made
    assert " | " not in made


_place = st.integers(0, 8)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(_place, _place, st.integers(0, 5)), max_size=20, unique_by=lambda piece: piece[:2]),
    st.lists(st.tuples(_place, _place, _place, st.booleans()), max_size=14),
)
def test_whatever_stands_on_a_page_is_in_one_table_at_most(
    pieces: list[tuple[int, int, int]], drawn: list[tuple[int, int, int, bool]]
) -> None:
    raw = "姓名1电2"
    layout = Layout(
        tuple(
            Piece(Box(60 * x, 15 * y, 60 * x + 30, 15 * y + 10), (n % 5,), (-1, ""), n in (2, 4)) for x, y, n in pieces
        ),
        tuple(
            Box(60 * min(a, b) - 5, 15 * at - 2, 60 * max(a, b) + 55, 15 * at - 2) for at, a, b, flat in drawn if flat
        ),
        tuple(
            Box(60 * at - 5, 15 * min(a, b) - 2, 60 * at - 5, 15 * max(a, b) + 13)
            for at, a, b, flat in drawn
            if not flat
        ),
    )
    above = None
    for _ in range(2):  # once more as the page after
        tables = find_tables(layout, raw, str, above)
        for table in tables:
            assert len(table.lines()) == len(table.head) + len(table.body)
            assert all(value in line for line, row in table.lines() for value in (cell.text for cell in row.written))
        above = tables[-1] if tables else None
