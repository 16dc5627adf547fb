"""Filters: what they let through, and that both searches look only there and still give their k."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.narrowed import describe
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.allowed import Allowed
from vectorstore.filters import Filter
from vectorstore.local import LocalStore
from vectorstore.records import Document


def document(source: str = "甲.txt", date: str | None = None, **metadata: str) -> Document:
    return Document("0" * 16, source, "", "标题", "正文", date, metadata)


@pytest.mark.parametrize(
    ("pattern", "source", "met"),
    [
        ("年报.pdf", "年报.pdf", True),
        ("年报.pdf", "年报xpdf", False),
        ("年报/*.pdf", "年报/2023/上.pdf", True),
        ("年报/*.pdf", "年报/2023/上.txt", False),
        ("第?章", "第一章", True),
        ("第?章", "第十一章", False),
        ("*", "", True),
        ("报告[1].pdf", "报告[1].pdf", True),
        ("报告[1].pdf", "报告1.pdf", False),
        ("100%.txt", "100%.txt", True),
        ("a_b.txt", "axb.txt", False),
        ("A.txt", "a.txt", False),
        ("*.txt", "两\n行.txt", True),
    ],
)
def test_sources(tmp_path, pattern: str, source: str, met: bool):
    assert Filter(pattern).admits(document(source)) is met
    with LocalStore.create(tmp_path, CharacterEmbedder()) as store:
        named, passages = cut("a", "量子计算")
        store.add([(replace(named, source=source), [replace(passage, source=source) for passage in passages])])
        assert len(store.search_keyword("量子", 1, Filter(pattern))) == met
        assert len(store.search_dense("量子", 1, Filter(pattern))) == met


def test_dates_take_in_whole_months_and_years():
    assert Filter(since="2024", until="2024") == Filter(since="2024-01-01", until="2024-12-31")
    assert Filter(until="2024-02").until == "2024-02-29"
    assert Filter(until="2023-02").until == "2023-02-28"
    assert Filter(since=" 2024-02 ").since == "2024-02-01"
    within = Filter(since="2024-02", until="2024-02")
    assert [within.admits(document(date=day)) for day in ("2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01")] == [
        False,
        True,
        True,
        False,
    ]
    assert not within.admits(document(date=None))


@pytest.mark.parametrize("text", ["", "昨天", "2024-13", "2024-00", "2024-02-30", "2024-2-3", "2024-02-00", "20240203"])
def test_what_is_no_date_is_refused(text: str):
    with pytest.raises(ValueError, match="不是日期"):
        Filter(since=text)
    with pytest.raises(ValueError, match="不是日期"):
        Filter(until=text)


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="since 2024-01-01 is after until 2023-12-31"):
        Filter(since="2024", until="2023")


def test_metadata_and_all_conditions_together():
    wanted = Filter("*.txt", since="2024", metadata={"部门": ["法务", "财务"], "密级": "内部"})
    assert wanted.admits(document("甲.txt", "2024-05-01", 部门="财务", 密级="内部"))
    assert not wanted.admits(document("甲.txt", "2024-05-01", 部门="财务", 密级="公开"))
    assert not wanted.admits(document("甲.txt", "2024-05-01", 部门="财务"))
    assert not wanted.admits(document("甲.pdf", "2024-05-01", 部门="财务", 密级="内部"))


def test_an_empty_filter_is_false_and_filters_are_values():
    assert not Filter()
    assert not Filter(sources=[], metadata={})
    assert Filter(["甲"]) == Filter("甲")
    assert hash(Filter(metadata={"a": "1"})) == hash(Filter(metadata={"a": ("1",)}))
    assert Filter(metadata={"a": "1"}) != Filter(metadata={"a": "2"})


def test_in_words():
    both = Filter(["甲.txt", "乙*"], since="2024-01", until="2024-03", metadata={"部门": ["法务", "财务"]})
    assert describe(both, "zh") == "来源为 甲.txt 或 乙*，日期从 2024-01-01 到 2024-03-31，部门为 法务 或 财务"
    assert describe(both, "en") == "source 甲.txt or 乙*, dated 2024-01-01 to 2024-03-31, 部门 法务 or 财务"


def test_the_mask_by_hand():
    allowed = Allowed(1, np.array([1, 2, 9]), np.array([3, 6, 90]), np.array([5, 6, 99]))
    keys = np.array([1, 3, 5, 6, 7, 89, 90, 99, 100])
    assert allowed.mask(keys).tolist() == [False, True, True, True, False, False, True, True, False]
    assert allowed.mask(np.empty(0, np.int64)).tolist() == []
    nothing = np.empty(0, np.int64)
    assert Allowed(1, nothing, nothing, nothing).mask(keys).tolist() == [False] * 9


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """200 documents of five passages; each tenth one is of the year 2020, every other one of department 法务."""
    with LocalStore.create(tmp_path_factory.mktemp("many"), CharacterEmbedder()) as store:
        store.add(
            with_facts(
                cut(f"{number:03}", *(f"量子计算第{number}号报告第{part}段。" for part in range(5))),
                f"{2020 + number % 10}-06-15",
                {"部门": "法务" if number % 2 else "财务", 'a."b\\c': "x'y"},
            )
            for number in range(200)
        )
        yield store


def with_facts(added, date, metadata):
    made, passages = added
    return replace(made, date=date, metadata=metadata), [replace(passage, date=date) for passage in passages]


def sources_of(store, hits):
    return {passage.source for passage in store.passages([name for name, _ in hits])}


@pytest.mark.parametrize("leg", ["search_keyword", "search_dense"])
def test_a_narrow_filter_still_gives_k(many, leg: str):
    search = getattr(many, leg)
    hits = search("量子计算报告", 5, Filter("137.txt"))
    assert [name for name, _ in hits] and {name.split(":")[0] for name, _ in hits} == {"137"}
    assert len(hits) == 5
    hits = search("量子计算报告", 60, Filter(since="2020", until="2020"))
    assert len(hits) == 60
    assert sources_of(many, hits) <= {f"{number:03}.txt" for number in range(0, 200, 10)}
    assert search("量子计算报告", 5, Filter("没有.txt")) == []
    assert search("量子计算报告", 5, Filter()) == search("量子计算报告", 5)


@pytest.mark.parametrize("leg", ["search_keyword", "search_dense"])
def test_scores_are_those_of_the_whole_search(many, leg: str):
    search = getattr(many, leg)
    everything = dict(search("第137号报告第2段", 1000))
    for name, score in search("第137号报告第2段", 10, Filter(metadata={"部门": "法务"})):
        assert score == pytest.approx(everything[name], rel=1e-4)


def test_metadata_keys_of_any_form(many):
    assert len(many.search_keyword("报告", 3, Filter(metadata={'a."b\\c': "x'y"}))) == 3
    assert many.search_keyword("报告", 3, Filter(metadata={'a."b\\c': "x"})) == []
    assert many.search_keyword("报告", 3, Filter(metadata={"a": "x'y"})) == []


names = st.text(st.sampled_from("甲a*?[]^-!_%\\.'\"\n"), max_size=4)


@settings(deadline=None, max_examples=15)
@given(st.lists(names, min_size=1, max_size=5), names, st.dictionaries(names, names, max_size=2), st.data())
def test_the_catalog_agrees_with_the_record(tmp_path_factory, sources, pattern, metadata, data):
    wanted = Filter(
        pattern, metadata=dict(data.draw(st.sampled_from([*metadata.items(), ()]).map(lambda p: [p] * bool(p))))
    )
    with LocalStore.create(tmp_path_factory.mktemp("names"), CharacterEmbedder()) as store:
        added = []
        for number, source in enumerate(sources):
            made, passages = cut(str(number), "量子")
            made = replace(made, source=source, metadata=metadata if number % 2 else {})
            added.append((made, [replace(passage, source=source) for passage in passages]))
        store.add(added)
        found = {name for name, _ in store.search_dense("量子", 10, wanted)} if wanted else None
        expected = {passages[0].id for made, passages in added if wanted.admits(made)}
        assert found is None or found == expected


def test_a_filter_follows_changes(tmp_path):
    wanted = Filter(metadata={"部门": "法务"})
    with LocalStore.create(tmp_path, CharacterEmbedder()) as store:
        store.add([with_facts(cut("甲", "量子计算"), None, {"部门": "法务"})])
        assert [name for name, _ in store.search_keyword("量子", 5, wanted)] == ["甲:0"]
        store.add([with_facts(cut("甲", "量子计算"), None, {"部门": "财务"})])
        assert store.search_keyword("量子", 5, wanted) == store.search_dense("量子", 5, wanted) == []
        store.add([with_facts(cut("乙", "量子通信"), None, {"部门": "法务"})])
        assert [name for name, _ in store.search_dense("量子", 5, wanted)] == ["乙:0"]
        store.remove(["乙"])
        assert store.search_dense("量子", 5, wanted) == []


def test_the_assistant_asks_only_the_documents_named(seeds_assistant):
    asked = "量子院位于哪里？"
    for wanted in (Filter("000*"), Filter(since="2022-06", until="2022"), Filter(metadata={"publisher": "北京商报"})):
        hits = seeds_assistant.retrieve(asked, 5, filter=wanted)
        assert [hit.passage.source for hit in hits] == ["000_32e63940e2567247.txt"] * 5
        assert seeds_assistant.answer(asked, filter=wanted).short == "中关村软件园"
    hits = seeds_assistant.retrieve(asked, 5, filter=Filter("004*"))
    assert [hit.passage.source for hit in hits] == ["004_2cd22e08cb3e0956.txt"] * 5


def test_a_refusal_says_what_was_searched(seeds_assistant):
    refused = seeds_assistant.answer("量子院位于哪里？", filter=Filter("004*"))
    assert refused.refused
    assert refused.notice == "只查了符合条件的文档：来源为 004*。"
    english = seeds_assistant.answer("Who is the CEO of Google?", filter=Filter("004*"))
    assert english.refused
    assert english.notice == "Only these documents were searched: source 004*."
    assert not seeds_assistant.answer("红烧肉怎么做？", filter=Filter()).notice


def test_a_filter_that_nothing_meets_is_the_reason(seeds_assistant):
    *_, drafted, answered = seeds_assistant.stream("量子院位于哪里？", filter=Filter("没有.pdf", since="2030"))
    refused = answered.answer
    assert refused.refused and refused.hits == () and refused.notice == ""
    assert refused.reason == "没有文档符合筛选条件：来源为 没有.pdf，日期从 2030-01-01 起。请放宽条件再问。"
    assert refused.text == refused.reason == drafted.text
    english = seeds_assistant.answer("Where is the institute?", filter=Filter(until="1999"))
    assert english.text == "No document meets the filter: dated up to 1999-12-31. Widen it and ask again."


def test_the_retriever_takes_a_filter_of_its_own_or_for_one_call(seeds_assistant):
    from rag.langchain import WenjuRetriever

    retriever = WenjuRetriever(assistant=seeds_assistant, k=2, filter=Filter("004*"))
    asked = "量子院位于哪里？"
    assert {found.metadata["source"][:3] for found in retriever.invoke(asked)} == {"004"}
    assert {found.metadata["source"][:3] for found in retriever.invoke(asked, filter=Filter("000*"))} == {"000"}
    assert len(retriever.invoke(asked, k=1)) == 1
