"""Reading an answer: its sentences and markers, whether it states a fact, how near it comes to a gold wording. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from rag.markers import settle_markers
from rag.sentences import split_sentences
from vectorstore.tokens import fold

_marker = re.compile(r"\[(\d{1,3})\]")
_emphasis = re.compile(r"\*+|`+|^#+\s*", re.MULTILINE)
_thousands = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Blanks between two digits keep two numbers apart; every other blank is layout.
_blank = re.compile(r"(?<![\d\s])\s+|\s+(?![\d\s])")
_token = re.compile(r"[a-z]+|\d+(?:\.\d+)?|\w")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer without its markers, and the marker numbers that stand in it or right behind it."""

    text: str
    markers: tuple[int, ...]


def strip_markers(answer: str) -> str:
    """The answer without its markers.

    >>> strip_markers("共217名[1]【2】，其中外籍12名［3］。[1, 2]")
    '共217名，其中外籍12名。'
    """
    return _marker.sub("", settle_markers(answer))


def read_sentences(answer: str) -> list[Sentence]:
    """Cut an answer into sentences and hand each its markers.

    Markers are those of `rag.markers`: [1], 【1】, ［１］, [1,2], [1-3], but not a year such as [2021]. A marker behind
    the full stop belongs to the sentence before it.

    >>> [(s.text, s.markers) for s in read_sentences("量子院位于中关村软件园。[1]有217人【2】［３］。")]
    [('量子院位于中关村软件园。', (1,)), ('有217人。', (2, 3))]
    """
    settled = settle_markers(answer)
    clean = ""
    position = 0
    places: list[tuple[int, int]] = []
    for match in _marker.finditer(settled):
        clean += settled[position : match.start()]
        places.append((len(clean), int(match[1])))
        position = match.end()
    clean += settled[position:]
    spans = split_sentences(clean)
    numbers: list[list[int]] = [[] for _ in spans]
    for place, number in places:
        if spans:
            numbers[max(bisect_left(spans, (place,)) - 1, 0)].append(number)
    return [
        Sentence(_emphasis.sub("", clean[start:end]).strip(), tuple(dict.fromkeys(own)))
        for (start, end), own in zip(spans, numbers, strict=True)
        if any(char.isalnum() for char in clean[start:end])
    ]


def normalise(text: str) -> str:
    """Fold script, width and case; drop blanks, thousands commas and emphasis marks.

    >>> normalise("面積 **9,000 ㎡**，約１.８萬 套；2021 2022")
    '面积9000㎡,约1.8万套;2021 2022'
    """
    folded = _emphasis.sub("", fold(text))
    return _blank.sub("", _thousands.sub("", folded)).strip()


def states(text: str, wording: str) -> bool:
    """Whether a text holds a wording, after `normalise` on both; a number never matches inside a longer number.

    >>> states("其中外籍12名。", "2名"), states("共1,217名", "217"), states("共１，２１７ 名", "1217名")
    (False, False, True)
    >>> states("北京排第4.世界知识产权组织", "第4"), states("排第4.5位", "第4")
    (True, False)
    """
    wanted = normalise(wording)
    if not wanted:
        return False
    before = r"(?<!\d)(?<!\d\.)" if wanted[0].isdigit() else ""
    after = r"(?!\d)(?!\.\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, normalise(text)) is not None


def stated_facts(text: str, facts: Sequence[Sequence[str]]) -> list[bool]:
    """For each required fact, whether the text holds any of its wordings.

    >>> stated_facts("2017年12月成立，有兩百人", [["2017年"], ["200人", "两百人"], ["院长"]])
    [True, True, False]
    """
    clean = strip_markers(text)
    return [any(states(clean, wording) for wording in fact) for fact in facts]


def characters(text: str) -> int:
    """Length of an answer as read: without markers, emphasis marks and blanks.

    >>> characters("**18个** 院所。[1]")
    6
    """
    return len(re.sub(r"\s", "", _emphasis.sub("", strip_markers(text))))


def _tokens(text: str) -> list[str]:
    """Han characters one by one, Latin words and numbers whole, no punctuation."""
    return _token.findall(normalise(text))


def exact_match(answer: str, wording: str) -> float:
    """1.0 when the two are the same but for punctuation, blanks, script, width and case, else 0.0.

    >>> exact_match("中關村軟件園。", "中关村软件园"), exact_match("在中关村软件园", "中关村软件园")
    (1.0, 0.0)
    """
    return float(_tokens(answer) == _tokens(wording))


def character_f1(answer: str, wording: str) -> float:
    """F1 over the longest run of tokens that both share, as CMRC 2018 scores spans.

    Tokens are Han characters, Latin words and numbers. Precision is run / answer, recall run / wording.

    Source:
        Cui et al., "A Span-Extraction Dataset for Chinese Machine Reading Comprehension", EMNLP 2019, D19-1600.

    >>> round(character_f1("位于中关村软件园", "中关村软件园"), 3)  # run 6 of 8 and of 6: 2·6/(8+6)
    0.857
    >>> character_f1("", "中关村"), character_f1("217名", "1217名")
    (0.0, 0.5)
    """
    ours, theirs = _tokens(answer), _tokens(wording)
    if not ours or not theirs:
        return 0.0
    return 2 * _longest_run(ours, theirs) / (len(ours) + len(theirs))


def _longest_run(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest run of tokens that both hold."""
    best = 0
    row = [0] * (len(other) + 1)
    for token in one:
        row = [0] + [row[j] + 1 if token == other[j] else 0 for j in range(len(other))]
        best = max(best, *row)
    return best
