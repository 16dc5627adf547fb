"""Numbers in text as values with units, so that 1.8万套, 18000套 and 一万八千套 are one thing. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from vectorstore.tokens import fold

COUNT = "个"  # every measure word that only counts things: 个, 名, 家, 套 …
ORDINAL = "第"
DATE_UNITS = ("年", "月", "日")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number in a text.

    Attributes:
        value: in the base unit (公里 → 米, 吨 → 千克).
        unit: base unit; "个" for any measure word; "第" for an ordinal; "" where none was recognised.
        start, end: offsets in the text, unit included; the three parts of 2022-06-13 share theirs.
        certain: False for a Chinese numeral that may be plain wording (一起, 十分).
    """

    value: Decimal
    unit: str
    start: int
    end: int
    certain: bool = True

    def agrees(self, other: Quantity) -> bool:
        """Same value, and units that don't exclude each other; dates need the very unit."""
        if self.value != other.value:
            return False
        loose = self.certain and other.certain and not {self.unit, other.unit} & {*DATE_UNITS, "%"}
        return self.unit == other.unit or (loose and "" in (self.unit, other.unit))


_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "壹": 1,
    "贰": 2,
    "叁": 3,
}
_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}

# Written unit → (base unit, factor).
_UNITS: dict[str, tuple[str, str]] = {
    name: (base, factor)
    for base, factor, names in (
        ("%", "1", "% 百分号"),
        ("百分点", "1", "个百分点 百分点"),
        ("年", "1", "年度 年份 年"),
        ("月", "1", "月份 月"),
        ("日", "1", "日 号"),
        ("个月", "1", "个月"),
        ("天", "1", "天"),
        ("周", "1", "周 星期 个星期"),
        ("小时", "1", "小时 个小时"),
        ("时", "1", "时 点"),
        ("分", "1", "分钟 分"),
        ("秒", "1", "秒"),
        ("岁", "1", "岁 周岁"),
        ("倍", "1", "倍"),
        ("元", "1", "元人民币 人民币 元 块钱"),
        ("美元", "1", "美元 美金"),
        ("港元", "1", "港元 港币"),
        ("欧元", "1", "欧元"),
        ("日元", "1", "日元"),
        ("英镑", "1", "英镑"),
        ("米", "1", "米 m"),
        ("米", "1000", "公里 千米 km"),
        ("米", "0.01", "厘米 cm"),
        ("米", "0.001", "毫米 mm"),
        ("平方米", "1", "平方米 平米 m2 m² ㎡"),
        ("平方米", "1000000", "平方公里 平方千米"),
        ("平方米", "10000", "公顷"),
        ("亩", "1", "亩"),
        ("立方米", "1", "立方米 m3 m³"),
        ("升", "1", "升"),
        ("升", "0.001", "毫升 ml"),
        ("千克", "1000", "吨"),
        ("千克", "1", "公斤 千克 kg"),
        ("千克", "0.5", "斤"),
        ("千克", "0.001", "克"),
        ("度", "1", "摄氏度 度 ℃ °c"),
        ("瓦", "1", "瓦"),
        ("瓦", "1000", "千瓦 kw"),
        ("瓦", "1000000", "兆瓦 mw"),
        (
            COUNT,
            "1",
            "个人 个 名 位 家 套 项 条 台 辆 座 所 场 次 级 件 种 类 层 支 只 部 款 届 人次 人 户 口 间 栋 幢 本 份 篇",
        ),
        (
            COUNT,
            "1",
            "张 把 艘 架 颗 枚 箱 瓶 株 棵 头 匹 例 起 宗 笔 批 组 队 班 门 股 处 片 块 道 期 轮 国 省 市 县 省份 国家",
        ),
        (COUNT, "1", "余人 多人"),
    )
    for name in names.split()
}
_unit = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_han_number = "[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?"
_arabic = r"(?<![\d.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_quantity = re.compile(
    r"(?<![\d.])(?P<y>(?:19|20)\d\d)(?P<sep>[-/.])(?P<m>0?[1-9]|1[0-2])(?P=sep)(?P<d>0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?P<half>下午|傍晚|晚上|晚间|夜间|深夜|当晚|晚)?(?<![\d.:])(?P<hour>[01]?\d|2[0-4])\s?"
    r"(?:(?:点钟?|时)(?![\d.]*[个以小刻])|(?=:[0-5]\d(?![\d:])))(?::(?P<minute>[0-5]\d)(?!\d))?"
    rf"|百分之(?P<percent>{_arabic}|{_han_number})"
    r"|(?P<below>[二两三四五六七八九十])分之(?P<above>[一二三四五六七八九])"
    r"|(?P<tenths>[一二三四五六七八九])成(?![立为功果员绩本交长就熟分都人品语])"
    rf"|(?P<prefix>第|\$|¥)?(?P<number>{_arabic}\s?[余多几]?\s?[十百千万亿]*(?:(?<=亿)\d+(?:\.\d+)?万)?|{_han_number})[余多来]?\s?(?P<unit>{_unit})?"
    # M of 9000M2 is a unit, m of 5mysql is not.
    r"(?P<tail>(?<=[a-z])[a-z0-9])?"
)
_code = re.compile(r"[a-z]+[a-z0-9]*[-_./]?\d[a-z0-9.\-]*")


def quantities(text: str) -> list[Quantity]:
    """Every number of a text, in order.

    Digits inside a code (HH-003, D1018, GB18030) are part of a name and don't count.

    >>> [(int(q.value), q.unit) for q in quantities("2017年12月建成房源１.８万套，占百分之六十四，约九千平米")]
    [(2017, '年'), (12, '月'), (18000, '个'), (64, '%'), (9000, '平方米')]
    >>> quantities("一万八千套")[0].agrees(quantities("18,000套")[0])
    True
    """
    return list(_quantities(text))


@lru_cache(maxsize=2048)  # a claim is held against the same passages again and again
def _quantities(text: str) -> tuple[Quantity, ...]:
    folded = fold(text)
    codes = [match.span() for match in _code.finditer(folded)]
    found: list[Quantity] = []
    for match in _quantity.finditer(folded):
        if not any(start <= match.start() < end for start, end in codes):
            found.extend(_read(match))
    return tuple(found)


def dates(found: Sequence[Quantity]) -> list[dict[str, Decimal]]:
    """Year, month and day that stand together: 2017年12月 → {"年": 2017, "月": 12}.

    >>> [{unit: int(part) for unit, part in date.items()} for date in dates(quantities("2017年12月至3月5日"))]
    [{'年': 2017, '月': 12}, {'月': 3, '日': 5}]
    """
    groups: list[dict[str, Decimal]] = []
    end = rank = -1
    for quantity in found:
        if quantity.unit not in DATE_UNITS:
            continue
        unit_rank = DATE_UNITS.index(quantity.unit)
        if groups and unit_rank > rank and quantity.start - end <= 1:
            groups[-1][quantity.unit] = quantity.value
        else:
            groups.append({quantity.unit: quantity.value})
        end, rank = quantity.end, unit_rank
    return groups


def _read(match: re.Match[str]) -> list[Quantity]:
    """The quantities one match stands for."""
    start, end = match.span()
    if match["y"]:
        parts = zip(DATE_UNITS, (match["y"], match["m"], match["d"]), strict=True)
        # Successive offsets, so that `dates` sees them as one.
        return [Quantity(Decimal(part), unit, start, start) for unit, part in parts]
    if match["hour"]:
        hour = Decimal(match["hour"]) + (12 if match["half"] and int(match["hour"]) < 12 else 0)
        read = [Quantity(hour, "时", match.start("hour"), end if not match["minute"] else match.end("hour"))]
        if match["minute"]:
            read.append(Quantity(Decimal(match["minute"]), "分", match.start("minute"), end))
        return read
    if match["percent"]:
        return [Quantity(_value(match["percent"]), "%", start, end)]
    if match["below"]:
        return [Quantity(Decimal(_DIGITS[match["above"]]) / Decimal(_value(match["below"])), "分之", start, end)]
    if match["tenths"]:
        return [Quantity(Decimal(_DIGITS[match["tenths"]] * 10), "%", start, end)]
    number = match["number"]
    unit, factor = _UNITS.get(match["unit"] or "", ("", "1"))
    if match["tail"]:
        unit, factor, end = "", "1", match.end("number")
    if match["prefix"]:
        unit = {"第": ORDINAL, "$": "美元", "¥": "元"}[match["prefix"]]
    is_arabic = number[0].isdigit()
    certain = is_arabic or _is_certain(number, unit)
    return [Quantity(_value(number) * Decimal(factor), unit, start, end, certain)]


def _is_certain(number: str, unit: str) -> bool:
    """Whether a Chinese numeral surely counts: 二十一, 三名; not 一, 十分, 万象."""
    if any(char in _POWERS for char in number) and any(char in _DIGITS for char in number):
        return True
    if set(number) <= set(_DIGITS) and len(number) > 1:
        return len(number) >= 4  # 二〇二二, but not the 一六 of 统一六国
    if unit == COUNT and number in ("一", "二", "两", "三"):
        return False  # 两个方面 often sums up what the text lists
    return number != "一" and unit not in ("", "分", "时", ORDINAL, "度")


def _value(number: str) -> Decimal:
    """The value of a number as written: 1.8万, 260余万, 一万八千, 二〇一七.

    >>> [float(_value(number)) for number in ("1.8万", "260余万", "一万八千", "二〇一七", "1亿2000万", "一万零八")]
    [18000.0, 2600000.0, 18000.0, 2017.0, 120000000.0, 10008.0]
    """
    number = re.sub(r"[,余多几\s]", "", number)
    if number[0].isdigit():
        return sum((_scaled(part) for part in re.findall(r"[\d.]+[十百千万亿]*", number)), Decimal(0))
    whole, _, fraction = number.partition("点")
    if len(whole) > 1 and set(whole) <= set(_DIGITS):
        return Decimal("".join(str(_DIGITS[char]) for char in whole))
    total = section = digit = 0
    last = 1
    for char in whole:
        if char in _DIGITS:
            digit = _DIGITS[char]
            last = 10 if char in "零〇" else last
        elif _POWERS[char] < 10**4:
            section += (digit or 1) * _POWERS[char]
            last, digit = _POWERS[char], 0
        else:
            below = section + digit
            if char == "万" and below:
                total += below * 10**4
            else:
                total = ((total + below) or 1) * _POWERS[char]
            last, section, digit = _POWERS[char], 0, 0
    # 一万八 is 18000, 两百五 is 250; 一万零八 is 10008.
    short = digit * (last // 10) if last > 10 and digit and len(whole) > 1 and whole[-2] not in "零〇" else digit
    value = Decimal(total + section + short)
    if fraction:
        value += Decimal("0." + "".join(str(_DIGITS[char]) for char in fraction))
    return value


def _scaled(number: str) -> Decimal:
    """An Arabic number with its powers: 1.8万."""
    digits = number.rstrip("十百千万亿")
    value = Decimal(digits.rstrip("."))
    for power in number[len(digits) :]:
        value *= _POWERS[power]
    return value
