"""Question sets for the evaluation area of the chat page: given as text, checked against what is indexed. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from eval.cases import QuestionSetError, check_questions, question_from
from eval.records import Question
from rag.language import Language
from rag.types import Document
from rag.ui.labels import say
from vectorstore.records import DocumentInfo

MAX_QUESTIONS = 1000
MAX_CHARACTERS = 5_000_000


def parse_questions(text: str, language: Language) -> list[Question]:
    """The questions of a `.jsonl` text, each id once: the last one counts.

    Raises:
        QuestionSetError: a line is no question, there are none or too many, or too much text; in the reader's language.
    """
    if len(text) > MAX_CHARACTERS:
        raise QuestionSetError(say(language, "eval_too_long", seen=len(text), limit=MAX_CHARACTERS))
    found: dict[str, Question] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            question = question_from(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QuestionSetError(say(language, "eval_line", line=number, reason=error)) from None
        found[question.id] = question
    if not found:
        raise QuestionSetError(say(language, "eval_none"))
    if len(found) > MAX_QUESTIONS:
        raise QuestionSetError(say(language, "eval_too_many", seen=len(found), limit=MAX_QUESTIONS))
    return list(found.values())


def fitting(
    questions: Sequence[Question], documents: Sequence[DocumentInfo], read: Callable[[str], Document]
) -> tuple[list[Question], list[str]]:
    """The questions whose evidence is in the documents, with offsets; and what is wrong with the others.

    Args:
        read: a document by its id; called only for documents that a question names.
    """
    wanted = {piece.source for question in questions for piece in question.evidence}
    texts = {info.source: read(info.id).text for info in documents if info.source in wanted}
    fit: list[Question] = []
    problems: list[str] = []
    for question in questions:
        checked = check_questions([question], texts)
        if checked.problems:
            problems.append(checked.problems[0])
        else:
            fit += checked.questions
    return fit, problems
