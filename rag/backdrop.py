"""What the document and the search around a sentence say for and against it, in numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag.against import has_no_time, is_landmark, missing_years, other_post
from rag.attributes import asked_attributes, states_another
from rag.coverage import HELD, Similarity, focus_weights, weights, word_coverage
from rag.numbers import Quantity, quantities
from rag.question import Question, Word
from rag.vicinity import meant_coverage, predicate_weights

if TYPE_CHECKING:
    from rag.refuse import Evidence
    from rag.score import Scored

CLASSES = ("name", "number", "role", "noun", "other")
# Classes of attributes that get a number of their own.
_GROUPS = ("cause", "compare", "measure", "money", "person", "place", "launch", "result", "thing")


def word_class(word: Word) -> str:
    """What sort of word an answer may lack."""
    if word.text[0].isdigit():
        return "number"
    if word.is_role:
        return "role"
    if word.is_name:
        return "name"
    return "noun" if word.is_noun else "other"


def describe_backdrop(question: Question, scored: Sequence[Scored], similarity: Similarity | None) -> dict[str, float]:
    """What the best sentence's document holds of the question, how it was found, and what contradicts it, by name.

    Args:
        question: analysed question with W > 0 words.
        scored: every candidate, the one to be quoted first; at least one.
        similarity: cosines between two lists of words or sentences; None leaves paraphrases out.
    """
    best = scored[0]
    near = best.candidate.evidence
    document = best.candidate.hit.passage.document_id
    body = list(
        dict.fromkeys(
            item.candidate.evidence.around for item in scored if item.candidate.hit.passage.document_id == document
        )
    )
    whole = "\n".join([near.opening, *body])
    found = _words(question, "\n".join(body), whole, near, similarity)
    found |= _attributes(question, near, whole)
    found |= _quantities(question, near, whole)
    found |= _search(question, scored, document)
    found |= {
        "year missing": float(bool(missing_years(question, near))),
        "other post": float(bool(other_post(question, near))),
        "landmark": float(is_landmark(question, near.sentence)),
        "no time": float(has_no_time(question, near)),
    }
    highest = max(scored, key=lambda item: item.prior)
    found["covers most"] = float(highest.prior == best.prior)
    found["prior"], found["prior gap"] = best.prior, highest.prior - best.prior
    found["same document"] = float(highest.candidate.hit.passage.document_id == document)
    if similarity is not None:
        cosines = similarity([question.folded], [item.candidate.folded for item in scored])[0]
        found["cosine over others"] = float(cosines[0] - cosines.mean())
    else:
        found["cosine over others"] = 0.2
    return found


def _words(
    question: Question, body: str, whole: str, near: Evidence, similarity: Similarity | None
) -> dict[str, float]:
    """What the document holds of the question's words."""
    raw = np.array([word.weight for word in question.words])
    is_type = np.array([word.is_type for word in question.words])
    classes = np.array([word_class(word) for word in question.words])
    share, focus, predicate = weights(question), focus_weights(question), predicate_weights(question)
    found: dict[str, float] = {}
    for place, text in (("document", whole), ("body", body)):
        held = word_coverage(question, text)
        lacking = np.where(held < HELD, raw, 0.0) * ~is_type
        found[f"share {place}"], found[f"focus {place}"] = float(share @ held), float(focus @ held)
        found[f"predicate {place}"] = float(predicate @ held)
        found[f"heaviest lacking {place}"] = float(lacking.max())
        for name in CLASSES:
            found[f"{name} lacking {place}"] = float(lacking[classes == name].sum())
    for place, text in (("sentence", near.sentence), ("scope", near.scope), ("document", whole)):
        meant = meant_coverage(question, text, similarity)
        found[f"predicate meant {place}"] = float(predicate @ meant)
        found[f"heaviest unmeant {place}"] = float((raw * (1 - meant) * ~is_type).max())
        found[f"least meant {place}"] = float(np.where(is_type, 1.0, meant).min())
    return found


def _attributes(question: Question, near: Evidence, whole: str) -> dict[str, float]:
    """Whether what is asked of the subject is stated, by the table of attributes."""
    asked = asked_attributes(question.folded)
    found = {"attributes": float(len(asked))}
    for place, text in (
        ("sentence", near.sentence),
        ("scope", near.scope),
        ("around", near.around),
        ("document", whole),
    ):
        told = [attribute.told.search(text) is not None for attribute in asked]
        found[f"told {place}"] = sum(told) / len(told) if told else -1.0
        found[f"untold {place}"] = float(len(told) - sum(told))
    found["told another"] = float(
        any(not one.told.search(near.sentence) and states_another(one, near.sentence) for one in asked)
    )
    for group in _GROUPS:
        mine = [attribute for attribute in asked if attribute.group == group]
        found[f"told {group}"] = 0.0 if not mine else -1.0
        if mine and all(attribute.told.search(whole) for attribute in mine):
            found[f"told {group}"] = 1.0 if all(one.told.search(near.sentence) for one in mine) else -0.5
    return found


def _quantities(question: Question, near: Evidence, whole: str) -> dict[str, float]:
    """Whether the question's own figures are there, or others of their unit."""
    asked = quantities(question.folded)
    found = {"figures": float(len(asked))}
    for place, text in (("sentence", near.sentence), ("scope", near.scope), ("document", whole)):
        there = quantities(text) if asked else []
        lacking = [one for one in asked if not any(_may_agree(one, other) for other in there)]
        found[f"figures lacking {place}"] = float(len(lacking))
        found[f"figures other {place}"] = float(
            any(one.unit and one.unit == other.unit for one in lacking for other in there)
        )
    return found


def _may_agree(one: Quantity, other: Quantity) -> bool:
    """Whether two figures are equal and their units do not differ."""
    return one.value == other.value and (one.unit == other.unit or not (one.unit and other.unit))


def _search(question: Question, scored: Sequence[Scored], document: str) -> dict[str, float]:
    """How well the search found the best sentence's document, and how far ahead of the others."""
    hits = {item.candidate.hit.passage.id: item.candidate.hit for item in scored}.values()
    mine = [hit for hit in hits if hit.passage.document_id == document]
    others = [hit for hit in hits if hit.passage.document_id != document]
    keyword = max(hit.keyword for hit in hits)
    best_keyword = max(hit.keyword for hit in mine)
    return {
        "keyword": keyword,
        "keyword of weight": keyword / max(1.0, sum(word.weight for word in question.words)),
        "keyword ahead": (best_keyword - max((hit.keyword for hit in others), default=0.0)) / max(1.0, keyword),
        "dense": max(hit.dense for hit in hits),
        "dense of document": max(hit.dense for hit in mine),
        "score": max(hit.score for hit in hits),
        "score ahead": max(hit.score for hit in mine) - max((hit.score for hit in others), default=0.0),
        "passages": float(len(mine)),
    }
