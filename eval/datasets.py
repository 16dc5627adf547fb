"""Public question sets, read from where the user downloaded them → documents and questions. Pure but for reading.

Nothing is downloaded and nothing is written; their licences are the user's to keep.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from eval.cases import QuestionSetError
from eval.records import Evidence, Question
from rag.types import Document


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A question set with the documents it asks about.

    Attributes:
        answers: whether it has gold answers; without them only retrieval is measured.
    """

    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    answers: bool = True


def read_squad(path: Path) -> PublicSet:
    """SQuAD's layout: CMRC 2018, DRCD, DuReader-robust and -checklist, SQuAD 2. Each paragraph is a document.

    A question that is marked impossible or has no answers is unanswerable; that another paragraph might still answer it
    is the set's own weakness.
    """
    documents: list[Document] = []
    questions: list[Question] = []
    for article in _json(path)["data"]:
        for paragraph in article["paragraphs"]:
            source = f"{len(documents):05d}"
            documents.append(_document(source, paragraph["context"], paragraph.get("title") or article.get("title")))
            questions += [_squad_question(qa, source, paragraph["context"]) for qa in paragraph["qas"]]
    return PublicSet(tuple(documents), tuple(questions))


def _squad_question(qa: Mapping[str, Any], source: str, context: str) -> Question:
    """One question of a paragraph."""
    answers = [answer for answer in qa.get("answers", ()) if answer["text"].strip()]
    if qa.get("is_impossible") or not answers:
        return Question(str(qa["id"]), qa["question"], answerable=False, category="unanswerable")
    pieces = dict.fromkeys(
        _evidence(source, context, answer["text"], answer.get("answer_start", -1)) for answer in answers
    )
    wordings = tuple(dict.fromkeys(answer["text"] for answer in answers))
    return Question(
        str(qa["id"]),
        qa["question"],
        True,
        (wordings,),
        tuple(pieces),
        category=qa.get("type", "span"),
        any_evidence=True,
    )


def read_rgb(path: Path) -> PublicSet:
    """RGB (github.com/chen700564/RGB): `zh.json`, `zh_int.json`, `zh_fact.json`; all its passages are one pool.

    As in its own scorer, an answer lists the facts that are all required, each a wording or a list of alternatives.
    """
    return _rgb(path, with_positives=True)


def read_rgb_negatives(path: Path) -> PublicSet:
    """RGB's negative rejection: only the passages that don't hold an answer, so that every question is unanswerable."""
    return _rgb(path, with_positives=False)


def _rgb(path: Path, with_positives: bool) -> PublicSet:
    """RGB's questions over the pool of its passages."""
    documents: dict[str, Document] = {}
    questions: list[Question] = []

    def source_of(text: str) -> str:
        source = sha256(text.encode()).hexdigest()[:12]
        documents.setdefault(source, _document(source, text))
        return source

    for row in _lines(path):
        for text in _flat(row["negative"]):
            source_of(text)
        name = f"rgb-{row['id']}"
        if not with_positives:
            questions.append(Question(name, row["query"], answerable=False, category="negatives only"))
            continue
        answer = row["answer"] if isinstance(row["answer"], list) else [row["answer"]]
        facts = tuple(tuple(_flat([fact])) for fact in answer)
        pieces = tuple(dict.fromkeys(Evidence(source_of(text), "") for text in _flat(row["positive"])))
        questions.append(Question(name, row["query"], True, facts, pieces, category="rgb", any_evidence=True))
    return PublicSet(tuple(documents.values()), tuple(questions))


def read_crud(path: Path) -> PublicSet:
    """CRUD-RAG's questions (github.com/IAAR-Shanghai/CRUD_RAG, `split_merged.json`); its answers are prose, so only
    the retrieval of their one, two or three news articles is measured."""
    documents: dict[str, Document] = {}
    questions: list[Question] = []
    data = _json(path)
    for task in ("questanswer_1doc", "questanswer_2docs", "questanswer_3docs"):
        for index, row in enumerate(data.get(task, ())):
            texts = [row[name] for name in ("news1", "news2", "news3") if row.get(name)]
            for text in texts:
                source = sha256(text.encode()).hexdigest()[:12]
                documents.setdefault(source, _document(source, text))
            pieces = tuple(Evidence(sha256(text.encode()).hexdigest()[:12], "") for text in texts)
            questions.append(Question(f"{task}-{index}", row["questions"], True, (), pieces, category=task))
    return PublicSet(tuple(documents.values()), tuple(questions), answers=False)


def read_beir(folder: Path) -> PublicSet:
    """A BEIR or MTEB folder: `corpus.jsonl`, `queries.jsonl`, and `qrels/test.tsv` or one like it."""
    documents = tuple(
        _document(str(row["_id"]), row["text"], row.get("title")) for row in _lines(folder / "corpus.jsonl")
    )
    known = {document.source for document in documents}
    relevant: dict[str, list[str]] = {}
    for query, document, grade in _judgements(folder):
        if grade > 0 and document in known:
            relevant.setdefault(query, []).append(document)
    questions = tuple(
        Question(
            str(row["_id"]), row["text"], True, (), tuple(Evidence(name, "") for name in relevant[str(row["_id"])])
        )
        for row in _lines(folder / "queries.jsonl")
        if str(row["_id"]) in relevant
    )
    return PublicSet(documents, questions, answers=False)


def _judgements(folder: Path) -> Iterator[tuple[str, str, float]]:
    """(query id, document id, grade) of a BEIR folder."""
    places = [folder / name for name in ("qrels/test.tsv", "qrels/dev.tsv", "qrels.tsv", "qrels.jsonl")]
    path = next((place for place in places if place.exists()), None)
    if path is None:
        raise QuestionSetError(f"no judgements in {folder}; looked for {[str(p.relative_to(folder)) for p in places]}")
    if path.suffix == ".jsonl":
        for row in _lines(path):
            yield str(row["query-id"]), str(row["corpus-id"]), float(row["score"])
        return
    for line in path.read_text(encoding="utf-8").split("\n"):
        fields = line.rstrip("\r").split("\t")
        if len(fields) == 3 and fields[2].lstrip("-").replace(".", "", 1).isdigit():  # not the heading
            yield fields[0], fields[1], float(fields[2])


READERS: Mapping[str, Callable[[Path], PublicSet]] = {
    "squad": read_squad,
    "rgb": read_rgb,
    "rgb-negatives": read_rgb_negatives,
    "crud": read_crud,
    "beir": read_beir,
}


def read_public(layout: str, path: Path) -> PublicSet:
    """A public set by its layout, one of READERS; blank questions, which some sets have, are left out.

    Raises:
        QuestionSetError: nothing is there, or it has another layout.
    """
    try:
        found = READERS[layout](path)
    except OSError as error:
        raise QuestionSetError(f"can't read {error.filename or path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionSetError(
            f"{path} is not in the layout “{layout}”: {error!r}; layouts are {list(READERS)}"
        ) from None
    questions = tuple(question for question in found.questions if question.question.strip())
    if not questions:
        raise QuestionSetError(f"{path} holds no questions in the layout “{layout}”")
    return replace(found, questions=questions)


def read_noise(path: Path, count: int) -> list[Document]:
    """The first `count` lines of a text file (`.xz` too) as documents, to make a pool larger and a search harder."""
    try:
        with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
            lines = (line.strip() for line in file)
            return [_document(f"noise-{n:06d}", line) for n, line in enumerate(islice(filter(None, lines), count))]
    except (OSError, lzma.LZMAError) as error:
        raise QuestionSetError(f"can't read noise from {path}: {error}") from None


def _document(source: str, text: str, title: str | None = None) -> Document:
    """A document just as the set has it: its offsets are the set's own."""
    digest = sha256(f"{source}\n{text}".encode()).hexdigest()
    return Document(id=digest[:16], source=source, path="", title=title or source, text=text, digest=digest)


def _evidence(source: str, context: str, text: str, start: int) -> Evidence:
    """The answer's place in its paragraph: where the set says, else its first occurrence, else the whole paragraph."""
    if start < 0 or context[start : start + len(text)] != text:
        start = context.find(text)
    return Evidence(source, text, start, start + len(text)) if start >= 0 else Evidence(source, "")


def _flat(items: Iterable[Any]) -> list[str]:
    """The strings of a list whose items are strings or lists of strings."""
    return [text for item in items for text in (item if isinstance(item, list) else [item])]


def _json(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file with one JSON object a line."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            yield json.loads(line)
