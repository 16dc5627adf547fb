"""The trained sentence ranker: its features by hand, its order, and where the hand-set score still rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.features import sentence_features
from rag.question import analyse
from rag.rank import in_order, rank_sentences, tell
from rag.score import Candidate, find_candidates, score_sentences
from rag.types import Hit, Passage


def candidates_of(*texts: str) -> list[Candidate]:
    """The sentences of passages found with falling scores."""
    hits = [
        Hit(Passage(f"{number:016x}:0", f"{number:016x}", 0, "a.txt", "题目", text, 0, len(text)), 1.0 / (number + 1))
        for number, text in enumerate(texts)
    ]
    return find_candidates(hits, {}, {})


def columns_of(question: str, *texts: str) -> dict[str, np.ndarray]:
    asked, candidates = analyse(question), candidates_of(*texts)
    return sentence_features(asked, in_order(score_sentences(asked, candidates, None), candidates), None)


def test_place_and_neighbours() -> None:
    columns = columns_of("量子院有多少人？", "量子院很新。它有217人。", "这里没有。")
    assert columns["place.index"].tolist() == [0, 1, 0]
    assert columns["place.last"].tolist() == [1, 0, 0]
    assert columns["place.length"].tolist() == [6, 7, 5]
    assert columns["retrieval.rank"].tolist() == [0, 0, 1]
    assert columns["retrieval.score"].tolist() == [1.0, 1.0, 0.5]
    # 量子 and 子院 stand in the first sentence alone: the second has them before it, the third is another passage
    assert columns["pairs.longest_count"].tolist() == [2, 0, 0]
    assert columns["neighbours.before"][0] == 0
    assert columns["neighbours.before"][1] == columns["pairs.recall"][0] > 0
    assert columns["neighbours.before"][2] == 0
    assert columns["neighbours.after"][0] == columns["pairs.recall"][1]


def test_what_the_question_asks_for() -> None:
    columns = columns_of("量子院有多少人？", "量子院有217人。", "量子院由张硕领导，2017年成立。")
    assert columns["types.fit"][0] > columns["types.fit"][1]
    assert columns["types.number"].tolist() == [3, 4]  # digits: 217; 2017
    assert columns["types.nr"].tolist() == [0, 1]
    assert columns["types.date"].tolist() == [0, 1]


def test_gaps_and_ranks_compare_with_the_best() -> None:
    columns = columns_of("量子院有多少人？", "无关的话。", "量子院有217人。")
    assert columns["coverage.prior_rank"].tolist() == [1, 0]
    assert columns["coverage.prior_gap"][1] == 0 > columns["coverage.prior_gap"][0]


@given(
    st.text(alphabet="量子院有多少人 217名。？?，abc臺「」\n", max_size=60),
    st.text(alphabet="量子院多少人哪年谁？a", max_size=12),
)
@settings(max_examples=40, deadline=None)
def test_features_are_always_numbers_of_one_name_list(text: str, question: str) -> None:
    asked, candidates = analyse(question), candidates_of(text or "空。")
    if not candidates or not asked.words:
        return
    columns = sentence_features(asked, in_order(score_sentences(asked, candidates, None), candidates), None)
    assert list(columns) == list(columns_of("量子院有多少人？", "量子院有217人。"))
    assert all(np.isfinite(column).all() and column.shape == (len(candidates),) for column in columns.values())


def test_what_is_told_of_each_sentence() -> None:
    columns = {name: np.array([0.5, 0.25]) for name in columns_of("量子院有多少人？", "量子院有217人。")}
    told = tell(columns, np.array([1.0, 3.0]))
    assert told[:, 0].tolist() == [-2.0, 0.0]
    assert told[:, 1].tolist() == [0.25, 0.0]
    assert told[:, 2] == pytest.approx([np.exp(-2), 1.0])
    assert told[:, 3].tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("量子院有多少人？", "量子院现有科研人员217名。"),
        ("量子院是哪年成立的？", "量子院2017年成立。"),
        ("量子院的院长助理是谁？", "院长助理张硕介绍了情况。"),
    ],
)
def test_the_answering_sentence_comes_first(question: str, answer: str) -> None:
    text = "量子院2017年成立。量子院现有科研人员217名。院长助理张硕介绍了情况。周围还有许多公园。"
    ranked = rank_sentences(analyse(question), candidates_of(text), None)
    assert ranked[0].candidate.folded == answer
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)


def test_a_question_is_no_answer_to_itself() -> None:
    ranked = rank_sentences(analyse("量子院在哪里？"), candidates_of("量子院在哪里？\n量子院位于中关村软件园。"), None)
    assert ranked[0].candidate.folded == "量子院位于中关村软件园。"


def test_nothing_found_gives_nothing() -> None:
    assert rank_sentences(analyse("量子院在哪里？"), [], None) == []
