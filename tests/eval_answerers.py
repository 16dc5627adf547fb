"""Answerers for testing the evals: one that is perfect by construction, and dishonest ones made from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from eval.cases import SEED_QUESTIONS, SEEDS, check_questions, read_questions, select
from eval.records import Evidence, Question
from rag.documents import find_files, load_document
from rag.passages import split_passages
from rag.sentences import split_sentences
from rag.types import Answer, Citation, Document, Hit, Passage

Sabotage = Callable[["Oracle", Question, Answer], Answer]


class Oracle:
    """Answers from the gold evidence with exact quotes and refuses what can't be answered; then a saboteur may act."""

    def __init__(self, sabotage: Sabotage | None = None) -> None:
        documents = [load_document(path, source=source) for path, source in find_files([SEEDS])]
        self.documents = {document.id: document for document in documents}
        self.passages = [passage for document in documents for passage in split_passages(document)]
        texts = {document.source: document.text for document in documents}
        self.questions = select(check_questions(read_questions(SEED_QUESTIONS), texts).questions, split="dev")
        self._by_text = {(question.question, question.history): question for question in self.questions}
        self._sabotage = sabotage

    def answer(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Answer:
        case = self._by_text[question, tuple(history)]
        citations = [self.cite(number, piece) for number, piece in enumerate(case.evidence, start=1)]
        text = "\n".join(f"{citation.quote}[{citation.number}]" for citation in citations)
        honest = self.reply(case, text, citations)
        return self._sabotage(self, case, honest) if self._sabotage else honest

    def retrieve(self, question: str, k: int | None = None) -> list[Hit]:
        """Passages that hold gold evidence of the question first."""
        case = next(case for case in self.questions if case.id == question)
        ranked = sorted(self.passages, key=lambda passage: not any(_holds(passage, e) for e in case.evidence))
        return [Hit(passage, 1 / rank) for rank, passage in enumerate(ranked[:k], start=1)]

    def document(self, document_id: str) -> Document:
        return self.documents[document_id]

    def reply(self, case: Question, text: str, citations: Sequence[Citation]) -> Answer:
        """An answer, or a refusal when there are no citations; its standalone question is the case's id."""
        if not citations:
            return Answer(
                "文档里没有这个问题的答案。", refused=True, question=case.question, standalone_question=case.id
            )
        return Answer(
            text, refused=False, question=case.question, standalone_question=case.id, citations=tuple(citations)
        )

    def cite(self, number: int, piece: Evidence) -> Citation:
        """A citation of a piece of evidence."""
        assert piece.start is not None and piece.end is not None
        passage = next(passage for passage in self.passages if _holds(passage, piece))
        return Citation(number, piece.source, passage.title, piece.quote, piece.start, piece.end, passage)

    def cite_sentence(self, number: int, passage: Passage) -> Citation:
        """A citation of a passage's longest sentence."""
        start, end = max(split_sentences(passage.text), key=lambda span: span[1] - span[0])
        at = passage.start
        return Citation(number, passage.source, passage.title, passage.text[start:end], at + start, at + end, passage)


def _holds(passage: Passage, piece: Evidence) -> bool:
    """Whether the evidence starts in the passage."""
    assert piece.start is not None
    return passage.source == piece.source and passage.start <= piece.start < passage.end


def fabricate_quotes(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Shows quotes that say what the answer says, at real offsets, but that no document holds."""
    return replace(honest, citations=tuple(replace(c, quote=f"据报道，{c.quote}") for c in honest.citations))


def alter_a_character(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Shows quotes that differ from the document in their last character."""
    return replace(honest, citations=tuple(replace(c, quote=c.quote[:-1] + "※") for c in honest.citations))


def shift_offsets(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Shows true quotes at offsets one too far."""
    return replace(honest, citations=tuple(replace(c, start=c.start + 1, end=c.end + 1) for c in honest.citations))


def cite_the_wrong_passage(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Says the truth, but every marker leads to an exact quote of a passage about something else."""
    gold = {citation.passage.id for citation in honest.citations}
    wrong = [passage for passage in oracle.passages if passage.id not in gold]
    return replace(
        honest, citations=tuple(oracle.cite_sentence(c.number, wrong[-i]) for i, c in enumerate(honest.citations, 1))
    )


def answer_everything(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Never refuses: quotes some sentence, exactly, where the documents don't hold the answer."""
    if not honest.refused:
        return honest
    citation = oracle.cite_sentence(1, oracle.passages[0])
    return oracle.reply(case, f"{citation.quote}[1]", [citation])


def refuse_everything(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Always refuses."""
    return oracle.reply(case, "", [])


def dump_the_page(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Answers with the whole of each document that holds the answer, every sentence quoted exactly."""
    if honest.refused:
        return honest
    citations = []
    for passage in oracle.passages:
        if passage.source in {citation.source for citation in honest.citations}:
            number = len(citations) + 1
            citations.append(
                Citation(number, passage.source, passage.title, passage.text, passage.start, passage.end, passage)
            )
    lines = [
        f"{citation.quote[start:end]}[{citation.number}]"
        for citation in citations
        for start, end in split_sentences(citation.quote)
    ]
    return oracle.reply(case, "\n".join(lines), citations)


def drop_markers(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Says the truth and has the quotes, but leaves out every marker."""
    return replace(honest, text=re.sub(r"\[\d+\]", "", honest.text))


def point_nowhere(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Writes markers that lead to no quote."""
    return replace(honest, text=re.sub(r"\[\d+\]", "[99]", honest.text))


def cite_everything(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Puts four more markers behind every sentence, all of exact quotes about something else."""
    if honest.refused:
        return honest
    more = [oracle.cite_sentence(91 + i, passage) for i, passage in enumerate(oracle.passages[-4:])]
    markers = "".join(f"[{citation.number}]" for citation in more)
    return replace(
        honest,
        text="\n".join(line + markers for line in honest.text.split("\n")),
        citations=(*honest.citations, *more),
    )


def change_one_digit(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Changes the first digit of every sentence that has one."""

    def lie(line: str) -> str:
        text, marker = line[: line.rindex("[")], line[line.rindex("[") :]
        return re.sub(r"\d", lambda match: str((int(match[0]) + 3) % 9 + 1), text, count=1) + marker

    if honest.refused:
        return honest
    return replace(honest, text="\n".join(lie(line) for line in honest.text.split("\n")))


def say_nothing(oracle: Oracle, case: Question, honest: Answer) -> Answer:
    """Returns an empty answer that is no refusal."""
    return replace(honest, text=" \n", refused=False, citations=())
