"""Tables in plain text are read with the names of their columns; whatever only looks like one stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Assistant
from rag.loaders import text
from rag.loaders.table import first_row_names
from rag.loaders.text_table import name_columns


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (  # tabs, an empty cell
            "学段\t早餐（元）\t午餐（元）\n小学\t\t11\n初中\t6\t13",
            [
                "学段 | 早餐（元） | 午餐（元）",
                "学段：小学；午餐（元）：11",
                "学段：初中；早餐（元）：6；午餐（元）：13",
            ],
        ),
        (  # as many tabs as it takes
            "姓名\t\t电话\n张伟\t\t62550000\n欧阳修文\t62550001",
            ["姓名 | 电话", "姓名：张伟；电话：62550000", "姓名：欧阳修文；电话：62550001"],
        ),
        (  # blanks; one blank is enough below the name
            "序号  货物      数量   单位\n1     借还机    14     台\n2     标签      210000 枚",
            [
                "序号 | 货物 | 数量 | 单位",
                "序号：1；货物：借还机；数量：14；单位：台",
                "序号：2；货物：标签；数量：210000；单位：枚",
            ],
        ),
        (  # figures set to the right, below years
            "指标          2024年    2023年\n营业收入     186,420   171,350\n净利润        -8,540     7,020",
            [
                "指标 | 2024年 | 2023年",
                "营业收入；2024年：186,420；2023年：171,350",
                "净利润；2024年：-8,540；2023年：7,020",
            ],
        ),
        (  # an empty cell, told by the place of the next one
            "货物    数量    备注\n甲      3       好\n乙              坏\n丙      5",
            ["货物 | 数量 | 备注", "货物：甲；数量：3；备注：好", "货物：乙；备注：坏", "货物：丙；数量：5"],
        ),
        (  # two characters set as wide as three
            "姓  名    性  别    电  话\n张  伟    男        62550000\n欧阳修    女        62550001",
            ["姓名 | 性别 | 电话", "姓名：张伟；性别：男；电话：62550000", "姓名：欧阳修；性别：女；电话：62550001"],
        ),
        (  # single full-width blanks
            "基地　占地　年产能\n楠溪总厂　128亩　21万台\n嘉禾分厂　36亩　150万只",
            [
                "基地 | 占地 | 年产能",
                "基地：楠溪总厂；占地：128亩；年产能：21万台",
                "基地：嘉禾分厂；占地：36亩；年产能：150万只",
            ],
        ),
        (  # words alone: they name columns
            "人员\t职务\t责任\n仝志强\t叉车司机\t直接责任\n钮建平\t班长\t主要管理责任",
            [
                "人员 | 职务 | 责任",
                "人员：仝志强；职务：叉车司机；责任：直接责任",
                "人员：钮建平；职务：班长；责任：主要管理责任",
            ],
        ),
        (  # traditional
            "採樣點    二〇二三年    分級\n上寮橋    1.6           未受污染\n滘口閘    6.3           嚴重污染",
            [
                "採樣點 | 二〇二三年 | 分級",
                "採樣點：上寮橋；二〇二三年：1.6；分級：未受污染",
                "採樣點：滘口閘；二〇二三年：6.3；分級：嚴重污染",
            ],
        ),
        (  # drawn with bars, as databases and Markdown do: the rule marks the names
            "| 部门 | 经理 |\n|:---|---:|\n| 研发 | 张伟 |\n| 财务 |  |",
            ["部门 | 经理", "部门：研发；经理：张伟", "部门：财务"],
        ),
        (
            "┌──┬──┐\n│姓名│住处│\n├──┼──┤\n│张伟│甲楼│\n├──┼──┤\n│𠮷田│乙楼│\n└──┴──┘",
            ["姓名 | 住处", "姓名：张伟；住处：甲楼", "姓名：𠮷田；住处：乙楼"],
        ),
        (" name | age\n------+-----\n Li   | 39\n Wang |", ["name | age", "name: Li; age: 39", "name: Wang"]),
        (
            "=====  =====\n部门   经理\n=====  =====\n研发   张伟\n财务   王芳\n=====  =====",
            ["部门 | 经理", "部门：研发；经理：张伟", "部门：财务；经理：王芳"],
        ),
    ],
)
def test_rows_carry_the_names_of_their_columns(table: str, rows: list[str]) -> None:
    around = ["下表为准。", *table.split("\n"), "以上。"]
    assert name_columns(around) == ["下表为准。", *rows, "以上。"]


@pytest.mark.parametrize(
    "lines",
    [
        "目录\n第一章 总则\t1\n第二章 机构\t5\n第三章 财务\t12",
        "甲方（盖章）：      乙方（盖章）：\n法定代表人：        法定代表人：\n电话：62550000      电话：62550001",
        "甲方      乙方\n北京甲公司      北京乙公司\n2024年3月1日    2024年3月1日",
        "姓名      性别      民族\n出生日期  学历      职称\n联系电话  邮箱      地址",  # a form to fill in
        "床前明月光  疑是地上霜\n举头望明月  低头思故乡\n白日依山尽  黄河入海流",
        "春眠不觉晓　处处闻啼鸟　夜来风雨声\n花落知多少　千山鸟飞绝　万径人踪灭\n孤舟蓑笠翁　独钓寒江雪　故乡何处是",
        "张伟\t王芳\t李娜\n赵磊\t黄强\t周杰\n吴刚\t郑和\t孙武",
        "张伟  62550000\n王芳  62550001\n李娜  62550002",
        "1.  第一项\n2.  第二项\n3.  第三项",
        "一、  第一项\n二、  第二项\n三、  第三项",
        "int a = 1;    // one\nint b = 2;    // two\nint c = 3;    // three",
        "mov  eax  ebx\nmov  ecx  1\nmov  edx  2",
        "cat a | grep b\nls c | wc d\nps e | sort f",
        "首页 | 新闻 | 关于\n体育 | 财经 | 科技\n汽车 | 房产 | 教育",
        "One sentence here.  Another one.\nA third one.  The fourth.\nA fifth.  6",
        "票种\t价格\n成人票\t45元",  # two lines only
        "票种\t价格\n成人票\t45元\n\n半价票\t22元",  # not on end
        "票种\t价格\n成人票\t45元\n半价票\t22元\t优惠",  # not as many cells
    ],
)
def test_what_is_no_table_stays_as_it_is(lines: str) -> None:
    assert name_columns(lines.split("\n")) == lines.split("\n")


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([["项目", "2023年", "2022年"], ["收入", "3.98", "3.5"], ["成本", "2.1", "1.9"]], True),
        ([["项目", "2023年"], ["成立", "2019年"], ["上市", "2021年"]], False),  # years stand below, as above
        ([["甲公司", "3.98亿"], ["乙公司", "2.1亿"], ["丙公司", "1.7亿"]], False),
        ([["主送：", "份数"], ["各部门", "3"], ["总经理", "1"]], False),  # a label
        ([["名次", "球队"], ["1", "甲队"], ["2", "球队"]], False),  # a name comes back below itself
        ([["名次"]], False),
    ],
)
def test_a_first_row_that_nothing_marks_names_columns_for_sure(rows: list[list[str]], named: bool) -> None:
    assert first_row_names(rows) is named
    assert first_row_names([["组", "人"], ["甲", "张伟"]], marked=True)


_line = st.text(alphabet="甲乙丙12　 \t|-=+│。：a", max_size=12)


@given(st.lists(_line, max_size=8))
def test_no_value_is_lost(lines: list[str]) -> None:
    """Whatever is read as a table, every character that is no mark of one is kept, in its order."""
    marks = str.maketrans("", "", "　 \t|-=+│：:；;甲乙丙a")
    kept, read = ("".join(text).translate(marks) for text in (lines, name_columns(lines)))
    left = iter(read)
    assert all(char in left for char in kept)


@given(st.lists(st.text(alphabet="甲乙丙，12　 \t|", max_size=30).map(lambda line: line + "。"), max_size=8))
def test_sentences_are_never_changed(lines: list[str]) -> None:
    assert name_columns(lines) == lines


def test_a_question_of_row_and_column_is_answered_from_a_text(tmp_path: Path) -> None:
    path = tmp_path / "票价.txt"
    path.write_text(
        "盐渡井盐博物馆票价\n票种\t周末价格\t平日价格\n成人票\t45元\t40元\n夜场票\t38元\t30元\n开放到17:00。\n",
        "gb18030",
    )
    with Assistant.build(path, index=tmp_path / "index") as assistant:
        for column, price in (("平日", "30元"), ("周末", "38元")):
            answer = assistant.answer(f"夜场票的{column}价格是多少？")
            (citation,) = answer.citations
            assert answer.short == price
            assert citation.quote == assistant.document(citation.document_id).text[citation.start : citation.end]
            assert citation.quote == "票种：夜场票；周末价格：38元；平日价格：30元"


def test_a_text_with_html_keeps_the_rows_of_its_table() -> None:
    page = "<p>票价</p><table><tr><th>票种</th><th>价格</th></tr><tr><td>成人</td><td>45</td></tr></table>"
    assert text.load(page.encode()).text == "票价\n票种 | 价格\n票种：成人；价格：45"
