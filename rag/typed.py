"""Where in a text things of the asked kind stand: numbers, dates, people, named hospitals, causes. Pure."""

from __future__ import annotations

import re

from rag.asked import Asked
from rag.question import Kind, Question
from rag.spans import Span, located, of_kind, people
from rag.tagging import tagged

_CAUSE = re.compile(
    r"因|由于|为了|导致|原因|旨在|以便|缘于|造成|使得|引[发起]|起因|所以|目的|从而|考虑到|鉴于|为.{1,12}[,，]"
)
_MANNER = re.compile(r"通过|用|采取|利用|方式|方法|依靠|靠|先|首先|可以|应|将|把")
_AND = re.compile(r"、|和|以及|及")
_COUNTRY = re.compile(r"[\u4e00-\u9fff]{1,3}国|日本|俄罗斯|印度|加拿大|澳大利亚|意大利|西班牙")
# When a page was published, in front of its text: 2023-08-18 10:25:00,正文:
_PUBLISHED = re.compile(r"^[\d\s:,\-年月日./]*正文:|(?:19|20)\d\d-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?")
# What stands before a name without being part of it (位于|湖南师范大学).
_LEAD_IN = re.compile(r"^.*(?:于|联合|联系|是|在|为|由|到|和|与|从|对|向|了|的|被|及)")
_UNNAMED = re.compile(r"(?:一|某|几|多|这|那|该|各|两|三)(?:家|名|位|个|所|座|款|种|些)|相关|有关|某某?")
_LONGEST_NAME = 14
# What may be asked for and answered without the word: 北京 for 哪个城市.
_ANY_PLACE = frozenset("城市 市 省 省份 地方 地区 地点 国家 国 县 区".split())


def heading_end(text: str) -> int:
    """Where the publishing line in front of an article ends; 0 without one.

    >>> heading_end("2023-08-18 10:25:00,正文:联想发布新机。")
    23
    """
    found = _PUBLISHED.search(text)
    return found.end() if found and found.start() < 5 else 0


def named_things(question: Question, noun: str, text: str) -> list[Span]:
    """Things with a name that are what `noun` says: 湖南师范大学 for 大学, not 一所大学 nor what the question names.

    >>> from rag.question import analyse
    >>> text = "他毕业于湖南师范大学，后来去了一所大学教书。"
    >>> [text[slice(*span)] for span in named_things(analyse("他毕业于哪所大学？"), "大学", text)]
    ['湖南师范大学']
    """
    found = []
    for match in re.finditer(re.escape(noun[-2:]), text):
        start = match.start()
        while start and (text[start - 1].isalnum() or text[start - 1] in "“”《》·"):
            if match.start() - start >= _LONGEST_NAME:
                break
            start -= 1
        name = _LEAD_IN.sub("", text[start : match.start()])
        if len(name) > 1 and not _UNNAMED.search(name[-4:]) and name[-2:] not in question.folded:
            found.append((match.start() - len(name), match.end()))
    return found


def find_typed(question: Question, asked: Asked, text: str) -> list[Span]:
    """Spans of a sentence that are of the kind the question asks for; the whole of it where any words may answer.

    Args:
        question: analysed question.
        asked: its question word with the noun that says what the answer is.
        text: one sentence. What the page says about its own publication is left out.
    """
    after = heading_end(text)
    return [span for span in _any_of_kind(question, asked, text) if span[0] >= after]


def _any_of_kind(question: Question, asked: Asked, text: str) -> list[Span]:
    """The same with the publishing line."""
    match question.kind:
        case Kind.NUMBER:
            return [span for span, bonus in of_kind(question, text) if bonus >= 0]
        case Kind.DATE:
            return [span for span, _ in of_kind(question, text)]
        case Kind.PERSON:
            found = [span for span in people(text) if text[slice(*span)] not in question.folded]
            if found or any(word.is_role for word in question.words):
                return found
            return [span for span, _ in of_kind(question, text)]
        case Kind.PLACE:
            places = [*located(text), *_place_names(question, text)]
            if not asked.type or asked.type in _ANY_PLACE:
                return places
            same = [span for span in places if text[slice(*span)].endswith(asked.type[-1])]
            return [*named_things(question, asked.type, text), *same]
        case Kind.LIST:
            return [found.span() for found in _AND.finditer(text)]
        case Kind.REASON:
            return [found.span() for found in _CAUSE.finditer(text)]
        case Kind.METHOD:
            return [found.span() for found in _MANNER.finditer(text)]
        case Kind.WHICH if asked.type:
            countries = [found.span() for found in _COUNTRY.finditer(text)] if asked.type.endswith("国") else []
            return [*named_things(question, asked.type, text), *countries]
    return [(0, len(text))] if text else []


def _place_names(question: Question, text: str) -> list[Span]:
    """Places and organisations by the tagger's word for it, other than the question's own."""
    found = []
    start = 0
    for word, tag in tagged(text):
        if tag in {"ns", "nt"} and word not in question.folded:
            found.append((start, start + len(word)))
        start += len(word)
    return found
