"""The evals against dishonest answerers: each must lose on the metric meant for it, by a stated margin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval.metrics import summarise
from eval.records import Record
from eval.run import run
from tests import eval_answerers as answerers
from tests.eval_answerers import Oracle, Sabotage


def scored(sabotage: Sabotage | None = None, keep: str = "") -> dict[str, float | None]:
    """Mean scores of an oracle under sabotage; `keep` takes only answerable questions whose evidence has a digit."""
    oracle = Oracle(sabotage)
    questions = oracle.questions
    if sabotage is answerers.dump_the_page:
        questions = questions[::4]  # whole pages take long to judge
    if keep == "digits":
        questions = [q for q in questions if q.evidence and all(any(map(str.isdigit, e.quote)) for e in q.evidence)]
    records: list[Record] = run(oracle, questions)
    return {name: figure.mean for name, figure in summarise(records).items()}


@pytest.fixture(scope="module")
def honest() -> dict[str, float | None]:
    return scored()


def test_a_perfect_answerer_is_scored_perfect(honest):
    perfect = {
        "good": 1.0, "correct": 1.0, "refusal_recall": 1.0, "refusal_precision": 1.0, "exact_quote": 1.0,
        "evidence": 1.0, "recall_5": 1.0, "mrr": 1.0, "ndcg": 1.0,
    }  # fmt: skip
    flawless = {"false_refusal": 0.0, "unsupported": 0.0, "misattributed": 0.0, "uncited": 0.0}
    assert {name: honest[name] for name in perfect | flawless} == perfect | flawless
    assert honest["citation_recall"] >= 0.99 and honest["citation_precision"] >= 0.99


# sabotage, the metric meant for it, at most (higher is better) or at least (lower is better) this
LOSSES = [
    (answerers.fabricate_quotes, "exact_quote", "at most", 0.0),
    (answerers.fabricate_quotes, "citation_recall", "at most", 0.0),
    (answerers.fabricate_quotes, "good", "at most", 0.4),
    (answerers.alter_a_character, "exact_quote", "at most", 0.0),
    (answerers.shift_offsets, "exact_quote", "at most", 0.0),
    (answerers.cite_the_wrong_passage, "misattributed", "at least", 0.95),
    (answerers.cite_the_wrong_passage, "citation_recall", "at most", 0.05),
    (answerers.cite_the_wrong_passage, "evidence", "at most", 0.0),
    (answerers.answer_everything, "refusal_recall", "at most", 0.0),
    (answerers.answer_everything, "good", "at most", 0.7),
    (answerers.refuse_everything, "false_refusal", "at least", 1.0),
    (answerers.refuse_everything, "correct", "at most", 0.0),
    (answerers.refuse_everything, "citation_recall", "at most", 0.0),
    (answerers.refuse_everything, "refusal_precision", "at most", 0.4),
    (answerers.dump_the_page, "good", "at most", 0.4),
    (answerers.dump_the_page, "length", "at least", 2000),
    (answerers.drop_markers, "uncited", "at least", 1.0),
    (answerers.drop_markers, "citation_recall", "at most", 0.0),
    (answerers.drop_markers, "good", "at most", 0.4),
    (answerers.point_nowhere, "uncited", "at least", 1.0),
    (answerers.point_nowhere, "citation_precision", "at most", 0.0),
    (answerers.cite_everything, "citation_precision", "at most", 0.3),
    (answerers.say_nothing, "correct", "at most", 0.0),
    (answerers.say_nothing, "citation_recall", "at most", 0.0),
    (answerers.say_nothing, "refusal_recall", "at most", 0.0),
    (answerers.say_nothing, "good", "at most", 0.0),
]


@pytest.fixture(scope="module")
def outcome():
    """Scores under a sabotage, worked out once each."""
    cache: dict[str, dict[str, float | None]] = {}

    def look(sabotage: Sabotage) -> dict[str, float | None]:
        if sabotage.__name__ not in cache:
            cache[sabotage.__name__] = scored(sabotage)
        return cache[sabotage.__name__]

    return look


@pytest.mark.parametrize(
    ("sabotage", "metric", "side", "bound"), LOSSES, ids=[f"{s.__name__}-{metric}" for s, metric, *_ in LOSSES]
)
def test_each_sabotage_loses(outcome, sabotage, metric, side, bound):
    value = outcome(sabotage)[metric]
    assert value is not None
    assert value <= bound if side == "at most" else value >= bound


def test_one_changed_digit_is_an_unsupported_claim():
    lying, truthful = scored(answerers.change_one_digit, keep="digits"), scored(keep="digits")
    assert truthful["unsupported"] == 0.0 and truthful["correct"] == 1.0
    assert lying["unsupported"] >= 0.95
    assert lying["citation_recall"] <= 0.05
    assert lying["exact_quote"] == 1.0  # the quotes are true; it is the sentence that lies


def test_a_refusal_or_an_empty_answer_has_no_part_in_the_rates_of_statements(outcome):
    for sabotage in (answerers.refuse_everything, answerers.say_nothing):
        rates = outcome(sabotage)
        assert [rates[name] for name in ("exact_quote", "unsupported", "misattributed", "uncited")] == [None] * 4


def test_a_page_dump_states_every_fact_so_length_has_to_be_read_beside_correctness(outcome, honest):
    dumped = outcome(answerers.dump_the_page)
    assert dumped["correct"] == 1.0 and dumped["length"] > 20 * honest["length"]


@pytest.mark.parametrize("style", ["【{}】", "［{}］", "〔{}〕", " [ {} ]", "[来源{}]"])
def test_the_style_of_markers_costs_nothing(honest, style):
    def restyle(oracle, case, answer):
        text = answer.text
        for citation in answer.citations:
            text = text.replace(f"[{citation.number}]", style.format(citation.number))
        return replace(answer, text=text)

    restyled = scored(restyle)
    assert all(restyled[name] == honest[name] for name in ("good", "citation_recall", "citation_precision", "uncited"))
