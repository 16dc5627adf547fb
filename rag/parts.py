"""The questions inside one message, each able to stand alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.asked import find_asked
from rag.language import language_of
from rag.question import Kind, analyse, is_named, is_place, subject
from rag.tagging import tagged
from vectorstore.tokens import fold

_ASKS = r"谁|哪|几|多少|多[大长高宽远重深久快厚贵]|什么|啥|何|怎|是否|没有[?]?$|还是|吗[?]?$"
_ENDS = re.compile(r"[?;\n]+")
_JOINS = re.compile(rf",(?=[^,]*(?:{_ASKS}))|,?(?:以及|还有|并且|同时|另外)(?=.{{2,}})")
_EACH = re.compile(
    r"(.{2,16}?)(?:和|与|跟|同|、)(?:整个)?(.{2,16}?)(?:分别|各自|各)((?:有|是|在|为|位于|叫|做|承|成)?.{2,})"
)
_COMPARED = re.compile(
    r"(.{2,16}?)(?:和|与|跟|、|比)(.{2,16}?)(?:相比|比起?来|之间|里|中)?,?"
    r"((?:谁|哪一?[个家所座款种项])[^,?]{0,12}?(?:更|得)(?:[早晚大小多少高低长短远近贵重轻快慢新旧]|便宜).{0,6})"
)
_FROM_A_YEAR = re.compile(r"\d{4}年")
# Words a later part has in place of the topic.
_REFERS = re.compile(r"(?:它们?|他们?|她们?|其(?![中他余实次])|该[院所公司校厂店市县区]?)的?")
# Where a topic ends: what is said of it, when, where; a particle at its end belongs to neither.
_PREDICATES = ("v", "p", "t", "r", "d", "c", "y")
_LOOSE_ENDS = "的里中上在是有从被把为于了过着"
_POLITE = re.compile(r"(?:请问|請問|我想(?:知道|问)|想问(?:一下)?|麻烦问一下|帮我查(?:一下|查)?|告诉我)[,:]?")
_DATED = re.compile(r"(?:\d+|[一二三四五六七八九十]+)[年月日](?:[\d一二三四五六七八九十年月日]*)$")
# The attribute asked for is no part of the topic: 公司的注册资本是多少.
_ATTRIBUTE = re.compile(r"(?<=.{2})的([^的]{1,8})(?:是|为|叫)$")
# A later part may leave the attribute out: 招标要求的质保是几年，中标公司承诺的又是几年.
_ELLIPSIS = re.compile(r"(?<=的)(?=(?:又|则)?是)")
# Words that only tie a later part to the one before.
_TIES = re.compile(r"(?:结果|实际上?|最后|最终|后来|那么?(?![个棵家位次场条只本款座种些里边天年台辆张])|又|则)(?=.{2})")
_WORDS_OF_A_TOPIC = frozenset("这 那 这个 那个 这次 那次 这家 那家 这场 那场 本次 该 某 某某 所 院 部 局".split())
# A clause before the noun that the question is about: 第一家搬进怀柔的|研究所.
_HEAD_BEHIND = re.compile(r"的[^的]{1,12}$")
_QUOTED = re.compile(r"“[^“”]*”|《[^《》]*》|「[^「」]*」|\"[^\"]*\"")


def split_parts(text: str) -> list[str]:
    """The questions inside one message, usually just one.

    A later part is asked of the first part's topic, unless it names whom it is about.

    >>> split_parts("华辉安健哪年成立，CEO是谁？")
    ['华辉安健哪年成立', '华辉安健CEO是谁']
    >>> split_parts("量子院和物理所分别在哪里？")
    ['量子院在哪里？', '物理所在哪里？']
    """
    if language_of(text) == "en":
        from rag.english.parts import split_english  # not needed for most questions

        return split_english(text)
    folded = fold(text)
    both = _EACH.match(folded)
    if (both and analyse(both[3]).kind is not Kind.OPEN) or (both := _COMPARED.match(folded)):
        return _of_both(*(text[slice(*both.span(group))] for group in (1, 2, 3)))
    pieces = [piece for start, end in _spans(folded, _ENDS) for piece in _joined(text, folded, start, end)]
    if len(pieces) < 2:
        return [text.strip()]
    of_all, first = topic(pieces[0]), fold(pieces[0])
    attribute = _ATTRIBUTE.search(first[: find_asked(first).start])
    if not attribute:
        return [pieces[0], *(_with_topic(piece, of_all) for piece in pieces[1:])]
    owner, left_out = topic(pieces[0][: attribute.start()]), pieces[0][slice(*attribute.span(1))]
    later = ((piece, _ELLIPSIS.sub(left_out, piece, count=1)) for piece in pieces[1:])
    return [pieces[0], *(_with_topic(said, of_all if said == piece else owner) for piece, said in later)]


def _of_both(one: str, other: str, asked: str) -> list[str]:
    """What is asked of two things, asked of each: an attribute or owner that only one of them names goes to both.

    量子院和物理所|的院长|分别是谁, 岚亭光学|2023年和2024年的营收各是多少, 焦小平的|党籍和公职|分别怎么处理
    """
    owner, _, attribute = other.rpartition("的")
    if owner and "的" not in one and not is_named(attribute):
        other, asked = owner, f"的{attribute}{asked}"
    elif "的" in one and "的" not in other and not is_named(other):
        other = f"{one[: one.rindex('的')]}的{other}"
    if (year := _FROM_A_YEAR.search(one)) and _FROM_A_YEAR.match(other):
        other = one[: year.start()] + other
    return [one + asked, other + asked]


def _joined(text: str, folded: str, start: int, end: int) -> list[str]:
    """The parts of one sentence: several where each of them asks."""
    pieces = [text[start + a : start + b].strip(" ，,。.") for a, b in _spans(folded[start:end], _JOINS)]
    pieces = [piece for piece in pieces if piece]
    if len(pieces) > 1 and not all(_asks(piece) for piece in pieces):
        pieces = [text[start:end].strip(" ，,。.")]
    return [piece for piece in pieces if piece and analyse(piece).words]


def _spans(folded: str, cut: re.Pattern[str]) -> list[tuple[int, int]]:
    """What lies between the cuts."""
    ends = [0, *(end for found in cut.finditer(folded) for end in found.span()), len(folded)]
    return list(zip(ends[::2], ends[1::2], strict=True))


def _asks(piece: str) -> bool:
    """Whether a clause is a question by itself."""
    question = analyse(piece)
    return question.kind is not Kind.OPEN and bool(question.words)


def topic(piece: str) -> str:
    """What a question is about: its words up to the first that says something of it, or a clause and its noun.

    >>> topic("第十八届全国技术预见学术研讨会什么时间开"), topic("DART是什么望远镜"), topic("北京这次洪灾倒了多少房子")
    ('第十八届全国技术预见学术研讨会', 'DART', '北京这次洪灾')
    >>> topic("苍南遭车祸的郑先生多大年纪"), topic("雨下得最大的地方是哪个")
    ('苍南遭车祸的郑先生', '雨下得最大的地方')
    """
    folded = fold(piece)
    polite = _POLITE.match(folded)
    start = first = polite.end() if polite else 0
    before = folded[start : find_asked(folded).start]
    attribute = _ATTRIBUTE.search(before)
    if attribute and not _is_clause(before[: attribute.start()]):
        before = before[: attribute.start()]
    words = tagged(before)
    quoted = [(first + found.start(), first + found.end()) for found in _QUOTED.finditer(before)]
    for number, (word, tag) in enumerate(words):
        is_quoted = any(begin <= start < end for begin, end in quoted)
        if start > first and not is_quoted and _says_something(word, tag, words[number + 1 :]):
            break
        start += len(word)
    start = _without_tail(folded, first, start, ("v", "d", "p"))
    everything = _without_tail(folded, first, first + len(before), (*_PREDICATES, "u"))
    if _HEAD_BEHIND.search(folded[start:everything]):
        start = everything
    own = piece[first:start].rstrip(" ，,")
    while len(own) > 2 and own[-1] in _LOOSE_ENDS:
        own = own[:-1]
    if dated := _DATED.search(own):
        own = own[: dated.start()] or own
    return own if len(own) > 1 else subject(piece)


def _without_tail(folded: str, first: int, end: int, tags: tuple[str, ...]) -> int:
    """Where what is said before `end` ends without its last words of these tags: 专题培训|搞了."""
    said = [word for word in tagged(folded[first:end]) if word[0].strip()]
    while len(said) > 1 and said[-1][1].startswith(tags) and said[-1][1] != "vn":
        end -= len(said.pop()[0])
    return end


def _is_clause(text: str) -> bool:
    """Whether what stands before 的 says what its noun does or is, not whose it is: 第一家搬进怀柔, 雨下得最大."""
    words = tagged(text)
    return bool(words) and (words[-1][1].startswith("a") or any(tag == "v" for _, tag in words))


def _says_something(word: str, tag: str, rest: Sequence[tuple[str, str]]) -> bool:
    """Whether a word says something of what was named before it, and does not belong to the name."""
    if word in _WORDS_OF_A_TOPIC or not tag.startswith(_PREDICATES):
        return False
    if tag == "vn":
        return not rest or rest[0][0] in {"了", "过", "着"}
    is_compound = len(word) > 1 and bool(rest) and rest[0][1] in {"n", "j"}  # 组织|联盟
    return not (tag[0] == "v" and (is_compound or _in_a_clause(rest)))


def _in_a_clause(rest: Sequence[tuple[str, str]]) -> bool:
    """Whether a verb belongs to a clause before a noun (遭车祸的郑先生), with no time or place in it."""
    for number, (word, tag) in enumerate(rest):
        if word == "的":
            return number + 1 < len(rest) and rest[number + 1][1].startswith(("n", "j"))
        if tag.startswith(("t", "p", "r", "y")) or word in ",。":
            return False
    return False


def _with_topic(piece: str, of_all: str) -> str:
    """A later part with the topic before it, in place of 它 or 该公司; as it is where it names whom it is about."""
    referring = _REFERS.match(fold(piece))
    if not referring and not piece.startswith("其中") and (_names_its_own(piece) or fold(of_all) in fold(piece)):
        return piece
    rest = piece[referring.end() :] if referring else piece
    tie = _TIES.match(fold(rest))
    return of_all + (rest[tie.end() :] if tie else rest)


def _names_its_own(piece: str) -> bool:
    """Whether a later part names whom it is about; a bare CEO, or a place alone, belongs to the first part's topic."""
    folded = fold(piece)
    own = subject(folded[: find_asked(folded).start])
    return is_named(own) and not own.isascii() and not is_place(own)
