"""Follow-ups made to stand alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.condense import condense

HETANG = [("介绍一下荷塘生华", "荷塘生华是清华工研院与行业领军企业共同发起设立的科技公司[1]")]
FLIGHT = [("总监坐飞机能坐什么舱？", "文档里没有这个问题的答案。")]
STAFF = [("新员工试用期多长？", "三个月。[1]")]
LANTING = [("岚亭光学2023年营收多少？", "3亿元。[1]")]
QUANTUM = [("量子院位于哪里？", "量子院位于中关村软件园。[1]")]


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        pytest.param("它的硬科技孵化器有多大？", HETANG, "荷塘生华的硬科技孵化器有多大？", id="pronoun"),
        pytest.param("它的硬科技孵化器有多大？", [], "它的硬科技孵化器有多大？", id="no-history"),
        pytest.param("该公司的CEO是谁？", HETANG, "荷塘生华的CEO是谁？", id="this-company"),
        pytest.param("它有多少人？", QUANTUM, "量子院有多少人？", id="pronoun-of-an-institute"),
        pytest.param("那纳米能源所呢？", QUANTUM, "纳米能源所位于哪里？", id="another-name"),
        pytest.param("那納米能源所呢？", QUANTUM, "納米能源所位于哪里？", id="another-name-traditional"),
        pytest.param("有多少人？", QUANTUM, "量子院有多少人？", id="no-subject"),
        pytest.param("负责人是谁？", QUANTUM, "量子院的负责人是谁？", id="an-attribute-needs-its-owner"),
        pytest.param("其中首席科学家有几名？", QUANTUM, "量子院的首席科学家有几名？", id="among-them"),
        pytest.param("那2021年呢？", [("2020年北京排第几？", "第4[1]")], "2021年北京排第几？", id="another-year"),
        pytest.param("红烧肉怎么做？", QUANTUM, "红烧肉怎么做？", id="a-topic-of-its-own"),
        pytest.param("出差办法什么时候开始用？", FLIGHT, "出差办法什么时候开始用？", id="a-rule-belongs-to-nobody"),
        pytest.param("报销流程是什么？", QUANTUM, "报销流程是什么？", id="a-procedure-belongs-to-nobody"),
        pytest.param("公司食堂几点开门？", STAFF, "公司食堂几点开门？", id="nothing-is-asked-of-a-sort-of-people"),
        pytest.param("利润呢？", LANTING, "岚亭光学的利润有多少？", id="an-unknown-word-is-a-name"),
        pytest.param("怀柔科学城建成了多少套住房？", QUANTUM, "怀柔科学城建成了多少套住房？", id="another-subject"),
        pytest.param("量子院，它有多少人？", QUANTUM, "量子院，它有多少人？", id="named-beside-its-pronoun"),
        pytest.param("其他机构有哪些？", QUANTUM, "量子院其他机构有哪些？", id="qita-is-no-pronoun"),
        pytest.param("吉他协会在哪里？", QUANTUM, "吉他协会在哪里？", id="jita-is-no-pronoun"),
        pytest.param("它有多大？", [("你好", "你好！")], "它有多大？", id="nothing-to-refer-to"),
    ],
)
def test_follow_ups(question: str, history: list[tuple[str, str]], expected: str) -> None:
    assert condense(question, history) == expected


def test_the_latest_topic_is_meant() -> None:
    history = [*HETANG, ("华辉安健的CEO是谁？", "陈彬[1]")]
    assert condense("它的总产能是多少？", history) == "华辉安健的总产能是多少？"


def test_a_topic_lasts_over_turns_that_name_none() -> None:
    history = [*QUANTUM, ("它有多少人？", "217名[1]"), ("其中外籍的有几名？", "12名[1]"), ("谢谢", "不客气")]
    assert condense("它是哪年成立的？", history) == "量子院是哪年成立的？"


def test_asking_for_an_attribute_does_not_change_the_topic() -> None:
    assert condense("它有多少人？", [*QUANTUM, ("负责人是谁？", "文档里没有。")]) == "量子院有多少人？"


def test_the_topic_keeps_the_script_it_was_asked_in() -> None:
    assert condense("它有多少人？", [("荷塘生華是什麼公司？", "科技公司[1]")]) == "荷塘生華有多少人？"


def test_the_answer_names_the_topic_when_the_question_does_not() -> None:
    assert condense("它有多少人？", [("谁最有名？", "量子院最有名。[1]")]) == "量子院有多少人？"


@pytest.mark.parametrize(
    "turn",
    [("那纳米能源所呢？", "……"), ("那呢？", "嗯。"), ("它有多少人？", "217名")],
    ids=["bare", "empty", "pronoun"],
)
def test_a_long_conversation_costs_no_more_than_its_length(turn: tuple[str, str]) -> None:
    started = time.perf_counter()
    condense("那物理所呢？", [*QUANTUM, *[turn] * 1000])
    assert time.perf_counter() - started < 5


TEXT = st.text(st.sampled_from("量子院它那纳米能源所呢有多少人？其中谁在哪里2021年的，。负责人CEO and 𠮷"), max_size=24)


@given(TEXT)
def test_without_history_a_question_is_unchanged(question: str) -> None:
    assert condense(question, []) == question
    assert condense(question, ()) == question


@given(TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=4))
def test_any_conversation_gives_a_question(question: str, history: list[tuple[str, str]]) -> None:
    standalone = condense(question, history)
    assert bool(standalone) or not question
    assert condense(question, tuple(history)) == standalone
