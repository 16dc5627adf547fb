"""What speaks against the best sentence whatever else it holds: a name that is nowhere, no figure at all, another row.

`rag.refuse` says these things to a reader who gets no answer; whether there is one they only help to tell, as numbers
beside the others of `rag.evidence`: each of them refuses right answers too. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rag.absent import is_sure_name, is_thing, missing_things, untold_attribute, written
from rag.asked import find_asked
from rag.coverage import HELD, Similarity, word_coverage
from rag.instead import Pair, other_days, other_name, other_number, other_ordinal, other_side
from rag.language import language_of
from rag.question import Kind, Question, Word, is_named, is_place
from rag.row import other_row
from rag.spans import kind_fit
from rag.typed import find_typed
from vectorstore.tokens import fold

if TYPE_CHECKING:
    from rag.score import Scored

# A noun this rare (nats) is named as missing before others.
RARE = 5.5
# A short name of an organisation: a noun and what it is.
_SHORT_NAME = re.compile(r"[\u4e00-\u9fff]{2}[院所局社校]")
# What is asked for stands so near the question word: 董事长是谁.
_NEXT_TO = 3
_COUNTS = "个家名位所座项种款户"
_COUNT = re.compile(rf"\d[\d,.万千百余多]*[{_COUNTS}人]")
_SHARE = re.compile(r"率|占比|比例|比重|股份|股权|[占持]股")


class Found:
    """What was found for a question, as doubts look at it.

    Attributes:
        sentence: the best sentence.
        covered: the share of each word of the question in it and its surroundings, shape (W,).
        passages: the passages of the candidates, each once.
        texts: the passages and the openings of their documents.
    """

    def __init__(self, question: Question, scored: Sequence[Scored], similarity: Similarity | None = None) -> None:
        self.question, self.scored, self.similarity = question, scored, similarity
        self.sentence = scored[0].candidate.evidence.sentence
        self.covered = scored[0].covered
        self.passages = list(dict.fromkeys(item.candidate.evidence.around for item in scored))
        self.texts = [*self.passages, *dict.fromkeys(item.candidate.evidence.opening for item in scored)]

    @cached_property
    def anywhere(self) -> np.ndarray:
        """The most of each word of the question that any passage holds, shape (W,)."""
        return np.maximum.reduce([self.covered, *(word_coverage(self.question, text) for text in self.passages)])

    def lacks(self, wanted: Callable[[Word], bool]) -> list[str]:
        """The wanted things of the question that nothing found names."""
        return missing_things(self.question, self.anywhere, self.texts, wanted)


def describe_doubts(question: Question, scored: Sequence[Scored]) -> dict[str, float]:
    """Every doubt, by name: 1.0 where there is it, or how often.

    Args:
        question: analysed question with W > 0 words.
        scored: candidate sentences, the one to be quoted first; at least one.
    """
    found = Found(question, scored)
    sentence, passages = found.sentence, found.passages
    return {
        "doubt names": float(len(lacking_names(found))),
        "doubt posts": float(len(lacking_posts(found))),
        "doubt places": float(len(lacking_places(found))),
        "doubt things": float(len(lacking_things(found))),
        "doubt subject": float(bool(absent_subject(found))),
        "doubt name replaced": float(replaced(found) is not None),
        "doubt number replaced": float(other_number(question, sentence, passages) is not None),
        "doubt ordinal replaced": float(other_ordinal(question, sentence, passages) is not None),
        "doubt day replaced": float(other_days(question, sentence, passages) is not None),
        "doubt side replaced": float(other_side(question, sentence, passages) is not None),
        "doubt row replaced": float(other_row(question, sentence) is not None),
        "doubt figure": float(has_no_figure(question, sentence)),
        "doubt reason": float(has_no_reason(question, sentence)),
        "doubt attribute": float(bool(untold_attribute(question, of_best_document(scored)))),
        "doubt apart": float(apart(found) is not None),
    }


def lacking_names(found: Found) -> list[str]:
    """Names asked about that nothing found has, and that a Chinese text can't have otherwise."""
    return found.lacks(lambda word: is_sure_name(found.question, word))


def lacking_posts(found: Found) -> list[str]:
    """Posts asked about that nothing found has."""
    return found.lacks(lambda word: word.is_role)


def lacking_places(found: Found) -> list[str]:
    """Places asked about that nothing found names."""
    return found.lacks(lambda word: is_sure_name(found.question, word) and is_place(word.text))


def lacking_things(found: Found) -> list[str]:
    """Names and rare nouns asked about that nothing found has, by whatever word where likeness is told."""
    return missing_things(
        found.question,
        found.anywhere,
        found.texts,
        lambda word: word.is_name or word.weight >= RARE,
        found.similarity,
    )


def replaced(found: Found) -> Pair | None:
    """Whether the best sentence is about another of the kind: 皮克敏4 where 皮克敏3 is asked for."""
    return other_name(found.question, found.sentence, found.passages)


def has_no_figure(question: Question, sentence: str) -> bool:
    """Whether a number is asked for and a sentence has none of its kind, nor what may pass for it: 17个 for 多少家."""
    if question.kind is not Kind.NUMBER or kind_fit(question, sentence) >= 0:
        return False
    is_share = _SHARE.search(question.folded) and "%" in sentence
    return not (is_share or (question.unit in _COUNTS and _COUNT.search(sentence)))


def has_no_reason(question: Question, sentence: str) -> bool:
    """Whether a reason is asked for and nothing in a sentence is marked as one."""
    return question.kind is Kind.REASON and not find_typed(question, find_asked(question.folded), sentence)


def absent_subject(found: Found) -> str:
    """What the question is about where no word of it is there and it is a name or rare, "" otherwise."""
    question = found.question
    start = question.folded.find(question.subject) if question.subject else -1
    end = start + len(question.subject)
    inside = [i for i, word in enumerate(question.words) if start <= word.start < end]
    is_nameable = len(inside) > 1 or any(is_thing(question, question.words[i]) for i in inside)
    is_telling = is_named(question.subject) or all(question.words[i].weight >= RARE for i in inside)
    # Foxconn is 富士康 in a Chinese text
    is_foreign = question.subject.isascii() and language_of(question.text) == "zh"
    if start < 0 or not inside or is_foreign or not (is_telling and is_nameable):
        return ""
    if _SHORT_NAME.fullmatch(question.subject):  # 量子院 is one name, though its words are 量子 and 院
        is_there = any(question.subject in text for text in found.texts)
    else:
        is_there = any(found.anywhere[i] >= HELD for i in inside)
    return "" if is_there else question.text[start:end]


def of_best_document(scored: Sequence[Scored]) -> list[str]:
    """The sentences of the document that the best one stands in."""
    document = scored[0].candidate.hit.passage.document_id
    return [item.candidate.folded for item in scored if item.candidate.hit.passage.document_id == document]


def apart(found: Found) -> tuple[str, str] | None:
    """The named subject and the thing asked of it, where the documents have both but no sentence in its scope does."""
    question = found.question
    start = question.folded.find(question.subject) if is_named(question.subject) else -1
    asked = find_asked(question.folded)
    inside, gaps = [], {}
    for i, word in enumerate(question.words):
        end = word.start + len(word.text)
        if start >= 0 and start <= word.start and end <= start + len(question.subject):
            inside.append(i)
        elif is_thing(question, word):
            gaps[i] = max(asked.start - end, word.start - asked.end, 0)
    target = min(gaps, key=lambda i: (gaps[i], i), default=-1)
    if not inside or target < 0 or gaps[target] > _NEXT_TO:
        return None
    thing = written(question, question.words[target])
    if not all(any(fold(one) in text for text in found.passages) for one in (question.subject, thing)):
        return None
    for item in found.scored:
        held = word_coverage(question, item.candidate.evidence.scope) >= HELD
        if held[target] and held[inside].any():
            return None
    return question.text[start : start + len(question.subject)], thing
