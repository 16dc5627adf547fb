"""Train the model that tells whether the evidence holds an answer.

    python -m rag.train answerability DATA_FOLDER [--questions FILE ...]

From DATA_FOLDER come `drcd_dev.json` and `cmrc2018_trial.json` (SQuAD layout) and `news.txt.xz`. Questions that people
wrote about the news (`rag/train/asked_of_news.jsonl`) and about the documents of the question sets (dev splits) are
asked over a store that holds other articles too, as a user's does, and those with an answer once more with their
article taken away. The reading sets add near misses made by rule (`rag.train.near_misses`), which count less.

Seeded: the same data give the same file. Needs scikit-learn and LightGBM, which answering does not.
"""

from __future__ import annotations

import json
import math
import random
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.answerable import MODEL, model_from
from rag.condense import condense
from rag.documents import load_document
from rag.language import language_of
from rag.question import analyse
from rag.surroundings import parts_with_hits
from rag.train.data import ARTICLES, NOISE
from rag.train.near_misses import IN_REACH, SEED, TOP_K, Case, Pool, reading_cases
from rag.train.news import read_articles, read_questions
from rag.types import Document

ROOT = Path(__file__).resolve().parent.parent.parent
# How much a case counts: a question that a person wrote, the same with its article taken away, and those made by rule.
WEIGHTS = {"written": 1.0, "written, article gone": 0.3, "answerable": 0.4}
MADE_WEIGHT = 0.1
FOLDS = 5
TREES = 400
# A quarter of the articles of the reading sets is measured on, never fitted.
HELD_OUT = 4
NEAR = frozenset({"passage gone", "name", "noun", "noun elsewhere", "attribute", "template", "post"})


@dataclass(frozen=True, slots=True)
class Written:
    """A question that a person wrote; `source` names the document that it is about, "" where no one does."""

    group: str
    text: str
    answerable: bool
    source: str = ""
    held_out: bool = False


def written_cases(data: Path, question_sets: Sequence[Path]) -> Iterator[Case]:
    """Cases of the questions that people wrote: about the news, and the dev splits of question sets.

    Raises:
        FileNotFoundError: there is no news.txt.xz in `data`.
    """
    asked = read_questions()
    about = {question.article for question in asked}
    others = random.Random(SEED).sample(range(1, ARTICLES), NOISE)  # noqa: S311 - noise, no secret
    news = read_articles(data, about.union(others))
    # a file may hold an article twice
    documents = list({document.id: document for document in news.values()}.values())
    rows = [
        Written(f"news {one.article}", one.text, one.answerable, f"{one.article}.txt", one.held_out) for one in asked
    ]
    yield from _cases_over(documents, rows)
    for questions in question_sets:
        rows = [
            Written(row["id"], condense(row["question"], [(q, a) for q, a in row["history"]]), row["answerable"])
            for row in _lines(questions.read_text(encoding="utf-8"))
            if row["split"] == "dev"
        ]
        paths = sorted(path for path in _documents_of(questions).iterdir() if path.suffix in {".txt", ".md"})
        yield from _cases_over([load_document(path) for path in paths], rows)


def _documents_of(questions: Path) -> Path:
    """The folder of the documents that a question set is about."""
    beside = questions.resolve().parent.parent / "documents" / questions.stem
    return beside if beside.is_dir() else ROOT / "seeds"


def _cases_over(documents: Sequence[Document], rows: Sequence[Written]) -> Iterator[Case]:
    """Cases of questions over documents. One in another language than they are is none: it is answered by rule."""
    with tempfile.TemporaryDirectory() as place:
        pool = Pool(documents, Path(place) / "index")
        for row in rows:
            hits = pool.search(row.text, IN_REACH)
            parts = parts_with_hits(row.text, hits, lambda text: pool.search(text, IN_REACH))
            is_found = not row.source or any(hit.passage.source == row.source for hit in hits[:TOP_K])
            # nobody says which part of a question has no answer, and what was not found can't be told from it
            is_told = is_found if row.answerable else len(parts) == 1
            if language_of(row.text) == "en" or not is_told:
                continue
            for part, found in parts.items():
                if features := pool.describe(analyse(part), found[:TOP_K]):
                    yield Case("written", row.group, row.answerable, features, row.held_out)
                rest = [hit for hit in found if hit.passage.source != row.source][:TOP_K]
                if row.answerable and row.source and (features := pool.describe(analyse(part), rest)):
                    yield Case("written, article gone", row.group, False, features, row.held_out)


def fit(cases: Sequence[Case]) -> dict[str, Any]:
    """Both parts of the model on these cases, as `rag.answerable.model_from` takes them, not yet calibrated."""
    import lightgbm
    from sklearn.linear_model import LogisticRegression

    names = sorted(cases[0].features)
    rows = np.array([[case.features[name] for name in names] for case in cases])
    truth = np.array([case.answerable for case in cases], dtype=float)
    weight = np.array([WEIGHTS.get(case.kind, MADE_WEIGHT) for case in cases])
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    linear = LogisticRegression(C=0.01, max_iter=300).fit((rows - mean) / spread, truth, sample_weight=weight)
    slopes = linear.coef_[0] / spread
    parameters = {
        "objective": "binary",
        "extra_trees": True,
        "num_leaves": 7,
        "learning_rate": 0.05,
        "min_data_in_leaf": 20,
        "feature_fraction": 0.2,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 10,
        "verbose": -1,
        "num_threads": 1,
        "deterministic": True,
        "seed": SEED,
    }
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, truth, weight=weight), TREES)
    return {
        "names": names,
        "weights": [_short(slope) for slope in slopes],
        "bias": _short(linear.intercept_[0] - float(slopes @ mean)),
        "trees": [_flat(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]],
        "scale": 1.0,
        "shift": 0.0,
    }


def _flat(root: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A tree as arrays; a child ~k is leaf k."""
    tree: dict[str, list[Any]] = {"feature": [], "threshold": [], "left": [], "right": [], "leaf": []}

    def add(node: Mapping[str, Any]) -> int:
        if "leaf_value" in node:
            tree["leaf"].append(_short(node["leaf_value"]))
            return ~(len(tree["leaf"]) - 1)
        index = len(tree["feature"])
        tree["feature"].append(node["split_feature"])
        tree["threshold"].append(_short(node["threshold"]))
        tree["left"].append(0)
        tree["right"].append(0)
        tree["left"][index], tree["right"][index] = add(node["left_child"]), add(node["right_child"])
        return index

    add(root)
    return tree


def _short(value: float) -> float:
    """Six significant digits."""
    return float(f"{value:.6g}")


def calibrate(odds: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """(scale, shift) of Platt's sigmoid on log-odds of cases that the model has not seen."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(odds[:, None], truth)
    return _short(line.coef_[0, 0]), _short(line.intercept_[0])


def log_odds(data: Mapping[str, Any], cases: Sequence[Case]) -> np.ndarray:
    """Of each case, shape (len(cases),)."""
    model = model_from(data)
    chances = [model.probability(case.features) for case in cases]
    return np.array([math.log(max(p, 1e-9) / max(1 - p, 1e-9)) for p in chances])


def train(cases: Sequence[Case]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(model, figures on cases that it had not seen when they were taken)."""
    of_people = {"written", "written, article gone"}
    # bagging picks cases by their place: in this order the model does not depend on how they were made
    cases = sorted(cases, key=lambda case: (case.group, case.kind, sorted(case.features.items())))
    made = [case for case in cases if case.kind not in of_people]
    seen = [case for case in made if _fold(case, HELD_OUT)]
    people = [case for case in cases if case.kind in of_people]
    fitted = [case for case in people if not case.held_out]
    odds = np.zeros(len(fitted))
    for fold in range(FOLDS):
        there = [index for index, case in enumerate(fitted) if _fold(case, FOLDS) == fold]
        rest = [case for case in fitted if _fold(case, FOLDS) != fold]
        odds[there] = log_odds(fit([*seen, *rest]), [fitted[index] for index in there])
    model = fit([*seen, *fitted])
    is_asked = np.array([case.kind == "written" for case in fitted])
    truth = np.array([case.answerable for case in fitted])[is_asked]
    model["scale"], model["shift"] = calibrate(odds[is_asked], truth)
    chances = 1 / (1 + np.exp(-(model["scale"] * odds[is_asked] + model["shift"])))
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
    MODEL.write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")
    written = f"{MODEL}: {len(model['trees'])} trees, {MODEL.stat().st_size:,} bytes"
    return json.dumps(figures, ensure_ascii=False, indent=1) + "\n" + written
