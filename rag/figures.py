"""Numbers and dates of a claim that its evidence lacks, or gives for something else. Pure; folded text in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.difference import Difference, Kind
from rag.numbers import COUNT, DATE_UNITS, Quantity, dates, quantities
from rag.wording import PLAIN_TAGS, PLAIN_WORDS, Words, cut

_boundary = re.compile(r"[，,；;。！？!?、：:\n（）()]")
_enumerator = re.compile(r"(?:^|[:：;；,，。\s])[（(]?\d{1,2}[)）.、]")


def number_missing(claim: str, folded: str, source: str, around: str) -> Difference | None:
    """A number or date of the claim that the evidence lacks."""
    ours, theirs = quantities(folded), quantities(source)
    nearby = quantities(around)
    listed = [match.span() for match in _enumerator.finditer(folded)]
    for number in ours:
        if not number.certain or any(start <= number.start < end for start, end in listed):
            continue
        pool = [*theirs, *nearby] if number.unit in DATE_UNITS else theirs
        if not any(number.agrees(other) for other in pool):
            return Difference(Kind.NUMBER, _written(number, claim))
    known = dates(theirs)
    for date in dates(ours):
        finest = next(unit for unit in reversed(DATE_UNITS) if unit in date)
        same = [other for other in known if other.get(finest) == date[finest]]
        if len(date) > 1 and same and not any(all(other.get(u, v) == v for u, v in date.items()) for other in same):
            return Difference(Kind.DATE)
    return None


def _written(number: Quantity, text: str) -> str:
    """A quantity as its text has it."""
    return text[number.start : number.end].strip() or f"{number.value.normalize():f}{number.unit}"


@dataclass(frozen=True, slots=True)
class _Counted:
    """A number with the content words next to it in its clause."""

    number: Quantity
    before: tuple[str, ...]
    after: tuple[str, ...]


@lru_cache(maxsize=1024)
def _counted(text: str) -> tuple[_Counted, ...]:
    """Each number of folded text with its neighbours: 首席科学家2名 → before 科学家; 25个院所 → after 院所."""
    found = []
    for number in quantities(text):
        if number.end <= number.start or not (number.certain or number.unit or number.value < 10):
            continue
        clause_start = max((m.end() for m in _boundary.finditer(text, 0, number.start)), default=0)
        stop = _boundary.search(text, number.end)
        before = _content(cut(text[clause_start : number.start]).tagged[::-1])
        after = _content(cut(text[number.end : stop.start() if stop else len(text)]).tagged)
        found.append(_Counted(number, before, after))
    return tuple(found)


def _content(tagged: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The first three of up to five words that hold a fact, up to the next number."""
    found: list[str] = []
    for word, tag in tagged[:5]:
        if tag == "m" or not word[0].isalnum() or quantities(word):
            break
        if tag not in PLAIN_TAGS and tag != "q" and word not in PLAIN_WORDS:
            found.append(word)
    return tuple(found[:3])


def number_moved(claim: Words, source: Words) -> Difference | None:
    """A number that the evidence gives for something else: 首席科学家25名 where it says 首席科学家2名、研究员25名."""
    theirs = _counted(source.text)
    for ours in _counted(claim.text):
        if not ours.number.certain and ours.number.value < 2:
            continue
        for side in ("before", "after"):
            words = getattr(ours, side)
            rivals = [other for other in theirs if words and getattr(other, side)[:1] == words[:1]]
            rivals = [other for other in rivals if getattr(other, side)[:2] == words[:2]] or rivals
            rivals = [other for other in rivals if _comparable(ours.number, other.number)]
            if rivals and not any(ours.number.value == other.number.value for other in rivals):
                return Difference(Kind.NUMBER_MOVED, words[0], _written(rivals[0].number, source.text))
        near = {*ours.before, *ours.after}
        same = [near & {*o.before, *o.after} for o in theirs if o.number.agrees(ours.number)]
        rivals = [o for o in theirs if _comparable(ours.number, o.number) and near & {*o.before, *o.after}]
        if rivals and same and not any(same):
            return Difference(Kind.NUMBER_MOVED, "", _written(rivals[0].number, source.text))
    return None


def _comparable(one: Quantity, other: Quantity) -> bool:
    """Whether two numbers measure the same kind of thing."""
    return one.unit == other.unit or {one.unit, other.unit} == {"", COUNT}
