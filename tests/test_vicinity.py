"""What the place of an answer and its document say of the question: numbers worked out by hand."""

from __future__ import annotations

import pytest

from rag.backdrop import describe_backdrop
from rag.documents import document_from_text
from rag.evidence import describe
from rag.passages import split_passages
from rag.question import analyse
from rag.score import find_candidates, score_sentences
from rag.short import Read, Short
from rag.types import Hit
from rag.vicinity import describe_vicinity, meant_coverage, predicate_weights


def read(question: str, *texts: str, short: str = "") -> list[Read]:
    """The sentences of these documents by coverage, the first with this short answer."""
    hits = [
        Hit(passage, 1 - number / 10, 10.0 - number, 0.5)
        for number, text in enumerate(texts)
        for passage in split_passages(document_from_text(text, source=f"{number}.txt", title="文档"))
    ]
    scored = score_sentences(analyse(question), find_candidates(hits, {}, {}), None)
    start = scored[0].candidate.folded.find(short)
    first = Read(scored[0], 0.9, Short(start, start + len(short), 0.8) if short else None)
    return [first, *(Read(item, 0.0, None) for item in scored[1:])]


def test_the_predicate_is_what_is_asked_of_the_subject() -> None:
    question = analyse("怀柔科学城建成了多少套住房？")
    weights = dict(zip((word.text for word in question.words), predicate_weights(question), strict=True))
    assert weights["怀柔"] == weights["科学城"] == 0
    assert weights["建成"] + weights["住房"] == pytest.approx(1)


def test_the_clause_with_the_figure_has_to_speak_of_it() -> None:
    question = "怀柔科学城建成了多少套住房？"
    right = describe_vicinity(analyse(question), read(question, "怀柔科学城建成住房300套。", short="300套"), [], None)
    wrong = describe_vicinity(
        analyse(question), read(question, "怀柔科学城建成，有了新面貌，绿化改造了300套设备。", short="300套"), [], None
    )
    assert right["thing held clause"] == right["predicate clause"] == 1.0
    assert wrong["thing held clause"] == 0.0
    assert right["span of kind"] == wrong["span of kind"] == 1.0
    assert right["span confidence"] == 0.8


def test_nothing_of_the_asked_kind_is_told_apart_from_something_far_off() -> None:
    question = "量子院的院长是谁？"
    found = describe_vicinity(analyse(question), read(question, "量子院位于中关村软件园。"), ["院长薛其坤介绍。"], None)
    assert (found["no thing"], found["no thing anywhere"]) == (1.0, 0.0)
    assert found["better thing"] > 0
    assert found["post to person"] == 60.0


def test_unnamed_and_unknown() -> None:
    question = "2007年收到样本的英国公司叫什么？"
    found = describe_vicinity(analyse(question), read(question, "一家英国公司2007年收到样本，尚不清楚原因。"), [], None)
    assert (found["unnamed"], found["unnamed for name"], found["unknown"]) == (1.0, 1.0, 1.0)


def test_meaning_counts_a_little_less_than_the_word() -> None:
    def similarity(asked: object, there: object) -> object:
        import numpy as np

        return np.ones((len(list(asked)), len(list(there))))  # type: ignore[call-overload]

    question = analyse("研究员的补助是多少？")
    coverage = meant_coverage(question, "研究员的津贴很高", similarity)  # type: ignore[arg-type]
    assert dict(zip((word.text for word in question.words), coverage, strict=True)) == {"研究员": 1.0, "补助": 0.9}
    assert meant_coverage(question, "研究员的津贴很高", None)[1] == 0.0


def test_the_document_and_the_search() -> None:
    question = "量子院2019年有多少科研人员？"
    sentences = read(question, "量子院位于中关村。量子院2021年有科研人员217名。", "物理所有科研人员500名。")
    found = describe_backdrop(analyse(question), [one.scored for one in sentences], None)
    assert found["figures"] == 1.0
    assert found["figures lacking document"] == found["figures other sentence"] == 1.0
    assert found["year missing"] == 1.0
    assert found["passages"] == 1.0
    assert found["keyword ahead"] == pytest.approx(0.1)  # 10 against 9, of 10
    assert found["score ahead"] == pytest.approx(0.1)
    assert found["told sentence"] == 1.0  # 人数 by 217名


def test_no_number_is_given_two_names() -> None:
    question = "量子院有多少科研人员？"
    sentences = read(question, "量子院有科研人员217名。", short="217名")
    analysed = analyse(question)
    vicinity = describe_vicinity(analysed, sentences, [], None)
    backdrop = describe_backdrop(analysed, [one.scored for one in sentences], None)
    assert not vicinity.keys() & backdrop.keys()
    everything = describe(analysed, sentences, None)
    assert everything.keys() > vicinity.keys() | backdrop.keys()
    assert all(isinstance(value, float) for value in everything.values())


@pytest.mark.parametrize(
    "question", ["谁？谁", "为什么会停运？", "Who is the CEO of 华辉安健?", "哪些？", "有多重？", "它有多大？"]
)
@pytest.mark.parametrize("text", ["。", "，，", "a", "2023-08-18 10:25，正文：1.78千克", "【1】𠮷野家２０１９年开业"])
def test_odd_texts_get_the_same_numbers(question: str, text: str) -> None:
    analysed = analyse(question)
    if analysed.words:
        found = describe(analysed, read(question, text), None)
        assert found.keys() == describe(analyse("苹果有多重？"), read("苹果有多重？", "重1千克。"), None).keys()
        assert all(value == value for value in found.values())
