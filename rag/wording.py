"""Words of a claim and its evidence: cut, tagged, and compared as names. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rag.rarity import rarity
from rag.sentences import split_sentences
from vectorstore.tokens import bigrams, fold

NEGATORS = frozenset(
    "不 没 没有 未 无 非 别 勿 莫 并非 不是 不能 不会 不可 不得 不再 不曾 不要 不用 不必 无法 未能 未必 尚未 从未 "
    "并未 未曾 从不 毫无 绝不 并不 并没有 不受 不准 不许 没能 未有 not no never without cannot".split()
)
OPPOSITES: dict[str, frozenset[str]] = {}
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
    ("提出 推出 出台 新增 增设 设有 保留 恢复", "取消 撤回 废止 废除 停办"),
    ("提振 刺激 促进 推动 加快 加速", "破坏 抑制 阻碍 拖累 放缓 减缓"),
    ("允许 准许 许可 鼓励", "禁止 严禁 不准 劝阻"),
    ("加强 增强 强化", "削弱 减弱 弱化"),
    ("获得 赢得 取得 得到", "失去 丢掉 输掉 丧失"),
    ("获胜 胜 战胜 取胜 赢", "落败 负 失利 告负 输"),
    ("免费 无偿", "收费 付费 有偿"),
    ("公开 公布", "保密 隐瞒 秘密"),
    ("安全", "危险"),
    ("合法", "非法 违法"),
    ("乐观 看好", "悲观 看淡 看空"),
    ("上午 早上 早晨 凌晨", "下午 晚上 傍晚 夜间"),
    ("上半年", "下半年"),
    ("男 男子 男性 男孩 儿子 父亲 丈夫", "女 女子 女性 女孩 女儿 母亲 妻子"),
    ("线上", "线下"),
    ("长期", "短期"),
    ("主动", "被动 被迫"),
    ("无线", "有线"),
    ("领先", "落后"),
    ("大幅", "小幅"),
    ("顶部", "底部"),
    ("前置", "后置"),
    ("最好 最优", "最差 最坏"),
    ("更高 更多 更大 更快 更好", "更低 更少 更小 更慢 更差"),
    ("延长 推迟", "缩短 提前"),
    ("复航 复工 复课 恢复", "停航 停工 停课 中断"),
    ("死亡 遇难 身亡 去世", "生还 获救 脱险 康复"),
    ("迁入 入驻 引进 搬入", "迁出 撤离 退出 搬离"),
    ("继续 延续", "中止 终止 停止"),
    ("有罪", "无罪"),
    ("属实 真实", "不实 虚假 谣言"),
    ("充足 充裕", "短缺 匮乏 紧缺"),
    ("自愿", "强制"),
    ("直接", "间接"),
    ("开幕 揭幕", "闭幕 落幕"),
    ("开通 投用 启用", "关停 停用 关闭"),
    ("同比", "环比"),
    ("任命 上任 就任", "免去 卸任 辞去"),
    ("净流入", "净流出"),
    ("软着陆", "硬着陆"),
):
    for _word in _left.split():
        OPPOSITES[_word] = OPPOSITES.get(_word, frozenset()) | frozenset(_right.split())
    for _word in _right.split():
        OPPOSITES[_word] = OPPOSITES.get(_word, frozenset()) | frozenset(_left.split())

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
_han = re.compile("[\u4e00-\u9fff]")
_punctuation = re.compile(r"\W+\Z")
# Tags of words that join and point: they hold no fact.
PLAIN_TAGS = frozenset("u uj ul uz ug ud uv p c d r e y o zg f x k".split())
PLAIN_WORDS = frozenset(
    "是 为 有 达 达到 约 近 共 超 超过 余 多 仅 只 等 其中 分别 一共 总共 累计 已 目前 大约 左右 位于 设有 拥有 "
    "包括 如下 以下 下列".split()
)
# 未完成 is one word to jieba and two to us; these start with the same characters and negate nothing.
_joined_negation = re.compile(
    r"(?:未|不|没|无)(?=\w{2,}\Z)(?!.*(?:不锈钢|不动产|无人|无线|未来|未成年|不仅|不断|不过|不同|不少|不论|无论))"
)


@dataclass(frozen=True)
class Words:
    """A text cut into tagged words, punctuation kept."""

    text: str
    tagged: tuple[tuple[str, str], ...]

    @property
    def is_chinese(self) -> bool:
        return _han.search(self.text) is not None

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
            if word in NEGATORS or word[-1] in "未没":
                return True
        return False


@lru_cache(maxsize=1024)
def cut(folded: str) -> Words:
    """Words and tags of folded text, blanks dropped, a negator split from what it negates."""
    import rjieba

    tagged: list[tuple[str, str]] = []
    for word, tag in rjieba.tag(folded):
        if _joined_negation.match(word):
            tagged += [(word[0], "d"), (word[1:], "v")]
        elif not word.isspace():
            tagged.append((word, tag))
    return Words(folded, tuple(tagged))


def nearest(claim: Words, evidence: str) -> Words:
    """The sentence of the evidence that shares most words with the claim."""
    sentences = [cut(fold(evidence[start:end])) for start, end in split_sentences(evidence)]
    return max(sentences, key=lambda words: len(claim.present & words.present), default=cut(fold(evidence)))


def is_content(word: str, tag: str) -> bool:
    """Whether a tagged word holds a fact rather than grammar.

    >>> [word for word, tag in cut("量子院位于中关村。").tagged if is_content(word, tag)]
    ['量子', '院', '中关村']
    """
    return tag not in PLAIN_TAGS and word not in PLAIN_WORDS and word[0].isalnum()


def is_name(word: str, tag: str) -> bool:
    """Whether a word names someone or something."""
    if len(word) < 2 or word in _COMMON_PLACES or word in PLAIN_WORDS or not _han.search(word):
        return False
    if tag in _NAME_TAGS or (tag == "n" and _organisation.match(word)):
        return rarity(word) >= _RARE.get(tag, 0.0)
    return False


def mentioned(word: str, text: str) -> bool:
    """Whether a word, or every pair of its characters, or its characters close together in order, stand in the text."""
    pairs = bigrams(word)
    if word in text or (pairs and all(pair in text for pair in pairs)):
        return True
    if len(word) > 2 and word[-1] in "于在从与和说把被将市省县区镇州国队级" and word[:-1] in text:
        return True
    pattern = r"[^。！？\n]{0,3}?".join(map(re.escape, word))
    return len(word) == 3 and re.search(pattern, text) is not None


def is_alias(claim: Words, index: int, text: str) -> bool:
    """Whether the text has a short form of the institution a name belongs to: 量子院 for 北京量子信息科学研究院."""
    first = last = index
    while first > 0 and claim.tagged[first - 1][1].startswith(("n", "j", "vn")):
        first -= 1
    while last + 1 < len(claim.tagged) and claim.tagged[last + 1][1].startswith(("n", "j", "vn")):
        last += 1
    phrase = "".join(claim.words[first : last + 1])
    if len(phrase) < 6 or not _organisation.match(phrase):
        return False
    front = phrase[: len(phrase) - len(claim.words[last])]
    shorts = (text[match.end() - 3 : match.end()] for match in re.finditer(re.escape(phrase[-1]), text))
    return any(len(short) == 3 and short[:2] in front for short in shorts)


def in_order(short: str, text: str) -> bool:
    """Whether the characters of `short` occur in the text in that order."""
    position = 0
    for char in short:
        position = text.find(char, position) + 1
        if not position:
            return False
    return True


def alike(one: str, other: str) -> bool:
    """Whether two words share half the characters of the shorter."""
    return 2 * len(set(one) & set(other)) >= min(len(one), len(other))


def related(one: str, other: str) -> bool:
    """Whether two names may be one: either holds the other's characters in order."""
    return in_order(one, other) or in_order(other, one)


def head(words: Words) -> list[str]:
    """The nouns that open a sentence: what it is about."""
    nouns: list[str] = []
    for word, tag in words.tagged:
        if tag.startswith(("n", "j", "s")) or (nouns and tag in {"vn", "v", "b", "a", "q", "g"} and len(nouns) < 6):
            nouns.append(word)
        elif nouns or tag not in {"c", "d", "t", "x", "f"}:
            break
    while nouns and len(nouns[-1]) < 2:
        nouns.pop()
    return nouns
