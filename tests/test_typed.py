"""Things of the asked kind, the table of attributes, and what contradicts a sentence: worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.against import absent_post, has_no_time, is_landmark, missing_years, opposite, other_post
from rag.asked import find_asked
from rag.attributes import asked_attributes, states_another, table
from rag.question import analyse
from rag.refuse import Evidence
from rag.typed import find_typed, heading_end, named_things
from vectorstore.tokens import fold


def typed(question: str, text: str) -> list[str]:
    """What stands at the spans of the asked kind."""
    analysed, folded = analyse(question), fold(text)
    return [folded[slice(*span)] for span in find_typed(analysed, find_asked(analysed.folded), folded)]


@pytest.mark.parametrize(
    ("question", "text", "found"),
    [
        ("电池有多大？", "重量仅为1.78千克，电池5000毫安时。", ["5000毫安时"]),
        ("哪天上架的？", "2023-08-18 10:25:00，正文：联想新机7月3日上架。", ["7月3日"]),
        ("谁是院长？", "院长薛其坤说，量子院有217人。", ["薛其坤"]),
        ("捐给了哪个医学院？", "遗体捐给了湘南医学院。", ["湘南医学院"]),
        ("捐给了哪个医学院？", "遗体捐给了一家医学院。", []),
        ("为什么停运？", "受地震影响，列车停运。", []),
        ("为什么停运？", "因地震，列车停运。", ["因"]),
        ("说了什么？", "他说很好。", ["他说很好。"]),
        ("说了什么？", "", []),
    ],
)
def test_things_of_the_asked_kind(question: str, text: str, found: list[str]) -> None:
    assert typed(question, text) == found


def test_a_name_is_not_what_the_question_names_already() -> None:
    question = analyse("湖南师范大学和哪所大学合作？")
    text = "湖南师范大学与中南大学合作。"
    assert [text[slice(*span)] for span in named_things(question, "大学", text)] == ["中南大学"]


@pytest.mark.parametrize(
    ("text", "end"), [("2023-08-18,正文:你好", 14), ("8-8 13:54,正文: 图为游客", 13), ("2023年成立。", 0), ("", 0)]
)
def test_the_publishing_line_ends_where_the_article_begins(text: str, end: int) -> None:
    assert heading_end(text) == end


@given(st.text(), st.text())
def test_spans_lie_in_their_text(question: str, text: str) -> None:
    analysed, folded = analyse(question), fold(text)
    for start, end in find_typed(analysed, find_asked(analysed.folded), folded):
        assert 0 <= start < end <= len(folded)


@pytest.mark.parametrize(
    ("question", "told", "untold"),
    [
        ("thinkpad有多重", "重量仅为1.78千克", "屏幕16英寸"),
        ("卖多少钱", "售价2599元", "8月16日开售"),
        ("他毕业于哪所大学", "他是北京大学硕士", "他是北京人"),
        ("公司什么时候成立", "公司创办于2015年", "公司2020年上市"),
        ("为什么撤回申请", "由于市场变化,公司撤回申请", "公司撤回申请"),
        ("“黑鹰”比“泰斑蛇”便宜多少", "黑鹰的成本低于泰斑蛇", "黑鹰每小时花1.4万元"),
        ("今年多大年纪", "今年43岁", "今年8月来京"),
        ("电话是多少", "热线010-62345678", "地址在海淀"),
    ],
)
def test_an_attribute_is_told_or_not(question: str, told: str, untold: str) -> None:
    asked = asked_attributes(question)
    assert asked
    assert all(attribute.told.search(told) for attribute in asked)
    assert not all(attribute.told.search(untold) for attribute in asked)


def test_another_attribute_of_the_same_class_is_seen() -> None:
    (opened,) = (one for one in table() if one.name == "开业" or one.name == "开工")
    assert states_another(opened, "大楼2020年竣工")
    assert not states_another(opened, "大楼很高")


def test_the_table_names_each_attribute_once_and_most_classes_hold_several() -> None:
    names = [attribute.name for attribute in table()]
    assert len(names) == len(set(names)) >= 80
    assert all(attribute.group for attribute in table())


@pytest.mark.parametrize(
    ("question", "text", "pair"),
    [
        ("什么时候恢复供水", "2021年停止供水", ("恢复", "停止")),
        ("什么时候恢复供水", "停水两天后恢复供水", None),
        ("亚军是谁", "冠军是张三", ("亚军", "冠军")),
        ("多少人", "217人", None),
    ],
)
def test_the_opposite_is_named(question: str, text: str, pair: tuple[str, str] | None) -> None:
    assert opposite(question, text) == pair


@pytest.mark.parametrize(
    ("question", "text", "post"),
    [
        ("谁是星河智造的董事长？", "董事会秘书：林晓晴。", "董事长"),
        ("星河智造的CEO是谁？", "总经理林晓晴说。", "CEO"),
        ("星河智造的董事长是谁？", "董事会主席林晓晴说。", ""),
        ("星河智造的CEO是谁？", "首席执行官林晓晴说。", ""),
        ("红星村的村主任是谁？", "红星村村委会主任林晓晴说。", ""),
        ("董事长到任以前究竟是谁管仓库？", "仓库由林晓晴管理。", ""),  # not the post of whom is asked for
        ("红星村的负责人是谁？", "红星村村委会主任林晓晴说。", ""),  # no office, anybody may be called so
        ("董事长是哪年上任的？", "林晓晴2020年上任。", ""),
    ],
)
def test_a_post_that_nothing_around_names(question: str, text: str, post: str) -> None:
    folded = fold(text)
    assert absent_post(analyse(question), Evidence(folded, folded, folded, "")) == post


def test_what_contradicts_a_sentence() -> None:
    near = Evidence("网络安全保卫局副局长李彤介绍", "网络安全保卫局副局长李彤介绍", "2023年,副局长李彤介绍", "公安部")
    assert other_post(analyse("网络安全保卫局的局长是谁？"), near) == "副局长"
    assert other_post(analyse("网络安全保卫局的副局长是谁？"), near) == ""
    assert missing_years(analyse("2022年抓了多少人？"), near) == ["2022"]
    assert missing_years(analyse("2023年抓了多少人？"), near) == []
    assert has_no_time(analyse("李彤哪天介绍的？"), near)
    assert not has_no_time(analyse("李彤是谁？"), near)
    assert is_landmark(analyse("中关村科学城有多少人？"), "新园区在中关村科学城的东北方向")
    assert not is_landmark(analyse("中关村科学城在哪里？"), "新园区在中关村科学城的东北方向")
