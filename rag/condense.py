"""A follow-up and what was said before → a question that stands alone, without an LLM. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.question import Kind, analyse, is_named, subject
from rag.rarity import is_known, rarity
from vectorstore.tokens import fold, words

History = Sequence[tuple[str, str]]

_PRONOUN = re.compile(
    r"(?<![其吉维])[它他]们?|她们?|(?:这|那|该)(?:家|所|个|座|项|位|座|款|种|台|套)?(?:公司|企业|机构|单位|研究院|研究所|院|所|中心|平台|装置|项目|科学城|地方|城市|人|药|产品)|其(?!他|它|中|实|次|余)"
    r"|(?:^|(?<=[,。?]))(?:这里|那里|那儿|这儿)|\b(?:its?|they|their|he|she|his|her)\b"
)
_AMONG = re.compile(r"^其中的?")
_YEAR = re.compile(r"(?:19|20)\d{2}年?|[今去前明]年")
# The words of a mere attribute (负责人, 面积) are common; a rarer subject (红烧肉) opens a topic of its own. In nats.
_COMMON = 6.5
# A rule or paper is a topic of its own and belongs to nobody who was asked about before: 出差办法, 报销流程.
_PAPER = re.compile(r"(?:办法|制度|规定|流程|手册|协议|合同|政策|条例|章程|规则|通知|公告|指南|细则|方案)$")
# What holds for a sort of people (总监坐飞机, 员工试用期) is asked by itself: 公司食堂几点开门 is not about them.
_PEOPLE = re.compile(
    r"(?:新|老|正式|全体)?(?:员工|职工|工人|实习生|学生|用户|客户|家长|[^的]{0,4}(?:总监|经理|主管|主任|专员|人员))"
)
_LEADING = re.compile(r"^(?:那么|那|还有|然后|另外|请问|and|what about|how about)[,\s]*", re.IGNORECASE)
_TRAILING = re.compile(r"(?:的话|的呢|呢|怎么样|怎样)?[?？。!！\s]*$")
_ASKS = {
    Kind.NUMBER: "有多少？",
    Kind.DATE: "是什么时候？",
    Kind.PERSON: "是谁？",
    Kind.PLACE: "在哪里？",
    Kind.LIST: "有哪些？",
}


def condense(question: str, history: History) -> str:
    """Write a follow-up question so that it can be understood without the conversation.

    A pronoun is replaced by what the conversation is about; a bare “那……呢？” takes over what the last question asked;
    a question without a subject gets one. A question that stands alone comes back unchanged.

    Args:
        question: the follow-up.
        history: (question, answer) pairs, oldest first.

    >>> condense("它的硬科技孵化器有多大？", [("介绍一下荷塘生华", "……[1]")])
    '荷塘生华的硬科技孵化器有多大？'
    >>> condense("那纳米能源所呢？", [("量子院位于哪里？", "中关村软件园。[1]")])
    '纳米能源所位于哪里？'
    """
    topic = last = ""
    for asked, answered in history:
        last = _stand_alone(asked, topic, last)
        topic = _topic(last, answered) or topic
    return _stand_alone(question, topic, last)


def _stand_alone(question: str, topic: str, last: str) -> str:
    """A question with what it leaves out, from the topic of the conversation and the last question in full."""
    if not topic:
        return question
    folded = fold(question)
    if found := _AMONG.match(folded):
        return f"{topic}的{question[found.end() :]}"
    if found := _PRONOUN.search(folded):
        return question if topic in folded else question[: found.start()] + topic + question[found.end() :]
    bare = _TRAILING.sub("", _LEADING.sub("", question)).strip(" ，,")
    if _is_elliptic(question, bare):
        return _take_over(bare, last, topic)
    own = subject(folded)
    rest = _LEADING.sub("", question)
    if own and _belongs_to_topic(question, own) and not _is_of_people(topic):
        # with 的 between them, what comes next is still about the topic and not about 量子院负责人
        return f"{topic}的{rest}" if fold(rest).startswith(own) else topic + rest
    return question if own else topic + rest


def _topic(standalone: str, answered: str) -> str:
    """What one turn is about: the subject of its question as it was written, else of its answer; "" for neither."""
    folded = fold(standalone)
    if found := subject(folded):
        at = folded.find(found)
        return standalone[at : at + len(found)] if at >= 0 else found
    found = subject(fold(answered)[:60])
    return found if is_named(found) else ""


def _is_elliptic(question: str, bare: str) -> bool:
    """Whether a question only names something (那外籍人员呢？) and leaves out what is asked of it."""
    if not bare or len(bare) > 16:
        return False
    asks_nothing = analyse(bare).kind is Kind.OPEN
    return asks_nothing and bool(_LEADING.match(question) or re.search(r"呢[?？]?\s*$", question))


def _take_over(bare: str, last: str, topic: str) -> str:
    """Ask of `bare` what the last question asked: of another name the same, of another attribute of the same topic."""
    asked_year, new_year = _YEAR.search(last), _YEAR.fullmatch(bare)
    if asked_year and new_year:
        return last[: asked_year.start()] + bare + last[asked_year.end() :]
    at = fold(last).find(fold(topic))
    if is_named(bare) and at >= 0:
        return last[:at] + bare + last[at + len(topic) :]
    if not _is_proper(topic):
        return bare
    return f"{topic}的{bare}{_ASKS.get(analyse(last).kind, '是什么？')}"


def _belongs_to_topic(question: str, own: str) -> bool:
    """Whether a short question's subject is a mere attribute (负责人, CEO, 面积) that needs an owner."""
    if len(question) > 14 or "的" in question:
        return False
    if own.isascii():
        return not fold(question).isascii()
    return not _PAPER.search(own) and not is_named(own) and all(rarity(word) < _COMMON for word in words(own))


def _is_of_people(topic: str) -> bool:
    """Whether a topic starts with a sort of people and names nobody."""
    return not is_named(topic) and _PEOPLE.match(fold(topic)) is not None


def _is_proper(topic: str) -> bool:
    """Whether a topic is a name, if only by a word that general Chinese does not know (岚亭光学)."""
    return is_named(topic) or not all(map(is_known, words(fold(topic))))
