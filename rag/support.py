"""How far evidence carries a claim, in numbers that a small model weighs: what is covered, what stands near what, what
differs. Pure; folded text in, numbers out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from rag.claim_items import PLACES, SENTENCE_GAP, Evidence, Item, items_of, nouns_of, read_evidence
from rag.difference import Difference, Kind
from rag.numbers import DATE_UNITS, quantities
from rag.overlap import overlap
from rag.rarity import rarity
from rag.wording import NEGATORS, cut, is_content, mentioned, nearest
from vectorstore.tokens import fold

_REACH = 12.0  # characters; what stands this far away counts for a third
_ABBREVIATED = 0.6
_SHARED = 0.5
# Words on either side of a number or name, in its clause, that say what it is the number or name of.
_CONTEXT = 6
# Measure words that count different things.
_MEASURES = ("人名位口", "辆架艘匹", "份篇本幅", "套间栋幢座", "家所", "条款", "只头匹", "次场届", "岁", "户")

# What a number's unit says without the word: 9000平方米 is a 面积.
_NONE: frozenset[str] = frozenset()
_IMPLIED = {
    word: frozenset(units.split())
    for words, units in (
        ("面积", "平方米 亩"),
        ("长度 长 距离 高度 里程 轴距 身高", "米"),
        ("重量 体重 重", "千克"),
        ("价格 售价 金额 总额 费用 资金 价 卖 花费 花", "元 美元 港元 欧元 日元 英镑"),
        ("人数 数量 总数 规模", "个"),
        ("比例 占比 比重 率", "%"),
        ("年龄", "岁"),
        ("时间 日期 时长", "年 月 日 天 小时 时 分"),
        ("容量 容积 产能", "升 立方米"),
        ("功率", "瓦"),
        ("温度 气温", "度"),
    )
    for word in words.split()
}
# Words that a paraphrase keeps or has no right to: how many, which, when, how surely.
_EXACT = frozenset(
    "首 首次 首个 首家 首款 首位 第一 最 最大 最小 最高 最低 最多 最早 唯一 全部 所有 一切 任何 每 都 均 全 只 "
    "仅 仅仅 只有 必须 禁止 一定 绝对 完全 彻底 总是 从来 首先 最后 主要 上午 下午 凌晨 晚上 傍晚 中午 去年 "
    "今年 明年 前年 昨天 今天 明天 上半年 下半年 男 女 男子 女子 父亲 母亲 儿子 女儿 之前 之后 以前 以后 以上 "
    "以下 超过 不足 不到 可能 或许 也许 计划 预计 拟 将 将会 已 已经 曾 曾经 正在 尚 仍 再次 因为 由于 导致 "
    "同比 环比 原".split()
)


def features(claim: str, quotes: Sequence[str], near: str, found: Iterable[Difference]) -> dict[str, float]:
    """What the model weighs, by name.

    Args:
        claim: one sentence.
        quotes: all that should support it.
        near: the sentences of the quotes that bear on it.
        found: what `rag.facts.differences` found.
    """
    folded = fold(claim)
    evidence = read_evidence(fold(near))
    items = items_of(folded, evidence)
    values = dict(zip(("pairs", "window", "common", "units", "gap", "words"), overlap(claim, quotes), strict=True))
    kinds = [one.kind for one in found]
    values |= {f"differs_{kind}": float(kind in kinds) for kind in Kind}
    values["differences"] = float(len(kinds))
    values |= _coverage(items, evidence)
    values |= _nearness(items, evidence)
    values |= _rivals(items, evidence)
    values |= _alignment(folded, near)
    values |= _polarity(folded, items, evidence)
    values["length"] = math.log1p(len(folded))
    values["evidence"] = math.log1p(len(near))
    values["quotes"] = math.log1p(sum(map(len, quotes)))
    values["key_share"] = sum(item.is_key for item in items) / max(1, len(items))
    return values


def row(values: Mapping[str, float], names: Sequence[str]) -> list[float]:
    """The features in the model's order."""
    return [values[name] for name in names]


def _held(item: Item, text: str) -> float:
    """How far the evidence has a word, in [0, 1]."""
    if item.number is not None:
        return float(bool(item.places))
    if item.text in text:
        return 1.0
    if mentioned(item.text, text):
        return 0.9
    if item.is_key:
        return 0.0
    if item.places:
        return _ABBREVIATED
    characters = [char for char in item.text if char not in "的了是在有不一人"]
    return _SHARED * sum(char in text for char in characters) / max(1, len(item.text))


def _coverage(items: Sequence[Item], evidence: Evidence) -> dict[str, float]:
    """Which words of the claim the evidence has, rare ones counting more, and which kinds it lacks."""
    units = {item.number.unit for item in items if item.number is not None and item.places}
    held = [1.0 if units & _IMPLIED.get(item.text, _NONE) else _held(item, evidence.text) for item in items]
    total = sum(item.weight for item in items) or 1.0
    missing = [(item, 1 - there) for item, there in zip(items, held, strict=True)]

    def most(tags: tuple[str, ...]) -> float:
        return max((lack * item.weight for item, lack in missing if item.tag.startswith(tags)), default=0.0)

    return {
        "covered": sum(item.weight * there for item, there in zip(items, held, strict=True)) / total,
        "lacking": sum(item.weight * lack for item, lack in missing),
        "lacks_noun": most(("n", "j", "s", "eng")),
        "lacks_verb": most(("v",)),
        "lacks_other": most(("a", "b", "d", "t", "f", "i", "l", "z")),
        "lacks_name": max((lack * item.weight for item, lack in missing if item.is_key), default=0.0),
        "lacks_words": float(sum(lack > 0.5 for _, lack in missing)),
        "last_held": held[-1] if held else 1.0,
        "first_held": held[0] if held else 1.0,
    }


def _closest(one: Item, other: Item, evidence: Evidence) -> tuple[float, bool]:
    """The least distance between two words in the evidence, and whether their order there is the claim's."""
    pairs = [(evidence.distance(a, b), b >= a) for a in one.places for b in other.places]
    return min(pairs, default=(99.0, True))


def _nearness(items: Sequence[Item], evidence: Evidence) -> dict[str, float]:
    """Whether what stands together in the claim stands together in the evidence, in the same order."""
    there = [item for item in items if item.places]
    near: list[float] = []
    turned: list[float] = []
    for first, second in pairwise(there):
        distance, in_order = _closest(first, second, evidence)
        extra = max(0.0, distance - (second.start - first.start))
        near.append(math.exp(-extra / _REACH))
        if distance < SENTENCE_GAP:
            turned.append(float(not in_order))
    keys: list[float] = []
    for key in (item for item in there if item.is_key):
        context = [item for item in there if item.clause == key.clause and item is not key]
        closeness = [math.exp(-max(0.0, _closest(key, item, evidence)[0] - 4) / _REACH) for item in context]
        if closeness:
            keys.append(sum(closeness) / len(closeness))
    lead = next((item for item in there if item.tag.startswith(("n", "j", "eng"))), None)
    rest = [item for item in there if item is not lead]
    about = [math.exp(-max(0.0, _closest(lead, item, evidence)[0] - 4) / 40) for item in rest] if lead else []
    return {
        "near": sum(near) / len(near) if near else 1.0,
        "near_least": min(near, default=1.0),
        "turned": sum(turned) / len(turned) if turned else 0.0,
        "keys_near": sum(keys) / len(keys) if keys else 1.0,
        "keys_near_least": min(keys, default=1.0),
        "lead_near": sum(about) / len(about) if about else 1.0,
        "lead_near_least": min(about, default=1.0),
    }


def _rivals(items: Sequence[Item], evidence: Evidence) -> dict[str, float]:
    """Whether another number, name or thing of the evidence fits the claim's words better than the one it has."""
    margins: dict[str, list[float]] = {"number": [], "name": [], "thing": []}
    for index, key in enumerate(items):
        if not key.places or not (key.is_key or key.is_thing):
            continue
        context = _context(items, index)
        total = sum(item.weight for item in context)
        if not total:
            continue
        if key.number is not None:
            mine = key.number
            rivals = [o.start for o in evidence.numbers if o.unit == mine.unit and o.value != mine.value]
            kind = "name" if mine.unit in DATE_UNITS else "number"
        else:
            kind = "name" if key.is_key else "thing"
            here = [item.text for item in items if item.clause == key.clause]
            rivals = [p for w, t, p in nouns_of(evidence.text) if t[:2] == key.tag[:2] and not _is_among(w, here)]
        fit = _fit(key.places, context, evidence)
        rival = max((_fit((place,), context, evidence) for place in rivals[: 2 * PLACES]), default=0.0)
        margins[kind].append((fit - rival) / total)
    return {f"{kind}_margin": min(values, default=1.0) for kind, values in margins.items()} | {
        "margins_below": float(sum(value < 0 for values in margins.values() for value in values)),
        "number_margins": sum(margins["number"]) / len(margins["number"]) if margins["number"] else 1.0,
    }


def _context(items: Sequence[Item], index: int) -> list[Item]:
    """The words beside one in its clause, up to the next number, that the evidence has."""
    key = items[index]
    found: list[Item] = []
    for side in (items[:index][::-1], items[index + 1 :]):
        for item in side[:_CONTEXT]:
            if item.clause != key.clause or item.number is not None:
                break
            if item.places:
                found.append(item)
    return found


def _fit(places: Iterable[int], context: Sequence[Item], evidence: Evidence) -> float:
    """How close the best of some places is to all of the context."""
    best = 0.0
    for place in places:
        apart = (min(evidence.distance(place, p) for p in item.places) for item in context)
        best = max(best, sum(i.weight * math.exp(-d / _REACH) for i, d in zip(context, apart, strict=True)))
    return best


def _is_among(word: str, words: Iterable[str]) -> bool:
    return any(word in other or other in word for other in words)


def _alignment(folded: str, near: str) -> dict[str, float]:
    """The claim laid along the nearest sentence: how much is a copy, and what stands in the place of something else."""
    claim = cut(folded)
    sentence = nearest(claim, near)
    worst_new = worst_old = inserted = replaced = 0.0
    copied = same_tag = 0
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, claim.words, sentence.words, autojunk=False).get_opcodes():
        if kind == "equal":
            copied += i2 - i1
        new = [(w, t) for w, t in claim.tagged[i1:i2] if kind in ("replace", "insert", "delete") and is_content(w, t)]
        if kind == "delete":  # the claim has it, the sentence has not
            inserted = max([inserted, *(rarity(w) for w, _ in new if w not in near)])
        if kind != "replace":
            continue
        old = [(w, t) for w, t in sentence.tagged[j1:j2] if is_content(w, t)]
        if new and old and i2 - i1 <= 4 and j2 - j1 <= 4:
            replaced += 1
            same_tag += any(t[:1] == u[:1] for _, t in new for _, u in old)
            worst_new = max([worst_new, *(rarity(w) for w, _ in new)])
            worst_old = max([worst_old, *(rarity(w) for w, _ in old)])
    return {
        "copied": copied / max(1, len(claim.words)),
        "inserted": inserted,
        "replaced": replaced,
        "replaced_same": float(same_tag),
        "replaced_by": worst_new,
        "replaced_what": worst_old,
    }


def _polarity(folded: str, items: Sequence[Item], evidence: Evidence) -> dict[str, float]:
    """Negations on one side only, and exact words (首次, 全部, 已经) that the evidence lacks."""
    ours, theirs = cut(folded), cut(evidence.text)
    text = evidence.text
    added = dropped = 0
    for item in items:
        if not item.tag.startswith(("v", "a", "n")) or item.number is not None or not item.places:
            continue
        here = _is_negated(folded, item.start)
        there = [_is_negated(text, place) for place in item.places]
        added += here and not any(there)
        denied = all(_denied.search(text, max(0, place - 4), place) for place in item.places)
        dropped += not here and (denied or (all(there) and item.tag.startswith(("v", "a"))))
    exact = [word for word in ours.words if word in _EXACT and word not in text]
    vague = [number for number in quantities(folded) if not number.certain and number.unit]
    counted = quantities(text)
    other = [n for n in vague if not any(n.agrees(o) for o in counted) and any(n.unit == o.unit for o in counted)]
    return {
        "negation_added": float(added),
        "negation_dropped": float(dropped),
        "negators_there": float(sum(w in NEGATORS for w in theirs.words)),
        "exact_lacking": float(len(exact)),
        "other_count": float(len(other)),
        "other_measure": float(sum(_counts_another(item, evidence) for item in items)),
    }


def _counts_another(item: Item, evidence: Evidence) -> bool:
    """Whether a number of the claim counts people where the evidence counts cars with it."""
    if item.number is None:
        return False
    mine = _measure(item.text)
    theirs = [_measure(evidence.text[o.start : o.end]) for o in evidence.numbers if o.agrees(item.number)]
    return bool(mine and theirs) and all(other and other != mine for other in theirs)


def _measure(written: str) -> str:
    """The class of the measure word at the end of a number; "" where it has none."""
    return next((measures for measures in _MEASURES if written[-1] in measures), "")


_negator_before = re.compile(
    r"(?:不|没|没有|未|无|非|别|禁止|拒绝|并未|并非|尚未|无法|不能|不会|不再|不是|从未|免|停止|避免)[^，。；、\s]{0,2}\Z"
)
_denied = re.compile(r"(?:并非|不是|没有|并不是|绝非|而非)\Z")
_no_negation = re.compile(
    r"(?:不过|不仅|不但|不断|不同|不少|不论|无论|无人机|非常|未来|不锈|不久|不足|不到|不只)[^，。；]{0,2}\Z"
)


def _is_negated(text: str, place: int) -> bool:
    """Whether a negator stands just before a place."""
    before = text[max(0, place - 5) : place]
    return _negator_before.search(before) is not None and _no_negation.search(before) is None
