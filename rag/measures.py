"""What a question wants measured, and whether a text says any of it: money, age, how long, how heavy.

A hand-written table. Of 11,324 questions of our own that ask for one of these, the sentence that answers lacks every
mark of it in 4 (花了多少天 is never answered by 300万英镑). Pure; folded text in.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.numbers import quantities

# How a question asks for a measure | what stands in a text that gives one.
_TABLE = (
    (  # money
        r"多少(?:个亿|万|亿)?(?:钱|[美欧日港澳韩]?元|英镑|人民币|善款|捐款|奖金|罚款|工资)|几(?:块钱|万块|元|百块|千块)"
        r"|[售票定报房发行]价(?:格|位)?(?:大概|大约|定|卖|要|约|是|为|到|的|了|在|有)*多[少高]",
        r"[元块毛角圆円镑币￥¥$€£钱价薪免费欧万亿铢]|(?<=\d)刀|法郎|卢布|卢比|比索|美金|dollar|usd|cny|rmb|hk",
    ),
    (  # age
        r"多大(?:年纪|岁数|年龄)|几岁|(?:年纪|岁数|年龄)(?:是|有)?多[大少]|今年多大|多大了\W*$",
        r"岁|年|出生|后|月|旬|龄|周|天",
    ),
    (  # how long it lasts
        r"多久|多长(?:时间|刑期)|(?<![这那近前后])几个?(?:小时|钟头|分钟|天(?!线)|年(?!级)|个月|周|星期|晚上)"
        r"|多少(?:个?小时|分钟|秒|天(?!然)|年(?![轻薪级费])|个月)",
        r"年(?![薪轻级])|月(?!薪)|[天日时点分秒周刻夜宿晚季载岁h]|星期|世纪|终身|无期|永久|长期|[学假]期|:|min|\bs\b",
    ),
    (  # when
        r"几点(?!建议|要求|意见)|(?:什么|啥)时[候间]|何时|哪一?[天日年]|几月|哪一?个?月",
        r"[年月天日时点分周号晚晨午夜刻季期前后间初底末春夏秋冬代节当来以起到]|中旬|星期|:|-|/|\.|世纪|除夕|元旦|早",
    ),
    (  # length
        r"多少(?:公里|千米|厘米|毫米|海里|公分)|几(?:公里|千米|厘米|毫米|海里)|多[宽深远](?!的)|身高多"
        r"|(?:身高|长度|高度|宽度|厚度|直径|里程|水深|海拔)(?:是|为|有)?多",
        r"[米里寸尺丈步层站分时]|公分|光年|地距|mm|cm|km|m\b",
    ),
    (  # weight
        r"多重(?![温要大点])|[体重]重(?:是|为|有)?多|多少(?:吨|公斤|千克|斤|克)|几(?:吨|公斤|斤|克)",
        r"[吨斤克两磅]|kg|g\b|t\b",
    ),
    (  # share
        r"百分之[多几]|占比(?:是|为|有|达)?多|(?:负债|毛利|利润|增长|死亡|收益|失业|投票|占有|中签|录取|合格)率(?:是|为|有|达)?多",
        r"%|百分|[成率倍折比半]|分之|全部|pct|点|:",
    ),
    (  # how many people
        r"多少(?:个|名|位)?人(?!民币|次|工|身|均)|几(?:个|名|位)?人(?!民币)|(?<!第)[多几]少?[名位](?![额单置])",
        r"[人名位员者生口户众%成半对家例兵工手师民客组队座席]|个(?!百分|月|小时)|分之",
    ),
    (r"[几多]少?马赫", r"马赫|倍"),
    (r"多少分贝|噪[声音](?:是|为|有)?多|声音?有?多大|多[响吵]", r"分贝|db"),
)
_MEASURES = tuple((re.compile(asked), re.compile(told)) for asked, told in _TABLE)
_ASKS = re.compile(r"多少|几|[哪谁何啥]|什么|怎|多[久大长高宽远重深快厚响吵贵]")
# What stands right behind a span may be the unit of its figure.
_BEHIND = re.compile(r"[^\d,。;]{0,4}")


@lru_cache(maxsize=256)
def _wanted(folded: str) -> tuple[re.Pattern[str], ...]:
    """The marks of what a folded question wants measured; () where that is none of the table, or it asks twice."""
    if len(_ASKS.findall(folded)) != 1:  # 收了多少斤菜,赔了多少钱
        return ()
    return tuple(told for asked, told in _MEASURES if asked.search(folded))


def lacks_measure(question: str, text: str) -> bool:
    """Whether a question wants something measured of which a text has no mark; a bare number of a table may be it.

    >>> lacks_measure("一共干了多少天?", "年薪为300万英镑"), lacks_measure("一共干了多少天?", "执教时间仅为67天")
    (True, False)
    >>> lacks_measure("景观间一天多少钱?", "小型犬:88;中型犬:105")
    False
    """
    wanted = _wanted(question)
    if not wanted or any(told.search(text) for told in wanted):
        return False
    return all(figure.unit or not text[figure.start].isdigit() for figure in quantities(text))


def is_of_another(question: str, text: str, start: int, end: int) -> bool:
    """Whether a span of a text has a figure, and none of what a question wants measured."""
    if not any(c.isdigit() for c in text[start:end]):
        return False
    behind = _BEHIND.match(text, end)
    return lacks_measure(question, text[start : behind.end() if behind else end])
