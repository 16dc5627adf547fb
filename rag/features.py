"""Question × sentences → numbers: what the trained sentence ranker sees. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag.alike import likeness
from rag.asked import Asked, find_asked
from rag.coverage import HELD, Similarity, focus_weights, weights
from rag.pairs import Pair, densest, held_in, locate_pairs
from rag.question import Kind, Question
from rag.rarity import rarity
from rag.score import Scored
from rag.tagging import tagged
from vectorstore.tokens import QUESTION_WORDS, fold

# Characters within which matches count as close together.
WINDOW = 30
# A sentence that starts within so many characters opens its document: title, lead.
_OPENING = 60
_PATTERNS = {
    "date": re.compile(r"\d{3,4}年|\d+月|世纪|年代|\d日"),
    "number": re.compile(r"\d|[一二三四五六七八九十百千万两]+[个名位家所座项台条种年月天次人岁倍米元]"),
    "cause": re.compile(r"因|由于|为了|所以|导致|使得|致使|以便|故"),
    "manner": re.compile(r"通过|以|利用|透过|采用|方式|方法"),
    "list": re.compile(r"、"),
    "quoted": re.compile(r"[《“「『\"(]"),
    "is": re.compile(r"是|为|称|叫|即"),
}
_ANAPHOR = re.compile(r"他|她|它|其|该|这|此|并|也|而|同时|因此|不过|但")
_KINDS = tuple(Kind)
# Columns that also count as their distance to the best sentence and as a rank.
_COMPARED = (
    "coverage.prior",
    "pairs.recall",
    "pairs.near",
    "neighbours.with_known",
    "meaning.cosine",
    "coverage.focus",
    "here.pairs",
)
_TAGS = ("nr", "ns", "nt", "nz", "n", "m", "t", "v", "eng")


def sentence_features(
    question: Question, scored: Sequence[Scored], similarity: Similarity | None
) -> dict[str, np.ndarray]:
    """Columns by name, each of shape (len(scored),); the part of a name before the dot is its group.

    Args:
        question: analysed question.
        scored: every candidate sentence with its coverage, each passage's together and in order; not empty.
        similarity: cosines between two lists of texts; None leaves its columns at 0.
    """
    asked = find_asked(question.folded)
    overlap = _overlap(question, asked, scored)
    columns = _coverage(question, scored) | _pairs(question, asked, scored, overlap) | _types(question, asked, scored)
    columns |= _place(scored) | _meaning(question, scored, similarity) | _here(question, scored, overlap)
    alike = likeness(question, scored, similarity or _unlike)
    columns |= alike
    for name in (*_COMPARED, *alike):
        columns[f"{name}_gap"] = columns[name] - columns[name].max()
        columns[f"{name}_rank"] = _rank(columns[name])
    return columns


def _unlike(asked: Sequence[str], there: Sequence[str]) -> np.ndarray:
    """Similarity without an embedder: equal texts are alike, no others."""
    return np.array([[float(one == other) for other in there] for one in asked])


def _rank(values: np.ndarray) -> np.ndarray:
    """0 for the highest value, 1 for the next; ties by position."""
    ranks = np.empty(len(values))
    ranks[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return ranks


def _coverage(question: Question, scored: Sequence[Scored]) -> dict[str, np.ndarray]:
    """How much of the question's words stands in the sentence and around it."""
    share, focus = weights(question), focus_weights(question)
    local = np.array([item.local for item in scored]).reshape(len(scored), -1)
    covered = np.array([item.covered for item in scored]).reshape(len(scored), -1)
    raw = np.array([word.weight for word in question.words])
    names = np.array([word.is_name for word in question.words])
    nouns = np.array([word.is_noun for word in question.words])
    missing = np.where(local < 0.55, raw, 0.0)
    return {
        "coverage.share": local @ share,
        "coverage.focus": local @ focus,
        "coverage.share_around": covered @ share,
        "coverage.focus_around": covered @ focus,
        "coverage.missing": missing.max(axis=1, initial=0.0),
        "coverage.missing_count": (missing > 0).sum(axis=1),
        "coverage.missing_name": np.where(names, missing, 0.0).max(axis=1, initial=0.0),
        "coverage.missing_noun": np.where(nouns, missing, 0.0).max(axis=1, initial=0.0),
        "coverage.missing_around": np.where(covered < 0.55, raw, 0.0).max(axis=1, initial=0.0),
        "coverage.words": np.full(len(scored), len(question.words)),
        "coverage.prior": np.array([item.score for item in scored]),
    }


def _pairs(question: Question, asked: Asked, scored: Sequence[Scored], overlap: _Overlap) -> dict[str, np.ndarray]:
    """Overlap of character pairs: in the sentence, near each other, near the question word, in the neighbours."""
    pairs, weight, near, held = overlap.pairs, overlap.weight, overlap.near, overlap.held
    position = np.arange(len(pairs))
    behind = np.where(position >= asked.end - 1, weight, 0.0)
    titles = {text: held_in(pairs, fold(text)) for text in {item.candidate.hit.passage.title for item in scored}}
    title = np.array([titles[item.candidate.hit.passage.title] for item in scored], float)
    passage = np.unique([item.candidate.hit.passage.id for item in scored], return_inverse=True)[1]
    before, before2, after = (_shifted(held, passage, by) for by in (1, 2, -1))
    everywhere = np.array([held[passage == number].max(axis=0) for number in range(passage.max() + 1)])[passage]
    known = np.maximum(title, before)
    headed = _headed(held, passage, [item.candidate.is_statement for item in scored])
    longest, heaviest = _runs(held, np.ones(len(pairs))), _runs(held, weight)
    each = weight.tolist()
    window = np.array([densest(places, each, WINDOW) for places in overlap.places])
    total, near_total = weight.sum() or 1.0, near.sum() or 1.0
    there = overlap.sizes
    return {
        "pairs.recall": held @ weight / total,
        "pairs.near": held @ near / near_total,
        "pairs.after_asked": held @ behind / total,
        "pairs.before_asked": held @ (weight - behind) / total,
        "pairs.titled": np.maximum(held, title) @ weight / total,
        "pairs.longest": longest / max(len(question.folded), 1),
        "pairs.longest_count": longest,
        "pairs.heaviest": heaviest / total,
        "pairs.window": window / total,
        "pairs.window_share": window / np.maximum(held @ weight, 1e-9),
        "pairs.novel": there - held.sum(axis=1),
        "pairs.precision": held.sum(axis=1) / np.maximum(there, 1),
        "neighbours.before": before @ weight / total,
        "neighbours.before2": before2 @ weight / total,
        "neighbours.after": after @ weight / total,
        "neighbours.heading": headed @ weight / total,
        "neighbours.with_heading": np.maximum(held, headed) @ weight / total,
        "neighbours.known": known @ weight / total,
        "neighbours.with_known": np.maximum(held, known) @ weight / total,
        "neighbours.gain": (np.maximum(held, known) - known) @ weight / total,
        "neighbours.with_before": np.maximum(held, before) @ weight / total,
        "neighbours.with_after": np.maximum(held, after) @ weight / total,
        "neighbours.passage": everywhere @ weight / total,
        "neighbours.own": (held - np.minimum(held, np.maximum(before, after))) @ weight / total,
    }


@dataclass(frozen=True, slots=True)
class _Overlap:
    """Character pairs of the question, P of them, and which sentence holds which.

    Attributes:
        weight: rarity of each pair, shape (P,).
        near: the same fading with distance from the question word, shape (P,).
        held: shape (sentences, P).
        sizes: how many different pairs each sentence has, shape (sentences,).
        places: of each sentence, offset and number of every pair found.
    """

    pairs: list[Pair]
    weight: np.ndarray
    near: np.ndarray
    held: np.ndarray
    sizes: np.ndarray
    places: list[list[tuple[int, int]]]


def _overlap(question: Question, asked: Asked, scored: Sequence[Scored]) -> _Overlap:
    """Which pairs of the question stand in which sentence."""
    pairs = list(pairwise(question.folded)) or [("", "")]
    weight = np.array([_pair_weight(*pair) for pair in pairs])
    position = np.arange(len(pairs))
    distance = np.maximum(np.maximum(asked.start - position - 2, position - asked.end), 0)
    found = locate_pairs(pairs, [item.candidate.folded for item in scored])
    return _Overlap(pairs, weight, weight * np.exp(-distance / 4), found.held, found.sizes, found.places)


def _here(question: Question, scored: Sequence[Scored], overlap: _Overlap) -> dict[str, np.ndarray]:
    """Overlap with what few of these sentences have: their common topic is named everywhere, the answer's words not."""
    pairs, weight, near, held = overlap.pairs, overlap.weight, overlap.near, overlap.held
    local = np.array([item.local for item in scored]).reshape(len(scored), -1)
    words = np.array([word.weight for word in question.words])

    def telling(held: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Weights times how few sentences hold each column; columns that none holds weigh nothing."""
        count = held.sum(axis=0)
        return weight * np.where(count > 0, np.log1p(len(held) / np.maximum(count, 1)), 0.0)

    def share(held: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return held @ weight / (weight.sum() or 1.0)

    openings = {item.candidate.evidence.opening for item in scored}
    in_opening = {opening: held_in(pairs, opening) for opening in openings}
    opened = np.array([in_opening[item.candidate.evidence.opening] for item in scored], float)
    unopened = weight * (1 - opened)  # of each sentence: what its document's opening does not say yet
    return {
        "here.words": share(local, telling(local >= HELD, words)),
        "here.pairs": share(held, telling(held, weight)),
        "here.near": share(held, telling(held, near)),
        "here.unopened": (held * unopened).sum(axis=1) / np.maximum(unopened.sum(axis=1), 1e-9),
        "here.unopened_share": unopened.sum(axis=1) / (weight.sum() or 1.0),
        "here.opened": (held * opened) @ weight / (weight.sum() or 1.0),
    }


def _shifted(held: np.ndarray, passage: np.ndarray, by: int) -> np.ndarray:
    """For each sentence, the row of the one `by` before it in its passage; 0 where there is none."""
    rows = np.arange(len(held)) - by
    inside = (rows >= 0) & (rows < len(held))
    rows = np.clip(rows, 0, len(held) - 1)
    return np.where((inside & (passage[rows] == passage))[:, None], held[rows], 0.0)


def _headed(held: np.ndarray, passage: np.ndarray, states: Sequence[bool]) -> np.ndarray:
    """For each sentence, the row of the last heading before it in its passage; 0 where there is none."""
    rows = np.zeros_like(held)
    heading = -1
    for number, statement in enumerate(states):
        if heading >= 0 and passage[heading] == passage[number]:
            rows[number] = held[heading]
        if not statement:
            heading = number
    return rows


def _runs(held: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of the heaviest unbroken run of question pairs in each sentence."""
    run = best = np.zeros(len(held))
    for column, value in zip(held.T, weight, strict=True):
        run = (run + value) * column
        best = np.maximum(best, run)
    return best


def _pair_weight(first: str, second: str) -> float:
    """Rarity in nats of a pair of characters; little for those that only ask, none across punctuation."""
    if not (first.isalnum() and second.isalnum()):
        return 0.0
    if first in QUESTION_WORDS or second in QUESTION_WORDS:
        return 0.25 * rarity(first + second)
    return rarity(first + second)


def _types(question: Question, asked: Asked, scored: Sequence[Scored]) -> dict[str, np.ndarray]:
    """What the question asks for, and what of it the sentence holds that the question does not."""
    size = len(scored)
    columns = {
        "types.form": np.full(size, asked.form),
        "types.kind": np.full(size, _KINDS.index(question.kind)),
        "types.fit": np.array([item.fit for item in scored]),
        "types.has_type": np.full(size, float(bool(asked.type))),
    }
    texts = [item.candidate.folded for item in scored]
    columns |= {f"types.{name}": _counts(pattern, texts) for name, pattern in _PATTERNS.items()}
    columns["types.anaphor"] = np.array([int(_ANAPHOR.match(text) is not None) for text in texts])
    others = [[(word, tag) for word, tag in tagged(text) if word not in question.folded] for text in texts]
    tags = ["".join(f" {tag}" for _, tag in found) for found in others]
    for tag in _TAGS:  # of words that the question does not have; n counts every noun
        columns[f"types.{tag}"] = np.array([seen.count(f" {tag}") for seen in tags])
    ending = asked.type[-1:]
    columns["types.word"] = np.array([float(bool(asked.type) and asked.type in text) for text in texts])
    columns["types.ending"] = np.array(
        [sum(word.endswith(ending) for word, _ in found) if ending else 0 for found in others]
    )
    return columns


def _counts(pattern: re.Pattern[str], texts: Sequence[str]) -> np.ndarray:
    """How often each text holds a pattern that never matches a NUL, shape (len(texts),)."""
    ends = np.cumsum([len(text) + 1 for text in texts])
    places = [found.start() for found in pattern.finditer("\0".join(texts))]
    return np.bincount(np.searchsorted(ends, places, side="right"), minlength=len(texts))


def _place(scored: Sequence[Scored]) -> dict[str, np.ndarray]:
    """Where the sentence stands, how long it is, and how well its passage was found."""
    passage = [item.candidate.hit.passage.id for item in scored]
    first = {name: passage.index(name) for name in set(passage)}
    index = np.array([i - first[name] for i, name in enumerate(passage)])
    total = np.array([passage.count(name) for name in passage])
    documents = [item.candidate.hit.passage.document_id for item in scored]
    in_document = Counter(documents)
    scores, keyword, dense = (
        np.array([getattr(item.candidate.hit, name) for item in scored]) for name in ("score", "keyword", "dense")
    )
    return {
        "place.index": index,
        "place.share": index / total,
        "place.last": total - 1 - index,
        "place.opens": np.array(
            [float(item.candidate.hit.passage.start + item.candidate.start < _OPENING) for item in scored]
        ),
        "place.length": np.array([len(item.candidate.folded) for item in scored]),
        "place.statement": np.array([float(item.candidate.is_statement) for item in scored]),
        "retrieval.score": scores / (scores.max() or 1.0),
        "retrieval.keyword": keyword / (keyword.max() or 1.0),
        "retrieval.dense_gap": dense - dense.max(),
        "retrieval.rank": np.unique(-scores, return_inverse=True)[1],
        "retrieval.document": np.array([in_document[name] for name in documents]) / len(scored),
        "retrieval.alone": np.full(len(scored), float(len(first) == 1)),
    }


def _meaning(question: Question, scored: Sequence[Scored], similarity: Similarity | None) -> dict[str, np.ndarray]:
    """Cosine of question and sentence in the static embedding."""
    if similarity is None:
        return {"meaning.cosine": np.zeros(len(scored))}
    return {"meaning.cosine": similarity([question.folded], [item.candidate.folded for item in scored])[0]}
