"""How well a text covers a question's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.coverage import _frames, focus_weights, nearest, weights, word_coverage
from rag.question import analyse
from vectorstore.tokens import fold

MIXED = st.text(
    st.one_of(
        st.sampled_from("量子院科学城的有多少人谁第一二三2019年GPUhh-003EPICC-Model，。？ 臺灣ＡＢＣ"),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=60,
)


def covered(question: str, text: str) -> dict[str, float]:
    """Question word → share of it in the text."""
    asked = analyse(question)
    return {word.text: float(share) for word, share in zip(asked.words, word_coverage(asked, fold(text)), strict=True)}


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        pytest.param("量子院的预算", "量子院位于中关村", {"量子": 1.0, "院": 1.0, "预算": 0.0}, id="pairs"),
        pytest.param("海归有多少", "海外归国人员37名", {"海归": 0.7}, id="abbreviated"),
        pytest.param("第二实验学校", "第一实验学校", {"第二": 0.0, "实验学校": 1.0}, id="second-is-not-first"),
        pytest.param("GPU有几台", "装有GPU 8台", {"gpu": 1.0}, id="latin"),
        pytest.param("GPU有几台", "装有GPUs 8台", {"gpu": 0.0}, id="latin-whole-words-only"),
        pytest.param("HH-003", "药物HH-003已进入临床", {"hh-003": 1.0}, id="hyphenated"),
        pytest.param("EPICC", "新一代EPICC-Model开源", {"epicc": 1.0}, id="part-of-a-compound"),
        pytest.param("東城區", "东城区", {"东城区": 1.0}, id="scripts"),
        pytest.param("东城区", "西城区", {"东城区": 2 / 3}, id="east-is-not-west"),
        pytest.param("2019年", "2021年", {"2019": 0.0, "年": 0.5}, id="years-match-whole"),
        pytest.param("住房", "", {"住房": 0.0}, id="empty-text"),
        pytest.param("", "住房", {}, id="empty-question"),
    ],
)
def test_coverage_by_hand(question: str, text: str, expected: dict[str, float]) -> None:
    assert covered(question, text) == pytest.approx(expected)


def test_one_wrong_character_among_right_ones_is_forgiven() -> None:
    mistyped = covered("荷塘升华是什么公司", "荷塘生华是科技公司")
    assert mistyped["荷塘"] == mistyped["公司"] == 1
    assert 0.5 < mistyped["升华"] < 1
    assert covered("荷塘升华是什么公司", "这是科技公司")["升华"] == 0


def test_weights_sum_to_one_and_follow_rarity() -> None:
    question = analyse("怀柔科学城建成了多少套住房？")
    share = weights(question)
    assert share.shape == (len(question.words),)
    assert share.sum() == pytest.approx(1)
    assert share.argmax() == [word.text for word in question.words].index("科学城")
    assert weights(analyse("？？")).shape == (0,)


def test_the_subject_counts_a_third_where_the_sentence_is_judged() -> None:
    question = analyse("怀柔科学城建成了多少套住房？")
    in_subject = np.array([word.start < len("怀柔科学城") for word in question.words])
    assert weights(question)[in_subject].sum() > 1 / 3
    assert focus_weights(question)[in_subject].sum() == pytest.approx(1 / 3)
    assert focus_weights(question).sum() == pytest.approx(1)


def test_focus_is_the_plain_weight_without_a_subject() -> None:
    question = analyse("如何申请入驻？")
    assert focus_weights(question) == pytest.approx(weights(question))


@given(MIXED, MIXED)
def test_coverage_and_weights_stay_in_bounds(question: str, text: str) -> None:
    asked = analyse(question)
    share = word_coverage(asked, fold(text))
    assert share.shape == (len(asked.words),)
    assert ((share >= 0) & (share <= 1)).all()
    for weight in (weights(asked), focus_weights(asked)):
        assert weight.shape == share.shape
        assert (weight >= 0).all()
        assert not weight.size or weight.sum() == pytest.approx(1)


@given(MIXED)
def test_a_question_covers_itself(question: str) -> None:
    asked = analyse(question)
    own = word_coverage(asked, asked.folded)
    for word, share in zip(asked.words, own, strict=True):
        assert share > 0 or word.text.isascii() or not word.text.isalnum(), word


@given(
    st.text("量子院的科学城一_a1 ，", max_size=30),
    st.text("量子院的科学城_", min_size=2, max_size=3),
    st.text("院城a", max_size=1),
)
def test_one_character_between_two_is_found_as_by_a_pattern(text: str, before: str, after: str) -> None:
    pattern = re.escape(before) + r"\w" + re.escape(after)
    assert _frames(before, after, text) == (re.search(pattern, text) is not None)


def test_what_is_shared_can_not_be_changed() -> None:
    asked = analyse("量子院的预算")
    for shared in (word_coverage(asked, "量子院"), weights(asked), focus_weights(asked)):
        with pytest.raises(ValueError, match="read-only"):
            shared[0] = 2.0


def test_the_nearest_word_of_each_text() -> None:
    def similarity(asked: Sequence[str], there: Sequence[str]) -> np.ndarray:
        known = {("搬家", "搬迁"): 0.75, ("搬家", "新址"): 0.5, ("盖好", "新址"): 0.25}
        return np.array([[known.get((one, other), -0.5) for other in there] for one in asked], np.float32)

    texts = [["新址", "搬迁", "新址"], [], ["物理"]]
    assert nearest(["搬家", "盖好"], texts, similarity).tolist() == [[0.75, 0.25], [0.0, 0.0], [-0.5, -0.5]]
    assert nearest([], texts, similarity).shape == (3, 0)
    assert nearest(["搬家"], [[], []], similarity).tolist() == [[0.0], [0.0]]
