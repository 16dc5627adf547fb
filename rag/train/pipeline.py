"""The steps of training in their order, each model learning only from what models of the step before say of documents
they have not seen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

import numpy as np

from rag import rank, reader, short
from rag.coverage import Similarity
from rag.features import sentence_features
from rag.question import analyse
from rag.rank import in_order, matrix
from rag.reader import Embed, Net, Weights
from rag.score import score_sentences
from rag.similarity import word_similarity, word_vectors
from rag.train import folds, sentences, spans
from rag.train import reader as readers
from rag.train.data import Example, View, read_examples
from rag.train.export import save
from rag.train.folds import FOLDS, PARTS, UNREAD, fold_of, part_of
from rag.train.reader import Item, Vectors

# Examples sent to another process at a time.
CHUNK = 64


@dataclass(frozen=True, slots=True)
class Featured:
    """An example with the ranker's features of every candidate of one view; `rows` is empty where there is none.

    Attributes:
        labels: which candidates answer.
        clear: which candidates it is known of.
    """

    example: Example
    view: View
    names: tuple[str, ...]
    rows: np.ndarray
    labels: np.ndarray
    fold: int
    clear: np.ndarray

    @property
    def group(self) -> sentences.Group:
        """What the ranker learns from."""
        return sentences.Group(self.rows[self.clear], self.labels[self.clear], self.example.weight)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The features by name."""
        return dict(zip(self.names, self.rows.T, strict=True))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a reader learns from one example."""

    example: Example
    fold: int
    item: Item


@dataclass(frozen=True)
class Workshop:
    """The examples and the embedder that everything is made from."""

    examples: tuple[Example, ...]
    similarity: Similarity
    embed: Embed
    made: dict[tuple[str, bool], list[Featured]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def open(cls, folder: Path) -> Workshop:
        """Read and search for every question. Raises FileNotFoundError where a file is missing."""
        from vectorstore.embedding import load_embedder

        return cls(tuple(read_examples(folder, load_embedder())), word_similarity, word_vectors)

    def featured(self, view: str, *, held_out: bool) -> list[Featured]:
        """Features of the trained or the held-out examples, in the view "given" or "found"; made once, on all cores."""
        if (view, held_out) not in self.made:
            chosen = [example for example in self.examples if example.held_out == held_out]
            views = [getattr(example, view) for example in chosen]
            with ProcessPoolExecutor(os.cpu_count()) as pool:
                made = pool.map(_feature, chosen, views, repeat(self.similarity), chunksize=CHUNK)
                self.made[view, held_out] = list(made)
        return self.made[view, held_out]

    def make_sentences(self) -> str:
        """Train and write the sentence ranker."""
        learned = [*self.featured("found", held_out=False), *self.featured("given", held_out=False)]
        save(sentences.train(*_groups(learned)), rank.WEIGHTS)
        return _written(rank.WEIGHTS)

    def make_spans(self) -> str:
        """Train and write the reader and the span ranker, and the models of the folds (`rag.train.folds`)."""
        found, given = (self.featured(view, held_out=False) for view in ("found", "given"))
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            learned = [_groups([one for one in (*found, *given) if one.fold != fold]) for fold in range(FOLDS)]
            rankers = list(pool.map(sentences.train, *zip(*learned, strict=True)))
            vectors = Vectors(self.embed)
            lessons = [
                Lesson(
                    one.example,
                    one.fold,
                    readers.item(
                        one.example,
                        one.view,
                        one.columns,
                        rankers[one.fold].predict(one.rows),
                        vectors,
                        with_answer=True,
                    ),
                )
                for one in found
                if len(one.rows)
            ]
        del found, given, learned  # gigabytes, which every process below would have a copy of
        self.made.clear()
        taught = [one.item for one in lessons], [one.item for one in lessons if one.fold != UNREAD]
        fits = folds.FOLDED / "nets"
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            fitted = list(pool.map(_fit, taught * readers.NETS, range(2 * readers.NETS), repeat(fits)))
        whole, others = fitted[::2], fitted[1::2]
        unseen = [Net.of(readers.packed(one)) for one in others]
        told = [
            (part_of(one.example.document_id), made)
            for one in lessons
            # of a question without an answer there is nothing to learn about its place
            if one.fold == UNREAD
            and one.example.answers
            and (made := spans.spans(one.example, one.item, self.embed, unseen))
        ]
        for part in range(PARTS):
            save(rankers[UNREAD], folds.place(part, rank.WEIGHTS))
            readers.save(others, folds.place(part, reader.WEIGHTS))
            elsewhere = [made for its, made in told if its != part]
            # of a few documents all may be in one part
            save(spans.train(elsewhere or [made for _, made in told]), folds.place(part, short.WEIGHTS))
        folds.note({one.document_id for one in self.examples if not one.held_out})
        save(spans.train([made for _, made in told]), short.WEIGHTS)
        readers.save(whole, reader.WEIGHTS)
        return "\n".join(map(_written, (reader.WEIGHTS, short.WEIGHTS)))


def _fit(items: Sequence[Item], seed: int, fits: Path) -> Weights:
    """One net of a reader, in a process of its own; taken from `fits` where a run before came so far."""
    from safetensors.numpy import load_file, save_file

    path = fits / f"{seed}-{readers.digest(items)}.safetensors"
    if not path.is_file():
        fitted = readers.fit(items, word_vectors, seed)
        fits.mkdir(parents=True, exist_ok=True)
        save_file(fitted, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
    return load_file(path)


def _feature(example: Example, view: View, similarity: Similarity) -> Featured:
    """The features of every candidate of a view."""
    question, candidates, fold = analyse(example.text), view.candidates(), fold_of(example.document_id)
    if not candidates or not question.words:
        nothing = np.zeros(0, bool)
        return Featured(example, view, (), np.zeros((0, 0), np.float32), nothing, fold, nothing)
    columns = sentence_features(
        question, in_order(score_sentences(question, candidates, similarity), candidates), similarity
    )
    labels = np.array([bool(example.answers_in(candidate)) for candidate in candidates])
    clear = np.array([not example.is_unclear(candidate) for candidate in candidates])
    return Featured(example, view, tuple(columns), matrix(columns), labels, fold, clear)


def _groups(learned: Sequence[Featured]) -> tuple[list[sentences.Group], tuple[str, ...]]:
    """What the ranker learns from these examples, and the names of the columns."""
    filled = [one for one in learned if len(one.rows)]
    return [one.group for one in filled], filled[0].names


def _written(path: Path) -> str:
    return f"{path}: {path.stat().st_size:,} bytes"
