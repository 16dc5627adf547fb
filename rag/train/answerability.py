"""Train the model that tells whether the evidence holds an answer.

    python -m rag.train answerability DATA_FOLDER [--questions FILE ...]

From DATA_FOLDER come `drcd_dev.json` and `cmrc2018_trial.json` (SQuAD layout) and `news.txt.xz`. Questions that people
wrote about the news (`rag/train/asked_of_news.jsonl`, and `asked_unread.jsonl`, which no reader learns from) and about
the documents of the question sets (dev splits) are asked over a store that holds other articles too, as a user's does,
and some of those with an answer once more with their article taken away. The reading sets add near misses made by rule
(`rag.train.near_misses`).

Seeded: the same data give the same file. Needs scikit-learn and LightGBM, which answering does not.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from rag.answerable import WEIGHTS as WEIGHTS_FILE
from rag.answerable import rows
from rag.condense import condense
from rag.documents import load_document
from rag.language import language_of
from rag.question import analyse
from rag.surroundings import parts_with_hits
from rag.train import folds
from rag.train.data import TELLING
from rag.train.export import GROWTH, flatten, save
from rag.train.near_misses import IN_REACH, SEED, TOP_K, Case, Pool, reading_cases
from rag.train.news import read_among_others
from rag.train.office import INVENTED, read_documents
from rag.train.questions import Asked, asked_of_news, asked_of_office, asked_unread
from rag.trees import Trees
from rag.types import Document, Hit
from vectorstore.tokens import fold

ROOT = Path(__file__).resolve().parent.parent.parent
OF_PEOPLE = frozenset({"written", "written, article gone"})
# How much a case counts where that is not 1: of the reading sets few cases have an answer.
WEIGHTS = {"written, article gone": 0.3, "answerable": 2.0}
# How much more a question counts that is not about the news: there are few of them, and what users bring is like their
# documents as often.
BESIDE_NEWS = 3.0
_NEWS_ARTICLE = re.compile(r"\d+\.txt")
# One question with an answer in so many is asked once more with its article taken away: those are told too easily.
GONE = 3
FOLDS = 5
ROUNDS = 1000
PARAMETERS: Mapping[str, Any] = {
    **GROWTH,
    "num_leaves": 31,
    "objective": "binary",
    "extra_trees": True,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.8,
    "lambda_l2": 10.0,
    "max_bin": 255,
    "seed": SEED,
}
# A quarter of the articles of the reading sets is measured on, never fitted.
HELD_OUT = 4
NEAR = frozenset({"passage gone", "name", "noun", "noun elsewhere", "attribute", "template", "post"})


@dataclass(frozen=True, slots=True)
class Written:
    """A question that a person wrote.

    Attributes:
        source: the document that it is about; "" where no one says.
        answers: its answers in the words of that document, folded, those that tell something.
    """

    group: str
    text: str
    answerable: bool
    source: str = ""
    answers: tuple[str, ...] = ()
    held_out: bool = False

    @classmethod
    def of(cls, asked: Asked, document: Document) -> Written:
        """A question whose document is known; all about one document go together."""
        words = (fold(document.text[start:end]) for start, end in asked.answers)
        told = tuple(one for one in words if len(one) >= TELLING)
        return cls(asked.source, asked.text, asked.answerable, asked.source, told, asked.held_out)

    def is_told_by(self, hits: Sequence[Hit]) -> bool:
        """Whether passages have the words of an answer: another document may give it as well."""
        return any(answer in fold(hit.passage.text) for hit in hits for answer in self.answers)


def written_cases(data: Path, question_sets: Sequence[Path]) -> Iterator[Case]:
    """Cases of the questions that people wrote: about the news, and the dev splits of question sets.

    Raises:
        FileNotFoundError: there is no news.txt.xz in `data`.
    """
    asked = [*asked_of_news(), *asked_unread()]
    news = read_among_others(data, {one.source for one in asked}, SEED)
    # a file may hold an article twice
    documents = list({document.id: document for document in news.values()}.values())
    yield from _cases_over(documents, [Written.of(one, news[one.source]) for one in asked])
    invented = read_documents(INVENTED)
    rows = [Written.of(one, invented[one.source]) for one in asked_of_office()]
    yield from _cases_over(list(invented.values()), rows)
    for questions in question_sets:
        rows = [
            Written(row["id"], condense(row["question"], [(q, a) for q, a in row["history"]]), row["answerable"])
            for row in _lines(questions.read_text(encoding="utf-8"))
            if row["split"] == "dev"
        ]
        paths = sorted(path for path in _documents_of(questions).iterdir() if path.suffix in {".txt", ".md"})
        yield from _cases_over([load_document(path, identity=path.name) for path in paths], rows)


def _documents_of(questions: Path) -> Path:
    """The folder of the documents that a question set is about."""
    beside = questions.resolve().parent.parent / "documents" / questions.stem
    return beside if beside.is_dir() else ROOT / "seeds"


def _cases_over(documents: Sequence[Document], rows: Sequence[Written]) -> Iterator[Case]:
    """Cases of questions over documents, made in as many processes as there are cores."""
    count = os.cpu_count() or 1
    with ProcessPoolExecutor(count) as pool:
        for made in pool.map(_cases_in, repeat(documents), [rows[start::count] for start in range(count)]):
            yield from made


def _cases_in(documents: Sequence[Document], rows: Sequence[Written]) -> list[Case]:
    """Cases of questions, each described by models that were not trained on its document.

    Of documents that all readers know there is no case, nor of a question in another language than the documents: that
    one is answered by rule.
    """
    known = folds.trained_on()
    identity = {document.source: document.id for document in documents}
    made: list[Case] = []
    with tempfile.TemporaryDirectory() as place:
        pool = Pool(documents, Path(place) / "index")
        by_part: dict[int | None, list[tuple[Written, list[Hit]]]] = defaultdict(list)
        for row in rows:
            hits = pool.search(row.text, IN_REACH) if language_of(row.text) != "en" else []
            if hits:
                about = identity.get(row.source, hits[0].passage.document_id)
                if about not in known:
                    by_part[None].append((row, hits))
                elif folds.fold_of(about) == folds.UNREAD:
                    by_part[folds.part_of(about)].append((row, hits))
        for part, asked in by_part.items():
            with folds.models(part):
                for row, hits in asked:
                    made += _cases(pool, row, hits)
    return made


def _cases(pool: Pool, row: Written, hits: Sequence[Hit]) -> Iterator[Case]:
    """Cases of one question: as it was asked, and where it has an answer once more with its document taken away."""
    parts = parts_with_hits(row.text, hits, lambda text: pool.search(text, IN_REACH))
    is_found = not row.source or any(hit.passage.source == row.source for hit in hits[:TOP_K])
    # nobody says which part of a question has no answer, and what was not found can't be told from it
    if not (is_found if row.answerable else len(parts) == 1):
        return
    for part, found in parts.items():
        if features := pool.describe(analyse(part), found[:TOP_K]):
            yield Case("written", row.group, row.answerable, features, row.held_out)
        if not (row.answerable and row.source and zlib.crc32(part.encode()) % GONE == 0):
            continue
        rest = [hit for hit in found if hit.passage.source != row.source][:TOP_K]
        if row.is_told_by(rest):
            continue
        if features := pool.describe(analyse(part), rest):
            yield Case("written, article gone", row.group, False, features, row.held_out)


def fit(cases: Sequence[Case]) -> Trees:
    """The trees on these cases, whose sum is the log-odds of an answer, not yet calibrated."""
    import lightgbm

    names = [name.replace(" ", "_") for name in sorted(cases[0].features)]
    described = _rows(cases, names)
    truth = np.array([case.answerable for case in cases], dtype=float)
    weight = np.array([_weight(case) for case in cases])
    booster = lightgbm.train(dict(PARAMETERS), lightgbm.Dataset(described, truth, weight=weight), ROUNDS)
    return flatten(booster.dump_model(), names)


def _weight(case: Case) -> float:
    """How much a case counts."""
    is_beside = case.kind in OF_PEOPLE and not _NEWS_ARTICLE.fullmatch(case.group)
    return WEIGHTS.get(case.kind, 1.0) * (BESIDE_NEWS if is_beside else 1.0)


def calibrate(odds: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """(scale, shift) of Platt's sigmoid on log-odds of cases that the model has not seen."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(odds[:, None], truth)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def calibrated(trees: Trees, scale: float, shift: float) -> Trees:
    """Trees that give scale · odds + shift: every leaf times the scale, those of the first tree plus the shift."""
    value = trees.value * scale
    first = np.arange(len(value)) < (trees.roots[1] if len(trees.roots) > 1 else len(value))
    is_leaf = trees.left == np.arange(len(value))
    return replace(trees, value=np.where(first & is_leaf, value + shift, value))


def log_odds(trees: Trees, cases: Sequence[Case]) -> np.ndarray:
    """Of each case, shape (len(cases),)."""
    return trees.predict(_rows(cases, trees.names))


def _rows(cases: Sequence[Case], names: Sequence[str]) -> np.ndarray:
    """The features of every case, shape (len(cases), len(names))."""
    return rows((case.features for case in cases), names)


def train(cases: Sequence[Case]) -> tuple[Trees, dict[str, Any]]:
    """(trees, figures on cases that it had not seen when they were taken)."""
    # bagging picks cases by their place: in this order the model does not depend on how they were made
    cases = sorted(cases, key=lambda case: (case.group, case.kind, sorted(case.features.items())))
    made = [case for case in cases if case.kind not in OF_PEOPLE]
    seen = [case for case in made if _fold(case, HELD_OUT)]
    people = [case for case in cases if case.kind in OF_PEOPLE]
    fitted = [case for case in people if not case.held_out]
    odds = np.zeros(len(fitted))
    for number in range(FOLDS):
        there = [index for index, case in enumerate(fitted) if _fold(case, FOLDS) == number]
        rest = [case for case in fitted if _fold(case, FOLDS) != number]
        odds[there] = log_odds(fit([*seen, *rest]), [fitted[index] for index in there])
    model = fit([*seen, *fitted])
    is_asked = np.array([case.kind == "written" for case in fitted])
    truth = np.array([case.answerable for case in fitted])[is_asked]
    scale, shift = calibrate(odds[is_asked], truth)
    model = calibrated(model, scale, shift)
    chances = 1 / (1 + np.exp(-(scale * odds[is_asked] + shift)))
    figures: dict[str, Any] = {"cases": Counter(case.kind for case in cases), "folds": _figures(chances, truth)}
    for name, chosen in _measured(made, people).items():
        labels = np.array([case.answerable for case in chosen])
        figures[name] = _figures(1 / (1 + np.exp(-log_odds(model, chosen))), labels)
    order = np.argsort(chances)
    figures["reliability"] = [
        (round(float(chances[part].mean()), 2), round(float(truth[part].mean()), 2))
        for part in np.array_split(order, 8)
    ]
    return model, figures


def _measured(made: Sequence[Case], people: Sequence[Case]) -> dict[str, list[Case]]:
    """Cases to measure on, by name: none of their documents was fitted."""
    held = [case for case in made if not _fold(case, HELD_OUT)]
    news = [case for case in people if case.held_out]
    return {
        "held-out articles": [case for case in news if case.kind == "written"],
        "held-out articles, article gone": [case for case in news if case.answerable or case.kind != "written"],
        "reading sets, document gone": [case for case in held if case.answerable or case.kind == "document gone"],
        "reading sets, near misses": [case for case in held if case.answerable or case.kind in NEAR],
    }


def _figures(chances: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Area under the ROC curve, and the share of the unanswerable below each share of the answerable lost."""
    from sklearn.metrics import roc_auc_score

    if truth.all() or not truth.any():
        return {"questions": truth.size}
    refused = {
        f"refused where {lost:.0%} of the answerable are": round(
            float((chances[~truth] < np.quantile(chances[truth], lost)).mean()), 3
        )
        for lost in (0.05, 0.1, 0.15)
    }
    return {"questions": truth.size, "auroc": round(float(roc_auc_score(truth, chances)), 4), **refused}


def _fold(case: Case, folds: int) -> int:
    """Which fold a case's group falls into."""
    return zlib.crc32(case.group.encode()) % folds


def _lines(text: str) -> list[dict[str, Any]]:
    """The objects of a text with one JSON object a line."""
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def write_model(data: Path, question_sets: Sequence[Path]) -> str:
    """Make the cases, fit, and write the model; returns the figures and what was written, in words.

    Args:
        data: folder with drcd_dev.json, cmrc2018_trial.json and news.txt.xz.
        question_sets: files of questions, of which only the dev split is used.
    """
    cases = [*written_cases(data, question_sets), *reading_cases(data)]
    model, figures = train(cases)
    save(model, WEIGHTS_FILE)
    written = f"{WEIGHTS_FILE}: {len(model.roots)} trees, {WEIGHTS_FILE.stat().st_size:,} bytes"
    return json.dumps(figures, ensure_ascii=False, indent=1) + "\n" + written
