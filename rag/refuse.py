"""Does the evidence hold what the question asks for? If not, what is missing, in the question's language. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag.absent import missing_things, untold_attribute
from rag.against import (
    absent_post,
    has_no_time,
    is_asked_for,
    is_comparison,
    is_landmark,
    missing_years,
    other_post,
)
from rag.coverage import HELD, Similarity
from rag.doubts import (
    Found,
    absent_subject,
    apart,
    has_no_figure,
    has_no_reason,
    lacking_names,
    lacking_posts,
    lacking_things,
    of_best_document,
    replaced,
)
from rag.instead import other_days, other_name, other_number, other_ordinal, other_side
from rag.language import language_of
from rag.measures import lacks_measure
from rag.question import Kind, Question
from rag.row import other_row
from rag.spans import kind_fit

if TYPE_CHECKING:
    from rag.score import Scored

# Least probability that the evidence answers, and the least at which it is quoted without a caution. Of 1,604 questions
# that nothing was trained on, about news, office documents and the seeds, 0.28, 0.32, 0.36, 0.4, 0.44 and 0.5 answer
# 88, 88, 87, 86, 85 and 83 % of those with an answer right, cited and short, refuse 4, 5, 5, 7, 8 and 11 % of them, and
# 74, 76, 79, 81, 83 and 85 % of the others. Of 2,168 harder ones about 370 other news: 85, 84, 83, 82, 80 and 79 %, 5,
# 6, 8, 9, 11 and 12 %, 70, 73, 75, 77, 79 and 83 %. Chosen in the middle: by how far all three are from 90, 5 and 85 %
# there is no more than chance between 0.32 and 0.44.
LEAST_LIKELY = 0.36
SURE_ENOUGH = 0.55
# Below this a sentence about another model, place or organisation in the asked one's stead refuses, and where a name, a
# post or any figure is lacking it is quoted with a caution, as if it were no likelier than DOUBTED.
LEAST_DOUBTED = 0.85
DOUBTED = 0.5
# What the probability is worth when the asked year or post is not there.
RULED_OUT = 0.05
# Other years that a refusal names.
MOST_YEARS = 4
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?=\s?年|财年|[-/.—–~至到]\s?\d)")
# 安卓12 is no place 12 km away.
_FAR = re.compile(r"\s*\d[\d,.]*\s*(?:余|多)?(?:公里|千米|米|里|站|分钟|小时|km|m\b)")
REASON_MISSING = ("文中谈到了这件事，但没有说原因。", "The documents touch on this but give no reason.")
KIND_MISSING = {
    Kind.NUMBER: ("文中谈到了这件事，但没有给出这个数字。", "The documents touch on this but give no such figure."),
    Kind.DATE: ("文中谈到了这件事，但没有说是什么时候。", "The documents touch on this but don't say when."),
    Kind.PERSON: ("文中谈到了这件事，但没有说是谁。", "The documents touch on this but don't say who."),
}
NEAR = ("文中只有相近的内容，没有直接的答案。", "The documents come near this but don't answer it.")
_NAME_MISSING = ("文中谈到了这件事，但没有说叫什么名字。", "The documents touch on this but give no name.")
# 交通怎么样 asks for anything that is said of the traffic, so that the traffic has to be named.
_ASKS_STATE = re.compile(r"(?:怎么?样|如何)\W*$")
_CALLED = re.compile(r"叫什么|什么名|名字")
_WHO = re.compile(r"谁|哪一?位|人|\bwho\b")


class Worded(Protocol):
    """A question of any kind: what is said to a reader is said in the language of its words."""

    @property
    def text(self) -> str:
        """As asked."""


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


def say(question: Worded, chinese: str, english: str) -> str:
    """The wording in the question's language."""
    return chinese if language_of(question.text) == "zh" else english


def empty(question: Worded) -> str:
    """For a question without any word to look for."""
    return say(
        question,
        "问题里没有可以检索的内容，请说得具体一些。",
        "The question names nothing to look for; please be more specific.",
    )


def nothing(question: Worded) -> str:
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


def hedge(question: Worded, probability: float, sure_enough: float = SURE_ENOUGH) -> str:
    """A caution for an answer that the evidence may not hold; "" where it is sure enough."""
    if probability >= sure_enough:
        return ""
    return say(
        question,
        "没有十足把握：这是文中最接近的内容，请核对原文。",
        "Not certain: this is the nearest the documents come; please check the source.",
    )


def check(
    question: Question, scored: Sequence[Scored], probability: float, similarity: Similarity | None = None
) -> tuple[str, float]:
    """(why the evidence doesn't answer the question, or "" when it does; how likely it answers after all).

    What never spoke against a right answer on the questions of the folds, or hardly ever, overrules the model: a year
    that is nowhere near where others are, a deputy's post or none of the kind, a mere landmark or comparison, no time
    or no money at all where it is asked for, another ordinal or code than the one asked about, none of its words.

    Args:
        question: analysed question with W words.
        scored: candidate sentences, the one to be quoted first; at least one.
        probability: that the evidence answers, in [0, 1].
        similarity: cosines between two lists of words, so that nothing is called missing that is said otherwise.
    """
    evidence = scored[0].candidate.evidence
    reason = _missing_year(question, evidence) if _years_around(evidence) else ""
    if post := _deputy(question, evidence):
        reason = say(question, f"文中提到的是“{post}”，不是所问的职务。", f"The documents name “{post}”, another post.")
    elif absent := absent_post(question, evidence):
        reason = _unnamed_post(question, absent)
    elif _is_landmark(question, evidence.sentence):
        name = question.subject
        reason = say(question, f"文中只用“{name}”说明位置，没有说它本身。", f"“{name}” is only named as a landmark.")
    elif is_comparison(question, evidence.sentence):
        name = question.subject
        reason = say(question, f"文中只拿“{name}”作比较，没有说它本身。", f"“{name}” is only named for comparison.")
    elif not reason and has_no_time(question, evidence):
        reason = say(question, *KIND_MISSING[Kind.DATE])
    elif not reason and lacks_measure(question.folded, evidence.sentence):
        reason = say(question, *KIND_MISSING[Kind.DATE if question.kind is Kind.DATE else Kind.NUMBER])
    found = Found(question, scored, similarity)
    if not reason and (scored[0].covered < HELD).all() and (found.anywhere < HELD).all():
        reason = _what_is_missing(found)  # 清蒸鱼怎么做, asked of a text on something else
    if reason:
        return reason, min(probability, RULED_OUT)
    if other := other_number(question, found.sentence, found.passages) or other_row(question, found.sentence):
        return _another(question, *other), min(probability, RULED_OUT)
    if probability >= LEAST_DOUBTED:
        return "", min(probability, DOUBTED) if _unnamed_matter(found) else probability
    if other := replaced(found):
        return _another(question, *other), probability
    doubt = _doubt(found)
    if probability >= LEAST_LIKELY:
        return "", min(probability, DOUBTED) if doubt else probability
    return doubt or _what_is_missing(found), probability


def _deputy(question: Question, evidence: Evidence) -> str:
    """The deputy's post that the sentence names where the post itself is asked for."""
    post = other_post(question, evidence)
    return post if any(word.text in post and is_asked_for(question, word) for word in question.words) else ""


def _is_landmark(question: Question, sentence: str) -> bool:
    """Whether a sentence names the subject only to say where something else is."""
    if not is_landmark(question, sentence):
        return False
    rest = sentence[sentence.index(question.subject) + len(question.subject) :]
    return not re.match(r"\s*\d", rest) or bool(_FAR.match(rest))


def _doubt(found: Found) -> str:
    """What speaks against the best sentence whatever else it holds: a year, name or post that is not there."""
    question = found.question
    if reason := _missing_year(question, found.scored[0].candidate.evidence):
        return reason
    if lacking := lacking_names(found) or lacking_posts(found):
        return not_mentioned(question, lacking)
    if absent := absent_subject(found):
        return not_mentioned(question, [absent])
    if has_no_figure(question, found.sentence):
        return say(question, *KIND_MISSING[question.kind])
    if lacking := _unnamed_matter(found):
        return not_mentioned(question, lacking)
    return ""


def _unnamed_matter(found: Found) -> list[str]:
    """Of which a question asks how it is (交通怎么样), where nothing found names it: few such teach the model."""
    if not _ASKS_STATE.search(found.question.folded):
        return []
    return found.lacks(lambda word: word.is_noun)


def _what_is_missing(found: Found) -> str:
    """The most telling true thing to say of evidence that comes near without answering."""
    question, sentence, texts = found.question, found.sentence, found.texts
    if lacking := missing_things(question, found.covered, [sentence], lambda word: word.is_role):
        return _unnamed_post(question, lacking[0])
    if other := other_name(question, "\n".join(found.passages), found.passages):
        return _another(question, *other)
    if lacking := lacking_things(found):
        return not_mentioned(question, lacking)
    if untold := untold_attribute(question, of_best_document(found.scored)):
        return say(question, f"文中没有给出{untold}。", "The documents don't give what is asked of it.")
    if question.kind in KIND_MISSING and kind_fit(question, sentence) < 0:
        is_name = question.kind is Kind.PERSON and _CALLED.search(question.folded) and not _WHO.search(question.folded)
        return say(question, *(_NAME_MISSING if is_name else KIND_MISSING[question.kind]))
    if days := other_days(question, sentence, found.passages):
        asked, others = days
        return say(
            question,
            f"文中没有{asked}的说法，只有{'、'.join(others)}的。",
            f"The documents say nothing about {asked}, only about {', '.join(others)}.",
        )
    if figure := other_ordinal(question, sentence, found.passages):
        return _another(question, *figure)
    if has_no_reason(question, sentence):
        return say(question, *REASON_MISSING)
    if pair := other_side(question, sentence, found.passages):
        return _another(question, *pair)
    if lacking := missing_things(question, found.anywhere, texts, lambda _: True, found.similarity):
        return not_mentioned(question, lacking)
    if pair := apart(found):
        one, other_thing = pair
        return say(
            question,
            f"文中没有一处同时谈到“{one}”和“{other_thing}”。",
            f"No passage speaks of both “{one}” and “{other_thing}”.",
        )
    return say(question, *NEAR)


def _another(question: Question, asked: str, there: str) -> str:
    """That the documents speak of something else of the same sort."""
    return say(question, f"文中说的是“{there}”，不是“{asked}”。", f"The documents speak of “{there}”, not “{asked}”.")


def not_mentioned(question: Worded, lacking: Sequence[str]) -> str:
    """That the documents don't have these words."""
    names = "、".join(f"“{word}”" for word in lacking)
    english = ", ".join(f"“{word}”" for word in lacking)
    return say(question, f"文中没有提到{names}。", f"The documents don't mention {english}.")


def _unnamed_post(question: Question, post: str) -> str:
    """That the passages in question don't have this post, whatever others have."""
    return say(question, f"文中相关的段落没有提到“{post}”。", f"The passages in question don't mention “{post}”.")


def _missing_year(question: Question, evidence: Evidence) -> str:
    """The reason when the question names a year that is nowhere around the sentence."""
    lacking = missing_years(question, evidence)
    if not lacking:
        return ""
    others = _years_around(evidence)
    asked = "、".join(lacking)
    if not others:
        return say(question, f"文中没有{asked}年的相关说法。", f"The documents say nothing about {asked}.")
    return say(
        question,
        f"文中没有{asked}年的说法，只有{'、'.join(others)}年的。",
        f"The documents say nothing about {asked}, only about {', '.join(others)}.",
    )


def _years_around(evidence: Evidence) -> list[str]:
    """The years around the sentence, or where they are many, those near it."""
    years = sorted(set(_YEAR.findall(evidence.around)))
    return years if len(years) <= MOST_YEARS else sorted(set(_YEAR.findall(evidence.scope)))
