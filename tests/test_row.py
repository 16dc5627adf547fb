"""A table's row about another than the one asked for."""

from __future__ import annotations

import pytest

from rag.question import analyse
from rag.row import other_row
from vectorstore.tokens import fold

SHIFT = "班别：早班；时间：6:30—14:30；适用：纺纱、织造；用餐：30 分钟"
HOUSE = "棚号：1号棚；作物：非洲菊；面积：3200 平方米"
SAMPLE = "编号：S4；涂料：老匠硅藻；颜色：砖红"


@pytest.mark.parametrize(
    ("question", "row", "pair"),
    [
        ("周末班几点上班？", SHIFT, ("周末班", "早班")),
        ("早班几点上班？", SHIFT, None),
        ("哪个班有午饭？", SHIFT, None),
        ("每班用餐多久？", SHIFT, None),
        ("纺纱几点开工？", SHIFT, None),
        ("骑电动车怎么算钱？", "车型：电单车；起步价：2.5 元；超时：1 元", None),  # may be the same
        ("5号棚种的什么？", HOUSE, ("5号棚", "1号棚")),
        ("1号棚种的什么？", HOUSE, None),
        ("5号来种什么？", HOUSE, None),  # a day
        ("样品S5是什么涂料？", SAMPLE, ("s5", "s4")),
        ("样品T5是什么涂料？", SAMPLE, None),  # no such series there
        ("P6住宿报多少？", "职级：P5—P7；一线城市：550；其他：350", None),  # within the range
        ("周末班几点上班？", "早班的时间是6:30。", None),  # no row
    ],
)
def test_another_row(question: str, row: str, pair: tuple[str, str] | None) -> None:
    assert other_row(analyse(question), fold(row)) == pair
