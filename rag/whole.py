"""A short answer that cuts no name, figure or date in half: its ends moved out to where such a thing ends. Pure.

All functions take folded text, which has the offsets of the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.question import Kind, Question
from rag.rarity import is_known
from rag.spans import DATE, FAMILY_NAMES, NOT_IN_A_NAME, UNITS, Span
from rag.tagging import tagged

_DOT = "·・‧•∙"
# Characters that foreign names are written with.
_SOUNDS = (
    "阿卜埃艾爱安昂奥巴白班邦保鲍贝本比彼毕宾波伯玻博布查察茨慈次达大戴丹道德登邓迪蒂丁东杜敦多厄恩尔法凡范方菲费芬丰冯佛夫弗福富盖甘"
    "冈高戈哥格葛根古瓜圭哈海罕汉豪赫黑亨洪侯胡华怀惠霍基吉季加贾杰捷金津京久卡凯坎康考柯科可克肯库夸昆拉莱赖兰朗劳勒雷蕾黎里理丽利"
    "莉立连廉良列林琳龙隆卢鲁鹿路吕伦罗洛马玛迈麦曼芒毛梅门蒙孟米密敏明缪摩莫默姆木穆拿娜纳乃奈南内嫩尼妮涅宁牛纽农努诺欧帕派潘庞"
    "培佩彭蓬皮平珀泼普奇齐契恰强乔切钦琴青丘让热仁日荣茹儒瑞若撒萨塞赛桑瑟森沙莎山珊尚绍舍申生圣施石史士寿舒斯丝思司松苏素索塔台"
    "太泰坦汤唐陶特腾提天田汀廷通图土托脱瓦万旺威韦维魏温文翁沃乌吾武伍西希席夏香肖晓谢辛欣休许雪亚扬杨尧耶叶伊依易因英尤于约泽扎"
    "詹张章哲珍真芝治朱卓兹孜宗祖佐雅娅露黛莲芙茜琪玫茱姬嘉妲缇芭碧婕桃斐凤蔓薇薏蓓芳媞买逊江拜顿噶嘎垭蔡绥昌崔佳凌朋蒲蜜吐"
)
_PART = f"[{_SOUNDS}a-z]"
_joined = re.compile(rf"{_PART}{{1,12}}(?:[{_DOT}]{_PART}{{1,12}})+")
_range = r" ?(?:到|至|-|~|—|–) ?"
_per = rf"/ ?(?:{UNITS}|立方米|秒|年|日|天|人)"
_amount = rf"\d[\d,]*(?:\.\d+)?(?:[十百千万亿]+)?(?:余|多)?(?: ?(?:{UNITS}))?(?:{_per})?"
_quantity = re.compile(
    rf"(?P<about>大约|约|近|(?:不[得能应可会宜]?|未|没有?)?(?P<bound>超过|超|[高低多少大小]于)|逾|至少|[不未][到足满]|最多|将近|接近)?"
    rf"(?:第|百分之|[￥¥$€£])?"
    rf"{_amount}(?:{_range}{_amount})?(?:左右|以上|以下|以内|上下)?"
)
_latin = re.compile(r"[a-z0-9]+(?:[-._+][a-z0-9]+)*")
_YEAR_ALONE = re.compile(r"[哪几何]一?年(?!.*[月日天])|什么年份")
_ENDS_A_NAME = ("nr", "n", "g", "ng", "nz", "ag", "a", "j", "z", "x", "vg", "v", "tg", "ns", "b")


def whole(question: Question, folded: str, start: int, end: int) -> Span:
    """The span with its ends moved out of names, figures, dates and Latin words that they would cut.

    Args:
        question: what is asked; 哪年 wants no day, and 超过多少 no 超过.
        folded: one sentence.
        start, end: a span of it, not empty.

    >>> from rag.question import analyse
    >>> text = "诺贝尔奖得主杰哈·阿尔贝特·穆鲁教授来了1.8万人"
    >>> def show(asked: str, piece: str) -> str:
    ...     start = text.index(piece)
    ...     begin, finish = whole(analyse(asked), text, start, start + len(piece))
    ...     return text[begin:finish]
    >>> show("得主是谁？", "杰哈·阿尔贝特"), show("来了多少人？", "1.8")
    ('杰哈·阿尔贝特·穆鲁', '1.8万人')
    """
    if question.kind is Kind.PERSON:
        start, end = _name_start(folded, start, end), _name_end(folded, start, end)
    dates = () if _YEAR_ALONE.search(question.folded) else DATE.finditer(folded)
    for first, last in (*_names(folded), *(found.span() for found in dates), *_quantities(question, folded)):
        start, end = _widened(start, end, first, last)
    return start, end


def _names(folded: str) -> Iterator[Span]:
    """Joined foreign names, then Latin words."""
    for found in _joined.finditer(folded):
        yield _fitted(folded, *found.span())
    for found in _latin.finditer(folded):
        yield found.span()


def _quantities(question: Question, folded: str) -> Iterator[Span]:
    """Figures with unit and qualifier; a qualifier that the question has itself is left out."""
    for found in _quantity.finditer(folded):
        about = found["bound"] or found["about"]  # 不超过5000元 never loses its 不
        yield (found.end("about") if about and about in question.folded else found.start()), found.end()


def _widened(start: int, end: int, first: int, last: int) -> Span:
    """A span with the end that lies inside `first:last` moved to its border."""
    return (first if first < start < last else start), (last if first < end < last else end)


def _fitted(folded: str, first: int, last: int) -> Span:
    """A joined name without known words that the pattern took a piece of: 俄罗斯|弗拉基米尔·普京, 达维拉|法官."""
    dot = next(place for place in range(first, last) if folded[place] in _DOT)
    place = 0
    for word, tag in tagged(folded):
        end = place + len(word)
        is_part = tag.startswith("nr") or not is_known(word)
        if first < end < dot and not is_part:
            first = end
        elif place < first < end and is_part:
            first = place
        elif dot < place < last < end and not is_part:
            last = place
        place = end
    return first, last


def _name_start(folded: str, start: int, end: int) -> int:
    """The start of a Chinese name whose family name the tagger set apart: 姚|海涛."""
    is_alone = start and folded[start - 1] in FAMILY_NAMES and end - start <= 2
    place = 0
    for word, tag in tagged(folded) if is_alone else ():
        place += len(word)
        if place == start:
            return start - 1 if len(word) == 1 and tag.startswith("nr") else start
    return start


def _name_end(folded: str, start: int, end: int) -> int:
    """The end of a Chinese name whose last character the tagger cut off: 杨薇|薇."""
    name = folded[start:end]
    if len(name) != 2 or name[0] not in FAMILY_NAMES:
        return end
    place = 0
    for word, tag in tagged(folded):
        if place == end and len(word) == 1 and tag in _ENDS_A_NAME:
            rare = tag not in {"v", "a", "n"} or word == name[1]
            return end + 1 if rare and word not in NOT_IN_A_NAME and word.isalpha() else end
        place += len(word)
    return end
