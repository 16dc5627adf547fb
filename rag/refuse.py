"""Does the evidence hold what the question asks for? If not, what is missing, in the question's language. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from rag.coverage import word_coverage
from rag.language import language_of
from rag.names import other_figure, sibling
from rag.question import Kind, Question, Word, is_named
from rag.spans import kind_fit

if TYPE_CHECKING:
    from rag.score import Scored

# Least probability that the evidence answers, and the same where a rule speaks against it. Chosen on the questions
# about the news and the dev split about the seed documents, each judged by a model that had not seen it: the
# highest of a grid of 0.05 at which no more than 6 % of the answerable ones are refused.
LEAST_LIKELY = 0.35
LEAST_DOUBTED = 0.9
# Where a weaker rule does: a part of its name, or any date, is not there.
LEAST_HINTED = 0.6
# What the probability is worth when the asked year or post is not there.
RULED_OUT = 0.05
# A word counts as there from this share of its characters on.
HELD = 0.55
# A noun this rare (nats) is named as missing before others; inside the name of what is asked about, plainer ones too.
RARE = 5.5
RARE_IN_NAME = 3.0

_ANY_TIME = re.compile(r"[\d年月日时代朝纪期前后]")
_ASKS_WHERE = re.compile(r"哪里|哪儿|在哪|何处|远|距|方向|附近|位置|where|far")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_KIND_MISSING = {
    Kind.NUMBER: ("文中谈到了这件事，但没有给出这个数字。", "The documents touch on this but give no such figure."),
    Kind.DATE: ("文中谈到了这件事，但没有说是什么时候。", "The documents touch on this but don't say when."),
    Kind.PERSON: ("文中谈到了这件事，但没有说是谁。", "The documents touch on this but don't say who."),
}
_DEPUTY_AFTER = re.compile(r"助理|秘书|特助|办公室|代表|提名|候选|负责制")
_DEPUTY_BEFORE = ("副", "原", "前", "代")


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


def check(question: Question, scored: Sequence[Scored], probability: float) -> tuple[str, float]:
    """(why the evidence doesn't answer the question, or "" when it does; how likely it answers after all).

    Args:
        question: analysed question with W words.
        scored: candidate sentences, the one to be quoted first; at least one.
        probability: that the evidence answers, in [0, 1].
    """
    best = scored[0]
    evidence = best.candidate.evidence
    if reason := _missing_year(question, evidence):
        return reason, min(probability, RULED_OUT)
    if post := _other_post(question, evidence):
        reason = say(question, f"文中提到的是“{post}”，不是所问的职务。", f"The documents name “{post}”, another post.")
        return reason, min(probability, RULED_OUT)
    if _is_landmark(question, evidence.sentence):
        name = question.subject
        reason = say(question, f"文中只用“{name}”说明位置，没有说它本身。", f"“{name}” is only named as a landmark.")
        return reason, min(probability, RULED_OUT)
    if question.kind is Kind.DATE and not _ANY_TIME.search(evidence.scope):
        return say(question, *_KIND_MISSING[Kind.DATE]), min(probability, RULED_OUT)
    if probability >= LEAST_DOUBTED:
        return "", probability
    anywhere = np.maximum.reduce([word_coverage(question, text) for text in _passages(scored)])
    anywhere = np.maximum(anywhere, best.covered)
    reason = _doubt(question, best, anywhere, "\n".join(_passages(scored)))
    if not reason and probability < LEAST_HINTED:
        reason = _hint(question, best, anywhere)
    if not reason and probability < LEAST_LIKELY:
        reason = _what_is_missing(question, scored, anywhere)
    return reason, probability


def _passages(scored: Sequence[Scored]) -> list[str]:
    """The passages that the candidates come from, each once."""
    return list(dict.fromkeys(item.candidate.evidence.around for item in scored))


def _doubt(question: Question, best: Scored, anywhere: np.ndarray, passages: str) -> str:
    """What speaks against the best sentence whatever else it holds: a name, post or figure that is not there."""
    if lacking := _lacking(question, anywhere, lambda word: word.is_name):
        return _not_mentioned(question, lacking)
    if lacking := _lacking(question, anywhere, lambda word: word.is_role):
        return _not_mentioned(question, lacking)
    if lacking := _lacking(question, best.covered, lambda word: word.is_role):
        post = lacking[0]
        return say(question, f"文中相关的段落没有提到“{post}”。", f"The passages in question don't mention “{post}”.")
    sentence = best.candidate.evidence.sentence
    if other := sibling(question, sentence) or sibling(question, passages):
        return _another(question, *other)
    if question.kind is Kind.NUMBER and kind_fit(question, sentence) < 0:
        return say(question, *_KIND_MISSING[question.kind])
    return ""


def _hint(question: Question, best: Scored, anywhere: np.ndarray) -> str:
    """What speaks against the best sentence unless much speaks for it."""
    start = question.folded.find(question.subject) if is_named(question.subject) else -1
    end = start + len(question.subject) if start >= 0 else -1
    if lacking := _lacking(
        question, anywhere, lambda word: word.is_noun and start <= word.start < end and word.weight >= RARE_IN_NAME
    ):
        return _not_mentioned(question, lacking)
    if question.kind is Kind.DATE and kind_fit(question, best.candidate.evidence.sentence) < 0:
        return say(question, *_KIND_MISSING[Kind.DATE])
    return ""


def _is_landmark(question: Question, sentence: str) -> bool:
    """Whether a sentence names the subject only to say where something else is: 在中关村科学城的东北方向."""
    name = question.subject
    if not is_named(name) or _ASKS_WHERE.search(question.folded):
        return False
    as_landmark = re.findall(
        rf"(?:在|距离?|离){re.escape(name)}(?:的?[东西南北]|附近|旁|对面|不足|不到|约|\d)", sentence
    )
    return 0 < sentence.count(name) == len(as_landmark)


def _what_is_missing(question: Question, scored: Sequence[Scored], anywhere: np.ndarray) -> str:
    """The most telling true thing to say of evidence that comes near without answering."""
    best = scored[0]
    sentence = best.candidate.evidence.sentence

    def is_telling(word: Word) -> bool:
        return word.is_name or word.is_role or (word.is_noun and word.weight >= RARE)

    if lacking := _lacking(question, anywhere, is_telling) or _lacking(question, anywhere, lambda word: word.is_noun):
        return _not_mentioned(question, lacking)
    if question.kind in _KIND_MISSING and kind_fit(question, sentence) < 0:
        return say(question, *_KIND_MISSING[question.kind])
    if figure := other_figure(question, sentence):
        return _another(question, *figure)
    if lacking := _lacking(question, anywhere, lambda _: True):
        return _not_mentioned(question, lacking)
    if apart := _apart(question, scored):
        one, other = apart
        return say(
            question,
            f"文中没有把“{one}”和“{other}”放在一起说。",
            f"The documents don't speak of “{one}” and “{other}” together.",
        )
    return say(question, "文中只有相近的内容，没有直接的答案。", "The documents come near this but don't answer it.")


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
    here = evidence.scope + evidence.around + evidence.opening
    lacking = [year for year in question.years if year not in here]
    if not lacking:
        return ""
    others = sorted(set(_YEAR.findall(evidence.scope)) or set(_YEAR.findall(evidence.around)))
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


def _other_post(question: Question, evidence: Evidence) -> str:
    """The post named in the sentence when it is a deputy or assistant of the one asked for (院长助理 for 院长)."""
    if question.kind is not Kind.PERSON:
        return ""
    for word in question.words:
        if not word.text.endswith(("长", "任", "记", "裁", "理", "席", "人")) or len(word.text) < 2:
            continue
        after_asked = question.folded[word.start + len(word.text) :]
        before_asked = question.folded[: word.start]
        others = []
        for found in re.finditer(re.escape(word.text), evidence.sentence):
            before, after = evidence.sentence[: found.start()], evidence.sentence[found.end() :]
            deputy = _DEPUTY_AFTER.match(after)
            if deputy and not after_asked.startswith(deputy.group()):
                others.append(found.group() + deputy.group())
            elif before.endswith(_DEPUTY_BEFORE) and not before_asked.endswith(_DEPUTY_BEFORE):
                others.append(before[-1] + found.group())
            else:
                break
        else:
            if others:
                return others[0]
    return ""
