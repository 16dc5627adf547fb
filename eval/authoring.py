"""Question sets of one's own: `draft` proposes cases about documents, `add` makes one of a question that went wrong."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval import cases
from eval.records import Evidence, Question
from eval.text import states
from rag.sentences import split_sentences

if TYPE_CHECKING:
    from rag import Document

OWN_QUESTIONS = Path("questions.jsonl")


def draft(options: argparse.Namespace) -> int:
    """Propose questions about documents and write those that a person accepts."""
    from eval.draft import draft_questions, review

    documents = _load(options.paths)
    drafts = _from_model(documents, options.llm, options.count) if options.llm else []
    drafts += draft_questions(documents, options.count - len(drafts), seed=options.seed)
    if not drafts:
        raise cases.QuestionSetError(
            "nothing to ask about was found in these documents; write questions by hand with `add`"
        )
    kept = drafts if options.yes else review(drafts, _typed, print)
    there = cases.read_questions(options.to) if options.to.exists() else []
    fresh = _with_ids(kept, {question.id for question in there})
    checked = cases.check_questions(fresh, {document.source: document.text for document in documents})
    if checked.problems:
        raise cases.QuestionSetError("the drafts don't fit the documents:\n  " + "\n  ".join(checked.problems))
    cases.write_questions(options.to, [*there, *fresh])
    documents_named = " ".join(str(path) for path in options.paths)
    print(
        f"{len(fresh)} questions added to {options.to}; ask them with\n"
        f"  python -m eval run --questions {options.to} --documents {documents_named}"
    )
    return 0


def _typed(prompt: str) -> str:
    """What a person types; the end of the input means to stop."""
    try:
        return input(prompt)
    except EOFError:
        print()
        return "q"


def _with_ids(drafts: Sequence[Question], taken: set[str]) -> list[Question]:
    """The drafts under ids that are free."""
    free = (name for n in count(1) if (name := f"d{n:03d}") not in taken)
    return [replace(question, id=name) for question, name in zip(drafts, free, strict=False)]


def _from_model(documents: Sequence[Document], llm: str, most: int) -> list[Question]:
    """Drafts from a language model, passage by passage, until two thirds of the count are there."""
    from eval.commands import progress
    from eval.draft import drafts_from_model
    from eval.judge import asker
    from rag import Settings
    from rag.passages import split_passages

    ask = asker(Settings(llm=llm))
    passages = [(document, passage.text) for document in documents for passage in split_passages(document)]
    wanted = most - most // 3
    found: list[Question] = []
    with progress(wanted, "drafting") as advance:
        for document, text in passages[:: max(1, 2 * len(passages) // max(wanted, 1))]:
            fresh = drafts_from_model(document, text, ask)[: wanted - len(found)]
            found += fresh
            for _ in fresh:
                advance()
            if len(found) >= wanted:
                break
    return found


def add(options: argparse.Namespace) -> int:
    """Make a case of a question, or of an answer that `wenju ask --json` printed, and add it to a set."""
    answer = _read_answer(options.answer)
    question = options.question or str(answer.get("question", ""))
    if not question.strip():
        raise cases.QuestionSetError("which question? Give it, or --answer FILE with what `wenju ask --json` printed")
    there = cases.read_questions(options.to) if options.to.exists() else []
    texts = {document.source: document.text for document in _load(options.documents or [cases.SEEDS])}
    case = make_case(
        options.id or f"u{len(there) + 1:03d}",
        question,
        texts,
        facts=[tuple(fact.split("|")) for fact in options.fact],
        quotes=options.quote,
        unanswerable=options.unanswerable,
        history=options.history or (),
        note=options.note,
    )
    cases.append_question(options.to, case)
    print(f"{case.id} added to {options.to}")
    for piece in case.evidence:
        print(f"  {piece.source} {piece.start}–{piece.end}  {piece.quote}")
    return 0


def make_case(
    name: str,
    question: str,
    texts: Mapping[str, str],
    *,
    facts: Sequence[tuple[str, ...]] = (),
    quotes: Sequence[str] = (),
    unanswerable: bool = False,
    history: Sequence[Sequence[str]] = (),
    note: str = "",
) -> Question:
    """A checked case.

    Args:
        texts: source → readable text of the documents.
        facts: what the answer has to state, each with its accepted wordings.
        quotes: where the documents say so, to the character; without any, the one sentence that states a fact.
        unanswerable: the documents don't hold the answer; then no facts or quotes.

    Raises:
        QuestionSetError: facts are missing, or the place of one isn't clear, or the case contradicts the documents.
    """
    turns = tuple((asked, told) for asked, told in history)
    if unanswerable:
        case = Question(name, question, False, category="added", history=turns, note=note)
    else:
        if not facts:
            raise cases.QuestionSetError("what should the answer state? Give --fact TEXT, or --unanswerable")
        pieces = [_find_quote(quote, texts) for quote in quotes] or [_find_fact(fact, texts) for fact in facts]
        evidence = tuple(dict.fromkeys(pieces))
        case = Question(name, question, True, tuple(facts), evidence, category="added", history=turns, note=note)
    checked = cases.check_questions([case], texts)
    if checked.problems:
        raise cases.QuestionSetError("; ".join(checked.problems))
    return checked.questions[0]


def _find_quote(quote: str, texts: Mapping[str, str]) -> Evidence:
    """The only place of a quote."""
    places = [(source, text.find(quote)) for source, text in texts.items() if quote and quote in text]
    if len(places) != 1:
        where = ", ".join(source for source, _ in places) or "none of the documents"
        raise cases.QuestionSetError(f"“{quote}” is in {where}; a quote has to be in one document, to the character")
    source, start = places[0]
    return Evidence(source, quote, start, start + len(quote))


def _find_fact(fact: Sequence[str], texts: Mapping[str, str]) -> Evidence:
    """The only sentence that states a fact."""
    found = [
        Evidence(source, text[start:end], start, end)
        for source, text in texts.items()
        for start, end in split_sentences(text)
        if any(states(text[start:end], wording) for wording in fact)
    ]
    if len(found) != 1:
        sentences = "".join(f"\n  {piece.source}: {piece.quote}" for piece in found[:5])
        raise cases.QuestionSetError(
            f"{len(found)} sentences state {list(fact)}; say which with --quote TEXT, to the character{sentences}"
        )
    return found[0]


def _read_answer(path: str | None) -> dict[str, Any]:
    """What `wenju ask --json` printed, from a file or, for "-", from the standard input."""
    if path is None:
        return {}
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        answer = json.loads(text)
    except OSError as error:
        raise cases.QuestionSetError(f"can't read {path}: {error.strerror}") from None
    except ValueError as error:
        raise cases.QuestionSetError(f"{path} is not what `wenju ask --json` prints: {error}") from None
    if not isinstance(answer, dict):
        raise cases.QuestionSetError(f"{path} is not what `wenju ask --json` prints: a {type(answer).__name__}")
    return answer


def _load(paths: Sequence[Path]) -> list[Document]:
    """The documents of files and folders."""
    from rag.documents import find_files, load_document

    return [load_document(path, source=source) for path, source in find_files(paths)]
