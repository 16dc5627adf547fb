"""What a question wants measured, and which texts say none of it."""

from __future__ import annotations

import pytest

from rag.measures import is_of_another, lacks_measure
from rag.question import analyse
from vectorstore.tokens import fold


@pytest.mark.parametrize(
    ("question", "sentence", "lacks"),
    [
        ("贝茨一共募到了多少善款？", "贝茨徒步71天抵达杭州，总行程约1700公里。", True),
        ("徐灵报兴趣班花了多少钱？", "徐灵是两个孩子的母亲，今年45岁。", True),
        ("贝茨一共募到了多少善款？", "募得的善款由红十字会捐出，分多次送到。", True),
        ("这家店被罚了多少美元？", "案件涉及多州的16家门店。", True),
        ("贝茨一共募到了多少善款？", "徒步71天募得300万。", False),
        ("这碗面多少钱？", "一碗面卖到500日圆，比去年贵。", False),
        ("收了多少斤菜，赔了多少钱？", "两人收购了约6000斤蔬菜。", False),
        ("成人票多少钱？", "票种:成人;平日:60;周末:80", False),  # of a table
        ("学费多少钱？", "这门课免费，共12节。", False),
        ("这家店有多少人？", "案件涉及多州的16家门店。", False),
        ("一共干了多少天就下课了？", "接任主帅，年薪为300万英镑。", True),
        ("一共干了多少天就下课了？", "执教时间仅为67天。", False),
        ("那两个嫌疑人多大年纪？", "警方将同车的2名嫌疑人全部抓获。", True),
        ("那两个嫌疑人多大年纪？", "一人生于1990年。", False),
        ("预测股市会跌掉百分之几？", "未来5个月内市场可能大幅回调。", True),
        ("预测股市会跌掉百分之几？", "市场可能回调三成。", False),
        ("这几天路面有多热？", "路面气温逼近60℃。", False),  # not for how many days
        ("金卡一年收多少年费？", "金卡主卡200元。", False),
        ("冰箱运转起来声音有多大？", "冰箱容积高达8.8升。", True),
        ("这条路有多少公里？", "总投资3000万元。", True),
        ("每股发行价定的多少？", "公司发行21382252股普通股。", True),
        ("每股发行价定的多少？", "发行价为9.5美元。", False),
        ("有几个人投了反对票？", "加息0.25个百分点。", True),
        ("有几个人投了反对票？", "两名委员反对。", False),
        ("市值排第几位？", "排在第15。", False),
        ("这种导弹最快能飞到几马赫？", "射程超过1000千米。", True),
    ],
)
def test_what_is_asked_for_has_no_mark_in_the_sentence(question: str, sentence: str, lacks: bool) -> None:
    assert lacks_measure(analyse(question).folded, fold(sentence)) is lacks


def test_a_figure_of_another_measure() -> None:
    text = "今年7月接任,年薪为300万英镑,执教67天"
    pounds, days = text.index("300"), text.index("67")
    assert is_of_another("一共干了多少天?", text, pounds, pounds + 6)
    assert not is_of_another("一共干了多少天?", text, days, days + 3)
    assert not is_of_another("一共干了多少天?", text, days, days + 2)  # the unit stands behind it
    assert not is_of_another("一共干了多少天?", text, 0, 2)  # no figure: 今年
    assert not is_of_another("年薪和天数分别是多少?", text, pounds, pounds + 6)  # nothing of the table is asked for
