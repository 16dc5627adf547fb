"""Where a question asks, and for what: its question word, the noun it names as the answer's type. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.tagging import tagged

# One class a group, first match wins; the trained models take the class's number, so the order is part of them.
_FORMS = (
    ("year", r"[哪何]一?年|多少年|什么年|when|what year"),
    (
        "when",
        r"(?:什么|啥)时[候间]?|何时|何月|[哪几]一?[月天日号]|几点|哪一?个?(?:世纪|年代|时期|朝代)|什么(?:世纪|年代|时期|朝代)",
    ),
    ("who", r"谁|哪一?位|哪一?(?:个|名)人|什么人|何人|who"),
    ("why", r"为什么|为何|为啥|什么原因|因何|why"),
    ("where", r"哪里|哪儿|何处|何地|在哪|什么地方|哪一?个?(?:地方|城市|地区|国家?|省|市|县|洲|州|岛|区)|where"),
    ("count", r"多少|几|多[大长高宽远重深久快厚贵]|how (?:many|much|long|large|big|far|old)"),
    ("how", r"如何|怎么样?|怎样|how"),
    ("which", r"哪一?些?[种个项家所座类场届部支条款本首]?|何种|which"),
    ("what", r"什么|甚么|啥|何|what"),
    ("whether", r"是否|是不是|有没有|吗"),
)
FORMS = tuple(name for name, _ in _FORMS)
_patterns = tuple(re.compile(pattern) for _, pattern in _FORMS)
_copula_before = re.compile(r"(?:是|为|叫做?|称[为作]?|有|在|于)$")
_han_run = re.compile(r"[\u3400-\u9fffa-z0-9]+")
# Words around the question word that do not name a type.
_NOT_A_TYPE = frozenset("是 为 有 在 于 的 之 个 种 和 与 被 由 叫 做 称 所 会 可以 名 名称 名字 一 些 时 时候".split())


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a question asks.

    Attributes:
        start, end: the question word in the folded question; both at its end where it has none.
        form: index into FORMS; `len(FORMS)` for none of them.
        type: the noun that says what the answer is (国家 in 哪个国家), or "".
    """

    start: int
    end: int
    form: int
    type: str


@lru_cache(maxsize=256)
def find_asked(folded: str) -> Asked:
    """The question word of a folded question and the noun it belongs to.

    >>> asked = find_asked("量子院位于哪个城市?")
    >>> FORMS[asked.form], asked.type
    ('where', '城市')
    >>> asked = find_asked("法国的首都是什么?")
    >>> FORMS[asked.form], asked.type
    ('what', '首都')
    """
    for form, pattern in enumerate(_patterns):
        if found := pattern.search(folded):
            return Asked(found.start(), found.end(), form, _type(folded, found))
    end = len(folded.rstrip("?。 "))
    return Asked(end, end, len(FORMS), "")


def _type(folded: str, found: re.Match[str]) -> str:
    """The noun inside or right after the question word; else the one before 是 or 为 in front of it."""
    inside = re.search(r"城市|地区|国家?|省|市|县|洲|州|岛|区|世纪|年代|时期|朝代|原因|[年月天日]$", found.group())
    if inside:
        return inside.group()
    after = folded[found.end() :]
    if after[:1] in ("是", "为"):  # 谁是量子院的院长: what stands last
        nouns = [word for word, tag in tagged(after[1:]) if tag[0] in "nbj" and word not in _NOT_A_TYPE]
        return nouns[-1] if nouns else ""
    noun = ""
    for word, tag in tagged(after):
        if word in _NOT_A_TYPE and not noun:
            continue
        if tag[0] not in "nqbj" and tag != "vn":
            break
        noun = word
    if noun:
        return noun
    before = folded[: found.start()]
    if copula := _copula_before.search(before):
        nouns_before = [(word, tag) for word, tag in tagged(before[: copula.start()]) if word not in _NOT_A_TYPE]
        if nouns_before and nouns_before[-1][1][0] in "nvbjaqd":
            return nouns_before[-1][0]
    return ""
