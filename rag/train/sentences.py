"""Train the sentence ranker: LambdaRank trees over what `rag.features` says of each sentence.

Source: Burges, From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rag.train.export import flatten
from rag.trees import Trees

ROUNDS = 300
PARAMETERS: Mapping[str, Any] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 6,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "use_missing": False,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
Group = tuple[np.ndarray, np.ndarray]  # rows (S, F) float32, whether each sentence holds an answer (S,)


def train(groups: Sequence[Group], names: Sequence[str], keep: Sequence[int] | None = None) -> Trees:
    """Trees over all columns, or those in `keep`; groups without an answer or a choice teach nothing."""
    import lightgbm

    useful = [(rows, labels) for rows, labels in groups if labels.any() and len(labels) > 1]
    rows = np.concatenate([rows for rows, _ in useful])
    labels = np.concatenate([labels for _, labels in useful])
    kept = list(range(len(names))) if keep is None else list(keep)
    data = lightgbm.Dataset(rows[:, kept], labels.astype(float), group=[len(labels) for _, labels in useful])
    booster = lightgbm.train(dict(PARAMETERS), data, ROUNDS)
    return flatten(booster.dump_model(), [names[column] for column in kept])


def hit_rate(trees: Trees, groups: Sequence[Group | None], best: int = 1, keep: Sequence[int] | None = None) -> float:
    """Share of groups that have an answer among their `best` sentences; a None counts as missed."""
    found = 0
    for one in groups:
        if one is not None:
            rows, labels = one
            scores = trees.predict(rows if keep is None else rows[:, list(keep)])
            found += bool(labels[np.argsort(-scores, kind="stable")[:best]].any())
    return found / len(groups)
