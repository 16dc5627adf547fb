"""What contradicts a sentence that seems to answer: another year, post or direction, a mere landmark. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.asked import find_asked
from rag.question import Kind, Question, Word, is_named

if TYPE_CHECKING:
    from rag.refuse import Evidence

_ANY_TIME = re.compile(r"[\d年月日时代朝纪期前后]")
_ASKS_WHERE = re.compile(r"哪里|哪儿|在哪|何处|远|距|方向|附近|位置|where|far")
# What two things compared seldom share.
_OF_ONE_ALONE = (Kind.NUMBER, Kind.DATE, Kind.PERSON, Kind.PLACE)
_DEPUTY_AFTER = re.compile(r"助理|秘书|特助|办公室|代表|提名|候选|负责制")
# The post asked for stands at most so many characters before the question word.
_POST_APART = 4
_OFFICES = ("长", "任", "记", "裁", "理", "席", "ceo")
# What else says a post, as patterns.
_SAME_POSTS = {"董事长": "事长|董事[会局]主席", "ceo": "ceo|首席执行官|总裁"}
_DEPUTY_BEFORE = ("副", "原", "前", "代")
# What a question may say, and what a text says that speaks of the opposite or of another part of the whole.
_OPPOSITES = tuple(
    (re.compile(asked), re.compile(told))
    for asked, told in (
        ("恢复", "停止|停运|暂停|中断"),
        ("上涨|涨", "下跌|下降|跌"),
        ("增加|增长", "减少|下降"),
        ("进口", "出口"),
        ("出口", "进口"),
        ("男", "女"),
        ("女", "男"),
        ("买", "卖"),
        ("最大", "最小"),
        ("最高", "最低"),
        ("最多", "最少"),
        ("开幕|开始", "闭幕|结束|停止"),
        ("闭幕|结束", "开幕|开始|启动"),
        ("出发|起飞", "抵达|到达|降落|落地"),
        ("入职|上任|当上|任职", "离任|卸任|免去"),
        ("上市", "撤回|退市"),
        ("开业", "关闭|停业"),
        ("胜|赢", "负|输"),
        ("支出", "收入"),
        ("收入", "支出"),
        ("东", "西"),
        ("西", "东"),
        ("南", "北"),
        ("北", "南"),
        ("首|第一", "第二|第三"),
        ("上半年", "下半年|全年"),
        ("下半年", "上半年"),
        ("全年", "上半年|一季度|前三季度"),
        ("今年", "去年|明年"),
        ("去年", "今年"),
        ("国内", "国外|海外|境外"),
        ("海外|国外", "国内"),
        ("夫|父", "妻|母"),
        ("妻|母", "夫|父"),
        ("儿子", "女儿"),
        ("女儿", "儿子"),
        ("冠军|金牌", "亚军|季军|银牌|铜牌"),
        ("亚军|银牌", "冠军|季军|金牌|铜牌"),
        ("季军|铜牌", "冠军|亚军|金牌|银牌"),
        ("受伤", "死亡|遇难"),
        ("死亡|遇难|死", "受伤"),
    )
)


def opposite(folded: str, text: str) -> tuple[str, str] | None:
    """(what a folded question says, its opposite that the text says instead), None when there is none.

    >>> opposite("什么时候恢复供水?", "2021年停止供水")
    ('恢复', '停止')
    """
    for asked, told in _OPPOSITES:
        said = asked.search(folded)
        if said and not asked.search(text) and (instead := told.search(text)):
            return said.group(), instead.group()
    return None


def missing_years(question: Question, evidence: Evidence) -> list[str]:
    """Years that the question names and that are nowhere around the sentence."""
    here = evidence.scope + evidence.around + evidence.opening
    return [year for year in question.years if year not in here]


def has_no_time(question: Question, evidence: Evidence) -> bool:
    """Whether a time is asked for and nothing of the kind stands in the sentence's scope."""
    return question.kind is Kind.DATE and not _ANY_TIME.search(evidence.scope)


def is_landmark(question: Question, sentence: str) -> bool:
    """Whether a sentence names the subject only to say where something else is: 在中关村科学城的东北方向."""
    name = question.subject
    if name not in sentence or not is_named(name) or _ASKS_WHERE.search(question.folded):
        return False
    return _is_always(name, r"(?:在|距离?|离)%s(?:的?[东西南北]|附近|旁|对面|不足|不到|约|\d)", sentence)


def is_comparison(question: Question, sentence: str) -> bool:
    """Whether a sentence names the subject only to compare another with it: 与荷塘生华一样，华辉安健于2015年成立.

    What is told is the other's; only of a kind (也是一家公司) does it tell something of both.
    """
    if question.kind not in _OF_ONE_ALONE or not question.subject:
        return False
    return _is_always(question.subject, r"(?:与|和|跟|同|像)%s(?:一样|类似|相似|相仿|不同|相比)[,，]", sentence)


def _is_always(name: str, form: str, sentence: str) -> bool:
    """Whether a sentence has a name, and each time in a form: a pattern with %s where the name stands."""
    return 0 < sentence.count(name) == len(re.findall(form % re.escape(name), sentence))


def absent_post(question: Question, evidence: Evidence) -> str:
    """The post asked for, where nothing around the sentence names it: 董事长 beside a 董事会秘书.

    A post inside a longer word counts as named: 主任 of 村委会主任 for 村主任.
    """
    if question.kind is not Kind.PERSON:
        return ""
    here = evidence.sentence + evidence.scope + evidence.around + evidence.opening
    for word in question.words:
        is_office = word.is_role and word.text.endswith(_OFFICES) and is_asked_for(question, word)
        if is_office and not re.search(_SAME_POSTS.get(word.text, re.escape(word.text[-2:])), here):
            return question.text[word.start : word.start + len(word.text)]
    return ""


def is_asked_for(question: Question, word: Word) -> bool:
    """Whether a post stands behind the question word or just before it: 院长是谁, not 新院长来之前谁管事."""
    asked = find_asked(question.folded)
    return word.start >= asked.start or asked.start - (word.start + len(word.text)) <= _POST_APART


def other_post(question: Question, evidence: Evidence) -> str:
    """The post named in the sentence when it is a deputy or assistant of the one asked for (院长助理 for 院长)."""
    if question.kind is not Kind.PERSON:
        return ""
    for word in question.words:
        if not word.text.endswith(("长", "任", "记", "裁", "理", "席", "人")) or len(word.text) < 2:
            continue
        after_asked = question.folded[word.start + len(word.text) :]
        before_asked = question.folded[: word.start]
        others = []
        for found in re.finditer(re.escape(word.text), evidence.sentence):
            before, after = evidence.sentence[: found.start()], evidence.sentence[found.end() :]
            deputy = _DEPUTY_AFTER.match(after)
            if deputy and not after_asked.startswith(deputy.group()):
                others.append(found.group() + deputy.group())
            elif before.endswith(_DEPUTY_BEFORE) and not before_asked.endswith(_DEPUTY_BEFORE):
                others.append(before[-1] + found.group())
            else:
                break
        else:
            if others:
                return others[0]
    return ""
