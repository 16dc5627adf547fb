"""What a question asks for: its kind of answer, its subject, the words an answer must cover. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rag.rarity import rarity
from rag.tagging import tagged
from vectorstore.tokens import QUESTION_WORDS, fold


class Kind(StrEnum):
    """The kind of thing that answers a question."""

    NUMBER = "number"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    LIST = "list"
    WHICH = "which"
    REASON = "reason"
    METHOD = "method"
    YES_NO = "yes_no"
    OPEN = "open"


_MEASURES = (
    r"个人|平方公里|平方米|平米|公里|人次|万元|亿元|小时|分钟|国家|家公司"
    r"|[个名位家所座项台条套间种款届年月天次人只支岁倍辆艘架门级层升吨米元块轮场篇件颗栋片枚批亩倍期株分]"
)
# 多少人民币, 多少家庭, 多少项目: these begin like a measure word and are none.
_NO_MEASURES = (
    r"人(?:民币|口|才(?!能)|员|力|气|工)|家(?:庭|长|属|电)|项目|座[位舱]|名[额单]|月[份薪活租壤供]|年(?:[薪轻级龄货假费]|终奖)"
    r"|天(?:然气|价)|分(?:贝|红|公司|店|行)|门[票店诊]|台湾|条[件款]|种子|期货|次品|套餐|轮[胎椅]|场[地馆]|批次|国家赔偿|元素|个体"
)
_COUNTED = rf"(?!{_NO_MEASURES})(?:{_MEASURES})"
# First match wins, so the narrower patterns stand first.
_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            Kind.DATE,
            r"(哪一?[个家所座款种项]|谁)[^,?]{0,8}(更|得)[早晚]"
            r"|(什么|啥)时[候间]|何时|[哪何]一?年|哪一?月|几月|几号|哪一?天|哪日|几点|\bwhen\b|(what|which) year",
        ),
        (Kind.NUMBER, r"(哪一?[个家所座款种项]|谁)[^,?]{0,8}更([大小多少高低长短远近贵重轻]|便宜)"),
        (Kind.PERSON, r"谁|哪一?位|什么人|何人|叫什么名字|[长任记裁监理授]是?叫什么|\bwho\b"),
        (Kind.REASON, r"为什么|为何(?![?]?$)|为啥|原因|凭什么|\bwhy\b"),
        (
            Kind.LIST,
            r"哪些|哪几|哪[二三四五六七八九十两\d]+|有什么|包括什么|分别(是|有|为)?(什么|哪|多少|做)|分为|分成",
        ),
        (Kind.PLACE, r"哪里|哪儿|在哪|何处|何地|什么地方|地址|哪个(城市|地方|区|国家|省|市)|\bwhere\b"),
        (
            Kind.NUMBER,
            rf"多少|几({_MEASURES})|多[大长高宽远重深久快厚贵]|占比|比例|百分之几|第几|排名|排第"
            r"|how (many|much|long|large|big|far|old)"
            r"|(面积|数量|人数|金额|总额|产能|总数|规模)(是|有|为)?[?]?$",
        ),
        (Kind.METHOD, r"怎么|怎样|如何|\bhow\b"),
        (Kind.WHICH, r"哪|什么|啥|[何啥][?]?$|何种|\bwh(at|ich)\b"),
        (Kind.YES_NO, r"吗[?]?$|[过了]没有?[?]?$|还是.+[?]?$|是否|是不是|有没有|能不能|会不会"),
    )
)
_measure = re.compile(rf"(?:多少|几)({_COUNTED})|(人|钱)(?:总共|一共|大概|大约)?(?:有|是)?(?:多少|几)")
# The 28号 of speech is the 28日 of print; 6号线 and 3号楼 are no days.
_day = re.compile(
    r"(?<=\d)号(?![线楼院厅馆店井机车门桥塔台令码厂舱棚库仓柜床房室窗坑墓炉罐池泵船岛矿]"
    r"|公路|公告|地块|国道|产线|生产线|会议室|选手|种子|火箭|卫星|飞船|高炉|文件)"
)
_year = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_quoted_or_latin = re.compile(r"[《“\"「『]([^》”\"」』]{2,40})[》”\"」』]|((?<![a-z0-9])[a-z][a-z0-9.+\-]*)")
# Words that only ask. "有多大" is answered by "9000M2", "占多少" by "占比64%": the text need not hold them.
_ASKING = re.compile(
    rf"有?(?:多少|几)(?:{_COUNTED})?|有?多[大长高宽远重深久快厚贵]|第几|(什么|啥)时[候间]|什么名字|是什么意思|什么样"
    r"|哪[一二两三四五六七八九十几]?[年月天日个些里儿家位所种项座类场届部]?|何[年月日时地处人种]|[是为]何(?=[?]?$)|人?[由是为]?谁来?|各有?|又是|有没有|没有|当初|后来|名下|这套|里头|前后|分别|其中|总共|一共|大概|大约|具体|究竟|到底"
    r"|目前|现在|如今|截至|包括|情况|介绍"
)
_NOT_A_SUBJECT = frozenset(
    "它 它们 他 她 他们 她们 其 该 此 这 那 这个 那个 这家 那家 这里 那里 这儿 那儿 这些 那些 "
    "年 月 日 时候 时间 公司 机构 单位 人 地方 "
    "一共 总共 目前 现在 如今 当前 今年 去年 前年 明年 今天 昨天 近日 最近 其中 同时 本次 此次 这次 未来 "
    "你好 您好 大家好 谢谢 多谢 感谢 不客气 再见 好的 hi hello thanks thank ok okay bye".split()
)
_NOUN = ("n", "j", "eng", "vn", "b", "l", "i", "t")
_BLOCK = re.compile(r"[^\s,;:。、!?]+|[\s,;:。、!?]+")
_SPLIT_BEFORE = re.compile(r"有(?=[多几哪什何没啥])|位于|是|(?<![现正存])在|的")
_ORGANISATION = re.compile(
    r"(院|所|公司|集团|中心|大学|学院|城|园|区|局|部|委|厂|馆|站|会|社|银行|医院|平台|装置|谷|市|省|县|国)$"
)
_ORGANISATION_IN_PLACE = re.compile(r"(院|所|公司|集团|中心|大学|馆|站|会|社|银行|医院)$")
_NAME_TAGS = frozenset({"nr", "ns", "nt", "nz", "nrt", "nrfg", "eng"})
_ROLE = re.compile(
    r"(?:[院所校处局部市省县区会行社组队科厅司庭董事秘书]长|主任|书记|总裁|总监|经理|主席|负责人|创始人|助理|秘书|委员|发言人|教练|ce?o|c[tf]o)$"
)
# 什么职务, 哪家公司: the noun right after the question word is the kind of answer, which the text need not spell out.
_TYPE_ASKED = re.compile(r"(什么|啥|何种|哪一?[个家所种项座位些类场届部]?)样?的?$")
# Verbs, adverbs and the like vary more from speaker to speaker than nouns do.
_TAG_WEIGHTS = {
    "v": 0.8,
    "a": 0.7,
    "d": 0.3,
    "p": 0.3,
    "c": 0.3,
    "r": 0.2,
    "u": 0.1,
    "y": 0.1,
    "m": 0.6,
    "q": 0.3,
    "f": 0.4,
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question that an answer should cover.

    Attributes:
        start: its offset in the folded question.
        weight: its rarity in nats, less for words that are not nouns.
        is_name: a person, place, organisation, Latin word or quoted title: nothing else can stand for it.
        is_noun: a thing the evidence has to speak of, if only by another word.
        is_role: a post that a person holds (所长, CEO).
        is_type: it names the kind of answer (什么职务, 哪栋楼), which the text need not spell out.
    """

    text: str
    start: int
    weight: float
    is_name: bool
    is_noun: bool
    is_role: bool
    is_type: bool


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One question, analysed. Compared by identity, so that what is worked out for it can be kept under it.

    Attributes:
        text: as asked.
        folded: the same folded, character for character.
        kind: what sort of thing answers it.
        unit: the measure word after 多少 or 几 ("套"), or "".
        words: the words to be covered.
        years: four-digit years it names.
        names: quoted titles and Latin words it names, folded.
        subject: the noun phrase it is about, or "".
    """

    text: str
    folded: str
    kind: Kind
    unit: str
    words: tuple[Word, ...]
    years: tuple[str, ...]
    names: tuple[str, ...]
    subject: str


@lru_cache(maxsize=1024)
def analyse(text: str) -> Question:
    """Analyse one question.

    >>> question = analyse("怀柔科学城建成了多少套住房？")
    >>> question.kind.value, question.unit, question.subject, [word.text for word in question.words]
    ('number', '套', '怀柔科学城', ['怀柔', '科学城', '建成', '住房'])
    """
    folded = _day.sub("日", fold(text))
    measure = _measure.search(folded)
    names = (quoted or latin for quoted, latin in _quoted_or_latin.findall(folded))
    return Question(
        text=text,
        folded=folded,
        kind=next((kind for kind, pattern in _KINDS if pattern.search(folded)), Kind.OPEN),
        unit=(measure[1] or measure[2]) if measure else "",
        words=_words(folded),
        years=tuple(dict.fromkeys(_year.findall(folded))),
        names=tuple(name for name in dict.fromkeys(names) if name not in QUESTION_WORDS),
        subject=subject(folded),
    )


def _words(folded: str) -> tuple[Word, ...]:
    """The words of a folded question that an answer should cover, with their places."""
    bare = _ASKING.sub(lambda asking: " " * len(asking.group()), folded)
    found = []
    start = 0
    for word, tag in tagged(bare):
        if word[0].isalnum() and word not in QUESTION_WORDS:
            # the tagger takes 城市 itself for the name of a place
            named = tag in _NAME_TAGS and word != "城市"
            asked = bool(_TYPE_ASKED.search(folded[:start])) and not named
            factor = (0.5 if len(word) == 1 else 1.0) * (0.4 if asked else _TAG_WEIGHTS.get(tag[0], 1.0))
            is_noun = tag.startswith("n") and len(word) > 1 and not asked
            is_name = named and not asked
            found.append(
                Word(word, start, factor * rarity(word), is_name, is_noun, _ROLE.search(word) is not None, asked)
            )
        start += len(word)
    return tuple(found)


def subject(text: str) -> str:
    """The noun phrase a sentence starts with: its first run of nouns; "" when it has none.

    >>> subject("怀柔科学城建成了多少套住房？"), subject("量子院有多少人？"), subject("它有多大？")
    ('怀柔科学城', '量子院', '')
    """
    run = ""
    for word, tag in _tagged_in_turn(_SPLIT_BEFORE.sub(r" \g<0> ", fold(text))):
        is_suffix = bool(run) and word in {"所", "院", "部", "局"}
        if word not in _NOT_A_SUBJECT and word not in QUESTION_WORDS and (tag.startswith(_NOUN) or is_suffix):
            run += word
        elif len(run) > 1 and run != "未来":
            break
        else:
            run = word if word == "未来" else ""
    return run if len(run) > 1 and run != "未来" else ""


def _tagged_in_turn(text: str) -> Iterator[tuple[str, str]]:
    """What `tagged` gives, found as far as it is asked for: the tagger never looks across a mark or blank."""
    for block in _BLOCK.findall(text):
        yield from tagged(block)


def is_named(phrase: str) -> bool:
    """Whether a noun phrase looks like a name (organisation, place, person, Latin word) rather than an attribute.

    >>> is_named("纳米能源所"), is_named("外籍人员")
    (True, False)
    """
    if len(phrase) > 2 and _ORGANISATION.search(fold(phrase)):
        return True
    return len(phrase) > 1 and any(tag in _NAME_TAGS for _, tag in tagged(phrase))


def is_place(phrase: str) -> bool:
    """Whether a phrase is a country, city or other place and nothing more.

    >>> is_place("澳大利亚"), is_place("北京大学")
    (True, False)
    """
    return all(tag == "ns" for _, tag in tagged(phrase)) and not _ORGANISATION_IN_PLACE.search(phrase)
