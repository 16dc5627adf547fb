"""Which things of a question the documents do not name, as far as a refusal may say so. Pure.

A reason names a person, place, organisation or noun, never an adverb, a complement or half a word, and nothing that the
documents have in other writing or by another word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from rag.asked import find_asked
from rag.attributes import asked_attributes
from rag.coverage import HELD, Similarity
from rag.question import Kind, Question, Word
from rag.rarity import rarity
from rag.tagging import long_words

# A noun is not called missing where the text has a word as near as this (cosine): 钟头 / 小时, 稿子 / 文章.
SAID_OTHERWISE = 0.45
# An attribute may stand so many characters from the question word: 售价是多少.
_NEAR_ASKED = 2
# Classes of attributes whose names say what is missing (文中没有给出价格).
_GIVEN = frozenset({"measure", "money", "person"})
_NOT_GIVEN = frozenset({"子女", "配偶", "屏幕"})
_AMOUNTS = {"价格": "金额", "投资": "投资额"}
_PRICE = re.compile(r"价|售|卖|票|买|贵")
_ASKING = re.compile(r"[多几哪什谁吗了的a-z]")
_SURFACE = re.compile(r"面积|占地|平方|亩|公顷")
_HAN = re.compile(r"[\u3400-\u9fff]")
# What ends in these was cut wrongly or says when and where: 馆里, 号上, 卡努在.
_LOOSE_END = "里上下在是的了时到得过"
_LOOSE_START = "那这每各某该本替给让被把将对向和与跟同从"
# A noun of two characters this rare (nats) was mostly cut wrongly: 局张, 店女, 烟案.
_TOO_RARE = 8.6
# Latin that may be a name: 14 Pro and Foxconn, not the price or deadline of everyday speech, nor GB and IC.
_SHORTEST_LATIN = 3
# What the tagger takes for nouns or names although it is none that a text could lack: verbs, adverbs, vague words.
_NO_THING = frozenset(
    "东西 时候 时间 结果 个人 期间 名字 名称 计划 动态 方面 情况 问题 内容 部分 好事 全部 全程 全国 全面 单位 "
    "地方 原因 办法 大家 人家 一带 自己 专门 基本 实际 历年 现任 前任 首位 首个 首次 首款 单日 单月 全年 具体 "
    "入场 日子 案子 岁数 庭审 头号 标的 常态 理想 重点 产生 消失 参观 净化 带队 读书 卖车 当兵 领证 成家 关门 "
    "办公 命名 带头 指导 整治 亮相 回家 参赛 立案 见面 报警 评价 任命 落户 毕业 上学 动工 管事 误食 能管 能领 "
    "能装 高压 花钱 借口 失业 行凶 招标 集训 投标 关系 伤眼 区能 人数 家里 先进 上线 下线 文明 普通 智慧 美丽 "
    "曝光 弘扬 许可 上门 印发 申报 新建 惠民 惠及 汇报 抗议 回国 加密 长大 张贴 上路 上台 入海 水淹 辟谣 联谊 "
    "严正 美化 中毒 陈列 美味 连胜 过敏 波及 麻醉 入园 道谢 和善 万能 登月 下海 宁可 和谈 香甜 拉人 养狗 迎客 "
    "卡住 述职 测温 许诺 一楼 一针 家人 干嘛 时说 被淹 被扣 每克 向民 比例 数据 规模 年头 版本 中心 项目 活动 "
    "工作 人员 信息 记者".split()
)


def missing_things(
    question: Question,
    held: np.ndarray,
    texts: Sequence[str],
    wanted: Callable[[Word], bool],
    similarity: Similarity | None = None,
) -> list[str]:
    """The wanted things of a question that no text names, as the question writes them; neighbouring ones joined.

    Args:
        question: analysed question with W words.
        held: the share of each word that the texts hold, shape (W,).
        texts: folded passages.
        similarity: cosines between two lists of words, to leave out nouns that are said otherwise; None leaves all in.
    """
    lacking = [
        word
        for word, share in zip(question.words, held, strict=True)
        if share < HELD and wanted(word) and is_thing(question, word) and not _is_written(word, texts)
    ]
    said = _said_otherwise([word.text for word in lacking if not word.is_name], texts, similarity)
    found: list[str] = []
    last_end = -1
    for word in lacking:
        if word.text in said:
            continue
        if found and word.start == last_end:
            found[-1] += written(question, word)
        else:
            found.append(written(question, word))
        last_end = word.start + len(word.text)
    return found


def is_thing(question: Question, word: Word) -> bool:
    """Whether a word of a question is a name, a post or a noun that a reader would call missing.

    >>> from rag.question import analyse
    >>> question = analyse("红烧肉最后怎么做？")
    >>> [word.text for word in question.words if is_thing(question, word)]
    ['红烧肉']
    """
    text = word.text
    if len(text) < 2 or word.is_type or not (word.is_name or word.is_noun or word.is_role) or text in _NO_THING:
        return False
    if text.isascii():
        return _is_latin_name(question, word)
    if text[0] in _LOOSE_START or text[-1] in _LOOSE_END or any(character.isdigit() for character in text):
        return False
    return word.is_name or len(text) > 2 or rarity(text) < _TOO_RARE


def is_sure_name(question: Question, word: Word) -> bool:
    """Whether a word is a name that a Chinese text can't have otherwise: 香港, not Foxconn, which is 富士康 there."""
    return word.is_name and not (word.text.isascii() and _HAN.search(question.folded))


def written(question: Question, word: Word) -> str:
    """A word as the question writes it."""
    return question.text[word.start : word.start + len(word.text)]


def untold_attribute(question: Question, texts: Sequence[str]) -> str:
    """The attribute that is asked for and that no text states (重量, 价格), "" when there is none.

    >>> from rag.question import analyse
    >>> untold_attribute(analyse("这款手机有多重？"), ["这款手机有三种颜色。"])
    '重量'
    """
    if question.kind is Kind.YES_NO:
        return ""
    asked = find_asked(question.folded)
    near = [
        (attribute, said.group())
        for attribute in asked_attributes(question.folded)
        for said in attribute.asked.finditer(question.folded)
        if said.start() <= asked.end + _NEAR_ASKED and asked.start <= said.end() + _NEAR_ASKED
    ]
    if any(attribute.told.search(text) for attribute, _ in near for text in texts):
        return ""
    for attribute, said in near:
        if attribute.group not in _GIVEN or attribute.name in _NOT_GIVEN:
            continue
        if attribute.name == "面积" and not _SURFACE.search(question.folded):
            continue  # 多大 may ask for any size
        name = attribute.name if _ASKING.search(said) else said
        return name if name == "价格" and _PRICE.search(question.folded) else _AMOUNTS.get(name, name)
    return ""


def _is_latin_name(question: Question, word: Word) -> bool:
    """Whether a Latin word is written like a name or model; every one is in a question without Chinese."""
    if not _HAN.search(question.folded):
        return True
    shown = written(question, word)
    after = question.folded[word.start + len(word.text) :][:1]
    if shown[-1].isdigit() and after and after in "年月日号.%":  # 沪深300ETF|8月
        return False
    return (len(shown) >= _SHORTEST_LATIN and shown != shown.lower()) or word.is_role


def _is_written(word: Word, texts: Sequence[str]) -> bool:
    """Whether a text has the word, or a longer name with another character in its middle or at its end."""
    text = word.text
    patterns = [re.escape(text)]
    if len(text) > 2 and not text.isascii():  # 云岗石窟 for 云冈石窟
        patterns += [f"{text[:i]}[\u3400-\u9fff]{text[i + 1 :]}" for i in range(1, len(text)) if word.is_name]
    pattern = re.compile("|".join(patterns))
    return any(pattern.search(one) for one in texts)


def _said_otherwise(nouns: Sequence[str], texts: Sequence[str], similarity: Similarity | None) -> set[str]:
    """The nouns for which the texts have a word of much the same meaning."""
    if similarity is None or not nouns:
        return set()
    there = list(dict.fromkeys(word for text in texts for word in long_words(text)))
    if not there:
        return set()
    nearest = similarity(nouns, there).max(axis=1)
    return {noun for noun, cosine in zip(nouns, nearest, strict=True) if cosine >= SAID_OTHERWISE}
