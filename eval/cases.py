"""Question sets on disk: read, check and write `.jsonl`, one question a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.records import Evidence, Question
from eval.text import normalise, states
from rag.errors import WenjuError

HERE = Path(__file__).resolve().parent
SEED_QUESTIONS = HERE / "questions" / "seeds.jsonl"
OFFICE_QUESTIONS = HERE / "questions" / "office.jsonl"
SEEDS = HERE.parent / "seeds"
SPLITS = ("dev", "test")
_FIELDS = {
    "id", "split", "core", "category", "question", "history", "answerable", "facts", "evidence", "any_evidence", "note",
}  # fmt: skip


class QuestionSetError(WenjuError):
    """A question set, or a result, can't be used as it is."""


def read_questions(path: Path) -> list[Question]:
    """The questions of a `.jsonl` file, in order.

    Raises:
        QuestionSetError: no such file, a line that is no question (named with its number), or an id used twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise QuestionSetError(f"can't read the questions in {path}: {error.strerror}") from None
    questions: list[Question] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = question_from(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise QuestionSetError(f"{path}:{number}: not a question: {error}") from None
        if question.id in seen:
            raise QuestionSetError(f"{path}:{number}: id {question.id} is already used in line {seen[question.id]}")
        seen[question.id] = number
        questions.append(question)
    if not questions:
        raise QuestionSetError(f"{path} holds no questions")
    return questions


def documents_of(questions: Path) -> Path:
    """What a question set asks about unless told otherwise: `eval/documents/NAME` for `NAME.jsonl`, else seeds/.

    >>> documents_of(Path("office.jsonl")).name, documents_of(Path("mine.jsonl")).name
    ('office', 'seeds')
    """
    own = HERE / "documents" / questions.stem
    return own if own.is_dir() else SEEDS


def question_from(data: Mapping[str, Any]) -> Question:
    """A question from its JSON object.

    Raises:
        ValueError: a field is missing, unknown or of the wrong kind.
    """
    if not isinstance(data, dict):
        raise ValueError(f"a line must be an object, not {type(data).__name__}")
    if unknown := sorted(set(data) - _FIELDS):
        raise ValueError(f"unknown fields {unknown}; known are {sorted(_FIELDS)}")
    if lacking := [name for name in ("id", "question", "answerable") if name not in data]:
        raise ValueError(f"fields {lacking} are missing")
    if not isinstance(data["answerable"], bool) or not str(data["question"]).strip():
        raise ValueError("`answerable` must be true or false, and `question` must not be blank")
    return Question(
        id=str(data["id"]),
        question=data["question"],
        answerable=data["answerable"],
        facts=tuple(tuple(str(wording) for wording in fact) for fact in data.get("facts", ())),
        evidence=tuple(Evidence(**piece) for piece in data.get("evidence", ())),
        category=data.get("category", "fact"),
        split=data.get("split", "dev"),
        core=bool(data.get("core", False)),
        any_evidence=bool(data.get("any_evidence", False)),
        history=tuple((asked, told) for asked, told in data.get("history", ())),
        note=data.get("note", ""),
    )


def question_to(question: Question) -> dict[str, Any]:
    """The JSON object of a question; fields that say nothing are left out."""
    data: dict[str, Any] = {
        "id": question.id,
        "split": question.split,
        "core": question.core,
        "category": question.category,
        "question": question.question,
        "history": [list(turn) for turn in question.history],
        "answerable": question.answerable,
        "facts": [list(fact) for fact in question.facts],
        "evidence": [_evidence_to(piece) for piece in question.evidence],
    }
    if question.any_evidence:
        data["any_evidence"] = True
    if question.note:
        data["note"] = question.note
    return data


def _evidence_to(piece: Evidence) -> dict[str, Any]:
    """The JSON object of a piece of evidence."""
    data: dict[str, Any] = {"source": piece.source, "quote": piece.quote}
    if piece.start is not None:
        data |= {"start": piece.start, "end": piece.end}
    return data


def write_questions(path: Path, questions: Iterable[Question]) -> None:
    """Write a question set in one go; an existing file is replaced only once the new one is complete."""
    lines = [json.dumps(question_to(question), ensure_ascii=False) + "\n" for question in questions]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text("".join(lines), encoding="utf-8")
    draft.replace(path)


def append_question(path: Path, question: Question) -> None:
    """Add a question at the end of a set, made when missing.

    Raises:
        QuestionSetError: the set has a question with this id.
    """
    there = read_questions(path) if path.exists() else []
    if any(other.id == question.id for other in there):
        raise QuestionSetError(f"id {question.id} is taken in {path}; give another one with --id")
    write_questions(path, [*there, question])


def select(
    questions: Sequence[Question],
    *,
    split: str = "dev",
    core: bool = False,
    categories: Sequence[str] = (),
    ids: Sequence[str] = (),
    limit: int | None = None,
) -> list[Question]:
    """The questions that a run is about.

    Args:
        split: "dev", "test" or "all".
        categories, ids: keep only these; empty keeps all.

    Raises:
        QuestionSetError: a category or id that no question has, or nothing left.
    """
    for asked, have in ((categories, {q.category for q in questions}), (ids, {q.id for q in questions})):
        if unknown := sorted(set(asked) - have):
            raise QuestionSetError(f"no question has {unknown}; there are {sorted(have)[:40]}")
    kept = [
        question
        for question in questions
        if (split == "all" or question.split == split)
        and (not core or question.core)
        and (not categories or question.category in categories)
        and (not ids or question.id in ids)
    ][:limit]
    if not kept:
        raise QuestionSetError(
            f"no question is left of {len(questions)}: split {split}, core {core}, {categories} {ids}"
        )
    return kept


def without_offsets(questions: Sequence[Question]) -> list[Question]:
    """The questions with the offsets of their evidence taken off, to be found anew."""
    return [replace(q, evidence=tuple(Evidence(p.source, p.quote) for p in q.evidence)) for q in questions]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checker found.

    Attributes:
        questions: the set with offsets filled in.
        problems: what is wrong, one line each.
        warnings: what deserves a look.
    """

    questions: tuple[Question, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def check_questions(questions: Sequence[Question], documents: Mapping[str, str]) -> Checked:
    """Prove every quote, offset and fact of a question set against its documents.

    Evidence without offsets gets those of the quote's first place. Every quote must be in the document to the
    character, every fact of an answerable question in one of its quotes, and an unanswerable question holds neither.

    Args:
        documents: source name → readable text.
    """
    fixed: list[Question] = []
    problems: list[str] = []
    warnings: list[str] = []
    asked: dict[str, str] = {}
    for question in questions:
        pieces = tuple(_locate(question.id, piece, documents, problems, warnings) for piece in question.evidence)
        fixed.append(replace(question, evidence=pieces))
        problems += [f"{question.id}: {problem}" for problem in _inconsistent(question)]
        key = normalise(question.question + "".join(told for turn in question.history for told in turn))
        if key in asked:
            warnings.append(f"{question.id}: asks the same as {asked[key]}")
        asked.setdefault(key, question.id)
    return Checked(tuple(fixed), tuple(problems), tuple(warnings))


def _inconsistent(question: Question) -> list[str]:
    """What in a question contradicts itself."""
    found: list[str] = []
    if question.split not in SPLITS:
        found.append(f"split is {question.split!r}, it must be one of {SPLITS}")
    if question.answerable and not (question.facts and question.evidence):
        found.append("answerable, but without facts or evidence")
    if not question.answerable and (question.facts or question.evidence):
        found.append("unanswerable, but with facts or evidence")
    for fact in question.facts:
        if not fact or not all(normalise(wording) for wording in fact):
            found.append(f"a fact has no wording: {list(fact)}")
        elif not any(states(piece.quote, wording) for wording in fact for piece in question.evidence):
            found.append(f"no quote states the fact {list(fact)}")
    return found


def _locate(
    name: str, piece: Evidence, documents: Mapping[str, str], problems: list[str], warnings: list[str]
) -> Evidence:
    """The evidence with its offsets, or as it was with a problem noted."""
    text = documents.get(piece.source)
    if text is None:
        problems.append(f"{name}: no document {piece.source}; there are {sorted(documents)[:10]}")
        return piece
    if piece.start is not None and piece.end is not None:
        if text[piece.start : piece.end] != piece.quote:
            problems.append(f"{name}: {piece.source}[{piece.start}:{piece.end}] does not read “{piece.quote}”")
        return piece
    places = [match.start() for match in re.finditer(re.escape(piece.quote), text)] if piece.quote else []
    if not places:
        problems.append(f"{name}: “{piece.quote}” is not in {piece.source}, to the character")
        return piece
    if len(places) > 1:
        warnings.append(f"{name}: “{piece.quote}” is {len(places)} times in {piece.source}; the first is taken")
    return Evidence(piece.source, piece.quote, places[0], places[0] + len(piece.quote))
