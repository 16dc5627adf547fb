"""Another of the same sort than was asked for: 怀柔科学城 / 未来科学城, 皮克敏3 / 皮克敏4. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from rag.numbers import quantities
from rag.question import Question
from rag.tagging import tagged

NAME_TAGS = frozenset({"nr", "ns", "nt", "nz", "nrt", "nrfg", "eng"})
_VARIANT = re.compile(r"[a-z0-9]{1,3}$")
# What makes a number behind a word a count, a date or an address, no model's: 汽车7月, 花园12号楼, 汽车120辆.
_COUNTED = re.compile(r"\s*[年月日号时点分秒%万亿千百个名位人家项次元届期周站楼栋层级辆台套条倍成岁天.~\-–—至到:：/]")
_MARKS = re.compile(r"[“”‘’\"《》「」『』\s]")


def other_figure(question: Question, text: str) -> tuple[str, str] | None:
    """(figure asked about, another of its unit that the text gives instead): 第一季度 / 第二季度."""
    figures = quantities(question.folded)
    there = quantities(text) if figures else []
    for asked in figures:
        same = [one for one in there if one.unit == asked.unit and asked.unit]
        if same and all(one.value != asked.value for one in same):
            written = text[same[0].start : same[0].end]
            return question.folded[asked.start : asked.end], written
    return None


def sibling(question: Question, text: str) -> tuple[str, str] | None:
    """(name asked for, another of its sort that the text names instead): 皮克敏3 / 皮克敏4, 怀柔科学城 / 未来科学城.

    None when the text names what is asked for, or nothing of its sort.
    """
    compounds = _compounds(question)
    text = _MARKS.sub("", text) if compounds else text
    for modifier, head in compounds:
        if modifier + head in text:
            continue
        if _VARIANT.fullmatch(head):
            pattern = re.escape(modifier) + r"([a-z0-9]{1,3})(?![a-z0-9])"
            for match in re.finditer(pattern, text):
                is_alike = match[1] != head and match[1].isdigit() == head.isdigit()
                if is_alike and not (head.isdigit() and _COUNTED.match(text, match.end())):
                    return modifier + head, modifier + match[1]
            continue
        if modifier in text:
            continue
        for before, word in _named_heads(text):
            if word == head and not _are_one(before, modifier):
                return modifier + head, before + word
    return None


def _are_one(one: str, other: str) -> bool:
    """Whether two names may be one, cut differently: 那华辉安健 and 据华辉安健."""
    return one in other or other in one or one[1:] == other[1:]


@lru_cache(maxsize=64)
def _compounds(question: Question) -> list[tuple[str, str]]:
    """(name, noun) and (noun, model number) pairs that stand side by side in the question."""
    found = []
    for left, right in pairwise(question.words):
        gap = question.folded[left.start + len(left.text) : right.start]
        if gap.strip():
            continue
        is_variant = _VARIANT.fullmatch(right.text) is not None and not left.text[0].isdigit()
        if is_variant and right.text[0].isdigit():
            is_model = left.is_name or (left.is_noun and len(left.text) > 1)
            is_variant = is_model and not _COUNTED.match(question.folded, right.start + len(right.text))
        is_compound = not gap and left.is_name and right.is_noun and len(right.text) > 1
        if is_variant or is_compound:
            found.append((left.text, right.text))
    return found


def _named_heads(text: str) -> list[tuple[str, str]]:
    """(name, noun) pairs that stand side by side in a text; a person before a title is not its kind."""
    return [
        (left, right)
        for (left, left_tag), (right, right_tag) in pairwise(tagged(text))
        if left_tag in NAME_TAGS
        and not left_tag.startswith("nr")
        and len(left) > 1
        and right_tag.startswith("n")
        and len(right) > 1
    ]
