"""The evaluation area without a browser: sets given as text, what fits the documents, cancelling, the summary."""

from __future__ import annotations

import json

import pytest

from eval.cases import QuestionSetError
from eval.metrics import score
from eval.page import Job, evaluate
from eval.records import Record, Reply
from eval.sets import MAX_CHARACTERS, MAX_QUESTIONS, fitting, parse_questions
from eval.summary import render_summary
from rag import Assistant

WHERE = {"id": "甲", "question": "量子院位于哪里？", "answerable": True, "facts": [["中关村软件园"]]}
NOWHERE = {"id": "乙", "question": "<img src=x>怎么做？", "answerable": False}


def lines(*cases: dict[str, object]) -> str:
    return "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)


def test_the_last_case_of_an_id_counts() -> None:
    questions = parse_questions(lines(WHERE, NOWHERE, {**WHERE, "question": "量子院在哪儿？"}) + "\n", "zh")
    assert [question.question for question in questions] == ["量子院在哪儿？", "<img src=x>怎么做？"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "没有可用的题"),
        (" " * (MAX_CHARACTERS + 1), "文件太大"),
        ("{", "第 1 行不是一道题"),
        (lines(WHERE) + "[]", "第 2 行"),
        (lines({"id": "甲", "question": "", "answerable": True}), "第 1 行"),
        (lines(*({**NOWHERE, "id": str(i)} for i in range(MAX_QUESTIONS + 1))), f"{MAX_QUESTIONS + 1} 题"),
    ],
)
def test_a_set_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(QuestionSetError, match=said):
        parse_questions(text, "zh")


def test_questions_on_other_documents_are_left_out(seeds_assistant: Assistant) -> None:
    document = seeds_assistant.document(seeds_assistant.documents()[0].id)
    there = {"source": document.source, "quote": document.text[:10]}
    here = {**WHERE, "facts": [[document.text[:4]]], "evidence": [there]}
    elsewhere = {**here, "id": "丙", "evidence": [{"source": "别处.txt", "quote": "甲"}]}
    questions = parse_questions(lines(here, NOWHERE, elsewhere), "zh")
    fit, problems = fitting(questions, seeds_assistant.documents(), seeds_assistant.document)
    assert [(question.id, question.evidence[0].start if question.evidence else None) for question in fit] == [
        ("甲", 0),
        ("乙", None),
    ]
    assert problems == ["丙: no document 别处.txt; there are ['" + document.source + "']"]


def test_a_cancelled_run_shows_what_it_has(seeds_assistant: Assistant) -> None:
    job = Job()
    job.cancelled.set()
    questions = parse_questions(lines(*({**NOWHERE, "id": str(i)} for i in range(5))), "zh")
    *_, (state, result) = evaluate(seeds_assistant, questions, "file", job, "zh")
    assert "已取消，以下是已答的 1 题。" in state
    assert "该拒答时拒答" in result


def test_the_summary_lists_the_worst_first_and_escapes() -> None:
    records = []
    for case, reply in ((WHERE, Reply("", refused=True)), (NOWHERE, Reply("<b>乱说</b>。", refused=False))):
        question = parse_questions(lines(case), "zh")[0]
        records.append(Record(question, reply, (), score(question, reply, ())))
    html = render_summary(records, ["<i>丙</i>"], "zh")
    assert html.index("&lt;img src=x&gt;怎么做？") < html.index("量子院位于哪里？")
    assert "应当说没有" in html
    assert "&lt;b&gt;乱说&lt;/b&gt;" in html
    assert "&lt;i&gt;丙&lt;/i&gt;" in html
    assert "<b>" not in html
