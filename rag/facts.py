"""Where a claim and its evidence say different things: a number, a date, a name, a negation, an opposite. Pure.

Shared words can't tell 217 from 271 or 上升 from 下降, so each kind of fact has its own check. Each looks for a reason
to disbelieve; finding none proves nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from rag.numbers import COUNT, DATE_UNITS, Quantity, dates, quantities
from rag.rarity import rarity
from vectorstore.tokens import bigrams, fold

_NEGATORS = frozenset(
    "不 没 没有 未 无 非 别 勿 莫 并非 不是 不能 不会 不可 不得 不再 不曾 不要 不用 不必 无法 未能 未必 尚未 从未 "
    "并未 未曾 从不 毫无 绝不 并不 并没有 不受 不准 不许 没能 未有 not no never without cannot".split()
)
_OPPOSITES: dict[str, frozenset[str]] = {}
for _left, _right in (
    ("上升 上涨 增加 增长 提升 提高 升至 扩大 增至 上调", "下降 下跌 减少 降低 下滑 降至 缩小 减至 下调 跌至"),
    ("高于 超过 超 大于 多于 以上", "低于 不足 不到 小于 少于 以下"),
    ("最大 最高 最多 最长 最早 最先", "最小 最低 最少 最短 最晚 最后"),
    ("全部 所有 全都", "部分 个别 少数"),
    ("成立 创立 建立 设立 组建", "解散 撤销 关闭 注销"),
    ("赞成 支持 同意 批准 通过", "反对 拒绝 否决"),
    ("进口", "出口"),
    ("流入", "流出"),
    ("开始 启动 启用 开启", "结束 终止 停用 停止"),
    ("盈利", "亏损"),
    ("买入 买进", "卖出"),
    ("东部", "西部"),
    ("南部", "北部"),
    ("国内", "国外 海外"),
    ("之前 以前", "之后 以后"),
    ("首次 首个 首家", "末次 再次"),
    ("成功", "失败"),
    ("开放", "关闭 封闭"),
    ("普速", "高速"),
):
    for _word in _left.split():
        _OPPOSITES[_word] = _OPPOSITES.get(_word, frozenset()) | frozenset(_right.split())
    for _word in _right.split():
        _OPPOSITES[_word] = _OPPOSITES.get(_word, frozenset()) | frozenset(_left.split())

_NAME_TAGS = frozenset("nr nrt nrfg nrf ns nt nz j".split())
# A word with one of these tags is taken for a name only when it is at least this rare (nats): jieba also tags plain
# words so (明白 nr). Places and institutions come from its dictionary and are believed.
_RARE = {"nr": 6.5, "nrt": 6.5, "nrfg": 6.5, "nrf": 6.5, "nz": 6.0, "j": 6.0, "n": 5.5}
_COMMON_PLACES = frozenset(
    "中国 外国 地区 国内 国外 全国 我国 各国 多国 两国 该国 本国 等国 本市 全市 全省 全球 世界 东西".split()
)
_organisation = re.compile(
    r".{2,}(?:院|所|公司|集团|中心|大学|学院|城|园区|部门|委|厂|馆|银行|站|市|省|州|区|县|镇|村)\Z"
)
_title = re.compile(
    r"(?:长|主任|总监|经理|ceo|教授|院士|研究员|主席|书记|总裁|科学家|大臣|总统|总理|教练|队长|发言人|创始人|负责人|助理)\Z"
)
_code = re.compile(r"[a-z]+[a-z0-9]*[-_./]?\d[a-z0-9.\-]*")
_latin = re.compile(r"[a-z][a-z0-9+\-]*")
_han = re.compile("[\u4e00-\u9fff]")
_punctuation = re.compile(r"\W+\Z")
_enumerator = re.compile(r"(?:^|[:：;；,，。\s])[（(]?\d{1,2}[)）.、]")
# Tags of words that join and point: they hold no fact.
_PLAIN_TAGS = frozenset("u uj ul uz ug ud uv p c d r e y o zg f x k".split())
_PLAIN_WORDS = frozenset(
    "是 为 有 达 达到 约 近 共 超 超过 余 多 仅 只 等 其中 分别 一共 总共 累计 已 目前 大约 左右 位于 设有 拥有 "
    "包括".split()
)
# 未完成 is one word to jieba and two to us; these start with the same characters and negate nothing.
_joined_negation = re.compile(
    r"(?:未|不|没|无)(?=\w{2,}\Z)(?!.*(?:不锈钢|不动产|无人|无线|未来|未成年|不仅|不断|不过|不同|不少|不论|无论))"
)


@dataclass(frozen=True)
class _Words:
    """A text cut into tagged words, punctuation kept."""

    text: str
    tagged: tuple[tuple[str, str], ...]

    @cached_property
    def words(self) -> list[str]:
        return [word for word, _ in self.tagged]

    @cached_property
    def present(self) -> frozenset[str]:
        return frozenset(self.words)

    def negated(self, index: int) -> bool:
        """Whether a negator stands up to two words before, with no punctuation between."""
        for word in reversed(self.words[max(0, index - 2) : index]):
            if _punctuation.match(word):
                return False
            if word in _NEGATORS or word[-1] in "未没":
                return True
        return False


@lru_cache(maxsize=1024)
def _cut(folded: str) -> _Words:
    """Words and tags of folded text, blanks dropped, a negator split from what it negates."""
    import rjieba

    tagged: list[tuple[str, str]] = []
    for word, tag in rjieba.tag(folded):
        if _joined_negation.match(word):
            tagged += [(word[0], "d"), (word[1:], "v")]
        elif not word.isspace():
            tagged.append((word, tag))
    return _Words(folded, tuple(tagged))


def disagreement(claim: str, evidence: str, background: str = "") -> str:
    """The first fact on which claim and evidence differ, as a short phrase in Chinese; "" when none is found.

    Args:
        claim: one sentence.
        evidence: the sentences that should support it.
        background: more text of the same source (title, date, sentences around): names and dates that the claim spells
            out may come from it, other numbers may not.

    >>> disagreement("建成房源1.6万套。", "建成房源1.8万套,已保障25个院所。")
    '数字“1.6万套”不在引文中'
    >>> disagreement("一万八千套房源已建成。", "建成房源1.8万套,已保障25个院所。")
    ''
    """
    folded, source, around = fold(claim), fold(evidence), fold(background)
    ours, theirs = _cut(folded), _cut(source)
    everything = f"{source}\n{around}"
    return (
        _number_missing(claim, folded, source, around)
        or _number_moved(ours, theirs)
        or _name_missing(ours, everything)
        or _title_moved(ours, theirs)
        or _aligned_difference(ours, theirs, everything)
        or _opposite(ours, theirs)
    )


def _number_missing(claim: str, folded: str, source: str, around: str) -> str:
    """A number or date of the claim that the evidence lacks."""
    ours, theirs = quantities(folded), quantities(source)
    nearby = quantities(around)
    listed = [match.span() for match in _enumerator.finditer(folded)]
    for number in ours:
        if not number.certain or any(start <= number.start < end for start, end in listed):
            continue
        pool = [*theirs, *nearby] if number.unit in DATE_UNITS else theirs
        if not any(number.agrees(other) for other in pool):
            return f"数字“{claim[number.start : number.end].strip() or _plain(number)}”不在引文中"
    known = dates(theirs)
    for date in dates(ours):
        finest = next(unit for unit in reversed(DATE_UNITS) if unit in date)
        same = [other for other in known if other.get(finest) == date[finest]]
        if len(date) > 1 and same and not any(all(other.get(u, v) == v for u, v in date.items()) for other in same):
            return "日期与引文不符"
    return ""


def _plain(number: Quantity) -> str:
    """A quantity in words for a message."""
    return f"{number.value.normalize():f}{number.unit}"


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
        before = _content(_cut(text[clause_start : number.start]).tagged[::-1])
        after = _content(_cut(text[number.end : stop.start() if stop else len(text)]).tagged)
        found.append(_Counted(number, before, after))
    return tuple(found)


_boundary = re.compile(r"[，,；;。！？!?、：:\n（）()]")


def _content(tagged: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The first two of up to four words that hold a fact, up to the next number."""
    found: list[str] = []
    for word, tag in tagged[:4]:
        if tag == "m" or _punctuation.match(word) or quantities(word):
            break
        if tag not in _PLAIN_TAGS and tag != "q" and word not in _PLAIN_WORDS:
            found.append(word)
    return tuple(found[:2])


def _number_moved(claim: _Words, source: _Words) -> str:
    """A number that the evidence gives for something else: 首席科学家25名 where it says 首席科学家2名、研究员25名."""
    theirs = _counted(source.text)
    for ours in _counted(claim.text):
        if not ours.number.certain and ours.number.value < 2:
            continue
        for side in ("before", "after"):
            words = getattr(ours, side)
            rivals = [other for other in theirs if words and getattr(other, side)[:1] == words[:1]]
            rivals = [other for other in rivals if getattr(other, side) == words] or rivals
            rivals = [other for other in rivals if _comparable(ours.number, other.number)]
            if rivals and not any(ours.number.value == other.number.value for other in rivals):
                return f"引文中“{words[0]}”的数字是“{_plain(rivals[0].number)}”"
    return ""


def _comparable(one: Quantity, other: Quantity) -> bool:
    """Whether two numbers measure the same kind of thing."""
    return one.unit == other.unit or {one.unit, other.unit} == {"", COUNT}


def _name_missing(claim: _Words, everything: str) -> str:
    """A name, code or Latin word of the claim that its source never mentions."""
    squeezed = everything.replace(" ", "")
    words = _code.findall(claim.text)
    if _han.search(claim.text):
        words += [word for word in _latin.findall(claim.text) if len(word) > 1]
    for word in words:
        if word not in everything and word not in squeezed and not any(q.unit for q in quantities(word)):
            return f"“{word}”不在引文中"
    for i, (word, tag) in enumerate(claim.tagged):
        if _is_name(word, tag) and not _mentioned(word, everything) and not _is_alias(claim, i, everything):
            return f"“{word}”不在引文中"
    return ""


def _is_name(word: str, tag: str) -> bool:
    """Whether a word names someone or something."""
    if len(word) < 2 or word in _COMMON_PLACES or word in _PLAIN_WORDS or not _han.search(word):
        return False
    if tag in _NAME_TAGS or (tag == "n" and _organisation.match(word)):
        return rarity(word) >= _RARE.get(tag, 0.0)
    return False


def _mentioned(word: str, text: str) -> bool:
    """Whether a word, or every pair of its characters, or its characters close together in order, stand in the text."""
    if word in text or all(pair in text for pair in bigrams(word)):
        return True
    if len(word) > 2 and word[-1] in "于在从与和说把被将" and word[:-1] in text:
        return True
    pattern = r"[^。！？\n]{0,3}?".join(map(re.escape, word))
    return len(word) == 3 and re.search(pattern, text) is not None


def _is_alias(claim: _Words, index: int, text: str) -> bool:
    """Whether the text has a short form of the institution a name belongs to: 量子院 for 北京量子信息科学研究院."""
    first = last = index
    while first > 0 and claim.tagged[first - 1][1].startswith(("n", "j", "vn")):
        first -= 1
    while last + 1 < len(claim.tagged) and claim.tagged[last + 1][1].startswith(("n", "j", "vn")):
        last += 1
    phrase = "".join(claim.words[first : last + 1])
    if len(phrase) < 6 or not _organisation.match(phrase):
        return False
    head = phrase[: len(phrase) - len(claim.words[last])]
    shorts = (text[match.end() - 3 : match.end()] for match in re.finditer(re.escape(phrase[-1]), text))
    return any(len(short) == 3 and short[:2] in head for short in shorts)


def _in_order(short: str, text: str) -> bool:
    """Whether the characters of `short` occur in the text in that order."""
    position = 0
    for char in short:
        position = text.find(char, position) + 1
        if not position:
            return False
    return True


def _title_moved(claim: _Words, source: _Words) -> str:
    """A person who gets the title that the evidence gives to another: 处长张硕 where it says 处长杨薇薇."""
    people = [word for word, tag in claim.tagged if tag.startswith("nr") and _is_name(word, tag)]
    titles = [word for word, tag in claim.tagged if tag.startswith("n") and _title.search(word)]
    if len(people) != 1:
        return ""
    for title in titles:
        holders = {
            source.words[j]
            for i, word in enumerate(source.words)
            if word == title
            for j in (i - 1, i + 1)
            if 0 <= j < len(source.words) and source.tagged[j][1].startswith("nr") and len(source.words[j]) > 1
        }
        if holders and not any(_related(people[0], holder) for holder in holders):
            return f"引文中的{title}是“{min(holders)}”，不是“{people[0]}”"
    return ""


def _aligned_difference(claim: _Words, source: _Words, everything: str) -> str:
    """Laid word by word along the evidence: one thing in the place of another, an added or a lost negation."""
    matcher = SequenceMatcher(None, claim.words, source.words, autojunk=False)
    aligned: dict[int, int] = {}
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            aligned.update(zip(range(i1, i2), range(j1, j2), strict=True))
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "replace" and (reason := _replaced(claim, source, (i1, i2), (j1, j2), everything)):
            return reason
    return _negation_differs(claim, source, aligned)


def _replaced(claim: _Words, source: _Words, ours: tuple[int, int], theirs: tuple[int, int], everything: str) -> str:
    """What a replaced stretch of words puts in the place of something else."""
    (i1, i2), (j1, j2) = ours, theirs
    if i2 - i1 > _LONGEST_REPLACED or j2 - j1 > _LONGEST_REPLACED:
        return ""
    if not (_holds(claim, i1 - 1) or _holds(claim, i2)):
        return ""
    left, right = claim.tagged[i1:i2], source.tagged[j1:j2]
    for word, _ in left:
        for other, _ in right:
            if other in _OPPOSITES.get(word, ()):
                return f"引文说的是“{other}”，不是“{word}”"
    old = [(w, t) for w, t in right if w not in claim.text and len(w) > 1]
    new = [(w, t) for w, t in left if t not in _PLAIN_TAGS and len(w) > 1 and w not in _PLAIN_WORDS]
    new = [(w, t) for w, t in new if not any(_alike(w, other) for other, _ in right)]
    names = [w for w, t in old if _is_name(w, t)]
    strangers = [w for w, t in new if w not in everything or _is_name(w, t)]
    if names and strangers and not any(_related(a, b) for a in strangers for b in names):
        return f"引文说的是“{names[0]}”，不是“{strangers[0]}”"
    if len(left) > 3 or len(right) > 3 or not _holds(claim, i2):
        return ""
    nouns = [w for w, t in old if t.startswith(("n", "j"))]
    absent = [w for w, t in new if t.startswith(("n", "j")) and w not in source.text and rarity(w) >= _RARE_NOUN]
    if nouns and absent:
        return f"引文说的是“{nouns[0]}”，不是“{absent[0]}”"
    return ""


def _holds(words: _Words, index: int) -> bool:
    """Whether the word at an index anchors what stands beside it: a word with content, or the start of the text."""
    return index < 0 or (index < len(words.tagged) and words.tagged[index][1] not in _PLAIN_TAGS)


def _alike(one: str, other: str) -> bool:
    """Whether two words share half the characters of the shorter."""
    return 2 * len(set(one) & set(other)) >= min(len(one), len(other))


_LONGEST_REPLACED = 6
# From this rarity on a noun in the place of another is taken for another thing, not for a synonym.
_RARE_NOUN = 4.5


def _related(one: str, other: str) -> bool:
    """Whether two names may be one: either holds the other's characters in order."""
    return _in_order(one, other) or _in_order(other, one)


def _negation_differs(claim: _Words, source: _Words, aligned: dict[int, int]) -> str:
    """A verb, adjective or number that is negated on one side only."""
    for i, j in aligned.items():
        word, tag = claim.tagged[i]
        here, there = claim.negated(i), source.negated(j)
        if word in _NEGATORS or word in _PLAIN_WORDS or tag in _PLAIN_TAGS:
            continue
        if (here and not there) or (there and not here and tag.startswith(("v", "a"))):
            return f"引文{'没有' if here else '却是'}否定“{word}”"
    return ""


def _opposite(claim: _Words, source: _Words) -> str:
    """A word of the claim for which the evidence has the opposite instead."""
    for word in claim.words:
        if word in _OPPOSITES and word not in source.text:
            for other in sorted(_OPPOSITES[word]):
                if other in source.present and other not in claim.present:
                    return f"引文说的是“{other}”，不是“{word}”"
    return ""
