"""Two legs, one ranking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Assistant
from rag.retrieve import ADDED, RERANKED, fuse, headings, rarities, retrieve, within_reach
from tests.store_helpers import cut
from vectorstore.embedding import load_embedder
from vectorstore.filters import Filter
from vectorstore.local import LocalStore
from vectorstore.records import Hit

NAMES = st.text(st.sampled_from("甲乙丙丁戊己庚辛"), min_size=1, max_size=3)
LEGS = st.dictionaries(
    NAMES,
    st.one_of(
        st.tuples(st.floats(0, 60), st.floats(-1, 1)),
        st.tuples(st.sampled_from((0.0, 3.0)), st.sampled_from((0.0, 0.5))),  # ties
    ),
    max_size=12,
)


def test_fused_scores_by_hand() -> None:
    keyword, dense = {"甲": 4.0, "乙": 2.0, "丙": 0.0}, {"甲": 0.0, "乙": 0.5, "丙": 1.0}
    assert fuse(keyword, dense, 0.5) == [
        ("甲", pytest.approx(1.0 / 1.5)),
        ("乙", pytest.approx((0.5 + 0.25) / 1.5)),
        ("丙", pytest.approx(0.5 / 1.5)),
    ]


def test_ties_go_by_id() -> None:
    same = {"b": 1.0, "c": 1.0, "a": 1.0}
    assert [name for name, _ in fuse(same, same, 0.2)] == ["a", "b", "c"]


def test_without_any_shared_word_the_dense_leg_decides() -> None:
    assert [name for name, _ in fuse({"甲": 0.0, "乙": 0.0}, {"甲": 0.1, "乙": 0.9}, 0.2)] == ["乙", "甲"]


def test_nothing_found() -> None:
    assert fuse({}, {}, 0.2) == []


def test_legs_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match=r"differing: \['乙'\]"):
        fuse({"甲": 1.0}, {"甲": 0.1, "乙": 0.1}, 0.2)
    with pytest.raises(ValueError, match="weight is -1"):
        fuse({"甲": 1.0}, {"甲": 0.1}, -1)


@given(LEGS, st.floats(0, 2, allow_nan=False))
def test_fusing_orders_the_passages_and_loses_none(legs: dict[str, tuple[float, float]], weight: float) -> None:
    keyword = {name: bm25 for name, (bm25, _) in legs.items()}
    dense = {name: cosine for name, (_, cosine) in legs.items()}
    ranking = fuse(keyword, dense, weight)
    assert sorted(name for name, _ in ranking) == sorted(legs)
    assert [(-score, name) for name, score in ranking] == sorted((-score, name) for name, score in ranking)
    assert all(-1 <= score <= 1.0001 for _, score in ranking)
    backwards = [dict(reversed(leg.items())) for leg in (keyword, dense)]
    assert fuse(*backwards, weight) == ranking


def test_the_best_passage_comes_first(seeds_assistant: Assistant) -> None:
    hits = seeds_assistant.retrieve("怀柔科学城建成了多少套住房？", k=3)
    assert len(hits) == 3
    assert "建成房源1.8万套" in hits[0].passage.text
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].keyword > 0
    assert -1 <= hits[0].dense <= 1


def test_scripts_and_widths_find_the_same_passages(seeds_assistant: Assistant) -> None:
    plain = [hit.passage.id for hit in seeds_assistant.retrieve("华辉安健的CEO是谁？")]
    assert [hit.passage.id for hit in seeds_assistant.retrieve("華輝安健的ＣＥＯ是誰？")] == plain


def test_every_hit_is_cut_from_its_document(seeds_assistant: Assistant) -> None:
    for hit in seeds_assistant.retrieve("北京的科技创新", k=50):
        passage = hit.passage
        assert seeds_assistant.document(passage.document_id).text[passage.start : passage.end] == passage.text


def test_a_ranking_is_the_start_of_a_longer_one(seeds_assistant: Assistant) -> None:
    every = seeds_assistant.retrieve("量子计算实验研究", k=50)
    assert len(every) == len(seeds_assistant.store)
    assert len({hit.passage.id for hit in every}) == len(every)
    assert seeds_assistant.retrieve("量子计算实验研究", k=2) == every[:2]
    assert seeds_assistant.retrieve("量子计算实验研究") == every[: seeds_assistant.settings.top_k]


def test_without_weight_the_dense_leg_is_left_out(seeds_assistant: Assistant) -> None:
    hits = retrieve(seeds_assistant.store, "怀柔科学城的住房", 5, 0.0)
    assert hits
    assert all(hit.dense == 0 for hit in hits)
    assert hits[0].score == 1.0
    assert retrieve(seeds_assistant.store, "龘靐齉", 5, 0.0) == []


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(seeds_assistant: Assistant, k: int) -> None:
    with pytest.raises(ValueError, match=f"k is {k}"):
        seeds_assistant.retrieve("量子院", k=k)


@pytest.mark.parametrize("question", ['量子院"AND(', "*:*", "title:量子", "院 OR NOT", "+-&|!(){}[]^~?:\\/"])
def test_the_syntax_of_search_engines_means_nothing(seeds_assistant: Assistant, question: str) -> None:
    for hit in seeds_assistant.retrieve(question):
        assert hit.passage.text


# Two safety sheets whose product is named at the head alone, and notices that share the question's words.
SHEETS = {
    "净岚": "化学品安全技术说明书。产品名称：净岚K-20碱性除油剂。生产企业：澄江净岚化工有限公司。",
    "虹彩": "化学品安全技术说明书。产品名称：虹彩T-7稀释剂。生产企业：虹彩涂料有限公司。",
}
CLAUSES = {
    "净岚": [
        "皮肤接触：立即用大量清水冲洗十五分钟。",
        "储存温度5至35摄氏度。保质期24个月。",
        "稀释时应把本品慢慢倒入水中。",
    ],
    "虹彩": ["皮肤接触：用肥皂水清洗。", "储存于阴凉处。保质期12个月。", "不得与氧化剂同放。"],
}


@pytest.fixture
def sheets(tmp_path: Path) -> Iterator[LocalStore]:
    with LocalStore.create(tmp_path / "index", load_embedder()) as store:
        for name, head in SHEETS.items():
            store.add([cut(name, head, *CLAUSES[name], title="安全技术说明书")])
        for number in range(30):
            store.add([cut(f"通知{number}", f"{number}号通知：没开封的旧书能放多久，请问仓库。", title="通知")])
        yield store


@pytest.mark.parametrize(("name", "answer"), [("净岚", "保质期24个月"), ("虹彩", "保质期12个月")])
def test_a_clause_is_found_under_the_head_that_names_its_subject(sheets: LocalStore, name: str, answer: str) -> None:
    product = {"净岚": "净岚K-20", "虹彩": "虹彩T-7"}[name]
    best = retrieve(sheets, f"{product}没开封的保质期是多久？", 3, 0.5)
    assert answer in best[0].passage.text


def test_passages_beside_those_found_are_reranked_with_them(sheets: LocalStore) -> None:
    question = "净岚K-20没开封能放多久？"
    unread = [hit.passage.id for hit in retrieve(sheets, question, RERANKED, 0.5, reranked=0)]
    assert "净岚:2" not in unread
    assert "净岚:2" in [hit.passage.id for hit in retrieve(sheets, question, RERANKED, 0.5)]
    assert [hit.passage.id for hit in retrieve(sheets, question, 40, 0.5, filter=Filter(sources="通知*"))] == [
        hit.passage.id for hit in retrieve(sheets, question, 40, 0.5) if hit.passage.document_id.startswith("通知")
    ]


def test_a_passage_stands_under_the_title_and_the_opening_of_its_document(sheets: LocalStore) -> None:
    first, second = (Hit(passage, 1.0, 1.0, 0.0) for passage in sheets.passages(["净岚:0", "虹彩:2"]))
    assert headings(sheets, [first, second]) == ["安全技术说明书", f"安全技术说明书\n{SHEETS['虹彩']}"]
    assert headings(sheets, []) == []


def test_hits_behind_the_reranked_ones_never_score_higher(seeds_assistant: Assistant) -> None:
    store = seeds_assistant.store
    plain = retrieve(store, "怀柔科学城的住房", 50, 0.5, reranked=0)
    hits = retrieve(store, "怀柔科学城的住房", 50, 0.5, reranked=5)
    head = [hit.passage.id for hit in hits[: 5 + ADDED]]
    assert {hit.passage.id for hit in plain[:5]} <= set(head)
    behind = [hit.passage.id for hit in plain if hit.passage.id not in head]
    assert [hit.passage.id for hit in hits[5 + ADDED :]] == behind[: 50 - 5 - ADDED]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_what_is_common_here_is_not_rare(seeds_assistant: Assistant) -> None:
    everywhere, somewhere, nowhere = rarities(seeds_assistant.store, ["科学", "房源", "龘靐齉"])
    assert 0 < everywhere < somewhere < nowhere
    assert nowhere == pytest.approx(np.log1p((len(seeds_assistant.store) + 0.5) / 0.5))


@given(LEGS, st.integers(0, 12), st.floats(0, 2, allow_nan=False), st.integers(1, 8))
def test_what_is_left_out_is_never_among_the_best(
    legs: dict[str, tuple[float, float]], found: int, weight: float, wanted: int
) -> None:
    bm25 = {name: score for name, (score, _) in legs.items()}
    dense = {name: cosine for name, (_, cosine) in legs.items()}
    keyword = dict(sorted(bm25.items(), key=lambda item: (-item[1], item[0]))[:found])
    reached = within_reach(keyword, dense, weight, wanted)
    assert not keyword.keys() & set(reached)
    if keyword:  # else nothing is known of any BM25
        looked_at = keyword | {name: bm25[name] for name in reached}
        best = fuse(looked_at, {name: dense[name] for name in looked_at}, weight)[:wanted]
        assert best == fuse(bm25, dense, weight)[:wanted]
