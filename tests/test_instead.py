"""What the documents speak of instead, as far as it may be said: whole words and names."""

from __future__ import annotations

import pytest

from rag.instead import other_days, other_name, other_number, other_ordinal, other_side
from rag.question import analyse
from vectorstore.tokens import fold


@pytest.mark.parametrize(
    ("question", "text", "pair"),
    [
        ("什么时候恢复供水？", "2021年停止供水。", ("恢复", "停止")),
        ("东部有多少人？", "西部有三千人。", ("东部", "西部")),
        ("男子组谁赢了？", "女子组的比赛很精彩。", ("男子组", "女子组")),
        ("公开了哪几样东西？", "公开了西安的照片。", None),  # 东西 is no direction
        ("定西有多少资金？", "东部有资金。", None),
        ("买家叫什么名字？", "卖出了一套房。", None),
        ("哪个女医生救了人？", "一名男子救了人。", None),
        ("谁赢了？", "他负责运输。", None),
    ],
)
def test_the_opposite_as_a_word_of_its_own(question: str, text: str, pair: tuple[str, str] | None) -> None:
    assert other_side(analyse(question), fold(text), [fold(text)]) == pair


def test_the_opposite_is_not_named_where_a_passage_has_what_is_asked_for() -> None:
    question, text = analyse("什么时候恢复供水？"), "2021年停止供水"
    assert other_side(question, text, [text]) == ("恢复", "停止")
    assert other_side(question, text, [text, "两天后恢复供水"]) is None


@pytest.mark.parametrize(
    ("question", "text", "pair"),
    [
        ("第六届运动会在哪里办的？", "第七届运动会在南京举行。", ("第六届", "第七届")),
        ("3月份增长了多少？", "5月份增长了3%。", ("3月份", "5月份")),
        ("百人会的调查里有多少人？", "调查了6500名华人。", None),  # a name, no hundred
        ("两国是哪一年建交的？", "2009年两国签约。", None),
        ("这13个遗产什么时候公布？", "共有34个项目。", None),
        ("第三名是哪个区？", "第四名是天涯区，季军是海棠区。", None),
        ("风1号的基金经理是谁？", "朱建明于1月5日任职。", None),
    ],
)
def test_another_ordinal(question: str, text: str, pair: tuple[str, str] | None) -> None:
    assert other_ordinal(analyse(question), fold(text), [fold(text)]) == pair


@pytest.mark.parametrize(
    ("question", "text", "pair"),
    [
        ("皮克敏3卖了多少份？", "《皮克敏4》卖了78,838份。", ("皮克敏3", "皮克敏4")),
        ("黑龙江海事部门停了几条航线？", "辽宁海事部门停了20条航线。", ("黑龙江海事", "辽宁海事")),
        ("北京新能源汽车8月卖了多少辆？", "北京汽车7月卖了120辆。", None),  # months
        ("桃溪花园12号楼几点停电？", "桃溪花园10号楼停电。", None),  # buildings
        ("8月1日来了多少人？", "7月30日来了三人。", None),  # days
    ],
)
def test_another_name(question: str, text: str, pair: tuple[str, str] | None) -> None:
    assert other_name(analyse(question), fold(text), [fold(text)]) == pair


@pytest.mark.parametrize(
    ("question", "text", "pair"),
    [
        ("第4期论坛讲什么？", "第5期论坛讲磁技术。", ("第4期", "第5期")),
        ("第四期论坛讲什么？", "第4期论坛讲磁技术，第5期另讲。", None),
        ("E502这个代码是什么意思？", "代码：E101；含义：条码未建档", ("e502", "e101")),
        ("RX-7600用的哪个核心？", "RX 7900用的是Navi 31。", ("rx-7600", "rx 7900")),
        ("RX-7600用的哪个核心？", "RX 7900用Navi 31，7600用Navi 33。", None),
        ("第一届在哪办的？", "首届在南京，第二届在北京。", None),
        ("第二季度增长多少？", "第一季度增长3%。", None),  # the second may be called 4至6月
        ("Q2的营收是多少？", "Q1的营收是3亿元。", None),  # nor Q2
        ("第三名是谁？", "第四名是张硕。", None),
        ("2.0版有什么？", "1.0版有聊天。", None),
    ],
)
def test_another_of_a_series(question: str, text: str, pair: tuple[str, str] | None) -> None:
    assert other_number(analyse(question), fold(text), []) == pair


def test_a_number_that_another_passage_has_is_not_replaced() -> None:
    question, text = analyse("第4期论坛讲什么？"), "第5期论坛讲磁技术。"
    assert other_number(question, text, ["第四期论坛讲新能源。"]) is None


def test_other_days() -> None:
    question = analyse("8月1日来了多少人？")
    assert other_days(question, "7月30日来了三人", ["7月30日来了三人"]) == ("8月1日", ["7月30日"])
    assert other_days(question, "7月30日来了三人", ["7月30日来了三人,1日又来了五人"]) is None
    assert other_days(question, "来了三人", ["来了三人"]) is None
    assert other_days(analyse("来了多少人？"), "7月30日来了三人", ["7月30日来了三人"]) is None
