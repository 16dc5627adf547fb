"""Is the answer there? What speaks for it in numbers, the model that weighs them, and the reasons given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag.answerable import WEIGHTS, chance, probability, row
from rag.documents import document_from_text
from rag.evidence import describe
from rag.extract import extract
from rag.names import other_figure, sibling
from rag.passages import split_passages
from rag.question import analyse
from rag.score import Scored, find_candidates, score_sentences
from rag.short import Read
from rag.train.answerability import _weight, calibrate, calibrated
from rag.train.near_misses import Case, Pool, reading_cases
from rag.trees import Trees, load
from rag.types import Hit


def scored(question: str, *texts: str) -> list[Scored]:
    """The sentences of these documents, best first."""
    hits = [
        Hit(passage, 1 - number / 10)
        for number, text in enumerate(texts)
        for passage in split_passages(document_from_text(text, source=f"{number}.txt", title="文档"))
    ]
    return score_sentences(analyse(question), find_candidates(hits, {}, {}), None)


def read(question: str, *texts: str) -> list[Read]:
    """The same, not read for a short answer."""
    return [Read(item, 0.0, None) for item in scored(question, *texts)]


def test_a_row_has_the_features_in_their_order() -> None:
    assert row({"b": 2.0, "share local": 0.5, "unused": 9.0}, ["share_local", "b"]).tolist() == [[0.5, 2.0]]


@pytest.mark.parametrize(("odds", "probability"), [(0.0, 0.5), (1.0, 0.731059), (-1e9, 0.0), (1e9, 1.0)])
def test_odds_as_a_probability(odds: float, probability: float) -> None:
    assert chance(odds) == pytest.approx(probability, abs=1e-6)


def test_calibrated_trees_give_the_line_of_their_odds() -> None:
    # a stump x ≤ 1 → 0.5, else -1, and a tree that is one leaf of 2
    stump, leaf = [0, 0, 0, 0], np.array([0.0, 0.5, -1.0, 2.0])
    trees = Trees(
        ("x",),
        np.array(stump),
        np.array([1.0, 0.0, 0.0, 0.0], np.float32),
        np.array([1, 1, 2, 3]),
        np.array([2, 1, 2, 3]),
        leaf,
        np.array([0, 3]),
        1,
    )
    rows = np.array([[1.0], [3.0]], np.float32)
    assert trees.predict(rows).tolist() == [2.5, 1.0]
    assert calibrated(trees, 2.0, -3.0).predict(rows).tolist() == [2.0, -1.0]


def test_calibration_finds_the_line_that_made_the_outcomes() -> None:
    random = np.random.default_rng(1)
    odds = random.normal(size=20_000)
    truth = random.random(odds.size) < 1 / (1 + np.exp(-(0.5 * odds + 1)))
    scale, shift = calibrate(odds, truth)
    assert (scale, shift) == (pytest.approx(0.5, abs=0.05), pytest.approx(1, abs=0.05))


@pytest.mark.parametrize(
    ("kind", "group", "weight"),
    [
        ("written", "325.txt", 1.0),
        ("written", "i01_lanhu_admin_rules.txt", 3.0),
        ("written, article gone", "325.txt", 0.3),
        ("written, article gone", "i01_lanhu_admin_rules.txt", 0.9),
        ("answerable", "drcd/41", 2.0),
        ("year", "drcd/41", 1.0),
    ],
)
def test_questions_beside_the_news_count_more(kind: str, group: str, weight: float) -> None:
    assert _weight(Case(kind, group, True, {})) == pytest.approx(weight)


def test_the_features_of_a_sentence_that_says_it_all() -> None:
    question = "量子院有外籍人员多少名？"
    found = describe(analyse(question), read(question, "量子院有外籍人员12名。"), None)
    assert found["share local"] == found["share anywhere"] == 1.0
    assert found["heaviest lacking local"] == found["unmeant sentence"] == found["names replaced"] == 0.0
    assert found["unit in sentence"] == found["subject in sentence"] == 1.0
    assert set(load(WEIGHTS).names) == {name.replace(" ", "_") for name in found}


def test_the_features_of_a_sentence_about_something_else() -> None:
    question = "上海在2019年建成了多少套住房？"
    found = describe(analyse(question), read(question, "2021年，北京建成住房1.8万套。"), None)
    assert found["names replaced"] == found["names lacking"] == 1.0
    assert found["name lacking anywhere"] > 0
    assert found["other figure in sentence"] == 1.0
    assert found["noun lacking local"] == 0.0


@pytest.mark.parametrize(
    ("question", "text", "pair"),
    [
        ("皮克敏3卖了多少份？", "《皮克敏4》卖了78,838份。", ("皮克敏3", "皮克敏4")),
        ("小米MIX Fold 3有多重？", "小米MIX Fold 2重262克。", ("fold3", "fold2")),
        ("小米MIX Fold 2有多重？", "小米MIX Fold 2重262克。", None),
        ("上海大学有多少学生？", "北京大学有学生三万名。", None),  # one word each, told by the name itself
        ("黑龙江海事部门停了几条航线？", "辽宁海事部门停了20条航线。", ("黑龙江海事", "辽宁海事")),
        ("海事部门停了几条航线？", "辽宁海事部门停了20条航线。", None),
        ("", "辽宁海事部门停了20条航线。", None),
    ],
)
def test_another_of_the_same_sort(question: str, text: str, pair: tuple[str, str] | None) -> None:
    assert sibling(analyse(question), scored("航线", text)[0].candidate.evidence.sentence) == pair


@pytest.mark.parametrize(
    ("question", "text", "pair"),
    [
        ("2019年建成多少套？", "2021年建成300套。", ("2019年", "2021年")),
        ("2021年建成多少套？", "2019年和2021年建成300套。", None),
        ("建成多少套？", "2021年建成300套。", None),
        ("3号线有多长？", "没有数字。", None),
    ],
)
def test_another_figure_of_the_same_unit(question: str, text: str, pair: tuple[str, str] | None) -> None:
    assert other_figure(analyse(question), text) == pair


def test_what_is_there_is_likelier_than_what_is_not() -> None:
    text = "量子院位于中关村软件园，2017年12月成立。量子院院长助理张硕介绍，全职科研人员217名，其中外籍人员12名。"
    there, absent = ("量子院有多少外籍人员？", "量子院位于哪里？"), ("量子院的食堂有多少个座位？", "物理所位于哪里？")
    likely = [probability(analyse(q), read(q, text), None) for q in there]
    unlikely = [probability(analyse(q), read(q, text), None) for q in absent]
    assert min(likely) > max(unlikely)
    assert all(0 <= p <= 1 for p in (*likely, *unlikely))


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        pytest.param("皮克敏3卖了多少份？", "皮克敏4卖了78,838份。", "不是“皮克敏3”", id="another-model"),
        pytest.param("黑龙江海事部门停了几条航线？", "辽宁海事部门停了20条航线。", "黑龙江", id="another-place"),
        pytest.param("量子院的院长是谁？", "量子院院长助理张硕表示欢迎。", "院长助理", id="another-post"),
        pytest.param("量子院2019年有多少人？", "2021年，量子院有217人。", "只有2021年的", id="another-year"),
    ],
)
def test_a_refusal_names_what_is_there_instead(question: str, text: str, reason: str) -> None:
    document = document_from_text(text, source="a.txt", title="文档")
    found = extract(question, [Hit(passage, 1.0) for passage in split_passages(document)])
    assert found.refused
    assert reason in found.reason


CONTEXTS = (
    "台北港位于八里区，启用于1998年，是基隆港的辅助港，现有码头25座。",
    "量子院位于中关村软件园，2017年成立，院长是薛其坤，有科研人员217名。",
)
QUESTIONS = (("台北港启用于哪一年？", "1998年"), ("量子院的院长是谁？", "薛其坤"))


def test_cases_are_made_of_reading_sets_alike_each_time(tmp_path: Path) -> None:
    paragraphs = [
        {
            "title": context[:3],
            "paragraphs": [
                {
                    "context": context,
                    "qas": [
                        {"question": question, "answers": [{"text": answer, "answer_start": context.index(answer)}]}
                    ],
                }
            ],
        }
        for context, (question, answer) in zip(CONTEXTS, QUESTIONS, strict=True)
    ]
    (tmp_path / "drcd_dev.json").write_text(json.dumps({"data": paragraphs}), encoding="utf-8")
    (tmp_path / "cmrc2018_trial.json").write_text(json.dumps({"data": []}), encoding="utf-8")
    cases = list(reading_cases(tmp_path))
    assert cases == list(reading_cases(tmp_path))
    answerable = [case for case in cases if case.answerable]
    # of two articles one is what the sentence and span models learn from
    assert [case.kind for case in answerable] == ["answerable"]
    assert all(case.features["share anywhere"] > 0.9 for case in answerable)
    gone = [case for case in cases if case.kind == "document gone"]
    assert len(gone) == 1
    assert all(case.features["share anywhere"] < 0.6 for case in gone)


def test_the_pool_describes_nothing_where_nothing_is_found(tmp_path: Path) -> None:
    pool = Pool([document_from_text(CONTEXTS[0], source="a.txt")], tmp_path / "index")
    assert pool.describe(analyse("台北港在哪里？"), []) == {}
    assert pool.describe(analyse("？？"), pool.search("台北港", 3)) == {}
