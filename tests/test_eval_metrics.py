from dataclasses import dataclass, replace

import pytest

from eval.grounding import examine
from eval.metrics import BY_NAME, has_failed, length_limit, score, shortcomings, slices, summarise
from eval.ranking import covers, gold_groups, ndcg_at, recall_at, reciprocal_rank
from eval.records import Evidence, Found, Question, Quote, Record, Reply

TEXT = "量子院位于中关村软件园。量子院已入职的全职科研人员217名。其中外籍人员12名。"
LOCATION, STAFF, FOREIGN = "量子院位于中关村软件园。", "量子院已入职的全职科研人员217名。", "其中外籍人员12名。"


def quote(number: int, text: str, exact: bool = True) -> Quote:
    start = max(TEXT.find(text), 0)
    return Quote(number, "院.txt", text, start, start + len(text), exact)


@dataclass(frozen=True)
class Plain:
    supported: bool
    score: float = 0.0
    reason: str = ""


def literal(claim, quotes, background=""):
    """Supported when every clause of the claim stands in the quotes, word for word."""
    clauses = [clause for clause in claim.rstrip("。").split("，") if clause]
    return Plain(bool(quotes) and all(any(clause in quote for quote in quotes) for clause in clauses))


def examined(text: str, *quotes: Quote, found: tuple[Found, ...] = ()):
    reply = Reply(text, refused=False, quotes=quotes, found=found)
    return reply, examine(reply, literal)


QUESTION = Question(
    "q", "量子院在哪，有多少人？", True, (("软件园",), ("217",)), (Evidence("院.txt", LOCATION, 0, len(LOCATION)),)
)


def test_alce_recall_takes_all_citations_of_a_sentence_together():
    _, findings = examined(
        "量子院位于中关村软件园，量子院已入职的全职科研人员217名。[1][2]", quote(1, LOCATION), quote(2, STAFF)
    )
    assert [(f.supported, f.grade, f.relevant) for f in findings] == [(True, 1.0, (True, True))]  # each one is needed


def test_alce_precision_marks_a_citation_that_neither_suffices_nor_is_needed():
    _, findings = examined("量子院位于中关村软件园。[1][2]", quote(1, LOCATION), quote(2, FOREIGN))
    assert findings[0].supported and findings[0].relevant == (True, False)


def test_two_citations_that_each_suffice_are_both_relevant():
    _, findings = examined("量子院位于中关村软件园。[1][2]", quote(1, LOCATION), quote(2, LOCATION))
    assert findings[0].relevant == (True, True)


def test_longbench_cite_grades_a_half_supported_sentence_a_half():
    reply, findings = examined("量子院位于中关村软件园，量子院已入职的全职科研人员218名。[1]", quote(1, LOCATION))
    assert (findings[0].supported, findings[0].grade, findings[0].relevant) == (False, 0.5, (False,))
    scores = score(QUESTION, reply, findings)
    assert (scores["citation_recall"], scores["citation_grade"], scores["citation_precision"]) == (0.0, 0.5, 0.0)


def test_a_quote_that_is_not_the_documents_text_proves_nothing():
    reply, findings = examined("量子院位于中关村软件园。[1]", quote(1, LOCATION, exact=False))
    assert not findings[0].supported
    scores = score(QUESTION, reply, findings)
    assert (scores["exact_quote"], scores["citation_recall"], scores["unsupported"]) == (0.0, 0.0, 1.0)


def test_what_another_passage_supports_is_misattributed_and_not_unsupported():
    passage = Found("院:0", "院.txt", 0, len(TEXT), 1.0, TEXT)
    reply, findings = examined("量子院已入职的全职科研人员217名。[1]", quote(1, LOCATION), found=(passage,))
    scores = score(QUESTION, reply, findings)
    assert (scores["misattributed"], scores["unsupported"], scores["uncited"]) == (1.0, 0.0, 0.0)


def test_means_over_sentences_and_citations():
    reply, findings = examined("量子院位于中关村软件园。[1]\n有218人。[1][2]", quote(1, LOCATION), quote(2, STAFF))
    scores = score(QUESTION, reply, findings)
    # one of two sentences, one of three citations; F1 = 2·(1/2)(1/3)/(5/6) = 0.4
    assert scores["citation_recall"] == 0.5 and scores["citation_precision"] == pytest.approx(1 / 3)
    assert scores["citation_f1"] == pytest.approx(0.4)
    assert scores["correct"] == 0.5  # 软件园 is there, 217 is not


def test_a_refusal_of_an_answerable_question_scores_zero_and_never_one():
    scores = score(QUESTION, Reply("没有答案", refused=True, quotes=(quote(1, LOCATION),)), ())
    zero = ("good", "correct", "citation_recall", "citation_precision", "citation_f1", "citation_grade", "evidence")
    assert [scores[name] for name in zero] == [0.0] * len(zero)
    assert [scores[name] for name in ("exact_quote", "unsupported", "misattributed", "uncited", "length")] == [None] * 5
    assert (scores["false_refusal"], scores["refusal_precision"], scores["refusal_recall"]) == (1.0, 0.0, None)


def test_an_unanswerable_question_counts_for_refusal_alone():
    question = Question("q", "院长是谁？", False)
    refused = score(question, Reply("没有", refused=True), ())
    assert (refused["good"], refused["refusal_recall"], refused["refusal_precision"]) == (1.0, 1.0, 1.0)
    assert refused["citation_recall"] is None and refused["correct"] is None
    reply, findings = examined("院长是张三。[1]", quote(1, LOCATION))
    answered = score(question, reply, findings)
    assert (answered["good"], answered["refusal_recall"], answered["unsupported"]) == (0.0, 0.0, 1.0)


def test_right_cited_and_short_needs_all_of_it():
    good = Reply("位于中关村软件园，217名。[1]", refused=False, quotes=(quote(1, LOCATION),))
    assert shortcomings(QUESTION, good) == []
    assert shortcomings(QUESTION, replace(good, text="位于中关村软件园。[1]")) == ["missing fact: 217"]
    assert shortcomings(QUESTION, replace(good, text="在软件园。217名。[1]")) == ["uncited: 在软件园。"]
    assert shortcomings(QUESTION, replace(good, quotes=(quote(1, STAFF),))) == ["evidence not quoted: 院.txt"]
    assert shortcomings(QUESTION, replace(good, text=" ")) == ["empty answer"]
    assert shortcomings(QUESTION, replace(good, error="ModelError: 断了")) == ["error: ModelError: 断了"]
    assert length_limit(QUESTION) == 300
    long = replace(good, text=f"软件园，217名{'，' * 294}[1]")
    assert shortcomings(QUESTION, long) == ["too long: 302 of 300 characters"]


def test_one_inexact_quote_spoils_a_marker():
    reply = Reply("在软件园，217名。[1]", refused=False, quotes=(quote(1, LOCATION), quote(1, "编的", exact=False)))
    assert shortcomings(QUESTION, reply) == ["uncited: 在软件园，217名。"]


def test_where_any_evidence_suffices_one_quote_is_enough():
    pieces = (Evidence("院.txt", LOCATION, 0, len(LOCATION)), Evidence("另.txt", "软件园", 3, 6))
    reply = Reply("在软件园，217名。[1]", refused=False, quotes=(quote(1, LOCATION),))
    all_of_them = replace(QUESTION, evidence=pieces)
    assert shortcomings(all_of_them, reply) == ["evidence not quoted: 另.txt"]
    assert shortcomings(replace(all_of_them, any_evidence=True), reply) == []
    assert score(all_of_them, reply, ())["evidence"] == 0.5
    assert score(replace(all_of_them, any_evidence=True), reply, ())["evidence"] == 1.0


def test_short_answers_are_matched_to_the_character():
    question = Question("q", "有多少人？", True, (("217名", "217人"),))
    scores = score(question, Reply("共217名。[1]", refused=False, short="217人"), ())
    assert (scores["exact_match"], scores["character_f1"]) == (1.0, 1.0)
    without = score(question, Reply("217名。[1]", refused=False), ())
    assert without["exact_match"] == 1.0  # the marker is no part of the answer


def test_every_metric_is_summarised_per_slice():
    record = Record(replace(QUESTION, core=True), Reply("", refused=True), (), {"good": 0.0, "correct": 0.0})
    assert set(summarise([record])) == set(BY_NAME)
    assert [name for name, _ in slices([record])] == ["all", "core", "answerable", "fact"]
    assert has_failed(record) and not has_failed(replace(record, scores={"mrr": 1.0}))


def test_ranking_metrics_by_hand():
    ranked = ["乙", "甲", "丙", "丁"]
    assert recall_at(ranked, {"甲", "丁"}, 3) == 0.5
    assert reciprocal_rank(ranked, {"丁"}) == 0.25 and reciprocal_rank(ranked, {"丁"}, k=3) == 0.0
    # gains at ranks 2 and 4: (1/log2 3 + 1/log2 5) / (1 + 1/log2 3)
    assert ndcg_at(ranked, {"甲", "丁"}) == pytest.approx((0.63093 + 0.43068) / 1.63093, abs=1e-4)
    assert recall_at(ranked, set(), 3) is reciprocal_rank(ranked, set()) is ndcg_at(ranked, set()) is None


def test_a_span_covers_evidence_from_half_of_it_on():
    piece = Evidence("院.txt", "…", 10, 20)
    assert covers("院.txt", 0, 15, piece) and not covers("院.txt", 0, 14, piece) and not covers("他.txt", 0, 99, piece)
    assert covers("院.txt", 0, 1, Evidence("院.txt", ""))  # the whole document
    assert not covers("院.txt", 0, 99, Evidence("院.txt", "未定位"))


def test_evidence_that_was_not_found_counts_once_per_passage_length():
    found = [Found("a", "院.txt", 0, 50, 1.0, "")]
    pieces = [Evidence("院.txt", "x", start, start + 5) for start in (10, 500, 600, 1200)]
    assert sorted(gold_groups(found, pieces)[1]) == ["a", "missing:院.txt:1200", "missing:院.txt:500"]
    assert gold_groups(found, pieces, any_evidence=True) == (["gold"], {"gold"})
