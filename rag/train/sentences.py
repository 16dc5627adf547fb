"""Train the sentence ranker: LambdaRank trees over what `rag.features` says of each sentence.

Source: Burges, From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.train.export import GROWTH, flatten
from rag.trees import Trees

ROUNDS = 300
PARAMETERS: Mapping[str, Any] = {**GROWTH, "objective": "lambdarank", "lambdarank_truncation_level": 6}


@dataclass(frozen=True, slots=True)
class Group:
    """The sentences of one question.

    Attributes:
        rows: shape (S, F), float32.
        labels: whether each holds an answer, shape (S,).
        weight: how much the question counts.
    """

    rows: np.ndarray
    labels: np.ndarray
    weight: float = 1.0


def train(groups: Sequence[Group], names: Sequence[str], keep: Sequence[int] | None = None) -> Trees:
    """Trees over all columns, or those in `keep`; groups without an answer or a choice teach nothing."""
    import lightgbm

    useful = [one for one in groups if one.labels.any() and len(one.labels) > 1]
    sizes = [len(one.labels) for one in useful]
    rows = np.concatenate([one.rows for one in useful])
    labels = np.concatenate([one.labels for one in useful]).astype(float)
    weights = np.repeat([one.weight for one in useful], sizes)
    kept = list(range(len(names))) if keep is None else list(keep)
    data = lightgbm.Dataset(rows[:, kept], labels, weight=weights, group=sizes)
    booster = lightgbm.train(dict(PARAMETERS), data, ROUNDS)
    return flatten(booster.dump_model(), [names[column] for column in kept])


def hit_rate(trees: Trees, groups: Sequence[Group | None], best: int = 1, keep: Sequence[int] | None = None) -> float:
    """Share of groups that have an answer among their `best` sentences; a None counts as missed."""
    found = 0
    for one in groups:
        if one is not None:
            scores = trees.predict(one.rows if keep is None else one.rows[:, list(keep)])
            found += bool(one.labels[np.argsort(-scores, kind="stable")[:best]].any())
    return found / len(groups)
