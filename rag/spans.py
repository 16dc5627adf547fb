"""The short answer inside a sentence: a number with its unit, a date, a person, a place, a list. Pure.

All functions take folded text, which has the offsets of the original.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from rag.question import Kind, Question
from rag.rarity import is_known
from rag.tagging import tagged

Span = tuple[int, int]
# Sentences of which is kept what was found in them: several steps of one answer ask for it.
MOST_KEPT = 256

_DIGITS = r"\d[\d,]*(?:\.\d+)?"
UNITS = (
    "平方公里|平方千米|平方米|平方公尺|平米|万平方米|公顷|公里|千米|公尺|公分|厘米|毫米|英寸|寸|米|km|mm|m2|㎡|亩|坪|升|吨|公斤|千克|克|毫安时|mah|千瓦时|千瓦|瓦|亿元|万元|元|美元|欧元|小时|机时|分钟|秒|个月|个百分点|个小时"
    "|余?个|余?名|人次|余?人|余?位|余?家|余?所|余?项|余?套|余?间|余?辆|余?台|余?座|余?条|余?艘|余?架|余?门|级|层|余?岁|余?倍|%|成|届|余?次|余?款|余?种|度|余?场|余?户|页|余?年|余?天|月|日|国|期|代|支|只|株|篇|件|颗|栋|片|枚|批"
)
# 010-62345678; and ￥50, -3.5亿元 but neither HH-003 nor 2017-03
_PHONE = r"(?<!\d)(?:0\d{2,3}-\d{7,8}|400-?\d{3}-?\d{4})(?!\d)"
_SIGN = r"(?:[￥¥$€£]|(?<![0-9a-z])-)?"
_NUMBER = re.compile(
    rf"(?:约|近|超过|超|逾|达到?|第|百分之)?(?:{_PHONE}|{_SIGN}{_DIGITS}|(?<![\u4e00-\u9fff])[一二两三四五六七八九十百千]+(?={UNITS})|[二两三四五六七八九十百千]+(?={UNITS})|(?<=第)[一二三四五六七八九十]+|(?<=之)[一二三四五六七八九十百]+)"
    rf"(?:余|多)?[万亿千百]*(?:余|多)?(?: ?(?P<unit>{UNITS}))?"
)
_HAN_DIGIT = "一二三四五六七八九十"
DATE = re.compile(
    # 二〇一五年, 三月二十八日
    rf"[一二][〇零○{_HAN_DIGIT}]{{3}}年(?:[{_HAN_DIGIT}]{{1,2}}月(?:[{_HAN_DIGIT}]{{1,3}}日)?)?"
    rf"|(?<![{_HAN_DIGIT}])[{_HAN_DIGIT}]{{1,2}}月(?:[{_HAN_DIGIT}]{{1,3}}日|份|初|底|中旬)"
    r"|(?:19|20)\d{2}年(?:\d{1,2}月(?:\d{1,2}日)?)?(?:底|初|末|上半年|下半年)?|(?<!\d)\d{1,2}月\d{1,2}日|(?<!\d)\d{1,2}月(?:初|底|中旬)?"
    r"|(?:今|去|前|明)年(?:\d{1,2}月|[一二三四]季度|年底|年初)?|(?:19|20)\d{2}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|[一二三四五六七八九十〇零\d]{1,3}世纪(?:[\d一二三四五六七八九]0?十?年代)?|(?:民国|公元前?)[元一二三四五六七八九十百〇零\d]{1,4}年(?:[正一二三四五六七八九十\d]{1,3}月)?|上世纪\d0年代|(?<!\d)(?:19|20)\d{2}(?!\d)"
)
_CLOCK = re.compile(r":\d|\d:$")
_LOCATED = re.compile(
    r"(?:位于|坐落[于在]|地处|设在|落户|建在|落在|入驻|选址|搬迁?至|迁至|毗邻|在)(?P<place>[^,。;，；:：!?、]{2,24}?)"
    r"(?=[,。;，；:：!?、]|$|的|举[行办]|召开|成立|建设|盛大|正式|揭牌|开幕|发布)"
)
_ENUMERATION = re.compile(r"[^,。;:，；：、()（）]{1,24}(?:、[^,。;:，；：、]{1,30})+")
_LEAD_IN = re.compile(r".*(?:包括|分别是|分别为|集聚了|聚焦在?|成为|设有|涵盖|覆盖|引进|新增|即|是|为|有|在|将)(?=.)")
FAMILY_NAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊於惠甄曲封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘斜厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东殴殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公仉督岳帅缑亢况郈有琴归海晋楚闫法汝鄢涂钦商牟佘佴伯赏墨哈谯笪年爱阳佟言福邸肖"
)
_ROLE_BEFORE = re.compile(
    r"(?:主任|院长|所长|校长|处长|局长|部长|市长|省长|县长|区长|会长|行长|社长|理事长|董事长|总裁|总监|总经理|经理|书记|主席|秘书长|委员|院士|教授"
    r"|科学家|研究员|工程师|助理|负责人|代表|记者|医生|律师|导演|主编|演员|作家|先生|女士|ceo|cto|cfo|coo)$"
)
_ROLE_AS_ANSWER = re.compile(
    r"(?<=[由是请让])[\u4e00-\u9fff]{0,6}?(?:负责人|主任|院长|所长|书记|董事长|总经理|委员会|理事会)"
)
_WHO = re.compile(r"谁|\bwho\b")
_ORGANISATION = re.compile(
    r"(?:[院所局部委厂社队]|公司|集团|中心|大学|银行|实验室|政府|委员会|协会|学会|联盟|基金会|团队|出版社)$"
)
_IN_A_NAME = ("n", "j", "eng", "vn", "b", "l", "i")
# Words inside the names of organisations that the tagger takes for verbs.
_IN_A_TITLE = frozenset("创新 研究 设计 发展 管理 合作 开发 改革 规划 应用 转化".split())
# What being a person is worth over being an organisation, where 谁 may ask for either; chosen on CMRC and DRCD.
_A_PERSON = 0.6
NOT_IN_A_NAME = "向对在说称和与从将为是表指透介坦等就也都则并及"
_SAME_UNIT = (
    frozenset("个人 人 名 位 余人 余名 员".split()),
    frozenset("平方米 平米 m2 ㎡ 万平方米".split()),
    frozenset("辆 台".split()),
    frozenset("国家 国 个".split()),
    frozenset("家公司 家".split()),
    frozenset("钱 元 块 万元 亿元 美元".split()),
)
# What nobody counts in 个: 4个月 is no answer to 几个外国人, though it is to 几个月.
_MEASURES = re.compile(r"月|小时|机时|分钟|秒|[年天日]$|米|公里|公顷|亩|[吨克升]$")
_OF_ANY_MEASURE = frozenset("个余万平方公")
_WANTEDUNITS = (
    (re.compile(r"多大|面积|多宽敞"), re.compile(r"平方|平米|m2|㎡|公顷|亩|坪|升|岁|吨|寸|毫安|mah|级")),
    (re.compile(r"占比|比例|百分之几|占(?:了)?多少|几成|比重"), re.compile(r"%|百分之|成")),
    (re.compile(r"多少股份|多少股权|占股|持股(?!数|量)"), re.compile(r"%|百分之|成|股")),
    (re.compile(r"[涨跌降]了?多少|增长了?多少|[涨跌增降]幅"), re.compile(r"%|百分|倍|[元点个人吨万亿成辆]|\d$")),
    (re.compile(r"第几|排名|排第|名次"), re.compile(r"第")),
    (re.compile(r"多[长高宽远深]"), re.compile(r"米|公里|公尺|公分|寸|km|mm")),
    (re.compile(r"多久|多长时间"), re.compile(r"年|月|天|日|小时|分钟|周")),
    (
        re.compile(r"钱|多少元|投入|投资|金额|资金|预算|价格|票价|学费|年薪|工资|营收|收入|利润|市值"),
        re.compile(r"[元亿￥¥$€£]"),
    ),
    (re.compile(r"电话|手机|热线|传真"), re.compile(r"\d{7}|\d{3}-\d")),
    (re.compile(r"年龄|年纪|几岁"), re.compile(r"岁")),
    (re.compile(r"多重|重量"), re.compile(r"吨|公?斤|克")),
    (re.compile(r"产能|容量"), re.compile(r"升|吨|台|辆|套|万")),
)
# How fast a question word's pull on a candidate fades with distance, in characters.
_REACH = 10.0
# Share of that pull left to words behind a candidate that leads into what follows.
_BEHIND = 0.3
_MARK_COSTS = {"、": 4.0, ",": 6.0, ";": 20.0, "。": 30.0, ":": 4.0}


@lru_cache(maxsize=MOST_KEPT)
def find_short(question: Question, folded: str) -> Span | None:
    """The span of `folded` (one sentence) that is the short answer, or None when nothing of the asked kind is there.

    Among candidates of the right kind, the one nearest to the question's own words wins; a matching unit outweighs
    nearness.

    >>> from rag.question import analyse
    >>> text = "建成房源1.8万套,已保障25个院所"
    >>> start, end = find_short(analyse("保障了多少个院所？"), text)
    >>> text[start:end]
    '25个'
    """
    if question.kind is Kind.LIST:
        return _enumeration(folded)
    candidates = of_kind(question, folded)
    if not candidates:
        return None
    anchors = _anchors(question, folded)
    best = max(candidates, key=lambda item: (item[1] + _pull(question.kind, item[0], anchors, folded), -item[0][0]))
    return best[0]


@lru_cache(maxsize=MOST_KEPT)
def kind_fit(question: Question, folded: str) -> float:
    """How well a sentence's best candidate suits the asked kind: -1 none, 0 untold, up to about 1 near and in unit."""
    if question.kind not in {Kind.NUMBER, Kind.DATE, Kind.PERSON, Kind.PLACE}:
        return 0.0
    candidates = of_kind(question, folded)
    if not candidates:
        return 0.0 if question.kind is Kind.PLACE else -1.0  # a place is often named without 位于 or 在
    anchors = _anchors(question, folded)
    if max(bonus for _, bonus in candidates) < 0:
        return -1.0  # numbers, but of something else: 3场 for 多少平方公里
    return max((bonus + _pull(question.kind, span, anchors, folded)) / 4 for span, bonus in candidates)


@lru_cache(maxsize=MOST_KEPT)
def of_kind(question: Question, folded: str) -> tuple[tuple[Span, float], ...]:
    """Spans of the asked kind with a bonus for fitting the asked unit, negative for another one."""
    return tuple(_of_kind(question, folded))


def _of_kind(question: Question, folded: str) -> list[tuple[Span, float]]:
    """The spans of `of_kind`."""
    if question.kind is Kind.NUMBER:
        return _numbers(question, folded)
    if question.kind is Kind.DATE:
        asked = set(question.years)
        return [(m.span(), 0.0) for m in DATE.finditer(folded) if m.group()[:4] not in asked or len(m.group()) > 5]
    if question.kind is Kind.PERSON:
        return _answers_to_who(question, folded)
    if question.kind is Kind.PLACE:
        return [(m.span("place"), 2.0 if m.group()[0] != "在" else 0.0) for m in _LOCATED.finditer(folded)]
    return []


def _answers_to_who(question: Question, folded: str) -> list[tuple[Span, float]]:
    """People, those with a post before their name first; organisations too where 谁 does not ask for a post."""
    named = [
        (span, 1.5 if _ROLE_BEFORE.search(folded, 0, span[0]) else _A_PERSON)
        for span in people(folded)
        if folded[slice(*span)] not in question.folded
    ]
    if any(word.is_role for word in question.words) or not _WHO.search(question.folded):
        return named
    others = _organisations(folded) + [found.span() for found in _ROLE_AS_ANSWER.finditer(folded)]
    return named + [(span, 0.0) for span in others if folded[slice(*span)] not in question.folded]


def _numbers(question: Question, folded: str) -> list[tuple[Span, float]]:
    """Numbers that aren't dates, years of the question, or list numbers."""
    dates = [m.span() for m in DATE.finditer(folded)]
    wanted = [unit for asked, unit in _WANTEDUNITS if asked.search(question.folded)]
    found = []
    for match in _NUMBER.finditer(folded):
        start, end = match.span()
        text, unit = match.group(), match["unit"] or ""
        in_date = unit in {"", "年", "月", "日"} and any(start < b and a < end for a, b in dates)  # 2000种 is no year
        if in_date and question.unit not in {"年", "月", "天", "届"}:
            continue
        if start and folded[start - 1].isascii() and (folded[start - 1].isalnum() or folded[start - 1] == "-"):
            continue  # HH-003, X2
        if _CLOCK.match(folded, end) or (
            start and folded[start - 1] == ":" and folded[start - 2 : start - 1].isdigit()
        ):
            continue  # 20:07
        bonus = 0.0
        if question.unit and unit:
            bonus += 1.5 if _same_unit(question.unit, unit.removeprefix("余")) else -0.5 * _is_other(question, unit)
        bonus += sum(1.5 if pattern.search(text) else -0.5 for pattern in wanted)
        found.append(((start, end), bonus))
    return found


def _same_unit(asked: str, seen: str) -> bool:
    """Whether two measure words count the same kind of thing."""
    return asked == seen or any(asked in group and seen in group for group in _SAME_UNIT)


def _is_other(question: Question, unit: str) -> bool:
    """Whether a number with this unit can't count what the question asks for with another."""
    if question.unit != "个":
        return True
    return bool(_MEASURES.search(unit)) and not (set(unit) - _OF_ANY_MEASURE) & set(question.folded)


def _organisations(folded: str) -> list[Span]:
    """Names of organisations (由星光实验室研制), each a run of nouns that ends in what organisations are called."""
    spans: list[Span] = []
    first = start = 0
    for word, tag in tagged(folded):
        end = start + len(word)
        is_inside = tag.startswith(_IN_A_NAME) or (first < start and word in _IN_A_TITLE)
        if not is_inside or word.endswith(("是", "由")):
            first = end
        elif end - first > 2 and _ORGANISATION.search(folded, first, end):
            if spans and spans[-1][0] == first:
                spans.pop()
            spans.append((first, end))
        start = end
    return spans


def located(folded: str) -> list[Span]:
    """Places that something is said to be at (位于中关村软件园)."""
    return [found.span("place") for found in _LOCATED.finditer(folded)]


def people(folded: str) -> list[Span]:
    """Names of people, by the tagger's word for it; a particle it swallowed (张硕向) is given back."""
    spans = []
    start = 0
    for word, tag in tagged(folded):
        end = start + len(word)
        is_person = (tag in {"nr", "nrfg"} and word[0] in FAMILY_NAMES) or (tag == "nrt" and not is_known(word))
        if is_person and len(word) > 1:
            while end - start > 2 and folded[end - 1] in NOT_IN_A_NAME:
                end -= 1
            spans.append((start, end))
        start += len(word)
    return spans


def _enumeration(folded: str) -> Span | None:
    """The longest list joined by 、, without its lead-in."""
    found = max(_ENUMERATION.finditer(folded), key=lambda m: m.group().count("、"), default=None)
    if found is None:
        return None
    start, end = found.span()
    first = folded[start : folded.index("、", start)]
    if lead_in := _LEAD_IN.match(first):
        start += lead_in.end()
    return start, end


@lru_cache(maxsize=MOST_KEPT)
def _anchors(question: Question, folded: str) -> tuple[tuple[int, float], ...]:
    """(offset, weight) of the question's words in the sentence, each word's weight shared among its places."""
    anchors = []
    for word in question.words:
        text = word.text
        if text in folded or len(text) == 1:
            patterns = [re.escape(text)]
        elif len(text) == 2:
            patterns = [rf"{re.escape(text[0])}\w{{1,3}}{re.escape(text[1])}"]  # 海归: 海外归国
        else:
            patterns = [re.escape(text[i : i + 2]) for i in range(len(text) - 1)]
        for pattern in patterns:
            places = [(m.start() + m.end()) // 2 for m in re.finditer(pattern, folded)]
            anchors += [(place, word.weight / len(places) / len(patterns)) for place in places]
    return tuple(sorted(anchors))


def _pull(kind: Kind, span: Span, anchors: Sequence[tuple[int, float]], folded: str) -> float:
    """How strongly the question's words draw a candidate, in [0, 3]: weights fading with distance and punctuation.

    A clause inherits the noun of the one before it (成果54项、累计达329项), never of the one after it; only a date may
    stand before its own clause (2012年3月，纳米能源所开始筹建).
    """
    leads = _leads(kind, span, folded)
    offsets = [offset for offset, _ in anchors]
    low, high = bisect_left(offsets, span[0] - 40), bisect_left(offsets, span[1] + 40)
    total = sum(weight for _, weight in anchors) or 1.0
    pull = 0.0
    for offset, weight in anchors[low:high]:
        between = folded[offset : span[0]] if offset < span[0] else folded[span[1] : offset]
        if offset > span[0] and kind is not Kind.DATE and any(mark in _MARK_COSTS for mark in between):
            continue
        if leads and offset < span[0]:
            weight *= _BEHIND
        distance = len(between) + sum(_MARK_COSTS.get(mark, 0.0) for mark in between)
        pull += weight * _REACH / (_REACH + distance)
    return 3 * pull / total


def _leads(kind: Kind, span: Span, folded: str) -> bool:
    """Whether a candidate leads into its noun or clause: 7000平方米的平台; ，2012年3月，开始筹建."""
    if kind is Kind.NUMBER:
        return folded.startswith("的", span[1])
    return kind is Kind.DATE and (span[0] == 0 or folded[span[0] - 1] in ',;。:"“(')
