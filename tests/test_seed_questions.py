"""Every question over the two seed documents: whatever is answered is proven, whatever is not has a reason.

How many are right is for the evals to say.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rag import Answer, Answered, Assistant, Settings
from rag.parts import split_parts

QUESTIONS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "eval" / "questions" / "seeds.jsonl").read_text("utf-8").splitlines()
]


def ask(assistant: Assistant, question: dict) -> Answer:
    *_, last = assistant.stream(question["question"], [tuple(turn) for turn in question["history"]])
    assert isinstance(last, Answered)
    return last.answer


@pytest.fixture(scope="module")
def answers(seeds_assistant: Assistant) -> dict[str, Answer]:
    """Question id → answer."""
    return {question["id"]: ask(seeds_assistant, question) for question in QUESTIONS}


def test_the_set_is_whole(answers: dict[str, Answer]) -> None:
    assert len(answers) == len(QUESTIONS) >= 253
    assert any(answer.refused for answer in answers.values())
    assert any(not answer.refused for answer in answers.values())


def test_every_quote_is_the_stored_text_at_its_offsets(seeds_assistant: Assistant, answers: dict[str, Answer]) -> None:
    for name, answer in answers.items():
        for citation in answer.citations:
            text = seeds_assistant.document(citation.document_id).text
            assert text[citation.start : citation.end] == citation.quote != "", name
            assert citation.passage.start <= citation.start < citation.end <= citation.passage.end, name
            if citation.highlight:
                start, end = citation.highlight
                assert citation.start <= start < end <= citation.end, name
                assert text[start:end] in answer.short, name


def test_every_marker_resolves(answers: dict[str, Answer]) -> None:
    for name, answer in answers.items():
        markers = [int(number) for number in re.findall(r"\[(\d+)\]", answer.text)]
        numbers = [citation.number for citation in answer.citations]
        assert markers == numbers == list(range(1, len(numbers) + 1)), name
        assert {number for claim in answer.claims for number in claim.citations} == set(numbers), name


def test_every_claim_of_an_answer_is_supported(answers: dict[str, Answer]) -> None:
    for name, answer in answers.items():
        if answer.refused:
            continue
        assert answer.claims, name
        assert all(claim.supported and claim.citations and not claim.reason for claim in answer.claims), name
        assert answer.grounding == 1.0, name
        for claim in answer.claims:
            assert claim.text in answer.citations[claim.citations[0] - 1].quote, name
            assert claim.text in answer.text, name


def test_a_refusal_has_a_reason_and_no_citations(answers: dict[str, Answer]) -> None:
    for name, answer in answers.items():
        if answer.refused:
            assert answer.reason, name
            assert answer.reason in answer.text, name
            assert answer.citations == answer.claims == (), name
            assert answer.short == "", name
            assert answer.grounding == 0.0, name
            assert answer.hits, name  # the nearest passages come along
        else:
            assert answer.reason == "", name


def test_what_is_not_sure_is_quoted_but_never_shown_as_the_fact(answers: dict[str, Answer]) -> None:
    unsure = [answer for answer in answers.values() if "没有十足把握" in answer.notice]
    assert unsure
    for answer in unsure:
        assert not answer.refused
        if len(set(split_parts(answer.standalone_question))) == 1:
            assert answer.short == ""
            assert all(citation.highlight is None for citation in answer.citations)


def test_answers_tell_what_was_asked(seeds_assistant: Assistant, answers: dict[str, Answer]) -> None:
    for question in QUESTIONS:
        answer = answers[question["id"]]
        assert answer.question == question["question"].strip()
        assert question["history"] or answer.standalone_question == answer.question
        parts = len(set(split_parts(answer.standalone_question)))
        searches = 1 if parts == 1 else 1 + parts  # for the whole, then for each part
        assert len(answer.hits) <= searches * seeds_assistant.settings.top_k
        assert answer.confidence is None or 0 <= answer.confidence <= 1
        assert set(answer.timings) == {"condense", "retrieve", "answer"}


def test_asked_again_of_another_assistant_the_answers_are_the_same(
    seeds_assistant: Assistant, answers: dict[str, Answer]
) -> None:
    with Assistant.open(settings=Settings(index=seeds_assistant.settings.index)) as another:
        for question in reversed(QUESTIONS):
            first, again = answers[question["id"]], ask(another, question)
            assert (again.text, again.reason, again.citations) == (first.text, first.reason, first.citations)
