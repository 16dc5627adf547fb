"""What a refusal may call missing: things, never small words or half words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.absent import is_sure_name, is_thing, missing_things, untold_attribute
from rag.coverage import word_coverage
from rag.question import analyse
from vectorstore.tokens import fold


def missing(question: str, text: str, pairs: dict[tuple[str, str], float] | None = None) -> list[str]:
    """The things of a question that one passage lacks; `pairs` are words near in meaning."""
    analysed, folded = analyse(question), fold(text)

    def similarity(asked: Sequence[str], there: Sequence[str]) -> np.ndarray:
        return np.array([[(pairs or {}).get((one, other), 0.1) for other in there] for one in asked])

    return missing_things(analysed, word_coverage(analysed, folded), [folded], lambda _: True, similarity)


@pytest.mark.parametrize(
    ("question", "text", "things"),
    [
        pytest.param("鼓浪屿沙滩放了几个稻草人？", "厦门的沙滩放了稻草人。", ["鼓浪屿"], id="a-place"),
        pytest.param("兴国县城管局的局长是谁？", "兴国县城管局清理了路面。", ["局长"], id="a-post"),
        pytest.param("电影节的奖金和奖牌是谁定的？", "电影节在上海举行。", ["奖金", "奖牌"], id="two-nouns"),
        pytest.param("案子最后怎么了结的？", "双方握手言和。", [], id="adverbs-and-verbs"),
        pytest.param("他平时最早几点起来，现在为什么不再跑步？", "他喜欢跑步。", [], id="small-words"),
        pytest.param("海军送了些啥东西？", "海军送了水果。", [], id="a-vague-word-that-looks-like-a-place"),
        pytest.param("孩子们在禁毒馆里怎么学的？", "孩子们参观了展览，学禁毒知识。", [], id="half-a-word"),
        pytest.param("参赛作品的deadline是哪天？", "参赛作品八月底提交。", [], id="an-english-word-of-everyday-speech"),
        pytest.param("Foxconn在印度建了几座工厂？", "在印度建了两座工厂。", ["Foxconn"], id="a-latin-name"),
        pytest.param("沪深300ETF8月18日涨了多少？", "8月17日，沪深300etf涨了。", [], id="a-date-behind-a-name"),
        pytest.param("云岗石窟是什么时候建的？", "云冈石窟建于北魏。", [], id="one-wrong-character-in-a-name"),
        pytest.param("", "云冈石窟建于北魏。", [], id="empty"),
    ],
)
def test_only_things_are_missing(question: str, text: str, things: list[str]) -> None:
    assert missing(question, text) == things


def test_a_noun_that_is_said_by_another_word_is_not_missing() -> None:
    question, text = "食管上的瘤子和奖金有多大？", "食管上的肿瘤很大。"
    assert "奖金" in missing(question, text)
    assert missing("手术的奖金是多少？", "手术有报酬。", {("奖金", "报酬"): 0.8}) == []
    assert missing("手术的奖金是多少？", "手术有报酬。", {("奖金", "报酬"): 0.3}) == ["奖金"]


def test_a_latin_name_may_be_written_in_chinese() -> None:
    chinese, english = analyse("Foxconn在香港有多少人？"), analyse("Who is the CEO of Tesla?")
    assert [word.text for word in chinese.words if is_sure_name(chinese, word)] == ["香港"]
    assert "tesla" in [word.text for word in english.words if is_sure_name(english, word)]


@pytest.mark.parametrize(
    ("question", "text", "attribute"),
    [
        ("手机有多重？", "手机很轻便。", "重量"),
        ("手机有多重？", "手机重262克。", ""),
        ("手机售价是多少？", "手机很轻便。", "售价"),
        ("他被骗走多少钱？", "他被骗了。", "金额"),
        ("手机卖多少钱？", "手机很轻便。", "价格"),
        ("中控屏有多大？", "中控屏很清晰。", ""),  # any size, not an area
        ("哪几款手机支持快充？", "以下手机支持快充。", ""),  # the models are asked for
        ("这里要门票吗？", "这里人很多。", ""),
    ],
)
def test_an_attribute_that_is_not_told(question: str, text: str, attribute: str) -> None:
    assert untold_attribute(analyse(question), [fold(text)]) == attribute


TEXT = st.text(st.sampled_from("鼓浪屿云冈石窟局长最后东西在里Foxconn300ETF8月18日，。？𠮷臺灣"), max_size=24)


@given(TEXT, TEXT)
def test_what_is_missing_stands_in_the_question_and_not_in_the_text(question: str, text: str) -> None:
    for thing in missing(question, text):
        assert thing in question
        assert fold(thing) not in fold(text)
        assert len(thing) > 1
    assert all(len(word.text) > 1 for word in analyse(question).words if is_thing(analyse(question), word))
