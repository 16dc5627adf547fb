"""How well the place where an answer would stand speaks of what is asked, in numbers. Pure.

A sentence about the right thing often states something else of it. What tells the two apart stands next to the answer:
the clause that holds a thing of the asked kind has to hold the question's predicate too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rag.against import opposite
from rag.asked import Asked, find_asked
from rag.coverage import HELD, Similarity, focus_weights, weights, word_coverage
from rag.question import Kind, Question
from rag.spans import Span, find_short, kind_fit, people
from rag.tagging import long_words, tagged
from rag.typed import find_typed, heading_end, named_things

if TYPE_CHECKING:
    from rag.short import Read

# Sentences whose clauses are looked at, and things of the asked kind in each.
LOOKED_AT = 3
MOST_THINGS = 12
# What a word of the same meaning is worth beside the word itself.
MEANT = 0.9
# Where a sentence holds nothing of the asked kind.
NOWHERE = -0.3
FAR = 60
# What stands for the reader's confidence and share where nothing was read: what they are of questions with an answer.
UNREAD_CONFIDENCE = 0.5
UNREAD_SHARE = 0.6
_CLAUSE_END = re.compile(r"[,;:。!?，；：]")
_UNNAMED = re.compile(r"(?:一|某|几|多|这|那|该|各|两|三)(?:家|名|位|个|所|座|款|种|些)|相关|有关|某某?")
_UNKNOWN = re.compile(r"不清楚|未透露|未公布|未披露|暂未|尚未|不详|未说明|没有透露|未公开|不得而知|未知|有待|并未|不明")
_ASKS_NAME = re.compile(r"叫什么|名字|谁|哪[家个位名所]")


def describe_vicinity(
    question: Question, read: Sequence[Read], sentences: Sequence[str], similarity: Similarity | None
) -> dict[str, float]:
    """What speaks for the answer standing where it was read, by name.

    Args:
        question: analysed question with W > 0 words.
        read: sentences, the one to be quoted first; at least one.
        sentences: further folded sentences that may hold the answer.
        similarity: cosines between two lists of words; None leaves paraphrases out.
    """
    best = read[0]
    sentence = best.scored.candidate.folded
    asked = find_asked(question.folded)
    predicate = predicate_weights(question)
    span = (best.short.start, best.short.end) if best.short else (0, len(sentence))
    found = _span(question, asked, best, sentence, span, any(one.share for one in read))
    found |= _clauses(question, predicate, sentence, span, similarity)
    looked_at = list(dict.fromkeys([one.scored.candidate.folded for one in read[:LOOKED_AT]] + list(sentences)))
    found |= _things(question, asked, predicate, looked_at, similarity)
    found |= _type(question, asked, best, sentence, similarity)
    found["unnamed"] = float(len(_UNNAMED.findall(sentence)))
    found["unnamed for name"] = float(_ASKS_NAME.search(question.folded) is not None and found["unnamed"] > 0)
    found["unknown"] = float(_UNKNOWN.search(sentence) is not None)
    found["opposite"] = float(opposite(question.folded, sentence) is not None)
    found["opposite around"] = float(opposite(question.folded, best.scored.candidate.evidence.around) is not None)
    found |= _post(question, sentence)
    return found


@lru_cache(maxsize=64)
def predicate_weights(question: Question) -> np.ndarray:
    """The weights of the words that say what is asked of the subject, shape (W,), summing to 1; not to be changed."""
    raw = np.array([word.weight for word in question.words])
    start = question.folded.find(question.subject) if question.subject else -1
    end = start + len(question.subject)
    in_subject = np.array([start >= 0 and start <= word.start < end for word in question.words])
    is_type = np.array([word.is_type for word in question.words])
    for left_out in (in_subject | is_type, is_type):
        rest = np.where(left_out, 0.0, raw)
        if rest.sum():
            return rest / rest.sum()
    return np.full(len(raw), 1 / len(raw))


def meant_coverage(question: Question, text: str, similarity: Similarity | None) -> np.ndarray:
    """As `word_coverage`, a word of like meaning counting for a little less than the word itself; shape (W,)."""
    held = word_coverage(question, text)
    there = long_words(text)
    if similarity is None or not there:
        return held
    cosines = similarity([word.text for word in question.words], there).max(axis=1)
    return np.maximum(held, MEANT * np.clip(cosines, 0, 1))


def _span(question: Question, asked: Asked, best: Read, sentence: str, span: Span, was_read: bool) -> dict[str, float]:
    """What was read as the short answer."""
    text = sentence[slice(*span)]
    rules = find_short(question, sentence)
    typed = find_typed(question, asked, sentence)
    return {
        "span confidence": (best.short.confidence if best.short else 0.0) if was_read else UNREAD_CONFIDENCE,
        "span share": best.share if was_read else UNREAD_SHARE,
        "span none": best.none,
        "span characters": float(len(text)),
        "span asked": float(text in question.folded),
        "span new": sum(character not in question.folded for character in text) / max(1, len(text)),
        "span fit": kind_fit(question, text),
        "span digit": float(any(character.isdigit() for character in text)),
        "span person": float(any(tag in {"nr", "nrt", "nrfg"} for _, tag in tagged(text))),
        "span of rules": float(rules is not None and rules[0] < span[1] and span[0] < rules[1]),
        "span of kind": float(bool(best.short) and any(a < span[1] and span[0] < b for a, b in typed)),
        "span in heading": float(bool(best.short) and span[0] < heading_end(sentence)),
    }


def _clauses(
    question: Question, predicate: np.ndarray, sentence: str, span: Span, similarity: Similarity | None
) -> dict[str, float]:
    """What the clause of the short answer holds of the question, alone and with those beside it."""
    bounds = _clause_bounds(sentence)
    first = max((i for i, (start, _) in enumerate(bounds) if start <= span[0]), default=0)
    last = max((i for i, (start, _) in enumerate(bounds) if start < max(span[1], 1)), default=0)
    own, wide = (
        sentence[bounds[max(0, first - reach)][0] : bounds[min(len(bounds) - 1, last + reach)][1]] for reach in (0, 1)
    )
    share, focus = weights(question), focus_weights(question)
    found = {"clause characters": float(len(own))}
    for name, text in (("clause", own), ("clauses", wide)):
        held, meant = word_coverage(question, text), meant_coverage(question, text, similarity)
        found[f"predicate {name}"] = float(predicate @ held)
        found[f"focus {name}"] = float(focus @ held)
        found[f"share {name}"] = float(share @ held)
        found[f"predicate meant {name}"] = float(predicate @ meant)
        found[f"share meant {name}"] = float(share @ meant)
    return found


def _clause_bounds(text: str) -> list[Span]:
    """Offsets of the clauses of a text, marks included; one empty clause of an empty text."""
    cuts = sorted({0, *(found.end() for found in _CLAUSE_END.finditer(text)), len(text)})
    return list(pairwise(cuts)) or [(0, 0)]


def _things(
    question: Question, asked: Asked, predicate: np.ndarray, texts: Sequence[str], similarity: Similarity | None
) -> dict[str, float]:
    """How well the clauses around things of the asked kind speak of the question: in the best sentence and in any."""
    rows = [_about_things(question, asked, predicate, text, similarity) for text in texts]
    names = ("meant clause", "meant clauses", "share clauses", "held clause", "held clauses", "name lacking")
    nothing = (*[NOWHERE] * 5, 0.0)
    own = rows[0] or nothing
    best = tuple(max(column) for column in zip(*[row for row in rows if row], strict=True)) or nothing
    found = {f"thing {name}": value for name, value in zip(names, own, strict=True)}
    found |= {f"any thing {name}": value for name, value in zip(names, best, strict=True)}
    found["no thing"] = float(rows[0] is None)
    found["no thing anywhere"] = float(not any(rows))
    found["better thing"] = best[1] - own[1]
    return found


def _about_things(
    question: Question, asked: Asked, predicate: np.ndarray, text: str, similarity: Similarity | None
) -> tuple[float, ...] | None:
    """The best of each measure over the clauses with something of the asked kind, None where there is nothing."""
    bounds = _clause_bounds(text)
    raw = np.array([word.weight for word in question.words])
    is_name = np.array([word.is_name for word in question.words])
    share = weights(question)
    rows: dict[int, tuple[float, ...]] = {}
    for start, _ in find_typed(question, asked, text)[:MOST_THINGS]:
        clause = max(i for i, (first, _) in enumerate(bounds) if first <= start)
        if clause in rows:
            continue
        before, after = max(0, clause - 1), min(len(bounds) - 1, clause + 1)
        own = text[slice(*bounds[clause])]
        led = text[bounds[before][0] : bounds[clause][1]]
        around = text[bounds[before][0] : bounds[after][1]]
        meant = meant_coverage(question, around, similarity)
        held = word_coverage(question, led)
        rows[clause] = (
            float(predicate @ meant_coverage(question, own, similarity)),
            float(predicate @ meant),
            float(share @ meant),
            float(predicate @ word_coverage(question, own)),
            float(predicate @ held),
            -float((raw * is_name * (held < HELD)).sum()),
        )
    return tuple(max(column) for column in zip(*rows.values(), strict=True)) if rows else None


def _type(
    question: Question, asked: Asked, best: Read, sentence: str, similarity: Similarity | None
) -> dict[str, float]:
    """Whether the noun that says what the answer is (哪所大学) is there, or a named thing of its sort."""
    noun = asked.type
    if not noun:
        return {
            "type": 0.0,
            "type in sentence": 0.0,
            "type ending": 0.0,
            "type named": -1.0,
            "type named around": -1.0,
            "type meant": 0.5,
        }
    others = [word for word, tag in tagged(sentence) if tag[0] == "n" and word not in question.folded]
    there = long_words(sentence)
    meant = float(similarity([noun], there).max()) if similarity is not None and there else 0.5
    around = best.scored.candidate.evidence.around
    return {
        "type": 1.0,
        "type in sentence": float(noun in sentence),
        "type ending": float(any(word.endswith(noun[-1]) for word in others)),
        "type named": float(bool(named_things(question, noun, sentence))),
        "type named around": float(bool(named_things(question, noun, around))),
        "type meant": meant,
    }


def _post(question: Question, sentence: str) -> dict[str, float]:
    """Whether a person stands next to the post that is asked for."""
    posts = [word.text for word in question.words if word.is_role]
    strangers = [span for span in people(sentence) if sentence[slice(*span)] not in question.folded]
    if question.kind is not Kind.PERSON:
        return {"posts": float(len(posts)), "people": -1.0, "post to person": -1.0}
    gaps = [
        min(abs(start - found.end()), abs(found.start() - end))
        for start, end in strangers
        for post in posts
        for found in re.finditer(re.escape(post), sentence)
    ]
    distance = float(min([*gaps, FAR])) if posts else -1.0
    return {"posts": float(len(posts)), "people": float(len(strangers)), "post to person": distance}
