"""What speaks for and against a sentence holding what a question asks for, in numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rag.backdrop import CLASSES, describe_backdrop, word_class
from rag.coverage import HELD, Similarity, focus_weights, weights, word_coverage
from rag.doubts import describe_doubts
from rag.names import NAME_TAGS, other_figure, sibling
from rag.question import Kind, Question, is_named, subject
from rag.refuse import Evidence
from rag.score import Scored
from rag.spans import find_short, kind_fit
from rag.tagging import long_words, tagged
from rag.vicinity import describe_vicinity

if TYPE_CHECKING:
    from rag.short import Read

# Sentences that are looked at besides the best one.
RIVALS = 5
# Characters before a sentence that it may lean on, and the most that two words lie apart.
NEARBY = 80
FAR = 60
_ASKED = re.compile(r"多少|几|谁|哪|什么|啥|何|怎|how|wh(?:o|at|en|ere|ich|y)")

PLACES = ("local", "scope", "around", "covered", "anywhere")


def describe(question: Question, read: Sequence[Read], similarity: Similarity | None) -> dict[str, float]:
    """What speaks for and against the best sentence holding the answer, by name.

    Args:
        question: analysed question with W > 0 words.
        read: every candidate as `rag.short.choose` leaves them, the one to be quoted first; at least one.
        similarity: cosines between two lists of words or sentences; None leaves paraphrases out.
    """
    scored = [one.scored for one in read]
    most_covering = max(scored, key=lambda item: item.prior)
    found = _describe_words(question, scored, similarity)
    found |= describe_vicinity(question, read, [most_covering.candidate.folded], similarity)
    return found | describe_backdrop(question, scored, similarity) | describe_doubts(question, scored)


def _describe_words(question: Question, scored: Sequence[Scored], similarity: Similarity | None) -> dict[str, float]:
    """What the sentence and its neighbours hold of the question's words."""
    best = scored[0]
    near = best.candidate.evidence
    if question.subject and question.subject not in near.around:
        # a document names once, at its head, what all of it is about
        near = replace(near, around=f"{near.opening}\n{near.around}")
    share, focus = weights(question), focus_weights(question)
    everything = [near.around, *dict.fromkeys(item.candidate.evidence.around for item in scored)]
    held = {
        "local": word_coverage(question, near.sentence),
        "scope": word_coverage(question, near.scope),
        "around": word_coverage(question, near.around),
        "covered": best.covered,
        "anywhere": np.maximum.reduce([word_coverage(question, text) for text in everything]),
    }
    found: dict[str, float] = {}
    classes = [word_class(word) for word in question.words]
    raw = np.array([word.weight for word in question.words])
    is_type = np.array([word.is_type for word in question.words])
    for place, values in held.items():
        found[f"share {place}"] = float(share @ values)
        found[f"focus {place}"] = float(focus @ values)
        lacking = np.where(values < HELD, raw, 0.0) * ~is_type
        found[f"heaviest lacking {place}"] = float(lacking.max())
        if place in ("local", "around", "covered", "anywhere"):
            for name in CLASSES:
                mine = np.array([c == name for c in classes])
                found[f"{name} lacking {place}"] = float(lacking[mine].sum())
    telling = np.array([c in ("name", "role", "noun") for c in classes])
    for place in ("scope", "covered", "anywhere"):
        lacking = np.where(held[place] < HELD, raw, 0.0) * ~is_type * telling
        found[f"telling lacking {place}"] = float(lacking.max())
    found["soft local"] = float(share @ best.local)
    found |= _target(question, near.sentence, held, similarity)
    found |= _figures(question, near.sentence, near.scope, near.around)
    found |= _other_names(question, near.sentence)
    found |= _lacking_meant(question, near.sentence, near.around, held, similarity)
    found |= {f"kind {kind.value}": float(question.kind is kind) for kind in Kind}
    fits = [kind_fit(question, item.candidate.folded) for item in scored[:RIVALS]]
    found["fit"], found["best fit"] = fits[0], max(fits)
    found["words"] = float(len(question.words))
    found["weight"] = float(raw.sum())
    found["characters"] = float(len(question.folded))
    found["sentence characters"] = float(len(near.sentence))
    found["statement"] = float(best.candidate.is_statement)
    found |= _subjects(question, near)
    found |= _closeness(question, near.sentence)
    found |= _links(question, near.sentence, near.around)
    before = near.around[: max(0, near.around.find(near.sentence))][-NEARBY:]
    found["share nearby"] = float(share @ np.maximum(held["local"], word_coverage(question, before)))
    names = [word for word, tag in tagged(near.sentence) if tag in NAME_TAGS and len(word) > 1]
    found["strangers"] = float(len({word for word in names if word not in question.folded}))
    found["strangers for names"] = float(found["strangers"] > 0) * found["name lacking local"]
    found["strangers for nouns"] = float(found["strangers"] > 0) * found["noun lacking local"]
    if similarity is not None:
        cosines = similarity([question.folded], [item.candidate.folded for item in scored[:RIVALS]])[0]
        found["cosine"], found["best cosine"] = float(cosines[0]), float(cosines.max())
    else:
        found["cosine"] = found["best cosine"] = 0.65
    return found


def _lacking_meant(
    question: Question, sentence: str, around: str, held: dict[str, np.ndarray], similarity: Similarity | None
) -> dict[str, float]:
    """How near in meaning the nearest words stand to those that are not there."""
    raw = np.array([word.weight for word in question.words])
    total = float(raw.sum()) or 1.0
    found = {}
    for name, text, place in (("sentence", sentence, "local"), ("passage", around, "around")):
        lacking = [i for i, value in enumerate(held[place]) if value < HELD and not question.words[i].is_type]
        there = long_words(text)
        nearest = np.zeros(len(lacking))
        if lacking and there and similarity is not None:
            nearest = similarity([question.words[i].text for i in lacking], there).max(axis=1)
        costs = [raw[i] * (1 - max(0.0, float(value))) for i, value in zip(lacking, nearest, strict=True)]
        found[f"unmeant {name}"] = float(sum(costs)) / total
        found[f"worst unmeant {name}"] = max(costs, default=0.0)
    return found


def _target(
    question: Question, sentence: str, held: dict[str, np.ndarray], similarity: Similarity | None
) -> dict[str, float]:
    """How well the sentence holds the words next to the question word: what is asked of the subject."""
    asking = _ASKED.search(question.folded)
    start, end = asking.span() if asking else (len(question.folded), len(question.folded))
    indexes = [i for i, word in enumerate(question.words) if len(word.text) > 1 and not word.is_type]
    after = [i for i in indexes if question.words[i].start >= end][:1]
    before = [i for i in indexes if question.words[i].start < start][-1:]
    span = find_short(question, sentence)
    found: dict[str, float] = {"span": float(span is not None)}
    there = long_words(sentence)
    for name, chosen in (("after", after), ("before", before)):
        found[f"target {name}"] = float(bool(chosen))
        for place in ("local", "around"):
            found[f"target {name} {place}"] = float(held[place][chosen[0]]) if chosen else 0.5
        distance, meant = 0.5, 0.5
        if chosen:
            text = question.words[chosen[0]].text
            places = _places(text, sentence)
            if span:
                gaps = [min(abs(place - span[1]), abs(span[0] - place - len(text))) for place in places]
                distance = min([*gaps, FAR]) / FAR
            if similarity is not None and there:
                meant = 1.0 if places else float(similarity([text], there).max())
        found[f"target {name} apart"], found[f"target {name} meant"] = distance, meant
    return found


def _figures(question: Question, sentence: str, scope: str, around: str) -> dict[str, float]:
    """Whether the asked measure word and the question's own figures are there, or others of their unit."""
    unit = question.unit
    counted = re.compile(rf"[\d一二两三四五六七八九十百千万亿余多]\s?{re.escape(unit)}")
    return {
        "unit in sentence": float(counted.search(sentence) is not None) if unit else 0.5,
        "unit around": float(counted.search(around) is not None) if unit else 0.5,
        "other figure in sentence": float(other_figure(question, sentence) is not None),
        "other figure in scope": float(other_figure(question, scope) is not None),
        "other figure around": float(other_figure(question, around) is not None),
    }


def _other_names(question: Question, sentence: str) -> dict[str, float]:
    """Names of the question that the sentence lacks while it holds others of their sort."""
    asked = {(word, tag) for word, tag in tagged(question.folded) if tag in NAME_TAGS and len(word) > 1}
    there = {(word, tag) for word, tag in tagged(sentence) if tag in NAME_TAGS and len(word) > 1}
    lacking = {(word, tag) for word, tag in asked if word not in sentence}
    clash = {
        (word, tag)
        for word, tag in lacking
        if any(tag == other_tag and other not in question.folded for other, other_tag in there)
    }
    return {"names lacking": float(len(lacking)), "names replaced": float(len(clash))}


def _subjects(question: Question, near: Evidence) -> dict[str, float]:
    """Whether the sentence is about what the question is about."""
    asked = question.subject
    own = subject(near.sentence[:40])
    return {
        "has subject": float(bool(asked)),
        "named subject": float(bool(asked) and is_named(asked)),
        "subject in sentence": float(bool(asked) and asked in near.sentence),
        "subject in scope": float(bool(asked) and asked in near.scope),
        "subject around": float(bool(asked) and asked in near.around),
        "subject in opening": float(bool(asked) and asked in near.opening),
        "other subject": float(bool(own) and is_named(own) and own not in question.folded and asked not in own),
        "sibling in sentence": float(sibling(question, near.sentence) is not None),
        "sibling in scope": float(sibling(question, near.scope) is not None),
        "sibling around": float(sibling(question, near.around) is not None),
    }


def _closeness(question: Question, sentence: str) -> dict[str, float]:
    """How much of the question stands in the sentence in one piece."""
    asked = question.folded
    longest = 0
    for start in range(len(asked)):
        while start + longest < len(asked) and asked[start : start + longest + 1] in sentence:
            longest += 1
    places = [sentence.find(word.text) for word in question.words if len(word.text) > 1]
    there = [place for place in places if place >= 0]
    pairs = set(pairwise(sentence))
    mine = [pair for pair in pairwise(asked) if pair[0].isalnum() and pair[1].isalnum()]
    return {
        "longest piece": longest / (len(asked) or 1),
        "spread": (max(there) - min(there)) / 100 if there else 1.0,
        "pairs": sum(pair in pairs for pair in mine) / (len(mine) or 1),
    }


def _links(question: Question, sentence: str, around: str) -> dict[str, float]:
    """How far apart words lie in the text that stand side by side in the question, in shares of FAR."""
    found = {}
    for name, text in (("sentence", sentence), ("passage", around)):
        gaps, shares = [], []
        kept = [word for word in question.words if len(word.text) > 1 and not word.is_type]
        places = {word.text: _places(word.text, text) for word in kept}
        for left, right in pairwise(kept):
            here, there = places[left.text], places[right.text]
            gap = min((abs(a - b) for a in here for b in there), default=FAR)
            gaps.append(min(gap, FAR) / FAR)
            shares.append(min(left.weight, right.weight))
        total = sum(shares)
        found[f"apart in {name}"] = sum(g * w for g, w in zip(gaps, shares, strict=True)) / total if total else 0.5
        found[f"widest in {name}"] = max(gaps, default=0.5)
    return found


def _places(word: str, text: str) -> list[int]:
    """Where a word stands in a text, from left to right, without overlaps."""
    places = []
    place = text.find(word)
    while place >= 0:
        places.append(place)
        place = text.find(word, place + len(word))
    return places
