"""Questions with marked answers, in the surroundings the answerer meets them in.

The passages of one article make one document, cut and searched as the product does. Three in ten DRCD articles are
held out: nothing is trained on them, and every figure is taken there.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.passages import split_passages
from rag.retrieve import retrieve
from rag.score import Candidate, find_candidates
from vectorstore.embedding import Embedder
from vectorstore.local import LocalStore
from vectorstore.records import Document, Hit, Passage

DRCD, CMRC = "drcd_dev.json", "cmrc2018_trial.json"
# Share of the DRCD articles trained on, and what shuffles them.
TRAINED = 0.7
SEED = 13
RETRIEVED = 5
# Of a gold passage's score, where there is no search to give one.
_GIVEN = {"score": 1.0, "keyword": 10.0, "dense": 0.5}
_BEFORE = 400


@dataclass(frozen=True, slots=True)
class View:
    """Passages put before the answerer, with what stands around them."""

    hits: tuple[Hit, ...]
    before: Mapping[str, str]
    openings: Mapping[str, str]

    def candidates(self) -> list[Candidate]:
        """Every sentence of the passages."""
        return find_candidates(self.hits, self.before, self.openings)


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the places of its answer in one document.

    Attributes:
        answers: (start, end) in the document.
        given: the passage it was asked on, alone.
        found: what a search over all passages gives.
        held_out: never to be trained on.
    """

    text: str
    document_id: str
    answers: tuple[tuple[int, int], ...]
    given: View
    found: View
    held_out: bool

    def answers_in(self, candidate: Candidate) -> list[tuple[int, int]]:
        """Answers that start in a sentence, as offsets into it."""
        passage = candidate.hit.passage
        if passage.document_id != self.document_id:
            return []
        start, end = passage.start + candidate.start, passage.start + candidate.end
        return [(first - start, last - start) for first, last in self.answers if start <= first < end]


def read_examples(folder: Path, embedder: Embedder) -> list[Example]:
    """All questions of DRCD dev and CMRC 2018 trial in `folder`, searched for in one store of all their passages."""
    documents: list[Document] = []
    asked: list[tuple[str, Document, tuple[int, int], tuple[tuple[int, int], ...]]] = []
    titles = []
    for file in (DRCD, CMRC):
        for title, paragraphs in _articles(folder / file):
            document = _document(len(documents), file, title, paragraphs)
            documents.append(document)
            titles += [document.id] if file == DRCD else []
            asked += [(text, document, place, answers) for text, place, answers in _questions(paragraphs)]
    random.Random(SEED).shuffle(titles)  # noqa: S311 - a split, not a secret
    held_out = set(titles[int(TRAINED * len(titles)) :])
    passages = {document.id: split_passages(document) for document in documents}
    examples = []
    with tempfile.TemporaryDirectory(prefix="wenju-train-") as index:
        store = LocalStore.create(Path(index) / "index", embedder)
        store.add((document, passages[document.id]) for document in documents)
        for text, document, (start, end), answers in asked:
            hits = retrieve(store, text, RETRIEVED, embedder.dense_weight)
            openings = {
                name: passages[name][0].text for name in {hit.passage.document_id for hit in hits} | {document.id}
            }
            paragraph = Passage(
                f"{document.id}:given",
                document.id,
                0,
                document.source,
                document.title,
                document.text[start:end],
                start,
                end,
            )
            before = {
                hit.passage.id: passages[hit.passage.document_id][hit.passage.ordinal - 1].text
                for hit in hits
                if hit.passage.ordinal
            }
            examples.append(
                Example(
                    text,
                    document.id,
                    answers,
                    View(
                        (Hit(paragraph, **_GIVEN),),
                        {paragraph.id: document.text[max(0, start - _BEFORE) : start]},
                        openings,
                    ),
                    View(tuple(hits), before, openings),
                    document.id in held_out,
                )
            )
        store.close()
    return examples


def _articles(path: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(title, paragraphs) of a file in SQuAD's layout; paragraphs of one title together."""
    together: dict[str, list[dict[str, Any]]] = {}
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        together.setdefault(article.get("title") or str(article["id"]), []).extend(article["paragraphs"])
    yield from together.items()


def _document(number: int, file: str, title: str, paragraphs: Sequence[dict[str, Any]]) -> Document:
    """One article, a paragraph a line."""
    text = "\n".join(paragraph["context"] for paragraph in paragraphs)
    return Document(f"{number:016x}", file, "", title, text)


def _questions(
    paragraphs: Sequence[dict[str, Any]],
) -> Iterator[tuple[str, tuple[int, int], tuple[tuple[int, int], ...]]]:
    """(question, place of its paragraph, places of its answers) in the joined text; answers not found are left out."""
    base = 0
    for paragraph in paragraphs:
        context = paragraph["context"]
        for asked in paragraph["qas"]:
            answers = set()
            for answer in asked["answers"]:
                text, start = answer["text"], answer["answer_start"]
                start = start if context.startswith(text, start) else context.find(text)
                if start >= 0:
                    answers.add((base + start, base + start + len(text)))
            if answers:
                yield asked["question"], (base, base + len(context)), tuple(sorted(answers))
        base += len(context) + 1
