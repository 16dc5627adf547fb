"""Two runs over the same questions: what changed, by how much, and whether that can be chance. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.metrics import BY_NAME, HEADLINE
from eval.records import Record
from eval.statistics import Figure, paired_difference

# What must not get worse. Metrics that follow from these, lengths and times are shown by the report alone.
GATED = (
    *HEADLINE,
    "misattributed",
    "uncited",
    "recall_5",
    "mrr",
)
# A mean that moves this far the wrong way is worse even where so few questions can't prove it. The embedded answerer is
# deterministic, so a fall is never noise of its own.
TOLERANCE = 0.02

Scores = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Change:
    """One metric over the questions that both runs have a score for.

    Attributes:
        difference: after - before, with its paired bootstrap interval.
        worse: ids of the questions that lost, by their loss.
        better: ids of the questions that gained, by their gain.
    """

    metric: str
    before: float
    after: float
    difference: Figure
    worse: tuple[str, ...]
    better: tuple[str, ...]

    @property
    def loss(self) -> float:
        """How far the mean went the wrong way; negative when it improved."""
        return -(self.after - self.before) * BY_NAME[self.metric].better

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the difference leaves out zero."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)

    @property
    def is_regression(self) -> bool:
        """Whether it got worse, and not by chance."""
        return self.loss > 0 and self.is_significant


def scores_of(records: Sequence[Record], metrics: Sequence[str] = GATED) -> Scores:
    """Metric → question id → score, where the metric applies."""
    return {
        metric: {r.question.id: value for r in records if (value := r.scores.get(metric)) is not None}
        for metric in metrics
    }


def compare(before: Scores, after: Scores) -> list[Change]:
    """The change of every metric that both have, over the questions that both have.

    >>> change, = compare({"good": {"甲": 1.0, "乙": 1.0}}, {"good": {"甲": 1.0, "乙": 0.0}})
    >>> change.difference.mean, change.worse, change.is_regression
    (-0.5, ('乙',), False)
    """
    changes = []
    for metric, old in before.items():
        new = after.get(metric, {})
        shared = sorted(set(old) & set(new))
        if not shared:
            continue
        difference = paired_difference([old[name] for name in shared], [new[name] for name in shared])
        gains = sorted(((new[name] - old[name]) * (BY_NAME[metric].better or 1), name) for name in shared)
        changes.append(
            Change(
                metric=metric,
                before=sum(old[name] for name in shared) / len(shared),
                after=sum(new[name] for name in shared) / len(shared),
                difference=difference,
                worse=tuple(name for gain, name in gains if gain < 0),
                better=tuple(name for gain, name in reversed(gains) if gain > 0),
            )
        )
    return changes


def fallen(baseline: Scores, after: Scores, tolerance: float = TOLERANCE) -> list[str]:
    """What keeps a run from passing the gate, one line each; [] when it passes.

    A metric fails when it is a significant regression, when its mean moved the wrong way by more than the tolerance, or
    when the run has no score for a question that the baseline has one for and the metric counts for every question.

    >>> fallen({"good": {"甲": 1.0, "乙": 1.0}}, {"good": {"甲": 1.0, "乙": 0.0}})
    ['right, cited and short: 100.0 → 50.0; worse: 乙']
    >>> fallen({"good": {"甲": 1.0}}, {"good": {"乙": 1.0}})
    ['right, cited and short: no score for 甲']
    """
    lines = [
        f"{BY_NAME['good'].label}: no score for {', '.join(lacking)}"
        for lacking in [sorted(set(baseline.get("good", {})) - set(after.get("good", {})))]
        if lacking
    ]
    return lines + [
        f"{BY_NAME[change.metric].label}: {change.before * 100:.1f} → {change.after * 100:.1f}; "
        f"worse: {', '.join(change.worse[:12])}"
        for change in compare(baseline, after)
        if change.is_regression or change.loss > tolerance + 1e-9
    ]
