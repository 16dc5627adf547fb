"""The steps of training in their order, each model learning only from what models of the step before say of documents
they have not seen."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag import rank, reader, short
from rag.coverage import Similarity
from rag.features import sentence_features
from rag.question import analyse
from rag.rank import in_order, matrix
from rag.reader import Embed, Weights
from rag.score import score_sentences
from rag.similarity import word_similarity, word_vectors
from rag.train import reader as readers
from rag.train import sentences, spans
from rag.train.data import Example, View, read_examples
from rag.train.export import save
from rag.train.reader import Item, Vectors
from rag.trees import Trees

FOLDS = 3
FOLD_SEED = 5


@dataclass(frozen=True, slots=True)
class Featured:
    """An example with the ranker's features of every candidate of one view; `rows` is empty where there is none."""

    example: Example
    view: View
    names: tuple[str, ...]
    rows: np.ndarray
    labels: np.ndarray
    fold: int

    @property
    def group(self) -> sentences.Group:
        """What the ranker learns from."""
        return sentences.Group(self.rows, self.labels, self.example.weight)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The features by name."""
        return dict(zip(self.names, self.rows.T, strict=True))


@dataclass(frozen=True)
class Workshop:
    """The examples and the embedder that everything is made from."""

    examples: tuple[Example, ...]
    similarity: Similarity
    embed: Embed

    @classmethod
    def open(cls, folder: Path) -> Workshop:
        """Read and search for every question. Raises FileNotFoundError where a file is missing."""
        from vectorstore.embedding import load_embedder

        return cls(tuple(read_examples(folder, load_embedder())), word_similarity, word_vectors)

    def featured(self, view: str, *, held_out: bool) -> list[Featured]:
        """Features of the trained or the held-out examples, in the view "given" or "found"."""
        documents = sorted({example.document_id for example in self.examples if not example.held_out})
        random.Random(FOLD_SEED).shuffle(documents)  # noqa: S311 - a split, not a secret
        fold = {document: number % FOLDS for number, document in enumerate(documents)}
        return [
            _feature(example, getattr(example, view), self.similarity, fold.get(example.document_id, -1))
            for example in self.examples
            if example.held_out == held_out
        ]

    def make_sentences(self) -> str:
        """Train and write the sentence ranker."""
        learned = [*self.featured("found", held_out=False), *self.featured("given", held_out=False)]
        save(_train_ranker(learned), rank.WEIGHTS)
        return _written(rank.WEIGHTS)

    def make_spans(self) -> str:
        """Train and write the reader and the span ranker."""
        found, given = (self.featured(view, held_out=False) for view in ("found", "given"))
        weights, trees = _train_readers(found, given, self.embed)
        save(trees, short.WEIGHTS)
        readers.save(weights, reader.WEIGHTS)
        return "\n".join(map(_written, (reader.WEIGHTS, short.WEIGHTS)))


def _train_readers(found: Sequence[Featured], given: Sequence[Featured], embed: Embed) -> tuple[Weights, Trees]:
    """The reader's weights and the span ranker, each learned from what models of the other folds say."""
    vectors = Vectors(embed)
    items: dict[int, Item] = {}
    for fold in range(FOLDS):
        trees = _train_ranker([one for one in (*found, *given) if one.fold != fold])
        for number, one in enumerate(found):
            if one.fold == fold and len(one.rows):
                scores = trees.predict(one.rows)
                items[number] = readers.item(one.example, one.view, one.columns, scores, vectors, with_answer=True)
    read: list[spans.Spans | None] = []
    for fold in range(FOLDS):
        weights = readers.fit([item for number, item in items.items() if found[number].fold != fold], vectors, fold)
        own = [number for number in items if found[number].fold == fold]
        read += [spans.spans(found[number].example, items[number], embed, _full(weights)) for number in own]
    trees = spans.train([one for one in read if one is not None])
    return readers.fit(list(items.values()), vectors), trees


def _feature(example: Example, view: View, similarity: Similarity, fold: int) -> Featured:
    """The features of every candidate of a view."""
    question, candidates = analyse(example.text), view.candidates()
    if not candidates or not question.words:
        return Featured(example, view, (), np.zeros((0, 0), np.float32), np.zeros(0, bool), fold)
    columns = sentence_features(
        question, in_order(score_sentences(question, candidates, similarity), candidates), similarity
    )
    labels = np.array([bool(example.answers_in(candidate)) for candidate in candidates])
    return Featured(example, view, tuple(columns), matrix(columns), labels, fold)


def _train_ranker(learned: Sequence[Featured]) -> Trees:
    """A ranker from these examples."""
    filled = [one for one in learned if len(one.rows)]
    return sentences.train([one.group for one in filled], filled[0].names)


def _full(weights: Weights) -> Weights:
    """Half precision as the reader computes with it."""
    return {name: array.astype(np.float32) for name, array in weights.items()}


def _written(path: Path) -> str:
    return f"{path}: {path.stat().st_size:,} bytes"
