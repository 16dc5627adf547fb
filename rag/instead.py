"""What the documents speak of in place of what a question asks about: 皮克敏4 for 皮克敏3, 第七届 for 第六届.

`rag.names` and `rag.against` find pairs in a sentence, as numbers for the models; here is what of them may be said to a
reader: whole names and words, and only where no passage has what was asked for. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.against import opposite
from rag.names import other_figure, sibling
from rag.numbers import quantities
from rag.question import Question
from rag.tagging import tagged

Pair = tuple[str, str]
_ORDINAL = re.compile(r"第[\d一二三四五六七八九十百]+(?!名)[^\d]?")
_MEDALS = re.compile(r"第[一二三123]名?$")
# 第4期, not 第二季度, which a text may call 4至6月.
_SERIES = re.compile(r"第.{1,5}([期届批轮集章条号季])(?!度)")
_CODE = re.compile(r"(?<![a-z0-9])([a-z]{1,6})[-_ ]?(\d{1,6})(?![a-z0-9.])")
# A number of so many digits is hardly another thing's; a shorter code may be said otherwise (Q2, G7: 二季度, 七国集团).
_TELLING = 3
_MONTH = re.compile(r"(\d{1,2})月份?$")
_DAY = re.compile(r"(\d{1,2})月(\d{1,2})日")
# Other days that a refusal names.
MOST_DAYS = 3
# One character says one of two opposites only in these words: neither 东西 nor 西安, neither 负责 nor 运输.
_ALONE = {
    **dict.fromkeys("东西南北", "{0}[部侧边面岸段区方线]?"),
    **dict.fromkeys("男女", "{0}子?[性方单双队生孩足排篮组]?"),
    **dict.fromkeys("涨跌", "[上下大微收暴猛]?{0}"),
    **dict.fromkeys("父母", "{0}亲?"),
    "夫": "丈?夫",
    "妻": "妻子?",
    "首": "首[次届个批架款]?",
    "死": "死亡?",
}


def other_name(question: Question, text: str, passages: Sequence[str]) -> Pair | None:
    """(name asked for, another of its sort that the text has instead): 皮克敏3 / 皮克敏4, 怀柔科学城 / 未来科学城."""
    pair = sibling(question, text)
    if not pair:
        return None
    for left, right in pairwise(question.words):
        if left.text + right.text != pair[0]:
            continue
        is_variant = right.text.isascii() and right.text[0].isdigit()
        return None if not is_variant and any(left.text in passage for passage in passages) else pair
    return None


def other_ordinal(question: Question, text: str, passages: Sequence[str]) -> Pair | None:
    """(ordinal or month asked for, another that the text has instead): 第六届 / 第七届, 3月份 / 5月份.

    Other figures tell nothing: 一年 in 哪一年, 34个 where 13个 are asked about. The third is also 季军.
    """
    pair = other_figure(question, text)
    if not pair:
        return None
    asked, there = pair
    month = _MONTH.fullmatch(asked)
    if month:
        is_there = any(re.search(rf"(?<!\d){month[1]}月", passage) for passage in passages)
    else:
        is_there = any(asked in passage for passage in passages)
        if not (_ORDINAL.fullmatch(asked) and there.startswith("第")) or _MEDALS.fullmatch(asked):
            return None
    return None if is_there else pair


def other_number(question: Question, text: str, passages: Sequence[str]) -> Pair | None:
    """(ordinal or code asked about, another of its series that the text has instead): 第4期 / 第5期, e502 / e101.

    None where a passage has it, in whatever figures.
    """
    wanted = list(_numbered(question.folded))
    there = list(_numbered(text)) if wanted else []
    for series, number, asked in wanted:
        others = [written for kind, value, written in there if kind == series and value != number]
        if not others or any(_has(passage, series, number) for passage in (text, *passages)):
            continue
        return asked, others[0]
    return None


def _numbered(text: str) -> Iterator[tuple[str, str, str]]:
    """(series, number, as written) of the ordinals and codes of a folded text."""
    for one in quantities(text):
        if one.unit == "第" and (series := _SERIES.match(text, one.start)) and series.end() == one.end:
            yield series[1], str(one.value), text[one.start : one.end]
    for code in _CODE.finditer(text):
        if len(code[1] + code[2]) >= _TELLING:
            yield code[1], code[2], code.group()


def _has(text: str, series: str, number: str) -> bool:
    """Whether a text has this number of a series, were it as 首届, or as a figure that is hardly another thing's."""
    if (number == "1" and "首" + series in text) or any(one[:2] == (series, number) for one in _numbered(text)):
        return True
    return len(number) >= _TELLING and number in re.findall(r"\d+", text)


def other_days(question: Question, text: str, passages: Sequence[str]) -> tuple[str, list[str]] | None:
    """(day asked about, the days that the text has instead); None where a passage has it, if only as 3日."""
    asked = _DAY.search(question.folded)
    if not asked or any(re.search(rf"(?<!\d)0?{asked[2]}[日号]", passage) for passage in passages):
        return None
    others = list(dict.fromkeys(day.group() for day in _DAY.finditer(text)))
    return (asked.group(), others) if 0 < len(others) <= MOST_DAYS else None


def other_side(question: Question, text: str, passages: Sequence[str]) -> Pair | None:
    """(what the question says, its opposite that the text says instead), both as words of their own."""
    pair = opposite(question.folded, text)
    if not pair or any(pair[0] in passage for passage in passages):
        return None
    asked, there = _word_of(pair[0], question.folded), _word_of(pair[1], text)
    return (asked, there) if asked and there else None


def _word_of(term: str, text: str) -> str:
    """The word of a text that says a term: longer ones anywhere, one character only by itself or in a known form."""
    if len(term) > 1:
        return term
    form = re.compile(_ALONE.get(term, "{0}").format(term))
    return next((word for word, _ in tagged(text) if form.fullmatch(word)), "")
