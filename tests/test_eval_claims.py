"""Small lies derived from texts, and claims written by hand over the seed documents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eval.cases import SEEDS, QuestionSetError
from eval.claims import collect, derived, judge, read_written, summary, written
from rag.documents import find_files, load_document
from rag.train.claims import reworded, statement
from rag.train.lies import KINDS, tell_lies, true_sentences

TEXT = (
    "量子院位于中关村软件园，于2017年12月成立。截至目前，量子院已入职的全职科研人员217名，其中外籍人员12名。\n"
    "荷塘生华收购了华辉安健，投入资金1.8亿元，这是北京首次批准此类交易。"
)


@pytest.fixture(scope="module")
def seeds() -> dict[str | int, str]:
    return {source: load_document(path, source=source).text for path, source in find_files([SEEDS])}


def test_lies_change_one_thing_and_are_the_same_each_time() -> None:
    told = list(tell_lies([TEXT], 1, 3))
    assert told == list(tell_lies([TEXT], 1, 3))
    kinds = {lie.kind for _, lie in told}
    assert {"number", "date", "opposite"} <= kinds <= set(KINDS)
    for _, lie in told:
        true = TEXT[lie.start : lie.end].strip()
        assert (lie.start, lie.end) in true_sentences(TEXT)
        assert lie.text != true
        assert lie.text not in TEXT
    [opposite] = [lie.text for _, lie in told if lie.kind == "opposite"]
    assert "第三次批准" in opposite or "首次否决" in opposite


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("量子院位于哪里？", "中关村软件园", "量子院位于中关村软件园。"),
        ("量子院在什么时候成立？", "2017年12月", "量子院在2017年12月成立。"),
        ("量子院有多少人？", "217", "量子院有217人。"),
        ("谁是處長？", "楊薇薇", "杨薇薇是处长。"),
        ("为什么搬迁？", "太小", None),
        ("量子院有多少人？", "很多", None),
    ],
)
def test_a_question_and_its_answer_make_a_statement(question: str, answer: str, said: str | None) -> None:
    made = statement(question, answer)
    assert (made and made[0]) == said


def test_a_rewording_says_no_more() -> None:
    import random

    said = reworded("据了解，量子院（北京）目前拥有全职科研人员217名，占64%。", random.Random(1))
    assert "217" in said
    assert "据了解" not in said and "北京" not in said


def test_hand_written_claims_have_their_evidence_in_the_seeds(seeds: dict[str | int, str]) -> None:
    claims = read_written()
    assert [sum(one.split == split for one in claims) for split in ("choosing", "final")] == [120, 80]
    assert len({one.claim for one in claims}) == len({one.lie for one in claims}) == 200
    for one in claims:
        assert one.claim != one.lie
        assert 0 <= one.start < one.end
        assert isinstance(one.source, int) or one.end <= len(seeds[one.source])


def test_most_claims_over_the_seeds_are_judged_rightly(seeds: dict[str | int, str]) -> None:
    own = [one for one in read_written() if one.source in seeds and one.split == "choosing"]
    trials = [run() for run in written(own, seeds)]
    right = {kind: (good, of) for kind, good, of in summary(trials)}
    good, of = right["paraphrase, choosing"]
    assert good >= 0.85 * of > 15
    good, of = right["lie by hand, choosing"]
    assert good >= 0.6 * of


def test_sentences_as_they_stand_are_believed_and_derived_lies_are_not(seeds: dict[str | int, str]) -> None:
    trials = [run() for run in derived(list(seeds.values()), 2, 40)]
    shown = [trial for trial in trials if trial.kind == "verbatim"]
    lies = [trial for trial in trials if trial.kind != "verbatim"]
    assert len(shown) == 40
    assert all(trial.shown for trial in shown)
    assert len(lies) >= 12
    assert sum(trial.right for trial in lies) >= 0.85 * len(lies)


def test_a_claim_of_two_passages_may_cite_both() -> None:
    long = "。".join(f"这是关于北京第{i}个园区的说明文字，内容与问题无关" for i in range(30))
    text = f"量子院有全职科研人员217名。{long}。量子院位于中关村软件园。"
    assert judge("量子院有全职科研人员217名。", text, 0, len(text))[0]
    assert not judge("量子院有全职科研人员271名。", text, 0, len(text))[0]


def test_a_folder_without_news_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match=r"news\.txt\.xz"):
        collect(tmp_path, final=False)


def test_the_choosing_half_of_the_real_claims() -> None:
    data = Path(os.environ.get("WENJU_DATA", ""))
    if not os.environ.get("WENJU_DATA") or not (data / "news.txt.xz").is_file():
        pytest.skip("set WENJU_DATA to a folder with news.txt.xz")
    trials = [run() for run in collect(data, final=False)]
    right = {kind: good / of for kind, good, of in summary(trials)}
    assert right["all derived lies"] >= 0.92
    assert right["paraphrase, choosing"] >= 0.88
    assert right["verbatim"] >= 0.99
