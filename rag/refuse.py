"""Does the evidence hold what the question asks for? If not, what is missing, in the question's language. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from rag.against import has_no_time, is_landmark, missing_years, opposite, other_post
from rag.asked import find_asked
from rag.attributes import asked_attributes
from rag.coverage import word_coverage
from rag.language import language_of
from rag.names import other_figure, sibling
from rag.question import Kind, Question, Word, is_named
from rag.spans import kind_fit
from rag.typed import find_typed

if TYPE_CHECKING:
    from rag.score import Scored

# Least probability that the evidence answers, and the least at which it is quoted without a caution. On questions about
# news that nothing was trained on, 0.3, 0.4, 0.45 and 0.5 refuse 57, 66, 69 and 74 % of those without an answer and
# 9, 13, 17 and 19 % of the others; about office documents 47, 60, 66 and 70 % and 4, 7, 11 and 18 %.
LEAST_LIKELY = 0.45
SURE_ENOUGH = 0.6
# What the probability is worth when the asked year or post is not there.
RULED_OUT = 0.05
# Below this a name, post or figure that is not there refuses (at 0.9 that cost two right answers for each near miss);
# below the next, a sentence about another model, number or place in the asked one's stead.
LEAST_DOUBTED = 0.6
LEAST_REPLACED = 0.75
# Other years that a refusal names.
MOST_YEARS = 4
# A word counts as there from this share of its characters on.
HELD = 0.55
# A noun this rare (nats) is named as missing before others.
RARE = 5.5

# Classes of attributes whose names say what is missing (文中没有给出价格).
_GIVEN = frozenset({"measure", "money", "person"})
_ASKING = re.compile(r"[多几哪什谁吗了的a-z]")
# A short name of an organisation: a noun and what it is.
_SHORT_NAME = re.compile(r"[\u4e00-\u9fff]{2}[院所局社校]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_REASON_MISSING = ("文中谈到了这件事，但没有说原因。", "The documents touch on this but give no reason.")
_KIND_MISSING = {
    Kind.NUMBER: ("文中谈到了这件事，但没有给出这个数字。", "The documents touch on this but give no such figure."),
    Kind.DATE: ("文中谈到了这件事，但没有说是什么时候。", "The documents touch on this but don't say when."),
    Kind.PERSON: ("文中谈到了这件事，但没有说是谁。", "The documents touch on this but don't say who."),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence and what surrounds it, folded.

    Attributes:
        scope: the sentence and those before it in the passage, back to the last that names a subject of its own.
        around: its passage with the end of the passage before.
        opening: title and first lines of its document.
    """

    sentence: str
    scope: str
    around: str
    opening: str


def say(question: Question, chinese: str, english: str) -> str:
    """The wording in the question's language."""
    return chinese if language_of(question.text) == "zh" else english


def empty(question: Question) -> str:
    """For a question without any word to look for."""
    return say(
        question,
        "问题里没有可以检索的内容，请说得具体一些。",
        "The question names nothing to look for; please be more specific.",
    )


def nothing(question: Question) -> str:
    """For a search without any result."""
    return say(question, "文档中没有找到相关的段落。", "Nothing related was found in the documents.")


def foreign(question: Question) -> str:
    """For a question in another language than the documents, which only a language model can bridge."""
    return say(
        question,
        "文档是另一种语言，内置回答不做翻译：请换用文档的语言提问，或设置 RAG_LLM 接上语言模型。",
        "The documents are in Chinese and the embedded answerer does not translate: "
        "ask in Chinese, or set RAG_LLM to a language model.",
    )


def hedge(question: Question, probability: float) -> str:
    """A caution for an answer that the evidence may not hold; "" where it is sure enough."""
    if probability >= SURE_ENOUGH:
        return ""
    return say(
        question,
        "没有十足把握：这是文中最接近的内容，请核对原文。",
        "Not certain: this is the nearest the documents come; please check the source.",
    )


def check(question: Question, scored: Sequence[Scored], probability: float) -> tuple[str, float]:
    """(why the evidence doesn't answer the question, or "" when it does; how likely it answers after all).

    What never spoke against a right answer on the questions of the folds overrules the model: a year that is nowhere
    near, a deputy's post, a mere landmark, no time at all where one is asked for.

    Args:
        question: analysed question with W words.
        scored: candidate sentences, the one to be quoted first; at least one.
        probability: that the evidence answers, in [0, 1].
    """
    evidence = scored[0].candidate.evidence
    reason = _missing_year(question, evidence)
    if post := other_post(question, evidence):
        reason = say(question, f"文中提到的是“{post}”，不是所问的职务。", f"The documents name “{post}”, another post.")
    elif is_landmark(question, evidence.sentence):
        name = question.subject
        reason = say(question, f"文中只用“{name}”说明位置，没有说它本身。", f"“{name}” is only named as a landmark.")
    elif not reason and has_no_time(question, evidence):
        reason = say(question, *_KIND_MISSING[Kind.DATE])
    if reason:
        return reason, min(probability, RULED_OUT)
    if probability >= LEAST_DOUBTED:
        return _replaced(question, scored) if probability < LEAST_REPLACED else "", probability
    anywhere = _covered_anywhere(question, scored)
    reason = _doubt(question, scored, anywhere)
    if not reason and probability < LEAST_LIKELY:
        reason = _what_is_missing(question, scored, anywhere)
    return reason, probability


def _passages(scored: Sequence[Scored]) -> list[str]:
    """The passages that the candidates come from, each once."""
    return list(dict.fromkeys(item.candidate.evidence.around for item in scored))


def _covered_anywhere(question: Question, scored: Sequence[Scored]) -> np.ndarray:
    """The most that any passage holds of each word of the question, shape (W,)."""
    return np.maximum.reduce([scored[0].covered, *(word_coverage(question, text) for text in _passages(scored))])


def _doubt(question: Question, scored: Sequence[Scored], anywhere: np.ndarray) -> str:
    """What speaks against the best sentence whatever else it holds: a name, post or figure that is not there."""
    for kind in (lambda word: word.is_name, lambda word: word.is_role):
        if lacking := _lacking(question, anywhere, kind):
            return _not_mentioned(question, lacking)
    if absent := _absent_subject(question, anywhere, _passages(scored)):
        return _not_mentioned(question, [absent])
    if reason := _replaced(question, scored):
        return reason
    if question.kind is Kind.NUMBER and kind_fit(question, scored[0].candidate.evidence.sentence) < 0:
        return say(question, *_KIND_MISSING[question.kind])
    return ""


def _replaced(question: Question, scored: Sequence[Scored]) -> str:
    """Whether the best sentence is about another of the kind: 皮克敏4 where 皮克敏3 is asked for."""
    other = sibling(question, scored[0].candidate.evidence.sentence)
    return _another(question, *other) if other else ""


def _absent_subject(question: Question, anywhere: np.ndarray, passages: Sequence[str]) -> str:
    """What the question is about where no word of it is there and it is a name or rare, "" otherwise."""
    start = question.folded.find(question.subject) if question.subject else -1
    end = start + len(question.subject)
    inside = [i for i, word in enumerate(question.words) if start <= word.start < end]
    is_telling = is_named(question.subject) or all(question.words[i].weight >= RARE for i in inside)
    if start < 0 or not inside or not is_telling:
        return ""
    if _SHORT_NAME.fullmatch(question.subject):  # 量子院 is one name, though its words are 量子 and 院
        is_there = any(question.subject in text for text in passages)
    else:
        is_there = any(anywhere[i] >= HELD for i in inside)
    return "" if is_there else question.text[start:end]


def _what_is_missing(question: Question, scored: Sequence[Scored], anywhere: np.ndarray) -> str:
    """The most telling true thing to say of evidence that comes near without answering."""
    best = scored[0]
    sentence = best.candidate.evidence.sentence
    if lacking := _lacking(question, best.covered, lambda word: word.is_role):
        post = lacking[0]
        return say(question, f"文中相关的段落没有提到“{post}”。", f"The passages in question don't mention “{post}”.")
    if other := sibling(question, "\n".join(_passages(scored))):
        return _another(question, *other)
    if lacking := _lacking(question, anywhere, lambda word: word.is_noun and word.weight >= RARE):
        return _not_mentioned(question, lacking)
    if untold := _untold(question, scored):
        return say(question, f"文中没有给出{untold}。", "The documents don't give what is asked of it.")
    if question.kind in _KIND_MISSING and kind_fit(question, sentence) < 0:
        return say(question, *_KIND_MISSING[question.kind])
    if figure := other_figure(question, sentence):
        return _another(question, *figure)
    if question.kind is Kind.REASON and not find_typed(question, find_asked(question.folded), sentence):
        return say(question, *_REASON_MISSING)
    if pair := opposite(question.folded, sentence):
        return _another(question, *pair)
    if lacking := _lacking(question, anywhere, lambda word: word.is_noun) or _lacking(
        question, anywhere, lambda _: True
    ):
        return _not_mentioned(question, lacking)
    if apart := _apart(question, scored):
        one, other_word = apart
        return say(
            question,
            f"文中没有把“{one}”和“{other_word}”放在一起说。",
            f"The documents don't speak of “{one}” and “{other_word}” together.",
        )
    return say(question, "文中只有相近的内容，没有直接的答案。", "The documents come near this but don't answer it.")


def _untold(question: Question, scored: Sequence[Scored]) -> str:
    """The attribute that is asked for and that no sentence of the document states, "" when there is none."""
    document = scored[0].candidate.hit.passage.document_id
    texts = [item.candidate.folded for item in scored if item.candidate.hit.passage.document_id == document]
    for attribute in asked_attributes(question.folded):
        if attribute.group in _GIVEN and not any(attribute.told.search(text) for text in texts):
            said = attribute.asked.search(question.folded)
            return said.group() if said and not _ASKING.search(said.group()) else attribute.name
    return ""


def _apart(question: Question, scored: Sequence[Scored]) -> tuple[str, str] | None:
    """The two heaviest words of the question that no sentence in its context holds together."""
    heaviest = sorted(
        (i for i, word in enumerate(question.words) if len(word.text) > 1 and not word.is_type),
        key=lambda i: (-question.words[i].weight, i),
    )[:3]
    held = [word_coverage(question, item.candidate.evidence.scope) >= HELD for item in scored]
    for one, other in combinations(heaviest, 2):
        if not any(row[one] and row[other] for row in held):
            first, second = sorted((question.words[one], question.words[other]), key=lambda word: word.start)
            return _written(question, first), _written(question, second)
    return None


def _another(question: Question, asked: str, there: str) -> str:
    """That the documents speak of something else of the same sort."""
    return say(question, f"文中说的是“{there}”，不是“{asked}”。", f"The documents speak of “{there}”, not “{asked}”.")


def _not_mentioned(question: Question, lacking: Sequence[str]) -> str:
    """That the documents don't have these words."""
    names = "、".join(f"“{word}”" for word in lacking)
    english = ", ".join(f"“{word}”" for word in lacking)
    return say(question, f"文中没有提到{names}。", f"The documents don't mention {english}.")


def _missing_year(question: Question, evidence: Evidence) -> str:
    """The reason when the question names a year that is nowhere around the sentence."""
    lacking = missing_years(question, evidence)
    if not lacking:
        return ""
    others = sorted(set(_YEAR.findall(evidence.around)))
    if len(others) > MOST_YEARS:
        others = sorted(set(_YEAR.findall(evidence.scope)))
    asked = "、".join(lacking)
    if not others:
        return say(question, f"文中没有{asked}年的相关说法。", f"The documents say nothing about {asked}.")
    return say(
        question,
        f"文中没有{asked}年的说法，只有{'、'.join(others)}年的。",
        f"The documents say nothing about {asked}, only about {', '.join(others)}.",
    )


def _lacking(question: Question, held: np.ndarray, wanted: Callable[[Word], bool]) -> list[str]:
    """The wanted words of the question that are not held; neighbouring ones joined."""
    lacking: list[str] = []
    last_end = -1
    for word, share in zip(question.words, held, strict=True):
        if share >= HELD or len(word.text) == 1 or word.is_type or not wanted(word):
            continue
        if lacking and word.start == last_end:
            lacking[-1] += _written(question, word)
        else:
            lacking.append(_written(question, word))
        last_end = word.start + len(word.text)
    return lacking


def _written(question: Question, word: Word) -> str:
    """A word as the question writes it."""
    return question.text[word.start : word.start + len(word.text)]
