"""Development figures: does the right passage come first, by keyword, by vector, and by both?

Questions are DRCD's and CMRC 2018's development ones, over their passages with news as noise. A second set asks the
same in other words, by the substitutions in `synonyms.txt`.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vectorstore.base import Embedder
from vectorstore.local import LocalStore
from vectorstore.records import Document, Passage
from vectorstore.tokens import fold
from vectorstore.train.corpus import sentences

SETS = {"DRCD dev": "drcd_dev.json", "CMRC 2018 trial": "cmrc2018_trial.json"}
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
CANDIDATES = 60  # per leg, as in retrieval
NOISE_CHARACTERS = 300


@dataclass(frozen=True)
class Question:
    """A question and the id of the passage that answers it."""

    text: str
    passage: str
    set: str


def read_squad(folder: Path) -> tuple[list[Document], list[Question]]:
    """Passages, each as a document of its own, and the questions on them."""
    documents: list[Document] = []
    questions: list[Question] = []
    for name, file in SETS.items():
        for article in json.loads((folder / file).read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                key = f"{len(documents):016x}"
                title = article.get("title") or key
                documents.append(Document(key, file, "", title, paragraph["context"]))
                questions += [Question(asked["question"], f"{key}:0", name) for asked in paragraph["qas"]]
    return documents, questions


def noise(articles: Sequence[str], size: int, seed: int = 7) -> Iterator[Document]:
    """Passages of whole sentences cut from articles drawn at random."""
    made = 0
    for number in np.random.default_rng(seed).permutation(len(articles)):
        text = ""
        for _, sentence in sentences([articles[number]]):
            text += sentence
            if len(text) >= NOISE_CHARACTERS:
                yield Document(f"{1 << 32 | made:016x}", "news", "", "新闻", text)
                made += 1
                text = ""
                if made == size:
                    return


def reworded(questions: Sequence[Question]) -> list[Question]:
    """The questions in which a word has a synonym in our list, with all such words replaced."""
    lines = (Path(__file__).parent / "synonyms.txt").read_text(encoding="utf-8").splitlines()
    synonym = dict(line.split() for line in lines)
    words = re.compile("|".join(sorted(synonym, key=lambda word: (-len(word), word))))
    changed = ((words.subn(lambda match: synonym[match[0]], fold(asked.text)), asked) for asked in questions)
    return [Question(text, asked.passage, asked.set + ", reworded") for (text, count), asked in changed if count]


def rank(scores: dict[str, float], wanted: str) -> float:
    """1-based rank of the wanted passage, ties by id; infinity when it is not there."""
    if wanted not in scores:
        return float("inf")
    mine = (-scores[wanted], wanted)
    return 1.0 + sum((-score, name) < mine for name, score in scores.items())


def summary(ranks: Sequence[float]) -> dict[str, float]:
    """Recall@1, Recall@5 and MRR@10 in percent."""
    places = np.array(ranks)
    measured = {"R@1": places <= 1, "R@5": places <= 5, "MRR@10": np.where(places <= 10, 1 / places, 0)}
    return {name: round(100 * float(values.mean()), 1) for name, values in measured.items()}


def evaluate(embedder: Embedder, folder: Path, articles: Sequence[str], noise_size: int = 20_000) -> dict[str, object]:
    """Figures by question set: `{set: {"dense": …, "fused 0.2": …}}`; weight 0 is BM25 alone."""
    documents, questions = read_squad(folder)
    documents += noise(articles, noise_size)
    ranks: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as scratch, LocalStore.create(Path(scratch) / "index", embedder) as store:
        store.add((document, [_whole(document)]) for document in documents)
        for question in (*questions, *reworded(questions)):
            found = ranks.setdefault(question.set, {})
            keyword = dict(store.search_keyword(question.text, CANDIDATES))
            dense = dict(store.search_dense(question.text, CANDIDATES))
            found.setdefault("dense", []).append(rank(dense, question.passage))
            names = sorted({*keyword, *dense})
            bm25 = store.keyword_scores(question.text, names)
            cosine = store.dense_scores(question.text, names)
            bm25 = bm25 / (bm25.max(initial=0) or 1)
            for weight in WEIGHTS:
                scores = dict(zip(names, (bm25 + weight * cosine).tolist(), strict=True))
                found.setdefault(f"fused {weight}", []).append(rank(scores, question.passage))
    return {name: {leg: summary(values) for leg, values in legs.items()} for name, legs in ranks.items()}


def _whole(document: Document) -> Passage:
    """The document as its only passage."""
    end = len(document.text)
    return Passage(f"{document.id}:0", document.id, 0, document.source, document.title, document.text, 0, end)
