"""The words and numbers of a claim, each with the places where its evidence has it. Pure; folded text in.

Distances are in characters of the evidence; a clause's end counts as eight more, a sentence's end as twenty-five.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from rag.numbers import Quantity, quantities
from rag.rarity import rarity
from rag.wording import cut, is_content, is_name, mentioned

_clause_end = re.compile(r"[，,；;：:、\n（）()]")
_sentence_end = re.compile(r"[。！？!?\n]")
_code = re.compile(r"[a-z]+[a-z0-9]*[-_./]?\d[a-z0-9.\-]*")
_CLAUSE_GAP = 8
SENTENCE_GAP = 25
# Places of one word that are looked at; a common word may stand everywhere.
PLACES = 8
_RAREST = 7.0  # nats; an unseen word counts no more
_TELLING = 5.0  # nats; from here on a noun names a thing rather than a sort of things
CODE = "code"  # a tag of ours: HH-003, GB18030


@dataclass(frozen=True, slots=True)
class Item:
    """A word or number of a claim with its place, and the places where the evidence has it."""

    text: str
    tag: str
    start: int
    clause: int
    weight: float
    places: tuple[int, ...]
    number: Quantity | None = None

    @property
    def is_key(self) -> bool:
        """Whether it says who, where, when or how many."""
        return self.number is not None or self.tag in ("t", CODE) or is_name(self.text, self.tag)

    @property
    def is_thing(self) -> bool:
        """Whether it is a telling noun that is no name."""
        return self.number is None and self.tag.startswith(("n", "vn")) and not self.is_key and self.weight >= _TELLING


@dataclass(frozen=True)
class Evidence:
    """Evidence with the ends of its clauses and sentences."""

    text: str
    clause_ends: tuple[int, ...]
    sentence_ends: tuple[int, ...]
    numbers: tuple[Quantity, ...]

    def distance(self, one: int, other: int) -> float:
        """How far apart two places are."""
        low, high = min(one, other), max(one, other)
        clauses = bisect_left(self.clause_ends, high) - bisect_left(self.clause_ends, low)
        sentences = bisect_left(self.sentence_ends, high) - bisect_left(self.sentence_ends, low)
        return high - low + _CLAUSE_GAP * clauses + SENTENCE_GAP * sentences


@lru_cache(maxsize=512)
def read_evidence(folded: str) -> Evidence:
    """Folded evidence, read once for all claims about it."""
    return Evidence(
        folded,
        tuple(match.start() for match in _clause_end.finditer(folded)),
        tuple(match.start() for match in _sentence_end.finditer(folded)),
        tuple(number for number in quantities(folded) if number.end > number.start),
    )


def items_of(folded: str, evidence: Evidence) -> list[Item]:
    """The content words, numbers and codes of a folded claim, in order."""
    ends = [match.start() for match in _clause_end.finditer(folded)]
    numbers = [number for number in quantities(folded) if number.end > number.start and number.certain]
    items = []
    for number in numbers:
        places = tuple(other.start for other in evidence.numbers if other.agrees(number))[:PLACES]
        clause = bisect_left(ends, number.start)
        items.append(Item(folded[number.start : number.end], "m", number.start, clause, _RAREST / 2, places, number))
    codes = list(_code.finditer(folded))
    for code in codes:
        places = tuple(match.start() for match in re.finditer(re.escape(code.group()), evidence.text))[:PLACES]
        clause = bisect_left(ends, code.start())
        items.append(Item(code.group(), CODE, code.start(), clause, _RAREST, places))
    taken = [(n.start, n.end) for n in numbers] + [code.span() for code in codes]
    position = 0
    for word, tag in cut(folded).tagged:
        start = folded.find(word, position)
        position = start + len(word)
        if not is_content(word, tag) or tag in ("m", "q") or any(a <= start < b for a, b in taken):
            continue
        weight = min(rarity(word), _RAREST)
        places = _places(word, evidence.text, strict=is_name(word, tag))
        items.append(Item(word, tag, start, bisect_left(ends, start), weight, places))
    return sorted(items, key=lambda item: item.start)


def _places(word: str, text: str, *, strict: bool) -> tuple[int, ...]:
    """Where a text has a word, or what shortens or spells it out; strictly: only the word, or it without 市 or 队."""
    found = [match.start() for match in re.finditer(re.escape(word), text)][:PLACES]
    if not found and len(word) == 2 and not strict:
        pattern = f"{re.escape(word[0])}[^，。；\\s]{{1,4}}{re.escape(word[1])}"
        found = [match.start() for match in re.finditer(pattern, text)][:PLACES]
    if not found and len(word) > 2 and (mentioned(word, text) or not strict):
        pairs = (word[:2],) if strict else (word[:2], word[-2:])
        found = [match.start() for pair in pairs for match in re.finditer(re.escape(pair), text)]
    return tuple(found[:PLACES])


@lru_cache(maxsize=512)
def nouns_of(folded: str) -> tuple[tuple[str, str, int], ...]:
    """(word, tag, place) of the names, times and telling nouns of a text."""
    found = [(code.group(), CODE, code.start()) for code in _code.finditer(folded)]
    position = 0
    for word, tag in cut(folded).tagged:
        start = folded.find(word, position)
        position = start + len(word)
        if is_name(word, tag) or tag == "t" or (tag.startswith(("n", "vn")) and rarity(word) >= _TELLING):
            found.append((word, tag, start))
    return tuple(found)
