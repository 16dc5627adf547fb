"""True sentences made false by one small change: for training the verifier, and for measuring it on other texts.

Each kind changes one thing that a reader would call a lie and leaves the wording as it was. Nothing here is shared with
the checks of `rag.facts`: words of the opposite meaning and ways to negate are listed anew.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.rarity import rarity
from rag.sentences import split_sentences

# Words that mean the opposite, or exclude each other, in the same place of a sentence.
_EXCLUSIVE = [
    pair.split("/")
    for pair in (
        "增长/下降 上涨/下跌 增加/减少 提高/降低 提升/降低 上升/下降 扩大/缩小 高于/低于 超过/不足 超/不到 "
        "以上/以下 最大/最小 最高/最低 首次/第三次 首款/末款 首个/最后一个 全部/部分 所有/少数 支持/反对 同意/拒绝 "
        "批准/否决 成功/失败 开放/封闭 进口/出口 盈利/亏损 买入/卖出 净流入/净流出 流入/流出 加快/放缓 加强/削弱 "
        "允许/禁止 赢得/输掉 获得/失去 公开/秘密 国内/国外 线上/线下 上半年/下半年 上午/下午 东部/西部 南部/北部 "
        "男子/女子 更高/更低 更多/更少 大幅/小幅 同比/环比 启动/终止 开幕/闭幕 开通/关闭 长期/短期 合法/非法 "
        "安全/危险 乐观/悲观 免费/收费 无线/有线 主动/被动 领先/落后"
    ).split()
]
_digits = re.compile(r"(?<![\d.A-Za-z\-])\d+(?:\.\d+)?(?![\d.]*[A-Za-z\-])(?=(\s?[\u4e00-\u9fff%％]{0,2}))")
_date = re.compile(r"(?:年|\s?月|\s?日|\s?号)")
_negatable = re.compile(r"(?:v|vn)\Z")
_credits = re.compile("编辑|原标题|来源|版权|转载|广告")
_NEVER_NEGATED = frozenset(
    "是 有 说 称 显示 表示 认为 指出 来 去 到 为 等 据 进行 看 让 使 作为 成为 介绍 提到 报道 消息 编辑 记者 开始 "
    "包括".split()
)
_NAMES = ("nr", "ns", "nt", "nz", "nrt", "nrfg")
_LEAST_RARE = 6.0


@dataclass(frozen=True, slots=True)
class Lie:
    """A false sentence, and what it was made of.

    Attributes:
        start, end: offsets of the true sentence in its document.
        kind: what was changed.
    """

    text: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A sentence with its words, its document's sentences, and names from elsewhere."""

    sentence: str
    tagged: tuple[tuple[str, str], ...]
    document: str
    strangers: dict[str, Sequence[str]]


def true_sentences(document: str) -> list[tuple[int, int]]:
    """The sentences of a text that state something, as (start, end) offsets: neither headings nor fragments."""
    spans = [(a, b) for a, b in split_sentences(document) if 16 <= b - a <= 120]
    return [(a, b) for a, b in spans if document[a:b].strip()[-1] in "。！!；;" and not _credits.search(document[a:b])]


def tell_lies(documents: Sequence[str], each: int, seed: int) -> Iterator[tuple[int, Lie]]:
    """Lies of every kind over documents, as (document number, lie).

    Args:
        each: how many of each kind, one to a document and kind; fewer when the documents give no more.
        seed: of the choice; the same one gives the same lies.
    """
    rng = random.Random(seed)  # noqa: S311 - a reproducible choice
    order = list(range(len(documents)))
    rng.shuffle(order)
    strangers = _names([documents[number] for number in order[:400]])
    for kind, change in KINDS.items():
        told = 0
        for number in order:
            document = documents[number]
            spans = true_sentences(document)
            rng.shuffle(spans)
            for start, end in spans:
                sentence = document[start:end].strip()
                changed = change(Scene(sentence, scene_of(sentence), document, strangers), rng)
                if changed and changed != sentence and changed not in document:
                    yield number, Lie(changed, kind, start, end)
                    told += 1
                    break
            if told == each:
                break
        rng.shuffle(order)


def scene_of(text: str) -> tuple[tuple[str, str], ...]:
    """Words of a text with their tags."""
    import rjieba

    return tuple(rjieba.tag(text))


def _names(documents: Sequence[str]) -> dict[str, Sequence[str]]:
    """Names by tag, from the openings of documents."""
    found: dict[str, dict[str, None]] = {}
    for document in documents:
        for word, tag in scene_of(document[:300]):
            if _is_name(word, tag):
                found.setdefault(tag, {})[word] = None
    return {tag: list(words) for tag, words in found.items()}


def names_of(text: str) -> list[str]:
    """The names in a text, each once."""
    return list(dict.fromkeys(word for word, tag in scene_of(text) if _is_name(word, tag)))


def _is_name(word: str, tag: str) -> bool:
    return tag in _NAMES and len(word) > 1 and rarity(word) >= _LEAST_RARE - (2 if tag == "ns" else 0)


def _digit_changed(number: str, rng: random.Random) -> str:
    """A number with another digit in one place; never a leading zero."""
    places = [i for i, char in enumerate(number) if char.isdigit()]
    place = rng.choice(places)
    options = [digit for digit in "123456789" if digit != number[place]]
    return number[:place] + rng.choice(options) + number[place + 1 :]


def _numbers(text: str) -> list[tuple[int, int, str]]:
    """(start, end, unit) of the Arabic numbers of a text; the unit is what stands after it, up to two characters."""
    return [(match.start(), match.end(), match[1].strip()) for match in _digits.finditer(text)]


def _number(scene: Scene, rng: random.Random) -> str | None:
    """Another digit in a number that is no date."""
    spots = [(a, b) for a, b, unit in _numbers(scene.sentence) if unit and not _date.match(unit)]
    return _with_digit(scene.sentence, spots, rng)


def _date_changed(scene: Scene, rng: random.Random) -> str | None:
    """Another digit in a year, month or day."""
    spots = [(a, b) for a, b, unit in _numbers(scene.sentence) if _date.match(unit)]
    return _with_digit(scene.sentence, spots, rng)


def _with_digit(text: str, spots: Sequence[tuple[int, int]], rng: random.Random) -> str | None:
    if not spots:
        return None
    a, b = rng.choice(spots)
    return text[:a] + _digit_changed(text[a:b], rng) + text[b:]


def _number_swapped(scene: Scene, rng: random.Random) -> str | None:
    """Two numbers of one sentence changed about, or one taken from another sentence of the same text."""
    ours = [(a, b, unit[:1]) for a, b, unit in _numbers(scene.sentence) if unit and not _date.match(unit)]
    rng.shuffle(ours)
    text = scene.sentence
    for a, b, unit in ours:
        for c, d, other in ours:
            if a < c and unit == other and text[a:b] != text[c:d]:
                return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
    for a, b, unit in ours:
        theirs = {scene.document[c:d] for c, d, other in _numbers(scene.document) if other[:1] == unit}
        options = sorted(number for number in theirs if number not in text)
        if options:
            return text[:a] + rng.choice(options) + text[b:]
    return None


def _replaced_name(tags: Sequence[str], *, near: bool) -> Callable[[Scene, random.Random], str | None]:
    """A change that puts another name of the same kind in the place of one."""

    def change(scene: Scene, rng: random.Random) -> str | None:
        ours = [word for word, tag in scene.tagged if tag in tags and _is_name(word, tag)]
        if not ours:
            return None
        name = rng.choice(ours)
        tag = dict(scene.tagged)[name]
        if near:
            pool: Sequence[str] = sorted({w for w, t in scene_of(scene.document) if t == tag and _is_name(w, t)})
        else:
            pool = [word for word in scene.strangers.get(tag, ()) if word not in scene.document]
        pool = [word for word in pool if word not in scene.sentence and not set(word) & set(name)]
        return scene.sentence.replace(name, rng.choice(pool)) if pool else None

    return change


def _subject(scene: Scene) -> str:
    """The names that open a sentence, up to its verb; "" when it opens otherwise."""
    opened = ""
    named = False
    for word, tag in scene.tagged:
        if tag.startswith(("n", "j", "eng", "b", "vn")) and tag != "ng":
            opened += word
            named |= _is_name(word, tag)
        else:
            return opened if named and tag.startswith(("v", "d", "p", "u")) and len(opened) <= 16 else ""
    return ""


def _subject_changed(scene: Scene, rng: random.Random) -> str | None:
    """What another sentence of the same text is about, as the subject of this one."""
    ours = _subject(scene)
    if not ours:
        return None
    others = []
    for start, end in split_sentences(scene.document):
        sentence = scene.document[start:end].strip()
        other = _subject(Scene(sentence, scene_of(sentence), "", {}))
        if other and other not in scene.sentence and not set(other) & set(ours):
            others.append(other)
    return rng.choice(sorted(set(others))) + scene.sentence[len(ours) :] if others else None


def _names_swapped(scene: Scene, rng: random.Random) -> str | None:
    """Two names of one sentence changed about: 甲收购乙 as 乙收购甲; not in a list, where order means nothing."""
    text = scene.sentence
    named = [(word, tag) for word, tag in scene.tagged if _is_name(word, tag)]
    pairs = [(a, b) for (a, s), (b, t) in pairwise(named) if s == t and a not in b and b not in a]
    rng.shuffle(pairs)
    for a, b in pairs:
        start, stop = text.find(a), text.rfind(b)
        between = text[start + len(a) : stop]
        if (
            len(between) >= 2
            and text.count(a) == text.count(b) == 1
            and not re.search(r"[、和与及，。；“”（）]", between)
        ):
            return text[:start] + b + between + a + text[stop + len(b) :]
    return None


def _negated(scene: Scene, rng: random.Random) -> str | None:
    """A verb negated, or a negation taken away."""
    for word, bare in (
        ("并未", ""),
        ("没有", ""),
        ("尚未", "已经"),
        ("不能", "能"),
        ("不会", "会"),
        ("无法", "可以"),
        ("未", ""),
    ):
        if scene.sentence.count(word) == 1 and rng.random() < 0.5 and f"{word}来" not in scene.sentence:
            return scene.sentence.replace(word, bare)
    options = []
    position = 0
    for (word, _tag), (then, after) in pairwise(scene.tagged):
        position += len(word)
        before = scene.sentence[max(0, position - 2) : position]
        telling = _negatable.match(after) and len(then) > 1 and then not in _NEVER_NEGATED
        if telling and (word in "将会已可能也还，" or _tag.startswith("n")) and not re.search(r"[不没未无]", before):
            options.append(position)
    if not options:
        return None
    spot = rng.choice(options)
    return scene.sentence[:spot] + rng.choice(("没有", "并未", "不会")) + scene.sentence[spot:]


def _opposite(scene: Scene, rng: random.Random) -> str | None:
    """A word replaced by one that means the opposite."""
    present = [word for word, _ in scene.tagged]
    options = [(a, b) for one, two in _EXCLUSIVE for a, b in ((one, two), (two, one)) if present.count(a) == 1]
    options = [(a, b) for a, b in options if b not in scene.sentence and scene.sentence.count(a) == 1]
    if not options:
        return None
    old, new = rng.choice(options)
    return scene.sentence.replace(old, new)


# What is changed → how. A person's or an institution's name stands for "name".
KINDS: dict[str, Callable[[Scene, random.Random], str | None]] = {
    "number": _number,
    "number, from the same text": _number_swapped,
    "date": _date_changed,
    "name": _replaced_name(("nr", "nrt", "nrfg", "nt", "nz"), near=False),
    "name, from the same text": _replaced_name(("nr", "nrt", "nrfg", "nt", "nz"), near=True),
    "place": _replaced_name(("ns",), near=False),
    "place, from the same text": _replaced_name(("ns",), near=True),
    "subject, from the same text": _subject_changed,
    "names changed about": _names_swapped,
    "negation": _negated,
    "opposite": _opposite,
}
