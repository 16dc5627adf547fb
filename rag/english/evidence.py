"""What speaks for and against the best English sentence holding the answer, in numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.english.features import Looked
from rag.english.question import Question

# Sentences that are looked at besides the best one.
RIVALS = 4
# From here on a word counts as held.
HELD = 0.6
# Measures of which the highest of all sentences is given too.
_HIGHEST = (
    "own",
    "focus own",
    "focus near",
    "beside",
    "focus beside",
    "predicate own",
    "predicate beside",
    "meant",
    "cosine",
)


def describe(question: Question, ranked: Sequence[Looked], scores: np.ndarray) -> dict[str, float]:
    """What speaks for and against the best sentence, by name.

    Args:
        question: analysed, W > 0 words.
        ranked: every candidate, the one to be quoted first; at least one.
        scores: the ranker's, in the same order.
    """
    best = ranked[0]
    found = dict(best.columns)
    document = best.candidate.hit.passage.document_id
    mine = [one for one in ranked if one.candidate.hit.passage.document_id == document]
    weight = best.share
    for place, held in (
        ("document", np.maximum.reduce([best.titled, *(one.own for one in mine)])),
        ("anywhere", np.maximum.reduce([best.titled, *(one.own for one in ranked)])),
    ):
        lacking = weight * (held < HELD)
        found[f"share {place}"] = float(weight @ held)
        found[f"lacking {place}"] = float(lacking.max())
        found[f"names lacking {place}"] = float(
            sum(lacking[i] for i, word in enumerate(question.words) if word.is_name)
        )
    numbers = [i for i, word in enumerate(question.words) if word.token.text[0].isdigit()]
    found["numbers"] = float(len(numbers))
    found["numbers lacking"] = float(sum(best.titled[i] < HELD for i in numbers))
    found["numbers lacking own"] = float(sum(best.own[i] < HELD for i in numbers))
    for name in _HIGHEST:
        most = max(one.columns[name] for one in ranked)
        found[f"best {name}"] = most
    found["score"] = float(scores[0])
    found["ahead"] = float(scores[0] - scores[1]) if len(scores) > 1 else 1.0
    others = [
        score for one, score in zip(ranked, scores, strict=True) if one.candidate.hit.passage.document_id != document
    ]
    found["document ahead"] = float(scores[0] - max(others)) if others else 3.0
    found["things near"] = float(sum(bool(one.things) for one in ranked[:RIVALS]))
    found["sentences"] = float(len(mine))
    return found
