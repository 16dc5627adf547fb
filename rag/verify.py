"""A claim against its quotes: supported or not, and why. Pure: no model, no disk, no network.

Two questions are asked. Does the evidence say these words: how much of the claim is covered, in one place, in the same
order? And does any fact differ (`rag.facts`)? Only a claim that passes both is supported.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.facts import disagreement
from rag.numbers import quantities
from rag.rarity import rarity
from rag.sentences import split_clauses, split_sentences
from rag.wording import cut, is_content
from vectorstore.tokens import UNSPACED, fold


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the quotes support the claim.

    Attributes:
        score: in [0, 1]; 0.5 and more is supported.
        reason: why not, as a short phrase in Chinese; "" when supported.
    """

    supported: bool
    score: float
    reason: str = ""


# Logistic regression on half of CiteCheck's dev set (even `idx`): intercept, then a weight for each of `_features`. The
# intercept is half a nat milder than fitted, since the facts are checked besides.
_WEIGHTS = (-6.0, 2.4, 2.0, 2.6, 2.0, -0.9, 1.7)
# A claim whose facts differ keeps this much of its score, so that it never reaches 0.5.
_DIFFERING = 0.45

_LIGHT = frozenset(
    "的是在了和与及或之于把被给对就都也还又而但这那个其中上下到从由会能可以要一不有为等着过因所如此些我你他她它们并且则将使让比更最很"
)
_LIGHT_LATIN = frozenset(
    "the a an of is are was were in on at to and or for by with it its that this as be has have had".split()
)
_joining = re.compile(
    r"^\s*(?:此外|另外|同时|例如|比如|因此|所以|首先|其次|最后|然而|但是|不过|而且|并且|至于|相反|总之|总的来说|具体来说|一般来说"
    r"|(?:根据|据)(?:文档|资料|引文|材料|原文)(?:显示|介绍|所述)?)[，,、:：]?\s*"
)
_unit = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}_]+(?:[.\-][^\W{UNSPACED}_]+)*|[^\s]")
_mark = re.compile(r"\W\Z")


def verify_claim(claim: str, quotes: Sequence[str], background: str = "") -> Verdict:
    """Decide whether the quotes, taken together, say what the claim says.

    Args:
        claim: one sentence, without citation markers.
        quotes: what stands behind it: exact quotes or whole passages.
        background: more of the same sources (titles, dates, sentences around). It may supply the names and dates that
            the quotes leave out (“该院”), and proves nothing else.

    Returns:
        A verdict; an empty claim or no quotes at all is never supported.

    >>> verify_claim("建成房源1.8万套。", ["持续加强住房保障,建成房源1.8万套,已保障25个院所人才住房需求。"]).supported
    True
    >>> verify_claim("建成房源1.6万套。", ["持续加强住房保障,建成房源1.8万套,已保障25个院所人才住房需求。"]).reason
    '数字“1.6万套”不在引文中'
    >>> verify_claim("红烧肉要先焯水。", ["建成房源1.8万套。"]).reason
    '引文没有说到“红烧肉要先焯水”'
    """
    claim = _joining.sub("", claim)
    quotes = [quote for quote in quotes if quote.strip()]
    if not any(char.isalnum() for char in claim):
        return Verdict(False, 0.0, "没有可核对的内容")
    if not quotes:
        return Verdict(False, 0.0, "没有引文")
    score = _support(claim, quotes)
    evidence, around = _evidence(claim, quotes)
    reason = disagreement(claim, evidence, f"{around}\n{background}")
    if reason:
        return Verdict(False, score * _DIFFERING, reason)
    if score < 0.5:
        return Verdict(False, score, _unsaid(claim, quotes))
    return Verdict(True, score)


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
    sentences = split_sentences(text)
    wanted = _grams(claim)
    total = _mass(wanted) or 1.0
    best = (0, 0)
    best_value = -1.0
    grams = [_grams(text[start:end]) for start, end in sentences]
    for size in range(1, most + 1):
        for first in range(len(sentences) - size + 1):
            seen = frozenset().union(*grams[first : first + size])
            value = _mass(wanted & seen) / total - _PER_SENTENCE * (size - 1)
            if value > best_value:
                best_value, best = value, (sentences[first][0], sentences[first + size - 1][1])
    return best


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
    spans = {best_span(part, text) for part in parts if part is claim or len(_grams(part)) >= _LEAST_GRAMS}
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


def _unsaid(claim: str, quotes: Sequence[str]) -> str:
    """The longest stretch of the claim that no quote covers, as a reason."""
    seen = frozenset().union(*map(_grams, quotes))
    units = _units(claim)
    best = run = (0, 0)
    for (one, start, _), (two, _, end) in pairwise(units):
        if one + two in seen or _mark.match(one) or _mark.match(two):
            run = (end, end)
        else:
            run = (run[0] if run[1] > start else start, end)
            best = max(best, run, key=lambda span: span[1] - span[0])
    stretch = claim[slice(*best)].strip() or claim.strip(" 。.！!？?")
    return f"引文没有说到“{stretch if len(stretch) <= 20 else stretch[:20] + '…'}”"


@lru_cache(maxsize=4096)
def _units(text: str) -> tuple[tuple[str, int, int], ...]:
    """Characters, Latin words, numbers by value, and marks, with their offsets."""
    folded = fold(text)
    numbers = [number for number in quantities(text) if number.certain and number.end > number.start]
    units: list[tuple[str, int, int]] = []
    position = 0
    for number in numbers:
        units.extend((m.group(), m.start(), m.end()) for m in _unit.finditer(folded, position, number.start))
        units.append((f"{number.value.normalize():f}", number.start, number.end))
        position = number.end
    units.extend((m.group(), m.start(), m.end()) for m in _unit.finditer(folded, position))
    return tuple(units)


@lru_cache(maxsize=4096)
def _grams(text: str) -> frozenset[str]:
    """Pairs of neighbours, and each Latin word or number."""
    words = [unit for unit, _, _ in _units(text)]
    grams = {word for word in words if len(word) > 1 or word.isdigit()}
    grams |= {a + b for a, b in pairwise(words) if not (_mark.match(a) or _mark.match(b))}
    return frozenset(grams)


@lru_cache(maxsize=65536)
def _weight(gram: str) -> float:
    """How much a gram proves: grammar little."""
    if gram.isascii():
        return 0.2 if gram in _LIGHT_LATIN else 1.0
    return 1.0 - 0.4 * sum(char in _LIGHT for char in gram[:2])


def _mass(grams: Iterable[str]) -> float:
    return sum(map(_weight, grams))


def _support(claim: str, quotes: Sequence[str]) -> float:
    """How probably the quotes say what the claim says, in [0, 1]."""
    intercept, *weights = _WEIGHTS
    features = _features(claim, quotes)
    total = intercept + sum(w * f for w, f in zip(weights, features, strict=True))
    if features[-1] == 1.0:
        total = max(total, 0.0)  # every word stands there, close together: a short claim in another order
    return 1.0 / (1.0 + math.exp(-total))


def _features(claim: str, quotes: Sequence[str]) -> tuple[float, ...]:
    """How much of the claim the quotes cover, each as a share.

    Pairs of neighbours anywhere; the same within one window; the longest common subsequence with that window;
    characters anywhere; the longest stretch without a pair (this one counts against); words in the window, by rarity.
    """
    ours = [unit for unit, _, _ in _units(claim) if not _mark.match(unit)]
    wanted = _grams(claim)
    seen = frozenset().union(*map(_grams, quotes))
    mass = _mass(wanted) or 1.0
    window, place = max((_window(wanted, len(ours), quote) for quote in quotes), key=lambda item: item[0])
    present = {unit for quote in quotes for unit, _, _ in _units(quote)}
    light = [0.3 if unit in _LIGHT or unit in _LIGHT_LATIN else 1.0 for unit in ours]
    units = sum(w for w, unit in zip(light, ours, strict=True) if unit in present)
    gap = longest = 0.0
    for one, two, weight in zip(ours, ours[1:], light, strict=False):
        gap = 0.0 if one + two in seen else gap + weight
        longest = max(longest, gap)
    return (
        _mass(wanted & seen) / mass,
        window / mass,
        _common(ours, place) / max(1, len(ours)),
        units / (sum(light) or 1.0),
        longest / (sum(light) or 1.0),
        _word_share(claim, place),
    )


def _word_share(claim: str, place: Sequence[str]) -> float:
    """Share of the claim's content words that stand among these units, rare words counting more."""
    text = "".join(place)
    words = [word for word, tag in cut(fold(claim)).tagged if tag not in ("m", "q") and is_content(word, tag)]
    total = sum(min(rarity(word), _RAREST) for word in words)
    return sum(min(rarity(word), _RAREST) for word in words if word in text) / total if total else 0.0


# Unseen words would outweigh all others.
_RAREST = 7.0


def _window(wanted: frozenset[str], size: int, quote: str) -> tuple[float, list[str]]:
    """The greatest mass of wanted grams inside one window of a quote, and the units of that window."""
    units = [unit for unit, _, _ in _units(quote) if not _mark.match(unit)]
    hits = [(i, a + b) for i, (a, b) in enumerate(pairwise(units)) if a + b in wanted]
    hits += [(i, unit) for i, unit in enumerate(units) if unit in wanted]
    hits.sort()
    width = int(1.5 * size) + 10
    counts: dict[str, int] = defaultdict(int)
    mass = best = 0.0
    first = best_at = 0
    for i, gram in hits:
        if not counts[gram]:
            mass += _weight(gram)
        counts[gram] += 1
        while hits[first][0] <= i - width:
            counts[hits[first][1]] -= 1
            if not counts[hits[first][1]]:
                mass -= _weight(hits[first][1])
            first += 1
        if mass > best:
            best, best_at = mass, hits[first][0]
    return best, units[max(0, best_at - size // 2) : best_at + width]


def _common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Length of the longest common subsequence, bit by bit (Hyyrö 2004)."""
    where: dict[str, int] = defaultdict(int)
    for i, unit in enumerate(ours):
        where[unit] |= 1 << i
    state = full = (1 << len(ours)) - 1
    for unit in theirs:
        match = where.get(unit, 0) & state
        state = ((state + match) | (state - match)) & full
    return len(ours) - state.bit_count()
