"""Train the model that tells whether the evidence holds an answer.

    python -m rag.train answerability DATA_FOLDER [--questions eval/questions/seeds.jsonl]

From DATA_FOLDER come `drcd_dev.json` and `cmrc2018_trial.json` (SQuAD layout) and `news.txt.xz`. Each question is asked
with its passage in reach, and again with its passage or document taken away; then with its name, noun, post, year or
attribute swapped for another that the document does not answer. Questions a person wrote about the news
(`rag/train/asked_of_news.jsonl`) and about the seed documents (their dev split) count more, being asked as people ask.

Seeded: the same data give the same file. Needs scikit-learn and LightGBM, which answering does not.
"""

from __future__ import annotations

import json
import lzma
import math
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.answerable import MODEL, model_from
from rag.condense import condense
from rag.documents import document_from_text, load_document
from rag.language import language_of
from rag.parts import split_parts
from rag.question import analyse
from rag.train.near_misses import SEED, TOP_K, Case, Pool, reading_cases
from rag.types import Document

ASKED_OF_NEWS = Path(__file__).with_name("asked_of_news.jsonl")
SEEDS = Path(__file__).resolve().parent.parent / "seeds"
# How much a case counts: of the made-up kinds, and of the questions that people wrote.
WEIGHTS = {"answerable": 6.0, "name elsewhere": 0.5, "noun elsewhere": 0.5}
WRITTEN_WEIGHT = 20.0
FOLDS = 5
# A quarter of the articles of the reading sets is measured on, never fitted.
HELD_OUT = 4
NEAR = frozenset({"passage gone", "name", "noun", "noun elsewhere", "attribute", "template", "post"})


def written_cases(data: Path, questions: Path) -> Iterator[Case]:
    """Cases of the questions that people wrote: about the news, and the dev split about the seed documents."""
    asked = _lines(ASKED_OF_NEWS.read_text(encoding="utf-8"))
    wanted = {int(row["article"]) for row in asked}
    with lzma.open(data / "news.txt.xz", "rt", encoding="utf-8") as lines:
        news = [
            document_from_text(line.strip(), source=f"{number}.txt")
            for number, line in enumerate(lines, start=1)
            if number in wanted
        ]
    rows = [(str(row["article"]), row["question"], bool(row["answerable"])) for row in asked]
    yield from _cases_over(news, rows)
    seeds = [load_document(path) for path in sorted(SEEDS.glob("*.txt"))]
    rows = [
        (row["id"], condense(row["question"], [(q, a) for q, a in row["history"]]), bool(row["answerable"]))
        for row in _lines(questions.read_text(encoding="utf-8"))
        if row["split"] == "dev"
    ]
    yield from _cases_over(seeds, [row for row in rows if language_of(row[1]) == "zh"])


def _cases_over(documents: Sequence[Document], rows: Sequence[tuple[str, str, bool]]) -> Iterator[Case]:
    """Cases of (group, question, answerable) over documents."""
    with tempfile.TemporaryDirectory() as place:
        pool = Pool(documents, Path(place) / "index")
        for group, text, answerable in rows:
            for part in split_parts(text):
                if features := pool.describe(analyse(part), pool.search(text, TOP_K)):
                    yield Case("written", group, answerable, features)


def fit(cases: Sequence[Case]) -> dict[str, Any]:
    """Both parts of the model on these cases, as `rag.answerable.model_from` takes them, not yet calibrated."""
    import lightgbm
    from sklearn.linear_model import LogisticRegression

    names = sorted(cases[0].features)
    rows = np.array([[case.features[name] for name in names] for case in cases])
    truth = np.array([case.answerable for case in cases], dtype=float)
    weight = np.array([WRITTEN_WEIGHT if c.kind == "written" else WEIGHTS.get(c.kind, 1.0) for c in cases])
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    linear = LogisticRegression(C=0.01, max_iter=2000).fit((rows - mean) / spread, truth, sample_weight=weight)
    slopes = linear.coef_[0] / spread
    parameters = {
        "objective": "binary",
        "num_leaves": 7,
        "learning_rate": 0.05,
        "min_data_in_leaf": 20,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 10,
        "verbose": -1,
        "num_threads": 1,
        "deterministic": True,
        "seed": SEED,
    }
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, truth, weight=weight), 250)
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
    from sklearn.metrics import roc_auc_score

    made = [case for case in cases if case.kind != "written"]
    seen = [case for case in made if _fold(case, HELD_OUT)]
    held = [case for case in made if not _fold(case, HELD_OUT)]
    written = [case for case in cases if case.kind == "written"]
    odds = np.zeros(len(written))
    for fold in range(FOLDS):
        there = [index for index, case in enumerate(written) if _fold(case, FOLDS) == fold]
        rest = [case for case in written if _fold(case, FOLDS) != fold]
        odds[there] = log_odds(fit([*seen, *rest]), [written[index] for index in there])
    truth = np.array([case.answerable for case in written])
    model = fit([*seen, *written])
    model["scale"], model["shift"] = calibrate(odds, truth)
    chances = 1 / (1 + np.exp(-(model["scale"] * odds + model["shift"])))
    of_held = log_odds(model, held)
    figures: dict[str, Any] = {"cases": len(cases), "written": round(float(roc_auc_score(truth, chances)), 4)}
    for name, kinds in (("document gone", {"document gone"}), ("near misses", NEAR)):
        chosen = [index for index, case in enumerate(held) if case.answerable or case.kind in kinds]
        labels = [held[index].answerable for index in chosen]
        figures[name] = round(float(roc_auc_score(labels, of_held[chosen])), 4)
    figures["thresholds"] = {
        f"{limit:.2f}": (
            round(float((chances[truth] < limit).mean()), 3),
            round(float((chances[~truth] < limit).mean()), 3),
        )
        for limit in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8)
    }
    order = np.argsort(chances)
    figures["reliability"] = [
        (round(float(chances[part].mean()), 2), round(float(truth[part].mean()), 2))
        for part in np.array_split(order, 8)
    ]
    return model, figures


def _fold(case: Case, folds: int) -> int:
    """Which fold a case's group falls into."""
    return zlib.crc32(case.group.encode()) % folds


def _lines(text: str) -> list[dict[str, Any]]:
    """The objects of a text with one JSON object a line."""
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def write_model(data: Path, questions: Path) -> str:
    """Make the cases, fit, and write the model; returns the figures and what was written, in words.

    Args:
        data: folder with drcd_dev.json, cmrc2018_trial.json and news.txt.xz.
        questions: question set over the seed documents, of which only the dev split is used.
    """
    cases = [*written_cases(data, questions), *reading_cases(data)]
    model, figures = train(cases)
    MODEL.write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")
    written = f"{MODEL}: {len(model['trees'])} trees, {MODEL.stat().st_size:,} bytes"
    return json.dumps(figures, ensure_ascii=False, indent=1) + "\n" + written
