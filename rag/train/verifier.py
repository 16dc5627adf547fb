"""Train the model of `rag.verify`: gradient-boosted trees over what `rag.support` and `rag.facts` say of a claim."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from rag.train.claims import Sample, all_samples
from rag.train.export import flatten, save
from rag.verify import WEIGHTS, prepared, weigh

SEED = 17
ROUNDS = 260
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 25,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "seed": SEED,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
# What a sample counts for, by where it came from: labelled pairs are few and real, changed news many and alike.
ORIGIN_WEIGHTS = {
    "citecheck": 4.0,
    "changed citecheck": 1.5,
    "question": 1.0,
    "wrong answer": 0.6,
    "changed statement": 0.8,
    "news": 0.5,
    "reworded news": 1.0,
    "changed news": 0.5,
    "changed rewording": 0.7,
}
_SPEAK_FOR = frozenset(
    "pairs window common units words covered last_held first_held near near_least keys_near keys_near_least lead_near "
    "lead_near_least number_margin name_margin thing_margin number_margins".split()
)
_SPEAK_AGAINST = frozenset(
    "gap lacking lacks_noun lacks_verb lacks_other lacks_name lacks_words turned margins_below inserted negation_added "
    "negation_dropped exact_lacking other_count other_measure differences".split()
)


def write_model(folder: Path) -> str:
    """Train on all samples of a data folder and write the weights; returns held-out figures and what was written."""
    samples = all_samples(folder)
    names, rows = table(samples)
    held_out = np.array([_is_held_out(sample) for sample in samples])
    figures = evaluate(fit(names, rows, samples, ~held_out), rows, samples, held_out)
    save(flatten(fit(names, rows, samples, np.ones(len(samples), bool)).dump_model(), names), WEIGHTS)
    return f"{json.dumps(figures, ensure_ascii=False, indent=1)}\n{WEIGHTS}: {WEIGHTS.stat().st_size:,} bytes"


def table(samples: Sequence[Sample]) -> tuple[list[str], np.ndarray]:
    """Names of the features and their values, shape (len(samples), F), float32."""
    weighed = [weigh(*prepared(sample.claim, sample.quotes), sample.background).values for sample in samples]
    names = list(weighed[0])
    return names, np.array([[values[name] for name in names] for values in weighed], np.float32)


def fit(names: Sequence[str], rows: np.ndarray, samples: Sequence[Sample], chosen: np.ndarray) -> Any:
    """A LightGBM model from the chosen samples; the same samples give the same model."""
    import lightgbm

    labels = np.array([sample.supported for sample in samples], float)
    weights = np.array([ORIGIN_WEIGHTS[sample.origin] for sample in samples])
    weights[labels == 1] *= weights[labels == 0].sum() / weights[labels == 1].sum()
    data = lightgbm.Dataset(rows[chosen], labels[chosen], weight=weights[chosen], feature_name=list(names))
    return lightgbm.train(PARAMETERS | {"monotone_constraints": [_sign(name) for name in names]}, data, ROUNDS)


def _sign(name: str) -> int:
    """Which way a feature may move the score: whatever it is trained on, a difference never speaks for a claim."""
    return 1 if name in _SPEAK_FOR else -1 if name in _SPEAK_AGAINST or name.startswith("differs_") else 0


def evaluate(model: Any, rows: np.ndarray, samples: Sequence[Sample], chosen: np.ndarray) -> dict[str, float]:
    """Share judged rightly at 0.5 of the chosen samples, by origin."""
    said = model.predict(rows) >= 0.5
    right = np.array([sample.supported for sample in samples]) == said
    origins = np.array([sample.origin for sample in samples])
    found = {name: right[chosen & (origins == name)] for name in dict.fromkeys(origins.tolist())}
    return {name: round(float(values.mean()), 4) for name, values in found.items() if values.size}


def _is_held_out(sample: Sample) -> bool:
    """One text in five is held out for the figures."""
    return sha256(sample.group.encode()).digest()[0] % 5 == 0
