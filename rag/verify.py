"""A claim against its quotes: supported or not, and why. No network, and nothing to load but the weights that ship.

Two questions are asked. Does the evidence say these words, together and in this order (`rag.support`)? And does any
fact differ (`rag.facts`)? A small model trained on both answers weighs them; a number that no quote has is proof.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from rag import trees
from rag.difference import Difference, Kind
from rag.facts import differences
from rag.language import Language, language_of
from rag.numbers import DATE_UNITS, quantities
from rag.overlap import MARK, grams, mass_of, share_held, units
from rag.sentences import split_clauses, split_sentences
from rag.support import features, row
from rag.wording import cut, is_content
from vectorstore.tokens import fold

WEIGHTS = Path(__file__).parent / "model" / "verifier.safetensors"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the quotes support the claim.

    Attributes:
        score: in [0, 1]; 0.5 and more is supported.
        reason: why not, as a short phrase in Chinese or English; "" when supported.
    """

    supported: bool
    score: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What there is to say about a claim and its quotes, before it is judged: features by name, differences of fact."""

    values: dict[str, float]
    differences: tuple[Difference, ...]


# A claim with less than this share of its pairs of neighbours anywhere in the quotes is not looked at more closely.
_HOPELESS = 0.22
# Added to the log odds: milder than trained, since lies outnumber paraphrases in training. With it, no more than
# one in ten of the 120 faithful paraphrases for choosing is rejected (`python -m eval claims --choosing`).
_MILDER = 0.6
# Differences that show that a word of the claim is strange to its quotes, and content words in a short claim.
_STRANGE = (Kind.THING, Kind.CLOSING, Kind.NAME, Kind.SUBJECT, Kind.OPPOSITE)
_SHORT = 5
# What is left of the score of a claim that is disproved, so that it never reaches 0.5.
_DISPROVED = 0.45

_joining = re.compile(
    r"^\s*(?:此外|另外|同时|例如|比如|因此|所以|首先|其次|最后|然而|但是|不过|而且|并且|至于|相反|总之|总的来说|具体来说|一般来说"
    r"|(?:根据|据)(?:文档|资料|引文|材料|原文)(?:显示|介绍|所述)?)[，,、:：]?\s*"
)
_NOTHING = {"zh": "没有可核对的内容", "en": "there is nothing to check"}
NO_QUOTES = {"zh": "没有引文", "en": "there are no quotes"}


def verify_claim(claim: str, quotes: Sequence[str], background: str = "", language: Language | None = None) -> Verdict:
    """Decide whether the quotes, taken together, say what the claim says.

    Args:
        claim: one sentence, without citation markers.
        quotes: what stands behind it: exact quotes or whole passages.
        background: more of the same sources (titles, dates, sentences around). It may supply the names and dates that
            the quotes leave out (“该院”), and proves nothing else.
        language: of the reason; None takes that of the claim.

    Returns:
        A verdict; an empty claim or no quotes at all is never supported.

    >>> verify_claim("建成房源1.8万套。", ["持续加强住房保障,建成房源1.8万套,已保障25个院所人才住房需求。"]).supported
    True
    >>> verify_claim("建成房源1.6万套。", ["持续加强住房保障,建成房源1.8万套,已保障25个院所人才住房需求。"]).reason
    '数字“1.6万套”不在引文中'
    >>> verify_claim("红烧肉要先焯水。", ["建成房源1.8万套。"]).reason
    '引文没有说到“红烧肉要先焯水”'
    >>> verify_claim("Flats.", ["建成房源1.8万套。"]).reason
    'the quotes do not mention “Flats”'
    """
    language = language or (language_of(claim) if any(char.isalnum() for char in claim) else "zh")
    claim, quotes = prepared(claim, quotes)
    if not any(char.isalnum() for char in claim):
        return Verdict(False, 0.0, _NOTHING[language])
    if not quotes:
        return Verdict(False, 0.0, NO_QUOTES[language])
    share = share_held(claim, quotes)
    if share < _HOPELESS:
        return Verdict(False, share * _HOPELESS, _unsaid(claim, quotes, language))
    weighed = weigh(claim, quotes, background)
    model = _model()
    total = float(model.predict(np.array([row(weighed.values, model.names)], np.float32))[0])
    score = 1.0 / (1.0 + math.exp(-total - _MILDER))
    disproved = next((one for one in weighed.differences if _is_proof(one, claim, quotes, background)), None)
    if disproved:
        return Verdict(False, score * _DISPROVED, disproved.reason(language))
    if score < 0.5:
        reasons = [one.reason(language) for one in weighed.differences]
        return Verdict(False, score, reasons[0] if reasons else _unsaid(claim, quotes, language))
    return Verdict(True, score)


def prepared(claim: str, quotes: Sequence[str]) -> tuple[str, list[str]]:
    """The claim without the word that joins it to what came before, and the quotes that say anything."""
    return _joining.sub("", claim), [quote for quote in quotes if quote.strip()]


def weigh(claim: str, quotes: Sequence[str], background: str = "") -> Weighed:
    """Features and differences of a claim and its quotes; neither may be empty."""
    near, around = _evidence(claim, quotes)
    found = tuple(differences(claim, near, f"{around}\n{background}"))
    return Weighed(features(claim, quotes, near, found), found)


@cache
def _model() -> trees.Trees:
    return trees.load(WEIGHTS)


def _is_all_else_said(strange: str, claim: str, quotes: Sequence[str]) -> bool:
    """Whether a claim is short and its quotes hold every word of it but one: 量子院位于月球背面."""
    said = fold("\n".join(quotes))
    words = [word for word, tag in cut(fold(claim)).tagged if is_content(word, tag)]
    rest = [word for word in words if word not in strange and strange not in word]
    return 0 < len(rest) < len(words) <= _SHORT and all(word in said for word in rest)


def _is_proof(found: Difference, claim: str, quotes: Sequence[str], background: str) -> bool:
    """Whether a difference settles the matter: a number in no quote; in a short claim, the one strange word."""
    if found.kind in _STRANGE:
        return _is_all_else_said(found.ours, claim, quotes)
    if found.kind is not Kind.NUMBER:
        return False
    wanted = [
        number for number in quantities(claim) if number.certain and found.ours in claim[number.start : number.end]
    ]
    there = [number for quote in quotes for number in quantities(quote)]
    there += [number for number in quantities(background) if number.unit in DATE_UNITS]
    return any(not any(number.agrees(other) for other in there) for number in wanted)


def best_span(claim: str, text: str, most: int = 3) -> tuple[int, int]:
    """The run of whole sentences of a passage that best supports the claim.

    Args:
        most: longest run in sentences; a longer run must cover clearly more than a shorter one.

    Returns:
        (start, end) offsets in `text`; (0, 0) when it has no sentence.

    >>> text = "量子院有217人。它位于中关村软件园。物理所在怀柔。"
    >>> start, end = best_span("量子院位于中关村软件园。", text)
    >>> text[start:end]
    '它位于中关村软件园。'
    """
    sentences = _sentences(text)
    wanted = grams(claim)
    total = mass_of(wanted) or 1.0
    best = (0, 0)
    best_value = -1.0
    held = [grams(text[start:end]) for start, end in sentences]
    for size in range(1, most + 1):
        for first in range(len(sentences) - size + 1):
            seen = frozenset().union(*held[first : first + size])
            value = mass_of(wanted & seen) / total - _PER_SENTENCE * (size - 1)
            if value > best_value:
                best_value, best = value, (sentences[first][0], sentences[first + size - 1][1])
    return best


@lru_cache(maxsize=512)
def _sentences(text: str) -> tuple[tuple[int, int], ...]:
    """The sentences of a passage, split once for all claims about it."""
    return tuple(split_sentences(text))


# A further sentence in a quote must cover this much more of the claim.
_PER_SENTENCE = 0.25
# A clause shorter than this many grams finds no place of its own.
_LEAST_GRAMS = 3


def supporting_spans(claim: str, text: str, *, wide: bool = False) -> list[tuple[int, int]]:
    """Where a passage bears on a claim, as (start, end) offsets in order, apart from each other.

    Args:
        wide: also the best sentence for each clause of the claim, not just one run for the whole.
    """
    parts = [claim]
    if wide:
        parts += [claim[start:end] for start, end in split_clauses(claim, 0, len(claim))]
    spans = {best_span(part, text) for part in parts if part is claim or len(grams(part)) >= _LEAST_GRAMS}
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _evidence(claim: str, quotes: Sequence[str]) -> tuple[str, str]:
    """The sentences of the quotes that bear on the claim or one of its clauses, and everything else."""
    near: list[str] = []
    far: list[str] = []
    for quote in quotes:
        position = 0
        for start, end in supporting_spans(claim, quote, wide=True):
            near.append(quote[start:end])
            far.append(quote[position:start])
            position = end
        far.append(quote[position:])
    return "\n".join(near), "\n".join(far)


def _unsaid(claim: str, quotes: Sequence[str], language: Language) -> str:
    """The longest stretch of the claim that no quote covers, as a reason."""
    seen: frozenset[str] = frozenset().union(*map(grams, quotes))
    found = units(claim)
    best = run = (0, 0)
    for (one, start, _), (two, _, end) in pairwise(found):
        if one + two in seen or MARK.match(one) or MARK.match(two):
            run = (end, end)
        else:
            run = (run[0] if run[1] > start else start, end)
            best = max(best, run, key=lambda span: span[1] - span[0])
    stretch = claim[slice(*best)].strip() or claim.strip(" 。.！!？?")
    stretch = stretch if len(stretch) <= 20 else stretch[:20] + "…"
    return Difference(Kind.CLOSING, stretch).reason(language)
