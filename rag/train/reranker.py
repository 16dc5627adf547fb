"""Trains the reranker on questions and the passages they were asked on, and measures retrieval part by part.

DRCD dev and CMRC 2018 trial, each paragraph a document of its own, among 20,000 news passages, and the questions that
people wrote about news and office documents (`rag.train.written`). The articles of each reading set are split by a
fixed shuffle, 70 to 30; the model sees the first part, every figure comes from the second.
"""

from __future__ import annotations

import json
import math
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from rag import rerank as reranking
from rag.retrieve import headings, in_sight, rarities, retrieve
from rag.train import written
from rag.train.export import flatten, save
from rag.train.news import NEWS
from rag.train.office import OFFICE
from rag.trees import Trees
from vectorstore.embedding import load_embedder
from vectorstore.local import LocalStore
from vectorstore.records import Document, Hit, Passage
from vectorstore.tokens import QUESTION_WORDS, fold, question_terms, terms
from vectorstore.train.corpus import read_news
from vectorstore.train.evaluate import SETS, Question, noise, read_squad, summary

NOISE = 20_000
TRAINED = 0.7  # share of each set's articles
SEED = 13
ROUNDS = 150
# How much a question of a kind counts; those of the reading sets count 1.
WEIGHTS = {NEWS: 1.0, OFFICE: 3.0}
PARAMETERS = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 4,
    "learning_rate": 0.1,
    "num_leaves": 15,
    "max_depth": 4,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "max_bin": 127,
    "verbosity": -1,
    "seed": 0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}
# More of the question in a passage never counts against it; of these alone more is not always better.
_FREE = ("words.missing", "pairs.spread", "place.best")
_SYNONYMS = Path(reranking.__file__).parents[1] / "vectorstore" / "train" / "synonyms.txt"
_REWORDED = Path(__file__).parent / "reworded.txt"
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one wording, and whether its article is held out."""

    question: Question
    wording: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Passages found for a question: column names, features, which of them answer, and how much the question counts."""

    names: list[str]
    rows: np.ndarray
    answers: np.ndarray
    weight: float


def train(folder: Path) -> dict[str, object]:
    """Train on the first part of the articles, write the model, and give the figures."""
    with _store(folder) as (store, documents, questions), written.collections(folder) as collections:
        asked = [item for item in questions if not item.held_out]
        characters = _common_characters(folder)
        trained = [*asked, *_reworded(asked, _SYNONYMS, "synonyms"), *_mistyped(asked, characters)]
        groups = _groups(store, ((item.question.text, partial(_is, item.question.passage)) for item in trained))
        for kind, (searched, asked_there) in collections.items():
            told = ((one.text, one.answered_by) for one in asked_there if not one.held_out)
            groups += _groups(searched, told, WEIGHTS[kind])
        save(_fit(groups), reranking.MODEL)
        reranking._model.cache_clear()
        return _measure(store, documents, questions, characters) | written.figures(collections)


def evaluate(folder: Path) -> dict[str, object]:
    """Figures of the shipped model on the held-out articles: `{wording: {set: {system: "R@1 / R@5 / MRR@10"}}}`."""
    with _store(folder) as (store, documents, questions), written.collections(folder) as collections:
        return _measure(store, documents, questions, _common_characters(folder)) | written.figures(collections)


@contextmanager
def _store(folder: Path) -> Iterator[tuple[LocalStore, list[Document], list[Asked]]]:
    """A store of all passages, their documents, and the questions as they were asked."""
    documents, questions = read_squad(folder)
    held_out = _held_out(folder)
    title = {f"{document.id}:0": (document.source, document.title) for document in documents}
    everything = [*documents, *noise(read_news(folder), NOISE)]
    with (
        tempfile.TemporaryDirectory(prefix="wenju-train-") as scratch,
        LocalStore.create(Path(scratch) / "index", load_embedder()) as store,
    ):
        store.add((document, [_whole(document)]) for document in everything)
        yield (
            store,
            everything,
            [
                Asked(question, "as asked", title[question.passage] in held_out)
                for question in questions
                if question.text.strip()
            ],
        )


def _whole(document: Document) -> Passage:
    """The document as its only passage."""
    end = len(document.text)
    return Passage(f"{document.id}:0", document.id, 0, document.source, document.title, document.text, 0, end)


def _held_out(folder: Path) -> set[tuple[str, str]]:
    """(file, title) of the articles that nothing is trained on."""
    chosen: set[tuple[str, str]] = set()
    for file in SETS.values():
        articles = json.loads((folder / file).read_text(encoding="utf-8"))["data"]
        titles = list(dict.fromkeys(article.get("title") or str(article["id"]) for article in articles))
        random.Random(SEED).shuffle(titles)  # noqa: S311 - a split, not a secret
        chosen |= {(file, title) for title in titles[int(TRAINED * len(titles)) :]}
    return chosen


# Other wordings of the same questions


def _rewritten(asked: Sequence[Asked], wording: str, change: Callable[[str, int], str]) -> list[Asked]:
    """The questions that a change (text, number → text) alters, with it made."""
    texts = [change(item.question.text, number) for number, item in enumerate(asked)]
    return [
        replace(item, question=replace(item.question, text=text), wording=wording)
        for item, text in zip(asked, texts, strict=True)
        if text != item.question.text
    ]


def _reworded(asked: Sequence[Asked], file: Path, wording: str, at_least: int = 1) -> list[Asked]:
    """The questions in which at least so many words are in a list, with all of these put in its other words."""
    synonym = dict(line.split() for line in file.read_text(encoding="utf-8").splitlines())
    words = re.compile("|".join(sorted(synonym, key=lambda word: (-len(word), word))))

    def change(text: str, _: int) -> str:
        other, count = words.subn(lambda match: synonym[match[0]], fold(text))
        return other if count >= at_least else text

    return _rewritten(asked, wording, change)


def _mistyped(asked: Sequence[Asked], characters: Sequence[str]) -> list[Asked]:
    """The questions with one Chinese character of a content word replaced by a random common one."""
    import rjieba

    def change(text: str, number: int) -> str:
        folded = fold(text)
        chance = random.Random(number)  # noqa: S311 - a reproducible mistake
        places, start = [], 0
        for word in rjieba.cut(folded):
            if word not in QUESTION_WORDS:
                places += [start + i for i, character in enumerate(word) if _HAN.match(character)]
            start += len(word)
        if not places:
            return text
        place = chance.choice(places)
        wrong = chance.choice([character for character in characters if character != folded[place]])
        return folded[:place] + wrong + folded[place + 1 :]

    return _rewritten(asked, "one wrong character", change)


def _other_script(asked: Sequence[Asked]) -> list[Asked]:
    """Simplified questions in traditional characters, traditional ones in simplified."""
    from opencc import OpenCC

    there, back = OpenCC("s2t"), OpenCC("t2s")
    return _rewritten(
        asked,
        "other script",
        lambda text, _: back.convert(text) if back.convert(text) != text else there.convert(text),
    )


def _wide(asked: Sequence[Asked]) -> list[Asked]:
    """The questions with Latin letters or digits, these in full width and capitals."""
    table = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
    return _rewritten(asked, "full width", lambda text, _: text.upper().translate(table))


def _common_characters(folder: Path, number: int = 2000) -> list[str]:
    """The commonest Chinese characters of the news, simplified, commonest first."""
    seen = Counter(_HAN.findall(fold("".join(read_news(folder)[:3000]))))
    return sorted(seen, key=lambda character: (-seen[character], character))[:number]


# Training


def _groups(
    store: LocalStore, asked: Iterable[tuple[str, Callable[[Hit], bool | None]]], weight: float = 1.0
) -> list[Group]:
    """For each question what the reranker gets to see of a store, where it holds an answer.

    Args:
        asked: each question, and which passages answer it; what can't be told (None) is left out.
    """
    groups = []
    dense_weight = load_embedder().dense_weight
    rarity = partial(rarities, store)
    for text, answers in asked:
        hits = in_sight(store, text, dense_weight)
        if not hits:
            continue
        bm25 = np.array([hit.keyword for hit in hits])
        texts = [hit.passage.text for hit in hits]
        columns = reranking.features(text, headings(store, hits), texts, bm25, rarity)
        told = [answers(hit) for hit in hits]
        known = np.array([one is not None for one in told])
        rows = np.stack(list(columns.values()), axis=1)[known]
        if True in told and len(rows) > 1:
            groups.append(Group(list(columns), rows, np.array(told)[known].astype(int), weight))
    return groups


def _is(passage: str, hit: Hit) -> bool:
    return hit.passage.id == passage


def _fit(groups: Sequence[Group]) -> Trees:
    """Boosted trees that put the answering passage first."""
    import lightgbm

    names = groups[0].names
    data = lightgbm.Dataset(
        np.concatenate([group.rows for group in groups]),
        np.concatenate([group.answers for group in groups]),
        group=[len(group.answers) for group in groups],
        weight=np.concatenate([np.full(len(group.answers), group.weight) for group in groups]),
    )
    rising = [0 if name in _FREE else 1 for name in names]
    model = lightgbm.train({**PARAMETERS, "monotone_constraints": rising}, data, ROUNDS)
    return flatten(model.dump_model(), names)


# Figures


def _measure(
    store: LocalStore, documents: Sequence[Document], questions: Sequence[Asked], characters: Sequence[str]
) -> dict[str, object]:
    """Recall@1 / Recall@5 / MRR@10 on the held-out articles: by wording and set, part by part."""
    asked = [item for item in questions if item.held_out]
    wordings = [
        *asked,
        *_reworded(asked, _REWORDED, "reworded"),
        *_reworded(asked, _REWORDED, "reworded, three words or more", at_least=3),
        *_reworded(asked, _SYNONYMS, "reworded as in training"),
        *_mistyped(asked, characters),
        *_other_script(asked),
        *_wide(asked),
        *(replace(item, wording="with Latin letters") for item in asked if re.search("[A-Za-z]", item.question.text)),
    ]
    weight = load_embedder().dense_weight
    reference = Reference(documents, [item.question.text for item in wordings])
    systems: dict[str, Callable[[str], list[str]]] = {
        "words + pairs, equal weights": reference.search,
        "keyword": lambda text: _names(retrieve(store, text, 20, 0.0, reranked=0)),
        "keyword, reranked": lambda text: _names(retrieve(store, text, 20, 0.0)),
        "fused": lambda text: _names(retrieve(store, text, 20, weight, reranked=0)),
        "fused, reranked": lambda text: _names(retrieve(store, text, 20, weight)),
    }
    ranks: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for item in wordings:
        for name, search in systems.items():
            found = search(item.question.text)
            place = found.index(item.question.passage) + 1 if item.question.passage in found else math.inf
            ranks[item.wording, item.question.set, name].append(place)
    figures: dict[str, object] = {}
    for (wording, of_set, name), places in ranks.items():
        row = f"{wording} | {of_set} | {len(places)} questions | {name}"
        figures[row] = " / ".join(f"{value:.1f}" for value in summary(places).values())
    return figures


def _names(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.id for hit in hits]


class Reference:
    """The naive search to compare with: BM25 (k1 0.6, b 0.4) over words and pairs, title in front, equal weights."""

    def __init__(self, documents: Sequence[Document], questions: Sequence[str]) -> None:
        """Index the documents for the terms of these questions alone."""
        self._names = np.array([f"{document.id}:0" for document in documents])
        wanted = {term for question in questions for term in question_terms(question)}
        found: defaultdict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        lengths = np.zeros(len(documents))
        for number, document in enumerate(documents):
            counts = Counter(terms(f"{document.title}\n{document.text}"))
            lengths[number] = counts.total()
            for term in wanted & counts.keys():
                found[term][0].append(number)
                found[term][1].append(counts[term])
        damping = 0.6 * (1 - 0.4 + 0.4 * lengths / lengths.mean())
        self._postings = {}
        for term, (numbers, counted) in found.items():
            places, times = np.array(numbers), np.array(counted)
            rareness = math.log(1 + (len(documents) - len(places) + 0.5) / (len(places) + 0.5))
            self._postings[term] = places, rareness * 1.6 * times / (times + damping[places])

    def search(self, question: str) -> list[str]:
        """The 20 best passages, ties by id."""
        scores = np.zeros(len(self._names))
        for term in question_terms(question):
            if term in self._postings:
                places, values = self._postings[term]
                scores[places] += values
        best = np.argpartition(-scores, min(40, len(scores) - 1))[:40]
        return self._names[best[np.lexsort((self._names[best], -scores[best]))][:20]].tolist()
