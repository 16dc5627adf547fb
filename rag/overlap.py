"""How much of a claim its quotes cover: pairs of neighbours, longest common subsequence, rare words. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from rag.numbers import quantities
from rag.rarity import rarity
from rag.wording import cut, is_content
from vectorstore.tokens import UNSPACED, fold

_LIGHT = frozenset(
    "的是在了和与及或之于把被给对就都也还又而但这那个其中上下到从由会能可以要一不有为等着过因所如此些我你他她它们并且则将使让比更最很"
)
_LIGHT_LATIN = frozenset(
    "the a an of is are was were in on at to and or for by with it its that this as be has have had".split()
)
_unit = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}_]+(?:[.\-][^\W{UNSPACED}_]+)*|[^\s]")
MARK = re.compile(r"\W\Z")


@lru_cache(maxsize=4096)
def units(text: str) -> tuple[tuple[str, int, int], ...]:
    """Characters, Latin words, numbers by value, and marks, with their offsets."""
    folded = fold(text)
    numbers = [number for number in quantities(text) if number.certain and number.end > number.start]
    found: list[tuple[str, int, int]] = []
    position = 0
    for number in numbers:
        found.extend((m.group(), m.start(), m.end()) for m in _unit.finditer(folded, position, number.start))
        found.append((f"{number.value.normalize():f}", number.start, number.end))
        position = number.end
    found.extend((m.group(), m.start(), m.end()) for m in _unit.finditer(folded, position))
    return tuple(found)


@lru_cache(maxsize=4096)
def grams(text: str) -> frozenset[str]:
    """Pairs of neighbours, and each Latin word or number."""
    words = [unit for unit, _, _ in units(text)]
    found = {word for word in words if len(word) > 1 or word.isdigit()}
    found |= {a + b for a, b in pairwise(words) if not (MARK.match(a) or MARK.match(b))}
    return frozenset(found)


@lru_cache(maxsize=65536)
def _weight(gram: str) -> float:
    """How much a gram proves: grammar little."""
    if gram.isascii():
        return 0.2 if gram in _LIGHT_LATIN else 1.0
    return 1.0 - 0.4 * sum(char in _LIGHT for char in gram[:2])


def mass_of(some: Iterable[str]) -> float:
    """How much grams prove together."""
    return sum(map(_weight, some))


def share_held(claim: str, texts: Iterable[str]) -> float:
    """Share of the claim's grams that stand anywhere in the texts, grammar counting little, in [0, 1]."""
    wanted = grams(claim)
    there: frozenset[str] = frozenset().union(*map(grams, texts))
    return mass_of(wanted & there) / (mass_of(wanted) or 1.0)


def overlap(claim: str, quotes: Sequence[str]) -> tuple[float, ...]:
    """How much of the claim the quotes cover, each as a share.

    Pairs of neighbours anywhere; the same within one window; the longest common subsequence with that window;
    characters anywhere; the longest stretch without a pair (this one counts against); words in the window, by rarity.
    """
    ours = [unit for unit, _, _ in units(claim) if not MARK.match(unit)]
    wanted = grams(claim)
    seen: frozenset[str] = frozenset().union(*map(grams, quotes))
    mass = mass_of(wanted) or 1.0
    window, place = max((_window(wanted, len(ours), quote) for quote in quotes), key=lambda item: item[0])
    present = {unit for quote in quotes for unit, _, _ in units(quote)}
    light = [0.3 if unit in _LIGHT or unit in _LIGHT_LATIN else 1.0 for unit in ours]
    held = sum(w for w, unit in zip(light, ours, strict=True) if unit in present)
    gap = longest = 0.0
    for one, two, weight in zip(ours, ours[1:], light, strict=False):
        gap = 0.0 if one + two in seen else gap + weight
        longest = max(longest, gap)
    return (
        mass_of(wanted & seen) / mass,
        window / mass,
        _common(ours, place) / max(1, len(ours)),
        held / (sum(light) or 1.0),
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
    there = [unit for unit, _, _ in units(quote) if not MARK.match(unit)]
    hits = [(i, a + b) for i, (a, b) in enumerate(pairwise(there)) if a + b in wanted]
    hits += [(i, unit) for i, unit in enumerate(there) if unit in wanted]
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
    return best, there[max(0, best_at - size // 2) : best_at + width]


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
