"""The short answer inside a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import Kind, analyse
from rag.spans import find_short, kind_fit
from vectorstore.tokens import fold

STAFF = "量子院已入职的全职科研人员217名，其中首席科学家2名、PI研究员25名；外籍人员12名、海外归国人员37名。"
CARS = "搭载亿华通氢燃料电池系统车辆700余台，占比64%，运营里程260余万公里，减碳2200余吨，占比81%"
CITY = "持续加强住房保障,建成房源1.8万套,已保障25个院所、31家重点企事业单位人才住房需求。"


def short(question: str, sentence: str) -> str | None:
    """The short answer as the sentence writes it."""
    span = find_short(analyse(question), fold(sentence))
    return None if span is None else sentence[slice(*span)]


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        pytest.param("外籍人员有多少名？", STAFF, "12名", id="nearest-noun"),
        pytest.param("首席科学家有几名？", STAFF, "2名", id="in-the-middle"),
        pytest.param("海归有多少人？", STAFF, "37名", id="abbreviated"),
        pytest.param("车辆占比多少？", CARS, "64%", id="share-of-the-first"),
        pytest.param("减碳占比多少？", CARS, "81%", id="share-of-the-second"),
        pytest.param("复牌后跌了多少？", "停牌两年后，亏损840亿元的恒大复牌，股价跌68.44%。", "68.44%", id="a-fall"),
        pytest.param("纽顿占多少股份？", "纽顿投资5亿美元，占股本的27.5%", "27.5%", id="shares-are-no-money"),
        pytest.param("减碳多少吨？", CARS, "2200余吨", id="by-unit"),
        pytest.param("运营里程是多少？", CARS, "260余万公里", id="length"),
        pytest.param("建成了多少套住房？", CITY, "1.8万套", id="decimal"),
        pytest.param("保障了多少个院所？", CITY, "25个", id="second-number"),
        pytest.param(
            "2024年度新增了多少项科技成果？", "2024年度新增科技成果54项、累计达329项。", "54项", id="not-the-year"
        ),
        pytest.param("科技成果累计达多少项？", "2024年度新增科技成果54项、累计达329项。", "达329项", id="total"),
        pytest.param("北京排第几？", "北京较上年上升一位排第4.", "第4", id="rank"),
        pytest.param("硬科技孵化器有多大？", "建设了7000M2的中试平台以及9000M2的硬科技孵化器", "9000M2", id="area"),
        pytest.param(
            "中试平台有多大？", "建设了7000M2的中试平台以及9000M2的硬科技孵化器", "7000M2", id="before-its-noun"
        ),
        pytest.param("有多少种植物？", "園內種植植物約2000種，溫室1500平方公尺。", "約2000種", id="2000-is-no-year"),
        pytest.param(
            "溫室面積有多大？", "園內種植植物約2000種，溫室1500平方公尺。", "1500平方公尺", id="traditional-unit"
        ),
        pytest.param("有多少名员工？", "公司有员工12000名。", "12000名", id="a-year-inside-a-number"),
        pytest.param("到会的有多少人？", "約３６０人參加論壇", "約３６０人", id="full-width-traditional"),
        pytest.param("甲厂利润是多少？", "甲厂利润为-3.5亿元。", "-3.5亿元", id="below-zero"),
        pytest.param("票价是多少？", "票价为￥50。", "￥50", id="currency-in-front"),
        pytest.param("甲厂的电话是多少？", "甲厂电话：010-62345678。", "010-62345678", id="telephone"),
        pytest.param("北京地铁6号线有多长？", "北京地铁6号线全长53公里。", "53公里", id="line-6"),
        pytest.param("产线有几条？", "目前创新中心投入过亿元，建设产线10条", "10条", id="after-its-noun"),
        pytest.param("有多少人？", "今天天气很好。", None, id="no-number"),
        pytest.param("药物有多少种？", "抗体药物HH-003和HH-006", None, id="numbers-of-a-name"),
        pytest.param("有多少人？", "", None, id="empty"),
    ],
)
def test_numbers(question: str, sentence: str, expected: str | None) -> None:
    assert short(question, sentence) == expected


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        ("华辉安健什么时候成立？", "华辉安健于2015年在北京中关村生命科学园成立", "2015年"),
        ("量子院何时签约？", "2017年12月，量子院签署合作框架协议", "2017年12月"),
        ("纳米能源所何时开始筹建？", "2012年3月，纳米能源所开始筹建，2020年9月，纳米能源所搬迁", "2012年3月"),
        ("纳米能源所何时搬迁？", "2012年3月，纳米能源所开始筹建，2020年9月，纳米能源所搬迁", "2020年9月"),
        ("论坛是哪天举行的？", "3月28日,论坛在北京举行。", "3月28日"),
        ("什么时候？", "今天天气很好。", None),
        ("华辉安健的CEO是谁？", "据华辉安健CEO陈彬介绍，公司已建成平台", "陈彬"),
        ("量子院院长助理是谁？", "量子院院长助理张硕向北京商报记者重点介绍", "张硕"),
        ("荷塘生华的信息工程总监是谁？", "荷塘生华信息工程总监郝国舜重点介绍了创新中心", "郝国舜"),
        ("谁来了？", "今天天气很好。", None),
        ("星火计划由谁负责？", "星火计划于2021年启动，由星光实验室负责。", "星光实验室"),
        ("地面站是谁建成的？", "中国科学院空天信息创新研究院建成地面站。", "中国科学院空天信息创新研究院"),
        ("荷塘生华是谁发起的？", "荷塘生华是清华工研院发起设立的科技公司", "清华工研院"),
        ("公司的董事长是谁？", "公司由清华大学发起设立。", None),  # a post is held by a person
        ("哪位专家到场？", "中国科学院派人到场。", None),
        ("论坛是什么时候举行的？", "論壇於三月二十八日舉行。", "三月二十八日"),
        ("甲厂成立于哪年？", "甲厂成立于二〇一五年。", "二〇一五年"),
        ("量子院位于哪里？", "量子院位于中关村软件园，是2017年12月成立的。", "中关村软件园"),
        ("未来科学城在哪里？", "地处昌平区南部的未来科学城", "昌平区南部"),
        ("聚焦哪些领域？", "聚焦在先进能源、先进制造、医药健康三个领域。", "先进能源、先进制造、医药健康三个领域"),
        ("有哪些机构？", "今天天气很好。", None),
        ("介绍一下量子院", "量子院位于中关村软件园", None),
        ("为什么？", "因为2017年成立", None),
    ],
)
def test_dates_people_places_and_lists(question: str, sentence: str, expected: str | None) -> None:
    assert short(question, sentence) == expected


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("有多少平方公里？", "组织3场专题研讨"),  # a number, but of something else
        ("投入了多少钱？", "建设产线10条"),
        ("建成了多少套住房？", "其中2名来自住房部门"),
        ("有多少人？", "今天天气很好。"),
        ("有几个外国人？", "签字到入职用时仅4个月"),
        ("有几个外国人？", "每天步行3公里"),
        ("什么时候？", "今天天气很好。"),
        ("CEO是谁？", "今天天气很好。"),
    ],
)
def test_nothing_of_the_asked_kind_does_not_fit(question: str, sentence: str) -> None:
    assert kind_fit(analyse(question), fold(sentence)) == -1


def test_what_is_near_and_in_unit_fits_better() -> None:
    question = analyse("建成了多少套住房？")
    near, far = fold("建成住房18套"), fold("建成住房的消息传来后，工作人员又数了一遍，是18套")
    assert kind_fit(question, near) > kind_fit(question, far) > 0


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("用了几个月？", "用时仅4个月"),
        ("开几个小时？", "开3小时"),
        ("有几个外国人？", "外国人12名"),
        ("有几个外国人？", "12个"),
        ("挖了几个公里？", "挖了3公里"),
    ],
)
def test_a_measure_is_counted_where_it_is_asked_for(question: str, sentence: str) -> None:
    assert kind_fit(analyse(question), sentence) >= 0


def test_a_place_may_be_named_without_saying_so() -> None:
    assert kind_fit(analyse("量子院在哪里？"), "量子院今天很热闹") == 0
    assert kind_fit(analyse("介绍一下量子院"), "量子院今天很热闹") == 0


QUESTIONS = ("有多少人？", "占比多少", "什么时候？", "是谁？", "在哪里？", "有哪些平台？", "哪家公司？", "介绍一下")
SENTENCES = st.text(
    st.sampled_from("量子院位于2017年3月28日1.8万套%约第一百二十人、，。：在张硕CEO m²１２𠮷（）"), max_size=80
)


@given(st.sampled_from(QUESTIONS), SENTENCES)
def test_a_span_always_lies_in_its_sentence(question: str, sentence: str) -> None:
    asked, folded = analyse(question), fold(sentence)
    span = find_short(asked, folded)
    if span is not None:
        assert 0 <= span[0] < span[1] <= len(sentence)
    fit = kind_fit(asked, folded)
    assert -1 <= fit <= 2
    if asked.kind in {Kind.NUMBER, Kind.DATE, Kind.PERSON}:
        assert span is not None or fit == -1
    assert find_short(asked, folded) == span
