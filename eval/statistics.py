"""Means with bootstrap intervals, paired differences, quantiles, AUROC. Pure and seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
SEED = 20260101


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean with its 95 % interval over `count` values; all NaN-free, `mean` is None without values."""

    mean: float | None
    low: float | None
    high: float | None
    count: int


def _resampled_means(values: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Means of samples drawn with replacement, shape (resamples,)."""
    random = np.random.default_rng(seed)
    picks = random.integers(0, len(values), size=(resamples, len(values)))
    return values[picks].mean(axis=1)


def bootstrap_mean(values: Sequence[float | None], *, resamples: int = RESAMPLES, seed: int = SEED) -> Figure:
    """The mean of the values that apply, with its percentile bootstrap 95 % interval.

    Args:
        values: one per question; None where the metric does not apply.

    Source:
        Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13 (percentile interval).

    >>> bootstrap_mean([1.0, 1.0, None, 1.0])
    Figure(mean=1.0, low=1.0, high=1.0, count=3)
    >>> bootstrap_mean([])
    Figure(mean=None, low=None, high=None, count=0)
    >>> figure = bootstrap_mean([0.0, 1.0] * 50)
    >>> figure.mean, round(figure.low, 1), round(figure.high, 1)
    (0.5, 0.4, 0.6)
    """
    there = np.array([value for value in values if value is not None], dtype=float)
    if not len(there):
        return Figure(None, None, None, 0)
    means = _resampled_means(there, resamples, seed)
    low, high = np.quantile(means, [0.025, 0.975])
    return Figure(float(there.mean()), float(low), float(high), len(there))


def paired_difference(
    before: Sequence[float], after: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Figure:
    """The mean of after - before over the same questions, with its bootstrap 95 % interval.

    Pairing takes the difficulty of each question out of the comparison.

    Raises:
        ValueError: the two differ in length.

    Source:
        Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP 2004, W04-3250.

    >>> figure = paired_difference([1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0])
    >>> figure.mean, figure.high
    (-0.25, 0.0)
    """
    return bootstrap_mean([new - old for old, new in zip(before, after, strict=True)], resamples=resamples, seed=seed)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which a share of the values lies, interpolated; None without values.

    >>> quantile([10.0, 20.0, 30.0], 0.5), quantile([], 0.95)
    (20.0, None)
    """
    return float(np.quantile(np.array(values), share)) if len(values) else None


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """How often a true case scores above a false one, ties counting half; None unless both kinds are there.

    Source:
        Hanley & McNeil, Radiology 143, 1982 (area under the ROC curve as the Mann-Whitney statistic).

    >>> auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])  # wins: 2 + 1.5 of 4
    0.875
    """
    values = np.array(scores, dtype=float)
    truth = np.array(labels, dtype=bool)
    if truth.all() or not truth.any():
        return None
    ordered = np.sort(values[~truth])
    below = np.searchsorted(ordered, values[truth], side="left")
    not_above = np.searchsorted(ordered, values[truth], side="right")
    return float((below + not_above).mean() / 2 / len(ordered))


def reliability(
    confidences: Sequence[float], outcomes: Sequence[bool], bins: int = 5
) -> list[tuple[float, float, int]]:
    """Cases in bins of equal count: (mean confidence, share of true outcomes, count) per bin, least confident first.

    Source:
        Nguyen & O'Connor, EMNLP 2015, D15-1182 (adaptive binning of a reliability diagram).

    >>> reliability([0.1, 0.3, 0.9, 0.7], [False, False, True, True], bins=2)
    [(0.2, 0.0, 2), (0.8, 1.0, 2)]
    """
    pairs = sorted(zip(confidences, outcomes, strict=True))
    groups = [group for group in np.array_split(np.array(pairs, dtype=float).reshape(-1, 2), bins) if len(group)]
    return [(round(float(g[:, 0].mean()), 6), float(g[:, 1].mean()), len(g)) for g in groups]
