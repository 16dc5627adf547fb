"""The reranker's features by hand, and what it may never do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import analyse
from rag.rerank import features, find_parts, lexical_scores, longest_runs
from rag.retrieve import rerank
from vectorstore.records import Hit, Passage
from vectorstore.tokens import fold, folded_codes

QUESTION = "量子院，中关村？"
TEXT = st.text(st.sampled_from("量子院位于中关村哪里在谁,，。？\n 臺灣ＡＢ𠮷12"), max_size=40)


def rarities(terms: Sequence[str]) -> np.ndarray:
    """All terms equally rare."""
    return np.ones(len(terms))


def _runs(asked: str, text: str, sentences: list[int]) -> list[list[int]]:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return longest_runs(asked, codes, np.array(sentences)).T.tolist()


def _hit(name: str, title: str, text: str, keyword: float, dense: float = 0.0) -> Hit:
    return Hit(Passage(name, name, 0, "甲.txt", title, text, 0, len(text)), keyword, keyword, dense)


def test_runs_by_hand() -> None:
    assert _runs("量子院", "量子在院。量子院", [0, 5]) == [[1, 2, 1], [1, 2, 3]]
    assert _runs("院。院", "院。院", [0]) == [[1, 0, 1]]
    assert _runs("甲", "甲" * 3, [0]) == [[1]]
    assert max(_runs("甲" * 300, "甲" * 300, [0])[0]) == 100


@given(TEXT, TEXT.filter(bool))
def test_runs_are_common_substrings(asked: str, text: str) -> None:
    (runs,) = _runs(asked, text, [0])
    for end, length in enumerate(runs):
        part = asked[end + 1 - length : end + 1]
        assert part in text
        assert part.isalnum() or not part
        longer = asked[max(0, end - length) : end + 1]
        assert len(longer) == length or not longer.isalnum() or longer not in text


@given(st.text(min_size=1))
def test_codes_are_those_of_the_folded_text(text: str) -> None:
    folded = fold(text)
    assert folded_codes(text).tobytes() == folded.encode("utf-32-le", "surrogatepass")


def test_parts_of_a_question() -> None:
    parts = find_parts(analyse(QUESTION), rarities)
    folded = fold(QUESTION)
    held = {folded[end + 1 - length : end + 1] for end, length in zip(parts.ends, parts.lengths, strict=True)}
    assert held >= {"量子", "子院", "中关", "关村"}
    assert not held & {"院,", "院中", "村?"}
    assert parts.words.sum() == pytest.approx(1)
    assert parts.pairs.sum() == pytest.approx(1)
    assert parts.names[parts.lengths == 3].tolist() == [1]


def test_coverage_by_hand() -> None:
    columns = features(
        QUESTION,
        ["量子院", "", ""],
        ["它在中关村。", "量子院很大。中关村也大。", "无关。"],
        np.array([4.0, 8.0, 0.0]),
        rarities,
    )
    assert columns["bm25.share"].tolist() == [0.5, 1.0, 0.0]
    assert columns["bm25.share.lead"].tolist() == [-0.5, 0.5, -1.0]
    assert columns["pairs.all"].tolist() == pytest.approx([1, 1, 0])
    assert columns["words.missing"][2] == pytest.approx(find_parts(analyse(QUESTION), rarities).words.max())
    title, _, _ = columns["pairs.title"]
    alone = columns["pairs.sentence"]
    assert title > 0 == columns["pairs.title"][1]
    assert columns["pairs.titled"].tolist() == pytest.approx([1, alone[1], 0])
    assert columns["pairs.two"].tolist() == pytest.approx([alone[0], 1, 0])
    assert columns["runs.longest"].tolist() == [3, 3, 1]
    assert columns["place.best"].tolist() == [0, 0, 0]


def test_scripts_and_widths_score_alike() -> None:
    texts = ["北京量子信息科学研究院位于中关村。", "台湾大学在台北。"]
    plain = lexical_scores("台湾大学ABC在哪里？", ["", ""], texts, np.array([1.0, 2.0]), rarities)
    other = lexical_scores("臺灣大學ＡＢＣ在哪裡？", ["", ""], texts, np.array([1.0, 2.0]), rarities)
    assert plain.tolist() == other.tolist()


@given(st.lists(st.tuples(TEXT, TEXT, st.floats(0, 50)), min_size=1, max_size=6), TEXT, st.floats(0, 1))
def test_reranking_loses_nothing_and_does_not_depend_on_the_order(
    found: list[tuple[str, str, float]], question: str, weight: float
) -> None:
    hits = [_hit(f"{i:02}", title, text, keyword) for i, (title, text, keyword) in enumerate(found)]
    titles = [title for title, _, _ in found]
    ranking = rerank(question, hits, titles, weight, rarities)
    assert sorted(hit.passage.id for hit in ranking) == [hit.passage.id for hit in hits]
    assert all(np.isfinite(hit.score) for hit in ranking)
    if any(hit.keyword for hit in hits):
        assert [hit.score for hit in ranking] == sorted((hit.score for hit in ranking), reverse=True)
        assert rerank(question, hits[::-1], titles[::-1], weight, rarities) == ranking
        assert max(hit.score for hit in rerank(question, hits, titles, 0.0, rarities)) == 1.0


def test_the_sentence_that_holds_all_of_it_wins_over_scattered_words() -> None:
    scattered = _hit("甲", "", "张工说预算不够。量子院在开会。2019年的设备已经旧了。", 10.0)
    together = _hit("乙", "", "量子院2019年的设备预算是三千万元。", 9.8)
    ranking = rerank("量子院2019年的设备预算是多少？", [scattered, together], ["", ""], 0.3, rarities)
    assert [hit.passage.id for hit in ranking] == ["乙", "甲"]


def test_without_a_shared_word_the_order_stays() -> None:
    hits = [replace(_hit(name, "", "全无关系。", 0.0, 0.5), score=score) for name, score in (("甲", 0.9), ("乙", 0.2))]
    assert rerank("量子院", hits, ["", ""], 0.5, rarities) == hits
    assert rerank("量子院", [], [], 0.5, rarities) == []
