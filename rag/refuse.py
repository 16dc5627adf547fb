"""Does the evidence hold what the question asks for? If not, what is missing, in the question's language. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from rag.coverage import focus_weights, weights
from rag.language import language_of
from rag.question import Kind, Question, is_named
from rag.spans import kind_fit

# Thresholds chosen on the dev split of eval/questions/seeds.jsonl.
# Least share of the question's weight that the evidence has to cover.
LEAST_COVERAGE = 0.62
# The same without the subject: what is asked of it.
LEAST_FOCUS = 0.5
# Least share that the answering sentence itself has to hold.
LEAST_LOCAL = 0.2
# Every name and every noun this rare (nats) has to be there, the noun also by a near synonym.
RARE = 5.5
# Inside the name of what is asked about, plainer words tell too: 半导体研究所 is not 物理研究所.
RARE_IN_NAME = 3.0
HELD = 0.55

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


def check(question: Question, evidence: Evidence, local: np.ndarray, covered: np.ndarray) -> str:
    """Why the evidence doesn't answer the question; "" when it does.

    Args:
        question: analysed question with W words.
        evidence: the best sentence and its surroundings.
        local: share of each word in the sentence, shape (W,), in [0, 1].
        covered: the same with its surroundings.
    """
    if reason := _missing_year(question, evidence):
        return reason
    if lacking := _missing_words(question, covered):
        names = "、".join(f"“{word}”" for word in lacking)
        english = ", ".join(f"“{word}”" for word in lacking)
        return say(question, f"文中没有提到{names}。", f"The documents don't mention {english}.")
    share = weights(question)
    focus = float(focus_weights(question) @ covered)
    if float(share @ covered) < LEAST_COVERAGE or focus < LEAST_FOCUS or float(share @ local) < LEAST_LOCAL:
        return say(
            question, "文中只有相近的内容，没有直接的答案。", "The documents come near this but don't answer it."
        )
    if question.kind in _KIND_MISSING and kind_fit(question, evidence.sentence) < 0:
        return say(question, *_KIND_MISSING[question.kind])
    if post := _other_post(question, evidence):
        return say(question, f"文中提到的是“{post}”，不是所问的职务。", f"The documents name “{post}”, another post.")
    return ""


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


def _missing_words(question: Question, covered: np.ndarray) -> list[str]:
    """Names and rare words of the question that the evidence does not hold; neighbouring ones joined."""
    lacking: list[str] = []
    last_end = -1
    name_start = question.folded.find(question.subject) if is_named(question.subject) else -1
    name_end = name_start + len(question.subject) if name_start >= 0 else -1
    for word, share in zip(question.words, covered, strict=True):
        threshold = RARE_IN_NAME if name_start <= word.start < name_end else RARE
        telling = word.is_name or word.is_role or (word.is_noun and word.weight >= threshold)
        if share >= HELD or not telling or len(word.text) == 1:
            continue
        text = question.text[word.start : word.start + len(word.text)]
        if lacking and word.start == last_end:
            lacking[-1] += text
        else:
            lacking.append(text)
        last_end = word.start + len(word.text)
    return lacking


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
